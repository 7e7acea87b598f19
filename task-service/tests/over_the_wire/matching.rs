//! Which tasks match a filter, as the realtime-service asks it.

use service_runtime::{grpc::ErrorCode, ids::Ids};
use taskmesh_proto::task::v1::{self as pb, task_service_client::TaskServiceClient};

use crate::harness::{Mesh, assert_refused, fields};

type Answer = Result<Vec<String>, tonic::Status>;

async fn ask(mesh: &Mesh, service: &str, user: &str, request: pb::MatchTasksRequest) -> Answer {
    let request = mesh.service.request_from(service, user, request);
    let mut client = TaskServiceClient::new(mesh.service.channel());
    let answer = client.match_tasks(request).await?;
    Ok(answer.into_inner().task_ids)
}

fn matching(filter: &str, ids: &[&str]) -> pb::MatchTasksRequest {
    pb::MatchTasksRequest {
        task_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        filter: filter.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn of_some_tasks_those_match_that_a_list_would_show() {
    let mesh = Mesh::start().await;
    let alice = mesh.user("alice");
    let [tea, cake, done, gone] = [
        alice.create("tea").await.id,
        alice.create("cake").await.id,
        alice.create("tea done").await.id,
        alice.create("tea gone").await.id,
    ];
    alice.complete(&done).await.unwrap();
    alice.delete(&gone).await.unwrap();
    let unknown = Ids.uuid_v7().to_string();
    let all = [&*tea, &*cake, &*done, &*gone, &*unknown];
    let found = async |user: &str, request| {
        let mut ids = ask(&mesh, "realtime-service", user, request).await.unwrap();
        ids.sort();
        ids
    };
    assert_eq!(found("alice", matching("title:tea", &all)).await, [&*tea]);
    let with_completed = pb::MatchTasksRequest {
        show_completed: true,
        ..matching("title:tea", &all)
    };
    assert_eq!(found("alice", with_completed).await, [&*tea, &*done]);
    let completed = matching("state = completed", &all);
    assert_eq!(found("alice", completed).await, [&*done]);
    assert_eq!(
        found("alice", matching("title:tea", &[&cake])).await.len(),
        0
    );
    assert_eq!(found("bob", matching("", &all)).await.len(), 0);
    assert_eq!(found("alice", matching("title:tea", &[])).await.len(), 0);
}

#[tokio::test]
async fn a_filter_that_is_wrong_is_refused_also_without_a_task() {
    let mesh = Mesh::start().await;
    let refused = async |request| fields(ask(&mesh, "realtime-service", "alice", request).await);
    assert_eq!(refused(matching("titel:tea", &[])).await, ["filter"]);
    assert_eq!(refused(matching("", &["7"])).await, ["task_ids"]);
    let id = Ids.uuid_v7().to_string();
    assert_eq!(
        refused(matching("", &[id.as_str(); 501])).await,
        ["task_ids"]
    );
    let saved = pb::MatchTasksRequest {
        saved_filter: "nothing".to_owned(),
        ..matching("", &[])
    };
    assert_eq!(refused(saved).await, ["saved_filter"]);
}

#[tokio::test]
async fn nobody_asks_but_the_realtime_service() {
    let mesh = Mesh::start().await;
    let answer = ask(&mesh, "notification-service", "alice", matching("", &[])).await;
    assert_refused(
        answer,
        ErrorCode::PermissionDenied,
        "only the realtime-service",
    );
}
