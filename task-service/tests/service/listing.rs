use taskmesh_proto::task::v1 as pb;

use crate::support::{User, fields, start, weekly};

async fn ids(user: &User, request: pb::ListTasksRequest) -> Vec<String> {
    let answer = user.list_tasks(request).await.unwrap();
    answer.tasks.into_iter().map(|task| task.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_every_task_once_and_the_newest_first() {
    let (_, alice) = start().await;
    let mut created = Vec::new();
    for number in 0..7 {
        created.push(alice.create(&format!("task {number}")).await);
    }
    created.push(alice.add(weekly()).await);
    created.reverse();

    let mut listed = Vec::new();
    let mut request = pb::ListTasksRequest {
        page_size: 3,
        ..Default::default()
    };
    let mut sizes = Vec::new();
    loop {
        let page = alice.list_tasks(request.clone()).await.unwrap();
        sizes.push(page.tasks.len());
        listed.extend(page.tasks);
        // Tasks created meanwhile are newer than those of later pages.
        alice.create("meanwhile").await;
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, created);
    assert_eq!(sizes, [3, 3, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_before_its_answer_is_larger_than_clients_take() {
    let (_, alice) = start().await;
    let tasks = (0..60).map(|number| pb::CreateTaskRequest {
        title: number.to_string(),
        description: "€".repeat(20_000),
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
async fn completed_and_deleted_tasks_are_shown_on_demand() {
    let (_, alice) = start().await;
    let open = alice.create("open").await.id;
    let done = alice.create("done").await.id;
    let deleted = alice.create("deleted").await.id;
    let both = alice.create("done and deleted").await.id;
    alice.complete(&done).await.unwrap();
    alice.complete(&both).await.unwrap();
    alice.delete(&deleted).await.unwrap();
    alice.delete(&both).await.unwrap();

    let show = |show_completed, show_deleted| pb::ListTasksRequest {
        show_completed,
        show_deleted,
        ..Default::default()
    };
    assert_eq!(
        ids(&alice, show(false, false)).await,
        std::slice::from_ref(&open)
    );
    assert_eq!(
        ids(&alice, show(true, false)).await,
        [done.clone(), open.clone()]
    );
    assert_eq!(
        ids(&alice, show(false, true)).await,
        [deleted.clone(), open.clone()]
    );
    assert_eq!(
        ids(&alice, show(true, true)).await,
        [both, deleted, done, open]
    );
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
