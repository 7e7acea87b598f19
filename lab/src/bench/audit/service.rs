use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use audit_service::AuditService;
use service_runtime::{BoxError, Running, grpc, service};
use taskmesh::{
    secrets,
    up::{
        mesh::migrate_schema,
        ports::Ports,
        settings::{AUDIT_CHECKPOINTS, AUDIT_KEY, Common},
    },
};
use taskmesh_proto::audit::v1::audit_service_client::AuditServiceClient;
use tokio::time::sleep;
use tonic::transport::Channel;
use url::Url;

use crate::{bearer::Bearer, bench::servers::Servers};

const TIMEOUT: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(5);
const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// Running audit-service.
pub struct Audit<'a> {
    servers: &'a Servers,
    users_secret: String,
    running: Running,
}

impl<'a> Audit<'a> {
    pub async fn start(servers: &'a Servers) -> Result<Self, BoxError> {
        let folder = servers.folder.path();
        secrets::make_signing_key(folder, AUDIT_KEY)?;
        let common = Common {
            ports: Ports::any(),
            log: "warn".to_owned(),
            kafka: servers.variables.clone(),
            users_secret: secrets::random(),
            mesh_secret: secrets::random(),
            resume_secret: secrets::random(),
        };
        let config = common
            .audit(Some(&servers.database_url), folder)
            .load::<AuditService>()?;
        migrate_schema::<AuditService>(&config).await?;
        Ok(Self {
            servers,
            users_secret: common.users_secret,
            running: service::start::<AuditService>(config).await?,
        })
    }

    pub async fn stop(self) -> Result<(), BoxError> {
        Ok(self.running.stop().await?)
    }

    /// Waits until the chains have this many records; returns their number.
    pub async fn wait_for_records(&self, count: i64) -> Result<i64, BoxError> {
        let begin = Instant::now();
        loop {
            let query = "SELECT coalesce(sum(sequence), 0)::bigint FROM audit.chain_heads";
            let recorded: i64 = self.servers.client.query_one(query, &[]).await?.get(0);
            if recorded >= count {
                return Ok(recorded);
            }
            if begin.elapsed() > TIMEOUT {
                return Err(format!("{recorded} of {count} records after {TIMEOUT:?}").into());
            }
            sleep(POLL).await;
        }
    }

    /// Returns the path of a file in the folder of the service.
    pub fn path(&self, name: &str) -> PathBuf {
        self.servers.folder.path().join(name)
    }

    pub fn checkpoint_file(&self) -> PathBuf {
        self.path(AUDIT_CHECKPOINTS)
    }

    pub fn client(&self) -> Result<AuditServiceClient<Channel>, BoxError> {
        let address = self
            .running
            .grpc_address()
            .ok_or("the service has no gRPC server")?;
        let channel = grpc::connect(&Url::parse(&format!("http://{address}"))?);
        Ok(AuditServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES))
    }

    /// Signs a token for a user with these roles.
    pub fn bearer(&self, user: &str, roles: &[String]) -> Result<Bearer, BoxError> {
        Bearer::new(&self.users_secret, user, roles)
    }
}
