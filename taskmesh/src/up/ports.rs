//! The ports of the mesh, checked before anything starts.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use clap::Args;

use crate::embedded::ports::Claim;

/// The port of every part of the mesh; 0 picks a free one.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Ports")]
pub struct Ports {
    /// JSON, MCP and OpenAPI.
    #[arg(long, env = "TASKMESH_HTTP_PORT", default_value_t = 8080)]
    pub http_port: u16,
    /// gRPC of the task-service.
    #[arg(long, env = "TASKMESH_TASK_PORT", default_value_t = 50051)]
    pub task_port: u16,
    /// gRPC of the recurrence-service.
    #[arg(long, env = "TASKMESH_RECURRENCE_PORT", default_value_t = 50052)]
    pub recurrence_port: u16,
    /// gRPC of the notification-service.
    #[arg(long, env = "TASKMESH_NOTIFICATION_PORT", default_value_t = 50053)]
    pub notification_port: u16,
    /// gRPC of the realtime-service.
    #[arg(long, env = "TASKMESH_REALTIME_PORT", default_value_t = 50054)]
    pub realtime_port: u16,
    /// gRPC of the audit-service.
    #[arg(long, env = "TASKMESH_AUDIT_PORT", default_value_t = 50055)]
    pub audit_port: u16,
    /// Health and metrics of the gateway.
    #[arg(long, env = "TASKMESH_GATEWAY_ADMIN_PORT", default_value_t = 9180)]
    pub gateway_admin_port: u16,
    /// Health and metrics of the task-service.
    #[arg(long, env = "TASKMESH_TASK_ADMIN_PORT", default_value_t = 9181)]
    pub task_admin_port: u16,
    /// Health and metrics of the recurrence-service.
    #[arg(long, env = "TASKMESH_RECURRENCE_ADMIN_PORT", default_value_t = 9182)]
    pub recurrence_admin_port: u16,
    /// Health and metrics of the notification-service.
    #[arg(long, env = "TASKMESH_NOTIFICATION_ADMIN_PORT", default_value_t = 9183)]
    pub notification_admin_port: u16,
    /// Health and metrics of the realtime-service.
    #[arg(long, env = "TASKMESH_REALTIME_ADMIN_PORT", default_value_t = 9184)]
    pub realtime_admin_port: u16,
    /// Health and metrics of the audit-service.
    #[arg(long, env = "TASKMESH_AUDIT_ADMIN_PORT", default_value_t = 9185)]
    pub audit_admin_port: u16,
    /// The embedded broker.
    #[arg(long, env = "TASKMESH_KAFKA_PORT", default_value_t = 9092)]
    pub kafka_port: u16,
    /// The private PostgreSQL server.
    #[arg(long, env = "TASKMESH_POSTGRES_PORT", default_value_t = 15432)]
    pub postgres_port: u16,
    /// SMTP of the development mail server, which stores every message.
    #[arg(long, env = "TASKMESH_SMTP_PORT", default_value_t = 2525)]
    pub smtp_port: u16,
}

/// A port that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    #[error(
        "port {port} of {part} is used by another program; stop that program, or choose another port with {flag} or {variable}"
    )]
    Taken {
        port: u16,
        part: &'static str,
        flag: &'static str,
        variable: &'static str,
    },
    #[error("{part} cannot use port {port}; choose another with {flag} or {variable}")]
    Refused {
        port: u16,
        part: &'static str,
        flag: &'static str,
        variable: &'static str,
        #[source]
        cause: io::Error,
    },
}

/// A port, who wants it, and what changes it.
type Wish<'a> = (&'a mut u16, &'static str, &'static str, &'static str);

impl Ports {
    /// Returns a wish for any free port for every part.
    pub fn any() -> Self {
        Self {
            http_port: 0,
            task_port: 0,
            recurrence_port: 0,
            notification_port: 0,
            realtime_port: 0,
            audit_port: 0,
            gateway_admin_port: 0,
            task_admin_port: 0,
            recurrence_admin_port: 0,
            notification_admin_port: 0,
            realtime_admin_port: 0,
            audit_admin_port: 0,
            kafka_port: 0,
            postgres_port: 0,
            smtp_port: 0,
        }
    }

