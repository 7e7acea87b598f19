use service_runtime::clock::Clock;
use taskmesh_proto::task::v1 as pb;

use crate::support::{DAY, HOUR, MONDAY_NINE, User, at, fields, start, start_with_clock, titled};

/// Lists page after page and returns the titles; between two pages something happens.
async fn titles_by_pages(
    user: &User,
    mut request: pb::ListTasksRequest,
    mut meanwhile: impl AsyncFnMut(usize),
) -> String {
    let mut titles: Vec<String> = Vec::new();
    for page in 0.. {
        let answer = user.list_tasks(request.clone()).await.unwrap();
        titles.extend(answer.tasks.into_iter().map(|task| task.title));
        if answer.next_page_token.is_empty() {
            break;
        }
        request.page_token = answer.next_page_token;
        meanwhile(page).await;
    }
    titles.join(" ")
}

fn ordered(order_by: &str, page_size: i32) -> pb::ListTasksRequest {
    pb::ListTasksRequest {
        order_by: order_by.to_owned(),
        page_size,
        ..Default::default()
    }
}

async fn tasks(alice: &User) {
    use pb::Priority::{High, Low, Medium, Urgent};
    for (title, priority, due, start) in [
        ("b", High, Some(3), None),
        ("A", Low, None, Some(-3)),
        ("d", Medium, Some(1), Some(-1)),
        ("C", High, None, None),
        ("f", Urgent, Some(2), Some(-2)),
        ("E", High, Some(3), Some(-3)),
        ("g", High, Some(1), None),
    ] {
        let request = pb::CreateTaskRequest {
            priority: priority.into(),
            due_time: due.and_then(|days: i64| at(MONDAY_NINE + days * DAY)),
            start_time: start.and_then(|days: i64| at(MONDAY_NINE + days * DAY)),
            ..titled(title)
        };
        alice.add(request).await;
    }
}

