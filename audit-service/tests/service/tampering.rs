use std::fs;

use audit_service::SigningKey;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use openssl::pkey::PKey;
use taskmesh_proto::audit::v1::{Finding, FindingKind};

use crate::support::Mesh;

impl Mesh {
    async fn connect(&self) -> AsyncPgConnection {
        let url = &self.service.environment()["AUDIT_SERVICE_DATABASE__URL"];
        let mut connection = AsyncPgConnection::establish(url).await.unwrap();
        connection
            .batch_execute("SET search_path = audit")
            .await
            .unwrap();
        connection
    }

    /// Does something to the tables that the service cannot do: as one who has every privilege and turns triggers off.
    async fn tamper(&self, statements: &str) {
        let mut connection = self.connect().await;
        connection
            .batch_execute(&format!(
                "BEGIN; GRANT ALL ON ALL TABLES IN SCHEMA audit TO CURRENT_USER;
                 SET LOCAL session_replication_role = replica; {statements}; COMMIT"
            ))
            .await
            .unwrap();
    }

    async fn found(&self, user: &str) -> Vec<(FindingKind, i64, i64)> {
        let verified = self.verify(user).await;
        assert_eq!(verified.intact, verified.findings.is_empty());
        verified
            .findings
            .iter()
            .map(|found| (found.kind(), found.first_sequence, found.last_sequence))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_append_only() {
    let mesh = Mesh::start().await;
    mesh.record("alice", 2).await;
    let mut connection = mesh.connect().await;
    for table in ["records", "checkpoints", "checkpoint_leaves"] {
        for statement in [
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("UPDATE {table} SET hash = hash"),
        ] {
            let refused = connection.batch_execute(&statement).await;
            assert!(refused.is_err(), "{statement}");
        }
    }
    assert_eq!(mesh.found("alice").await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampered_records_are_located() {
    let mesh = Mesh::start().await;
    mesh.record("alice", 9).await;
    mesh.record("bob", 2).await;
    mesh.tamper("UPDATE records SET actor_ip_address = '192.0.2.9' WHERE user_id = 'alice' AND sequence = 3")
        .await;
    mesh.tamper("DELETE FROM records WHERE user_id = 'alice' AND sequence IN (5, 6, 9)")
        .await;
    assert_eq!(
        mesh.found("alice").await,
        [
            (FindingKind::Changed, 3, 3),
            (FindingKind::Removed, 5, 6),
            (FindingKind::CutOff, 9, 9)
        ]
    );
    assert_eq!(mesh.found("bob").await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sealed_tail_is_missed_even_without_head() {
    let mesh = Mesh::start().await;
    mesh.record("alice", 4).await;
    mesh.tamper(
        "DELETE FROM records WHERE user_id = 'alice' AND sequence = 4;
         UPDATE chain_heads SET sequence = 3, sealed_sequence = 3,
             hash = (SELECT hash FROM records WHERE user_id = 'alice' AND sequence = 3) WHERE user_id = 'alice'",
    )
    .await;
    assert_eq!(mesh.found("alice").await, [(FindingKind::CutOff, 4, 4)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_checkpoint_is_reported() {
    let mesh = Mesh::start().await;
    mesh.record("alice", 1).await;
    mesh.record("alice", 1).await;
    mesh.tamper("UPDATE checkpoints SET record_count = record_count + 1 WHERE number = 1")
        .await;
    let found = mesh.verify("alice").await.findings;
    assert!(
        found
            .iter()
            .any(|found| found.kind() == FindingKind::Checkpoint && found.checkpoint_number == 1),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_key_needs_former_public_key() {
    let mut mesh = Mesh::start().await;
    mesh.record("alice", 2).await;
    let old = fs::read(mesh.folder.path().join("key.pem")).unwrap();
    let former = SigningKey::from_pem(&old).unwrap().public().unwrap();
    let path = |name: &str| mesh.folder.path().join(name).display().to_string();
    let (new_key, former_key) = (path("new-key.pem"), path("former-key.pem"));
    let pem = PKey::generate_ed25519().unwrap();
    fs::write(&new_key, pem.private_key_to_pem_pkcs8().unwrap()).unwrap();
    fs::write(&former_key, former.to_pem().unwrap()).unwrap();

    mesh.service.halt().await;
    mesh.service.set("CHECKPOINTS__SIGNING_KEY_FILE", &new_key);
    mesh.restart().await;
    let strangers = mesh.verify("alice").await;
    let is_checkpoint = |found: &Finding| found.kind() == FindingKind::Checkpoint;
    assert!(
        !strangers.intact && strangers.findings.iter().all(is_checkpoint),
        "{strangers:?}"
    );

    mesh.service.halt().await;
    mesh.service.set("CHECKPOINTS__FORMER_KEYS", &former_key);
    mesh.restart().await;
    mesh.record("alice", 3).await;
    assert_eq!(mesh.found("alice").await, []);
}