    /// Finds out that every port can be had, and replaces each 0 by a free port, which is the mesh's as long as it keeps
    /// the claims. The ports of servers that are not embedded are left alone.
    pub fn check(
        mut self,
        embedded_postgres: bool,
        embedded_broker: bool,
    ) -> Result<(Self, Vec<Claim>), PortError> {
        let mut claims = Vec::new();
        for (port, part, flag, variable) in self.wishes() {
            let wanted = match part {
                "PostgreSQL" => embedded_postgres,
                "the broker" => embedded_broker,
                _ => true,
            };
            if !wanted {
                continue;
            }
            let claim = Claim::new(*port).map_err(|cause| match cause.kind() {
                io::ErrorKind::AddrInUse => PortError::Taken {
                    port: *port,
                    part,
                    flag,
                    variable,
                },
                _ => PortError::Refused {
                    port: *port,
                    part,
                    flag,
                    variable,
                    cause,
                },
            })?;
            *port = claim.port();
            claims.push(claim);
        }
        Ok((self, claims))
    }

    #[rustfmt::skip]
    fn wishes(&mut self) -> [Wish<'_>; 15] {
        [
            (&mut self.http_port, "the gateway", "--http-port", "TASKMESH_HTTP_PORT"),
            (&mut self.task_port, "the task-service", "--task-port", "TASKMESH_TASK_PORT"),
            (&mut self.recurrence_port, "the recurrence-service", "--recurrence-port", "TASKMESH_RECURRENCE_PORT"),
            (&mut self.notification_port, "the notification-service", "--notification-port", "TASKMESH_NOTIFICATION_PORT"),
            (&mut self.realtime_port, "the realtime-service", "--realtime-port", "TASKMESH_REALTIME_PORT"),
            (&mut self.audit_port, "the audit-service", "--audit-port", "TASKMESH_AUDIT_PORT"),
            (&mut self.gateway_admin_port, "the gateway (metrics)", "--gateway-admin-port", "TASKMESH_GATEWAY_ADMIN_PORT"),
            (&mut self.task_admin_port, "the task-service (metrics)", "--task-admin-port", "TASKMESH_TASK_ADMIN_PORT"),
            (&mut self.recurrence_admin_port, "the recurrence-service (metrics)", "--recurrence-admin-port", "TASKMESH_RECURRENCE_ADMIN_PORT"),
            (&mut self.notification_admin_port, "the notification-service (metrics)", "--notification-admin-port", "TASKMESH_NOTIFICATION_ADMIN_PORT"),
            (&mut self.realtime_admin_port, "the realtime-service (metrics)", "--realtime-admin-port", "TASKMESH_REALTIME_ADMIN_PORT"),
            (&mut self.audit_admin_port, "the audit-service (metrics)", "--audit-admin-port", "TASKMESH_AUDIT_ADMIN_PORT"),
            (&mut self.kafka_port, "the broker", "--kafka-port", "TASKMESH_KAFKA_PORT"),
            (&mut self.postgres_port, "PostgreSQL", "--postgres-port", "TASKMESH_POSTGRES_PORT"),
            (&mut self.smtp_port, "the mail server", "--smtp-port", "TASKMESH_SMTP_PORT"),
        ]
    }
}

/// Returns a loopback address.
pub fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use std::net::TcpListener;

    use super::*;

    #[test]
    fn zeros_become_free_ports_of_their_own() {
        let (mut ports, _claims) = Ports::any().check(true, true).unwrap();
        let chosen: HashSet<u16> = ports.wishes().into_iter().map(|(port, ..)| *port).collect();
        assert_eq!(chosen.len(), 15);
        assert!(!chosen.contains(&0));
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_who_wants_it_and_what_changes_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut ports = Ports::any();
        ports.smtp_port = listener.local_addr().unwrap().port();
        let error = ports.clone().check(true, true).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!(
                "port {} of the mail server is used",
                ports.smtp_port
            )),
            "{error}"
        );
        assert!(
            error.ends_with("--smtp-port or TASKMESH_SMTP_PORT"),
            "{error}"
        );
    }

    #[test]
    fn the_port_of_a_server_that_runs_elsewhere_is_not_wanted() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut ports = Ports::any();
        ports.postgres_port = listener.local_addr().unwrap().port();
        ports.check(false, true).unwrap();
    }
}
