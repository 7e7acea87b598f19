use std::{fs::File, io, path::Path};

use serde::Serialize;
use tempfile::NamedTempFile;
use url::Url;

use super::{ports::Ports, settings::url_of};

/// Where everything is, and the key to it; for programs, such as tests.
#[derive(Debug, Clone, Serialize)]
pub struct Addresses {
    /// JSON, MCP at `/mcp`, OpenAPI at `/openapi.json`.
    pub http: String,
    pub task: String,
    pub recurrence: String,
    pub notification: String,
    pub realtime: String,
    pub audit: String,
    pub gateway_admin: String,
    pub task_admin: String,
    pub recurrence_admin: String,
    pub notification_admin: String,
    pub realtime_admin: String,
    pub audit_admin: String,
    /// `host:port` of the broker.
    pub kafka: String,
    /// The superuser's URL of the private cluster, or the database that was given.
    pub database_url: Url,
    /// `host:port` of the mail server.
    pub smtp: String,
    pub user: String,
    pub token: String,
    pub process: u32,
}

impl Addresses {
    /// Collects the addresses of a mesh.
    pub fn new(ports: &Ports, kafka: String, database_url: Url, user: &str, token: String) -> Self {
        Self {
            http: url_of(ports.http_port),
            task: url_of(ports.task_port),
            recurrence: url_of(ports.recurrence_port),
            notification: url_of(ports.notification_port),
            realtime: url_of(ports.realtime_port),
            audit: url_of(ports.audit_port),
            gateway_admin: url_of(ports.gateway_admin_port),
            task_admin: url_of(ports.task_admin_port),
            recurrence_admin: url_of(ports.recurrence_admin_port),
            notification_admin: url_of(ports.notification_admin_port),
            realtime_admin: url_of(ports.realtime_admin_port),
            audit_admin: url_of(ports.audit_admin_port),
            kafka,
            database_url,
            smtp: format!("127.0.0.1:{}", ports.smtp_port),
            user: user.to_owned(),
            token,
            process: std::process::id(),
        }
    }

    /// Writes them as JSON into a file that appears when it is whole, readable by its owner only.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let file = NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&file, self)?;
        file.persist(path)?;
        File::open(folder)?.sync_all()
    }
}
