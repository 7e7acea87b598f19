//! Requests and their responses, by topic of the protocol.

pub mod groups;
mod metadata;
mod offsets;
mod records;
mod topics;

use anyhow::bail;
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, ApiVersionsResponse, RequestKind, ResponseKind, api_versions_response::ApiVersion,
    },
};

use crate::node::Node;

/// Node id of the only broker.
const NODE_ID: i32 = 1;

/// The requests that are answered, each with its latest supported version. The first one is that of the codec.
const SUPPORTED: [(ApiKey, i16); 25] = [
    (ApiKey::Produce, 11),
    // From version 13 on, topics have ids instead of names.
    (ApiKey::Fetch, 12),
    (ApiKey::ListOffsets, 6),
    (ApiKey::Metadata, 12),
    (ApiKey::OffsetCommit, 9),
    (ApiKey::OffsetFetch, 9),
    (ApiKey::FindCoordinator, 4),
    (ApiKey::JoinGroup, 9),
    (ApiKey::Heartbeat, 4),
    (ApiKey::LeaveGroup, 5),
    (ApiKey::SyncGroup, 5),
    (ApiKey::DescribeGroups, 5),
    (ApiKey::ListGroups, 5),
    (ApiKey::ApiVersions, 3),
    (ApiKey::CreateTopics, 7),
    (ApiKey::DeleteTopics, 6),
    (ApiKey::DeleteRecords, 2),
    (ApiKey::InitProducerId, 4),
    (ApiKey::OffsetForLeaderEpoch, 4),
    (ApiKey::DescribeConfigs, 4),
    (ApiKey::CreatePartitions, 3),
    (ApiKey::DeleteGroups, 2),
    (ApiKey::IncrementalAlterConfigs, 1),
    (ApiKey::OffsetDelete, 0),
    (ApiKey::DescribeCluster, 1),
];

/// Returns whether a version of a request is supported.
pub fn supports(key: ApiKey, version: i16) -> bool {
    SUPPORTED
        .iter()
        .any(|(known, max)| *known == key && (key.valid_versions().min..=*max).contains(&version))
}

/// Returns the response to a request; none for a request that expects no response.
pub async fn handle(
    node: &Node,
    client: &str,
    request: RequestKind,
    version: i16,
) -> anyhow::Result<Option<ResponseKind>> {
    use RequestKind as Request;
    use ResponseKind as Response;
    Ok(Some(match request {
        Request::ApiVersions(_) => Response::ApiVersions(api_versions()),
        Request::Metadata(request) => Response::Metadata(metadata::metadata(node, request)),
        Request::DescribeCluster(_) => Response::DescribeCluster(metadata::cluster(node)),
        Request::FindCoordinator(request) => {
            Response::FindCoordinator(metadata::coordinator(node, request, version))
        }
        Request::InitProducerId(request) => {
            Response::InitProducerId(metadata::producer_id(node, &request))
        }
        Request::CreateTopics(request) => Response::CreateTopics(topics::create(node, request)),
        Request::DeleteTopics(request) => Response::DeleteTopics(topics::delete(node, request)),
        Request::CreatePartitions(request) => {
            Response::CreatePartitions(topics::create_partitions(node, request))
        }
        Request::DescribeConfigs(request) => {
            Response::DescribeConfigs(topics::describe_configs(node, request))
        }
        Request::IncrementalAlterConfigs(request) => {
            Response::IncrementalAlterConfigs(topics::alter_configs(node, request))
        }
        Request::Produce(request) => {
            let expects_response = request.acks != 0;
            let response = records::produce(node, request);
            if !expects_response {
                return Ok(None);
            }
            Response::Produce(response)
        }
        Request::Fetch(request) => Response::Fetch(records::fetch(node, &request).await),
        Request::ListOffsets(request) => {
            Response::ListOffsets(records::list_offsets(node, request, version))
        }
        Request::DeleteRecords(request) => Response::DeleteRecords(records::delete(node, request)),
        Request::OffsetForLeaderEpoch(request) => {
            Response::OffsetForLeaderEpoch(records::epoch_end(node, request))
        }
        Request::OffsetCommit(request) => Response::OffsetCommit(offsets::commit(node, request)),
        Request::OffsetFetch(request) => {
            Response::OffsetFetch(offsets::fetch(node, request, version))
        }
        Request::OffsetDelete(request) => Response::OffsetDelete(offsets::delete(node, request)),
        Request::DeleteGroups(request) => {
            Response::DeleteGroups(offsets::delete_groups(node, request))
        }
        Request::JoinGroup(request) => {
            Response::JoinGroup(groups::join(node, request, client).await)
        }
        Request::SyncGroup(request) => Response::SyncGroup(groups::sync(node, request).await),
        Request::Heartbeat(request) => Response::Heartbeat(groups::heartbeat(node, &request)),
        Request::LeaveGroup(request) => Response::LeaveGroup(groups::leave(node, request, version)),
        Request::DescribeGroups(request) => {
            Response::DescribeGroups(groups::describe(node, request))
        }
        Request::ListGroups(request) => Response::ListGroups(groups::list(node, &request)),
        _ => bail!("the request is not supported"),
    }))
}

fn api_versions() -> ApiVersionsResponse {
    let keys = SUPPORTED.iter().map(|(key, max)| {
        ApiVersion::default()
            .with_api_key(*key as i16)
            .with_min_version(key.valid_versions().min)
            .with_max_version(*max)
    });
    // No features: librdkafka before 2.3 cannot read the tagged fields that they are sent in.
    ApiVersionsResponse::default().with_api_keys(keys.collect())
}

/// Returns the response to an `ApiVersions` request of an unknown version, which is encoded as version 0 (KIP-511).
pub fn unsupported_api_versions() -> ResponseKind {
    let code = ResponseError::UnsupportedVersion.code();
    ResponseKind::ApiVersions(api_versions().with_error_code(code))
}

/// Returns the code of a result: 0 for success.
fn code<T>(result: &Result<T, ResponseError>) -> i16 {
    result.as_ref().err().map_or(0, ResponseError::code)
}

#[cfg(test)]
mod version_tests;
