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

/// The mail server that reminders are handed to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// The server's name; with TLS also the name that its certificate must have.
    pub host: String,
    /// The port; if absent 587 with `starttls`, 465 with `tls`, 25 with `none`.
    pub port: Option<u16>,
    /// How the connection is protected: `starttls`, `tls` or `none`.
    #[serde(default)]
    pub security: SmtpSecurity,
    /// The user to log in as; no login if absent.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Redacted<String>>,
    /// Whom reminders come from, such as `Taskmesh <reminders@example.com>`.
    pub from: String,
    /// How long the server may take to be ready for a message, and then to answer it, in milliseconds: 1000 to 300000.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// An open connection that must be upgraded to TLS before anything else is said.
    #[default]
    Starttls,
    /// TLS from the beginning.
    Tls,
    /// Nothing: only on loopback or a private network.
    None,
}

/// E-mail apart from the server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// The domain at which a user who has given no address is reached as `<user id>@<domain>`; nowhere if absent.
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

    /// Returns how long each step of handing a message over may take.
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
    fn no_mail_server_is_needed() {
        let config = load(&[]).unwrap();
        assert!(config.smtp.is_none());
        assert!(config.email.default_domain.is_none());
    }

    #[test]
    fn the_mail_server_is_a_group_of_its_own_and_keeps_its_secret() {
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
    fn a_misspelt_name_stops_the_start() {
        let error = load(&[("SMTP__HOSTNAME", "mail.example.com")]).unwrap_err();
        assert!(error.contains("hostname"), "{error}");
    }
}
