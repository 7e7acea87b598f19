//! Whether the records of who did what are whole, as the audit-service itself says.

use std::time::Duration;

use serde::Serialize;
use service_runtime::{BoxError, grpc, ids::UserId};
use taskmesh_proto::audit::v1::{VerifyAuditRequest, audit_service_client::AuditServiceClient};
use tonic::Request;

use super::mesh::Mesh;
use taskmesh::token;

const TOKEN_TTL: Duration = Duration::from_secs(600);
const TIMEOUT: Duration = Duration::from_secs(60);
/// Stands for everybody.
const EVERYBODY: &str = "-";

/// What was found when all chains were checked.
#[derive(Debug, Default, Serialize)]
pub struct AuditCounts {
    /// How many records there are.
    pub records: i64,
    /// How many checkpoints seal them.
    pub checkpoints: i64,
    /// What is wrong.
    pub findings: Vec<String>,
}

/// Has all records checked by an auditor's call.
pub async fn verify(mesh: &Mesh) -> Result<AuditCounts, BoxError> {
    let auditor: UserId = "chaos-auditor".parse()?;
    let roles = [grpc::AUDITOR.to_owned()];
    let token = token::mint(mesh.users_secret.clone(), &auditor, &roles, TOKEN_TTL)?;
    let mut request = Request::new(VerifyAuditRequest {
        user_id: EVERYBODY.to_owned(),
    });
    request.set_timeout(TIMEOUT);
    let bearer = format!("Bearer {token}").parse()?;
    request.metadata_mut().insert("authorization", bearer);
    let mut client = AuditServiceClient::new(grpc::connect(&mesh.audit_url));
    let verified = client.verify_audit(request).await?.into_inner();
    Ok(AuditCounts {
        records: verified.record_count,
        checkpoints: verified.checkpoint_number,
        findings: verified
            .findings
            .into_iter()
            .map(|finding| format!("{}: {}", finding.user_id, finding.message))
            .collect(),
    })
}
