use audit_service::AuditService;
use openssl::pkey::PKey;
use prost_types::Timestamp;
use service_runtime::{
    grpc::Channel,
    ids::Ids,
    testing::{TestService, eventually},
};
use taskmesh_proto::{
    audit::v1::{
        VerifyAuditRequest, VerifyAuditResponse, audit_service_client::AuditServiceClient,
    },
    common::v1::Actor,
    task::v1 as task,
    topics,
};
use tempfile::TempDir;
use uuid::Uuid;

/// The service with a key and a checkpoint file of its own; checkpoints are made ten times a second.
pub struct Mesh {
    pub service: TestService<AuditService>,
    pub client: AuditServiceClient<Channel>,
    pub folder: TempDir,
}

impl Mesh {
    pub async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let key = PKey::generate_ed25519().unwrap();
        let key_file = folder.path().join("key.pem");
        std::fs::write(&key_file, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        let file = folder.path().join("checkpoints.ndjson");
        let service = TestService::start(&[
            ("CHECKPOINTS__SIGNING_KEY_FILE", key_file.to_str().unwrap()),
            ("CHECKPOINTS__FILE", file.to_str().unwrap()),
            ("CHECKPOINTS__INTERVAL_MS", "100"),
        ])
        .await;
        let client = AuditServiceClient::new(service.channel());
        Self {
            service,
            client,
            folder,
        }
    }

    pub async fn restart(&mut self) {
        self.service.restart().await;
        self.client = AuditServiceClient::new(self.service.channel());
    }

    /// Publishes so many versions of a task and waits until their records are sealed.
    pub async fn record(&self, user: &str, changes: i64) -> Uuid {
        let task_id = Ids.uuid_v7();
        for version in 1..=changes {
            let event = changed(user, task_id, version);
            let id = Ids.uuid_v7();
            self.service
                .publish(
                    &topics::TASK_EVENTS,
                    &task_id.to_string(),
                    id,
                    kind(version),
                    &event,
                )
                .await;
        }
        self.sealed(user, changes).await;
        task_id
    }

    /// Waits until a user has so many records and all are sealed.
    pub async fn sealed(&self, user: &str, records: i64) {
        eventually("all is recorded and sealed", async || {
            let verified = self.verify(user).await;
            (verified.record_count >= records && verified.unsealed_count == 0).then_some(())
        })
        .await;
    }

    pub async fn verify(&self, user: &str) -> VerifyAuditResponse {
        let request = self.service.request_as(user, VerifyAuditRequest::default());
        self.client
            .clone()
            .verify_audit(request)
            .await
            .unwrap()
            .into_inner()
    }
}

fn kind(version: i64) -> &'static str {
    match version {
        1 => "taskmesh.task.v1.TaskCreated",
        _ => "taskmesh.task.v1.TaskUpdated",
    }
}

/// Returns the event of a task that has its so-manieth title.
pub fn changed(user: &str, task_id: Uuid, version: i64) -> task::TaskEvent {
    let at = |version: i64| task::Task {
        id: task_id.to_string(),
        title: format!("Title {version}"),
        etag: version.to_string(),
        ..task::Task::default()
    };
    task::TaskEvent {
        event_time: Some(Timestamp {
            seconds: 1_764_576_000 + version,
            nanos: 0,
        }),
        user_id: user.to_owned(),
        task_version: version,
        task: Some(at(version)),
        previous: (version > 1).then(|| at(version - 1)),
        actor: Some(Actor {
            user_id: user.to_owned(),
            service: "api-gateway".to_owned(),
            token_id: "token-1".to_owned(),
            client_id: "chat".to_owned(),
            ip_address: "192.0.2.1".to_owned(),
            user_agent: "curl/8".to_owned(),
        }),
        ..task::TaskEvent::default()
    }
}
