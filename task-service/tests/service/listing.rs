use taskmesh_proto::task::v1 as pb;

use crate::support::{fields, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_before_its_answer_is_larger_than_clients_take() {
    let (_, alice) = start().await;
    let tasks = (0..60).map(|number| pb::CreateTaskRequest {
        title: number.to_string(),
        // Three bytes each, and no word to be indexed.
        description: "…".repeat(20_000),
        ..Default::default()
    });
    let batch = pb::BatchCreateTasksRequest {
        tasks: tasks.collect(),
        ..Default::default()
    };
    alice.batch_create_tasks(batch).await.unwrap();
    let mut request = pb::ListTasksRequest {
        page_size: 500,
        ..Default::default()
    };
    let mut listed = Vec::new();
    let mut pages = 0;
    while pages == 0 || !request.page_token.is_empty() {
        let page = alice.list_tasks(request.clone()).await.unwrap();
        listed.extend(page.tasks.into_iter().map(|task| task.id));
        request.page_token = page.next_page_token;
        pages += 1;
    }
    assert_eq!((pages, listed.len()), (2, 60));
    assert!(listed.is_sorted_by(|one, other| one > other));
}

#[tokio::test(flavor = "multi_thread")]
async fn page_size_above_maximum_is_lowered() {
    let (_, alice) = start().await;
    for number in 0..3 {
        alice.create(&number.to_string()).await;
    }
    let sized = |page_size| pb::ListTasksRequest {
        page_size,
        ..Default::default()
    };
    for (page_size, listed) in [(2, 2), (501, 3), (1_000, 3), (i32::MAX, 3)] {
        let answer = alice.list_tasks(sized(page_size)).await.unwrap();
        assert_eq!(answer.tasks.len(), listed, "{page_size}");
    }
    assert_eq!(fields(alice.list_tasks(sized(-1)).await), ["page_size"]);
}
