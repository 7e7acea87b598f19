//! The configuration of each service of the mesh, as variables without the service's prefix.

use std::{env, path::Path};

use api_gateway::web_origin::LOOPBACK;
use service_runtime::{
    Service,
    config::{self, ConfigError},
};
use url::Url;

use super::ports::{Ports, loopback};
use crate::token::{AUDIENCE, ISSUER};

/// Who issues the tokens that services use among themselves.
const MESH_ISSUER: &str = "taskmesh-mesh";
/// Where a user who has given no address gets mail.
const MAIL_DOMAIN: &str = "example.com";
/// The file with the key that signs checkpoints of audit records.
pub const AUDIT_KEY: &str = "audit-signing-key.pem";
/// The file that checkpoints of audit records are appended to.
pub const AUDIT_CHECKPOINTS: &str = "audit-checkpoints.ndjson";

/// What the services of one mesh have in common.
#[derive(Debug, Clone)]
pub struct Common {
    pub ports: Ports,
    pub log: String,
    pub kafka: Vec<(String, String)>,
    pub users_secret: String,
    pub mesh_secret: String,
    /// What the tokens are sealed with by which clients of the live feed go on where they were.
    pub resume_secret: String,
}

/// The settings of one service, in the making.
pub struct Settings<'a> {
    common: &'a Common,
    values: Vec<(String, String)>,
}

impl Common {
    /// Begins the settings of a service with what every service has.
    pub fn service(&self, admin_port: u16) -> Settings<'_> {
        let settings = Settings {
            common: self,
            values: Vec::new(),
        };
        settings
            .set("LOG__FORMAT", "text")
            .set("LOG__LEVEL", &self.log)
            .set("ADMIN__ADDRESS", loopback(admin_port))
            .set("AUTH__USERS__ISSUER", ISSUER)
            .set("AUTH__USERS__AUDIENCE", AUDIENCE)
            .set("AUTH__USERS__SECRET", &self.users_secret)
            .set("AUTH__MESH__ISSUER", MESH_ISSUER)
            .set("AUTH__MESH__AUDIENCE", AUDIENCE)
            .set("AUTH__MESH__SECRET", &self.mesh_secret)
    }

    /// Returns the settings of the recurrence-service.
    pub fn recurrence(&self, database: Option<&Url>) -> Settings<'_> {
        self.service(self.ports.recurrence_admin_port)
            .backend(self.ports.recurrence_port, database)
            .set("TASK_URL", url_of(self.ports.task_port))
    }

    /// Returns the settings of the task-service.
    pub fn task(&self, database: Option<&Url>) -> Settings<'_> {
        self.service(self.ports.task_admin_port)
            .backend(self.ports.task_port, database)
            .set("RECURRENCE_URL", url_of(self.ports.recurrence_port))
    }

    /// Returns the settings of the notification-service.
    pub fn notification(&self, database: Option<&Url>) -> Settings<'_> {
        self.service(self.ports.notification_admin_port)
            .backend(self.ports.notification_port, database)
            .set("SMTP__HOST", "127.0.0.1")
            .set("SMTP__PORT", self.ports.smtp_port)
            .set("SMTP__SECURITY", "none")
            .set("SMTP__FROM", format!("Taskmesh <reminders@{MAIL_DOMAIN}>"))
            .set("EMAIL__DEFAULT_DOMAIN", MAIL_DOMAIN)
    }

    /// Returns the settings of the realtime-service.
    pub fn realtime(&self) -> Settings<'_> {
        self.service(self.ports.realtime_admin_port)
            .backend(self.ports.realtime_port, None)
            .set("TASK_URL", url_of(self.ports.task_port))
            .set("TOKENS__SECRET", &self.resume_secret)
    }

    /// Returns the settings of the audit-service, whose key and checkpoints are in this folder.
    pub fn audit(&self, database: Option<&Url>, folder: &Path) -> Settings<'_> {
        let in_folder = |name: &str| folder.join(name).display().to_string();
        self.service(self.ports.audit_admin_port)
            .backend(self.ports.audit_port, database)
            .set("CHECKPOINTS__SIGNING_KEY_FILE", in_folder(AUDIT_KEY))
            .set("CHECKPOINTS__FILE", in_folder(AUDIT_CHECKPOINTS))
    }

    /// Returns the settings of the gateway.
    pub fn gateway(&self) -> Settings<'_> {
        self.service(self.ports.gateway_admin_port)
            .set("HTTP__ADDRESS", loopback(self.ports.http_port))
            .set("PUBLIC_URL", url_of(self.ports.http_port))
            // Pages that are being developed are served at ports of their own.
            .set("CORS_ALLOWED_ORIGINS", LOOPBACK)
            .set("MCP__ALLOWED_ORIGINS", LOOPBACK)
            .set("UPSTREAMS__TASK", url_of(self.ports.task_port))
            .set("UPSTREAMS__RECURRENCE", url_of(self.ports.recurrence_port))
            .set(
                "UPSTREAMS__NOTIFICATION",
                url_of(self.ports.notification_port),
            )
            .set("UPSTREAMS__REALTIME", url_of(self.ports.realtime_port))
            .set("UPSTREAMS__AUDIT", url_of(self.ports.audit_port))
    }
}

