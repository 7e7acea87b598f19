//! The services, and their configuration as their own structs read it.

use std::net::SocketAddr;

use service_runtime::{
    Service,
    config::{self, ServiceConfig},
    grpc::AuthConfig,
    kafka::KafkaConfig,
    postgres::DatabaseConfig,
};

use crate::env_file::Variables;

/// One service of the mesh.
pub struct OneService {
    pub name: &'static str,
    pub prefix: &'static str,
    pub keeps_data: bool,
    pub load: fn(&Variables) -> Result<Loaded, String>,
}

/// What every configuration has in common.
#[derive(Debug)]
pub struct Loaded {
    pub admin: SocketAddr,
    pub grpc: Option<SocketAddr>,
    pub http: Option<SocketAddr>,
    pub auth: AuthConfig,
    pub database: Option<DatabaseConfig>,
    pub kafka: Option<KafkaConfig>,
}

impl Loaded {
    /// Returns where callers are answered.
    pub fn door(&self) -> SocketAddr {
        self.grpc
            .or(self.http)
            .expect("every service answers somebody")
    }
}

/// Returns all services.
pub fn all() -> [OneService; 6] {
    [
        of::<task_service::TaskService>(),
        of::<recurrence_service::RecurrenceService>(),
        of::<notification_service::NotificationService>(),
        of::<realtime_service::RealtimeService>(),
        of::<audit_service::AuditService>(),
        of::<api_gateway::ApiGateway>(),
    ]
}

fn of<S: Service>() -> OneService {
    OneService {
        name: S::NAME,
        prefix: S::ENV_PREFIX,
        keeps_data: S::SCHEMA.is_some(),
        load: load::<S>,
    }
}

fn load<S: Service>(variables: &Variables) -> Result<Loaded, String> {
    let config: S::Config =
        config::load(S::ENV_PREFIX, variables.clone()).map_err(|error| error.to_string())?;
    Ok(Loaded {
        admin: config.admin().address,
        grpc: config.grpc().map(|grpc| grpc.address),
        http: config.http().map(|http| http.address),
        auth: config
            .auth()
            .expect("every service verifies tokens")
            .clone(),
        database: config.database().cloned(),
        kafka: config.kafka().cloned(),
    })
}
