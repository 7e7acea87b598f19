use futures::future::join_all;
use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;

use crate::support::{User, assert_refused, fields, start, titled, update};

async fn move_under(
    alice: &User,
    task: &pb::Task,
    parent: &pb::Task,
) -> Result<pb::Task, tonic::Status> {
    let request = pb::UpdateTaskRequest {
        parent_task_id: parent.id.clone(),
        ..update(task, &["parent_task_id"])
    };
    alice.update_task(request).await
}

async fn wait_for(
    alice: &User,
    task: &pb::Task,
    others: &[&pb::Task],
) -> Result<pb::Task, tonic::Status> {
    let request = pb::UpdateTaskRequest {
        depends_on: others.iter().map(|other| other.id.clone()).collect(),
        ..update(task, &["depends_on"])
    };
    alice.update_task(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_nest_eight_levels_deep_and_no_deeper() {
    let (_, alice) = start().await;
    let mut chain = vec![alice.create("level 1").await];
    for level in 2..=8 {
        let parent = chain.last().unwrap().clone();
        chain.push(alice.create_part(&format!("level {level}"), &parent).await);
    }
    let deeper = pb::CreateTaskRequest {
        parent_task_id: chain[7].id.clone(),
        ..titled("level 9")
    };
    assert_refused(
        alice.create_task(deeper).await,
        ErrorCode::InvalidArgument,
        "would create 9 levels",
    );
    // A tree that is moved counts with all its levels.
    let other = alice.create("another").await;
    assert_eq!(
        fields(move_under(&alice, &chain[0], &other).await),
        ["parent_task_id"]
    );
    move_under(&alice, &chain[1], &other).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_task_is_a_part_of_itself() {
    let (_, alice) = start().await;
    let whole = alice.create("whole").await;
    let part = alice.create_part("part", &whole).await;
    let refusal = move_under(&alice, &whole, &part).await;
    assert_refused(
        refusal,
        ErrorCode::InvalidArgument,
        "is the task itself or one of its subtasks",
    );
    assert_eq!(
        fields(move_under(&alice, &whole, &whole).await),
        ["parent_task_id"]
    );
    assert_eq!(alice.get(&whole.id).await, whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_moves_at_once_make_no_circle() {
    let (_, alice) = start().await;
    for _ in 0..10 {
        let (one, other) = (alice.create("one").await, alice.create("other").await);
        let moves = [
            move_under(&alice, &one, &other),
            move_under(&alice, &other, &one),
        ];
        let moved = join_all(moves)
            .await
            .into_iter()
            .filter(Result::is_ok)
            .count();
        assert_eq!(moved, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_with_open_parts_is_completed_only_with_them() {
    let (_, alice) = start().await;
    let trip = alice.create("Plan the trip").await;
    let tickets = alice.create_part("Buy tickets", &trip).await;
    let seats = alice.create_part("Choose seats", &tickets).await;
    let refusal = alice.complete(&trip.id).await;
    assert_refused(
        refusal,
        ErrorCode::FailedPrecondition,
        "has 2 open subtasks",
    );
    assert_eq!(alice.get(&trip.id).await, trip);

    let request = pb::CompleteTaskRequest {
        task_id: trip.id.clone(),
        complete_children: true,
        ..Default::default()
    };
    let done = alice.complete_task(request).await.unwrap();
    for task in [&tickets, &seats] {
        let task = alice.get(&task.id).await;
        assert_eq!(
            (task.state(), &task.operation_id),
            (pb::TaskState::Completed, &done.operation_id)
        );
    }
    alice.undo(&done.operation_id).await.unwrap();
    for task in [&trip, &tickets, &seats] {
        assert_eq!(alice.get(&task.id).await.state(), pb::TaskState::Open);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_task_says_what_blocks_it() {
    let (_, alice) = start().await;
    let paint = alice.create("Buy paint").await;
    let request = pb::CreateTaskRequest {
        depends_on: vec![paint.id.clone()],
        ..titled("Paint the wall")
    };
    let wall = alice.add(request).await;
    assert_eq!(wall.blocked_by, std::slice::from_ref(&paint.id));
    let refusal = alice.complete(&wall.id).await;
    assert_refused(refusal, ErrorCode::FailedPrecondition, "Buy paint");

    alice.complete(&paint.id).await.unwrap();
    let free = alice.get(&wall.id).await;
    assert!(free.blocked_by.is_empty() && free.depends_on == [paint.id]);
    alice.complete(&wall.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_task_waits_for_itself_through_others() {
    let (mesh, alice) = start().await;
    let (one, two, three) = (
        alice.create("one").await,
        alice.create("two").await,
        alice.create("three").await,
    );
    wait_for(&alice, &two, &[&one]).await.unwrap();
    wait_for(&alice, &three, &[&two, &one]).await.unwrap();
    let refusal = wait_for(&alice, &one, &[&three]).await;
    assert_refused(refusal, ErrorCode::InvalidArgument, "depend on itself");
    assert_eq!(
        fields(wait_for(&alice, &one, &[&one]).await),
        ["depends_on"]
    );
    let others = mesh.user("bob").create("bobs").await;
    assert_eq!(
        fields(wait_for(&alice, &one, &[&others]).await),
        ["depends_on[0]"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_deleted_and_restored_with_the_whole() {
    let (_, alice) = start().await;
    let trip = alice.create("Plan the trip").await;
    let tickets = alice.create_part("Buy tickets", &trip).await;
    let hotel = alice.create_part("Find a hotel", &trip).await;
    alice.delete(&hotel.id).await.unwrap();
    alice.delete(&trip.id).await.unwrap();
    assert!(alice.get(&tickets.id).await.delete_time.is_some());
    let alone = alice.undelete(&tickets.id).await;
    assert_refused(
        alone,
        ErrorCode::FailedPrecondition,
        "restore that task first",
    );

    alice.undelete(&trip.id).await.unwrap();
    assert!(alice.get(&tickets.id).await.delete_time.is_none());
    assert!(
        alice.get(&hotel.id).await.delete_time.is_some(),
        "was deleted before"
    );
}
