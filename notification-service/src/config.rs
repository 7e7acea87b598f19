//! The configuration, from variables that begin with `NOTIFICATION_SERVICE_`.

use std::time::Duration;

use serde::Deserialize;
use service_runtime::config::Redacted;

service_runtime::service_config! {
    /// Configuration of the notification-service.
    pub struct Config: grpc, auth, database, kafka {
        /// Mail server; without one, reminders are only kept in the list.
        pub smtp: Option<SmtpConfig>,
        /// E-mail settings apart from the server.
        #[serde(default)]
        pub email: EmailConfig,
    }
}

/// Mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Host name; with TLS also the name that the certificate must have.
    pub host: String,
    /// Port; if absent 587 with `starttls`, 465 with `tls`, 25 with `none`.
    pub port: Option<u16>,
    /// Security of the connection: `starttls`, `tls` or `none`.
    #[serde(default)]
    pub security: SmtpSecurity,
    /// User; no login if absent.
    pub username: Option<String>,
    /// Password of the user.
    pub password: Option<Redacted<String>>,
    /// Sender of reminders, such as `Taskmesh <reminders@example.com>`.
    pub from: String,
    /// Time limit of the server to be ready for a message, and then to answer it, in milliseconds: 1000 to 300000.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
}

/// Security of the connection to the mail server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Plain connection that must be upgraded to TLS first.
    #[default]
    Starttls,
    /// TLS from the start.
    Tls,
    /// None: only on loopback or a private network.
    None,
}

/// E-mail settings apart from the server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Domain of users without an address: `<user id>@<domain>`; none if absent.
    pub default_domain: Option<String>,
}

impl SmtpConfig {
    /// Returns the port to connect to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            SmtpSecurity::None => 25,
            SmtpSecurity::Starttls => 587,
            SmtpSecurity::Tls => 465,
        })
    }

    /// Returns the time limit of each step of the delivery to the server.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

fn default_timeout_ms() -> u64 {
    30_000
}

#[cfg(test)]
mod tests {
    use service_runtime::testing::load_config;

    use super::*;
    use crate::NotificationService;

    fn load(more: &[(&str, &str)]) -> Result<Config, String> {
        load_config::<NotificationService>(more).map_err(|error| error.to_string())
    }

    #[test]
    fn mail_server_is_optional() {
        let config = load(&[]).unwrap();
        assert!(config.smtp.is_none());
        assert!(config.email.default_domain.is_none());
    }

    #[test]
    fn mail_server_password_is_not_shown() {
        let config = load(&[
            ("SMTP__HOST", "mail.example.com"),
            ("SMTP__USERNAME", "taskmesh"),
            ("SMTP__PASSWORD", "0123"),
            ("SMTP__FROM", "Taskmesh <reminders@example.com>"),
            ("EMAIL__DEFAULT_DOMAIN", "example.com"),
        ])
        .unwrap();
        assert!(!format!("{config:?}").contains("0123"));
        let smtp = config.smtp.unwrap();
        assert_eq!((smtp.port(), smtp.security), (587, SmtpSecurity::Starttls));
        assert_eq!(smtp.password.unwrap().expose(), "0123");
    }

    #[test]
    fn unknown_variable_is_named() {
        let error = load(&[("SMTP__HOSTNAME", "mail.example.com")]).unwrap_err();
        assert!(error.contains("hostname"), "{error}");
    }
}
