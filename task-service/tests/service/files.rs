//! Calls with files.

use futures::StreamExt;
use taskmesh_proto::{google::api::HttpBody, task::v1 as pb};
use tonic::{Status, Streaming};

use crate::support::User;

pub fn ndjson() -> pb::ExportTasksRequest {
    pb::ExportTasksRequest::default()
}

pub fn csv() -> pb::ExportTasksRequest {
    pb::ExportTasksRequest {
        format: pb::ExportFormat::Csv.into(),
        ..Default::default()
    }
}

pub async fn export(
    user: &User,
    message: pb::ExportTasksRequest,
) -> Result<Streaming<HttpBody>, Status> {
    let answer = user.client().export_tasks(user.request(message)).await;
    answer.map(tonic::Response::into_inner)
}

/// Returns the content type and the whole file.
pub async fn exported(user: &User, message: pb::ExportTasksRequest) -> (String, String) {
    let mut parts = export(user, message).await.unwrap();
    let (mut content_type, mut file) = (String::new(), Vec::new());
    while let Some(part) = parts.next().await {
        let part = part.unwrap();
        content_type = part.content_type;
        file.extend(part.data);
    }
    (content_type, String::from_utf8(file).unwrap())
}

pub fn file(content_type: &str, data: impl Into<Vec<u8>>) -> pb::ImportTasksRequest {
    pb::ImportTasksRequest {
        file: Some(HttpBody {
            content_type: content_type.to_owned(),
            data: data.into(),
            extensions: Vec::new(),
        }),
        ..Default::default()
    }
}

pub async fn import(
    user: &User,
    content_type: &str,
    data: impl Into<Vec<u8>>,
) -> Result<pb::ImportTasksResponse, Status> {
    user.import_tasks(file(content_type, data)).await
}

/// Returns the lines and fields of the losses.
pub fn lost(imported: &pb::ImportTasksResponse) -> Vec<(i32, &str)> {
    let losses = imported.losses.iter();
    losses
        .map(|loss| (loss.line, loss.field.as_str()))
        .collect()
}

/// Returns created, existing and failed.
pub fn counts(imported: &pb::ImportTasksResponse) -> [i32; 3] {
    [
        imported.created_count,
        imported.existing_count,
        imported.failed_count,
    ]
}