fn clock() -> Clock {
    Clock::fixed(chrono::DateTime::from_timestamp(MONDAY_NINE, 0).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_follow_their_order_on_pages_of_any_size() {
    // All tasks are created at one moment, so that their ids decide last.
    let (_, alice) = start_with_clock(clock()).await;
    tasks(&alice).await;
    for (order, expected) in [
        ("", "g E f C d A b"),
        ("create", "g E f C d A b"),
        ("title", "A b C d E f g"),
        ("title desc", "g f E d C b A"),
        ("due", "g d f E b C A"),
        ("due desc", "E b f g d C A"),
        ("priority", "A d g E C b f"),
        ("priority desc, due", "f g E b C d A"),
        ("priority desc, due desc", "f E b g C d A"),
        ("start desc, title desc", "d f E A g C b"),
        ("due, start desc", "d g f E b A C"),
        ("due desc, priority, title", "b E f d g A C"),
        ("priority, start, due desc", "A d E b g C f"),
        ("complete, title", "A b C d E f g"),
    ] {
        for page_size in [1, 2, 3, 7, 50] {
            for show_completed in [false, true] {
                let request = pb::ListTasksRequest {
                    show_completed,
                    show_deleted: show_completed,
                    ..ordered(order, page_size)
                };
                let titles = titles_by_pages(&alice, request, async |_| {}).await;
                assert_eq!(titles, expected, "{order:?} by {page_size}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_completed_and_deleted_tasks_stand_in_one_order() {
    let (_, alice) = start().await;
    for (place, title) in ["a", "b", "c", "d", "e", "f", "g", "h"]
        .into_iter()
        .enumerate()
    {
        let id = alice.create(title).await.id;
        if place % 2 == 1 {
            alice.complete(&id).await.unwrap();
        }
        if place % 4 > 1 {
            alice.delete(&id).await.unwrap();
        }
    }
    for (show_completed, show_deleted, expected) in [
        (false, false, "a e"),
        (true, false, "a b e f"),
        (false, true, "a c e g"),
        (true, true, "a b c d e f g h"),
    ] {
        for page_size in [1, 3, 50] {
            let request = pb::ListTasksRequest {
                show_completed,
                show_deleted,
                ..ordered("title", page_size)
            };
            let titles = titles_by_pages(&alice, request.clone(), async |_| {}).await;
            assert_eq!(titles, expected);
            let filtered = pb::ListTasksRequest {
                filter: "title:d OR title:e OR title:f OR title:c".to_owned(),
                ..request
            };
            let expected: String = expected
                .split(' ')
                .filter(|title| "cdef".contains(title))
                .collect::<Vec<_>>()
                .join(" ");
            let titles = titles_by_pages(&alice, filtered, async |_| {}).await;
            assert_eq!(titles, expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_continue_despite_concurrent_changes() {
    let (_, alice) = start().await;
    let mut ids = Vec::new();
    for title in ["b", "d", "f", "h", "j", "l"] {
        ids.push(alice.create(title).await.id);
    }
    let ids = &ids;
    let titles = titles_by_pages(&alice, ordered("title", 2), async |page| match page {
        // The last task that was shown goes, one comes before it, and one behind it.
        0 => {
            alice.delete(&ids[1]).await.unwrap();
            alice.create("a").await;
            alice.create("e").await;
        }
        1 => {
            alice.create("c").await;
            alice.create("m").await;
        }
        _ => {}
    })
    .await;
    assert_eq!(titles, "b d e f h j l m");
}

#[tokio::test(flavor = "multi_thread")]
async fn today_stays_the_same_on_all_pages() {
    let clock = clock();
    let (_, alice) = start_with_clock(clock.clone()).await;
    for title in ["a", "b", "c"] {
        let request = pb::CreateTaskRequest {
            due_time: at(MONDAY_NINE + HOUR),
            ..titled(title)
        };
        alice.add(request).await;
    }
    let request = pb::ListTasksRequest {
        filter: "due = today".to_owned(),
        ..ordered("title", 1)
    };
    let titles = titles_by_pages(&alice, request, async |_| {
        clock.advance(chrono::TimeDelta::days(1));
        alice.live_in("Asia/Tokyo").await;
    })
    .await;
    assert_eq!(titles, "a b c");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_list_or_user_is_refused() {
    let (mesh, alice) = start().await;
    let bob = mesh.user("bob");
    for user in [&alice, &bob] {
        for title in ["a", "b", "c"] {
            user.create(title).await;
        }
    }
    let saved = pb::CreateSavedFilterRequest {
        display_name: "all".to_owned(),
        filter: "title:*".to_owned(),
        ..Default::default()
    };
    let saved = alice.create_saved_filter(saved).await.unwrap();
    let mut first = pb::ListTasksRequest {
        filter: "NOT muted".to_owned(),
        saved_filter: "all".to_owned(),
        ..ordered("title", 1)
    };
    first.page_token = alice
        .list_tasks(first.clone())
        .await
        .unwrap()
        .next_page_token;
    let larger = pb::ListTasksRequest {
        page_size: 10,
        ..first.clone()
    };
    assert_eq!(alice.list_tasks(larger).await.unwrap().tasks.len(), 2);
    let changed = |change: fn(&mut pb::ListTasksRequest)| {
        let mut request = first.clone();
        change(&mut request);
        request
    };
    for other in [
        changed(|request| request.filter = "muted = false".to_owned()),
        changed(|request| request.saved_filter = String::new()),
        changed(|request| request.order_by = "title desc".to_owned()),
        changed(|request| request.order_by = "due".to_owned()),
        changed(|request| request.show_completed = true),
        changed(|request| request.show_deleted = true),
        changed(|request| request.show_hidden = true),
        changed(|request| request.page_token = "e30".to_owned()),
        changed(|request| request.page_token.truncate(20)),
    ] {
        assert_eq!(fields(alice.list_tasks(other).await), ["page_token"]);
    }
    let of_bob = changed(|request| request.saved_filter = String::new());
    assert_eq!(fields(bob.list_tasks(of_bob).await), ["page_token"]);

    let change = pb::UpdateSavedFilterRequest {
        saved_filter_id: saved.id,
        update_mask: crate::support::mask(&["filter"]),
        filter: "NOT title:x".to_owned(),
        ..Default::default()
    };
    alice.update_saved_filter(change).await.unwrap();
    assert_eq!(fields(alice.list_tasks(first).await), ["page_token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_order_is_refused() {
    let (_, alice) = start().await;
    for order in ["colour", "due,", "due down", "due, due desc", ",", "id"] {
        assert_eq!(
            fields(alice.list_tasks(ordered(order, 1)).await),
            ["order_by"],
            "{order}"
        );
    }
}