impl Settings<'_> {
    /// Adds what a service behind the gateway has: gRPC, a broker and perhaps a database.
    fn backend(mut self, port: u16, database: Option<&Url>) -> Self {
        self.values.extend(self.common.kafka.iter().cloned());
        self = self.set("GRPC__ADDRESS", loopback(port));
        match database {
            Some(url) => self.set("DATABASE__URL", url),
            None => self,
        }
    }

    fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.values.push((name.to_owned(), value.to_string()));
        self
    }

    /// Reads the settings into the service's configuration; variables of the environment with the service's prefix come
    /// before them.
    pub fn load<S: Service>(self) -> Result<S::Config, ConfigError> {
        let prefix = S::ENV_PREFIX;
        let given = env::vars().filter(|(name, _)| name.starts_with(&format!("{prefix}_")));
        config::load(prefix, self.variables::<S>().into_iter().chain(given))
    }

    /// Returns the settings as variables, for a service in a process of its own.
    pub fn variables<S: Service>(self) -> Vec<(String, String)> {
        let prefix = S::ENV_PREFIX;
        let named = |(name, value)| (format!("{prefix}_{name}"), value);
        self.values.into_iter().map(named).collect()
    }
}

/// Returns the settings that reach the broker; variables that begin with `TASKMESH_KAFKA__` say how.
pub fn kafka(bootstrap_servers: &str, embedded: bool) -> Vec<(String, String)> {
    let mut settings = vec![(
        "KAFKA__BOOTSTRAP_SERVERS".to_owned(),
        bootstrap_servers.to_owned(),
    )];
    if embedded {
        // A mesh that comes back after a kill takes its old place in the groups instead of waiting for it to time out.
        settings.push((
            "KAFKA__GROUP_INSTANCE_ID".to_owned(),
            "taskmesh-up".to_owned(),
        ));
    }
    settings.extend(env::vars().filter_map(|(name, value)| {
        let name = name.strip_prefix("TASKMESH_")?;
        let given = name.starts_with("KAFKA__") && name != "KAFKA__BOOTSTRAP_SERVERS";
        given.then(|| (name.to_owned(), value))
    }));
    settings
}

/// Returns the URL of a loopback port.
pub fn url_of(port: u16) -> String {
    format!("http://{}", loopback(port))
}

#[cfg(test)]
mod tests {
    use api_gateway::ApiGateway;
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Defaults {
        #[command(flatten)]
        ports: Ports,
    }

    #[test]
    fn pages_at_any_port_of_this_machine_may_call() {
        let secret = "a secret of at least 32 bytes, for tests";
        let common = Common {
            ports: Defaults::parse_from(["up"]).ports,
            log: "info".to_owned(),
            kafka: Vec::new(),
            users_secret: secret.to_owned(),
            mesh_secret: secret.to_owned(),
            resume_secret: secret.to_owned(),
        };
        let config = common.gateway().load::<ApiGateway>().unwrap();
        assert_eq!(config.cors_allowed_origins.join(","), LOOPBACK);
        assert_eq!(config.mcp.allowed_origins.join(","), LOOPBACK);
    }
}
