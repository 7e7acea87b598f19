//! Between protobuf and the operations.

use service_runtime::grpc::FieldViolation;
use taskmesh_proto::realtime::v1 as pb;

use crate::{
    domain::Matching,
    error::Error,
    operations::{Start, Watch},
};

/// Converts a request.
pub fn watch(message: pb::WatchRequest) -> Result<Watch, Error> {
    let pb::WatchRequest {
        start,
        resume_token,
        filter,
        saved_filter,
        show_completed,
    } = message;
    let start = match pb::WatchStart::try_from(start) {
        Ok(_) if !resume_token.is_empty() => Start::Behind(resume_token),
        Ok(pb::WatchStart::Unspecified | pb::WatchStart::Now) => Start::Now,
        Ok(pb::WatchStart::Snapshot) => Start::Snapshot,
        Err(_) => {
            let wrong = FieldViolation::new("start", "must be now or snapshot");
            return Err(Error::InvalidFields(vec![wrong]));
        }
    };
    Ok(Watch {
        start,
        matching: Matching {
            filter,
            saved_filter,
            show_completed,
        },
    })
}
