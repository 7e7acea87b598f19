use service_runtime::{clock::Clock, grpc::ErrorCode};
use taskmesh_proto::task::v1 as pb;

use crate::support::{
    DAY, HOUR, MONDAY_NINE, User, assert_refused, at, fields, start, start_with_clock, titled,
};

/// Monday, 7 December 2026, 10:00 in Berlin.
fn monday_ten() -> Clock {
    let time = chrono::DateTime::from_timestamp(MONDAY_NINE + HOUR, 0).unwrap();
    Clock::fixed(time)
}

fn filtered(filter: &str) -> pb::ListTasksRequest {
    pb::ListTasksRequest {
        filter: filter.to_owned(),
        order_by: "title".to_owned(),
        ..Default::default()
    }
}

async fn titles(user: &User, request: pb::ListTasksRequest) -> String {
    let filter = request.filter.clone();
    let answer = user.list_tasks(request).await;
    let answer = answer.unwrap_or_else(|error| panic!("{filter}: {error}"));
    let titles: Vec<String> = answer.tasks.into_iter().map(|task| task.title).collect();
    titles.join(" ")
}

/// Creates tasks of all kinds, each with a title of one character.
async fn tasks_of_all_kinds(alice: &User) -> pb::Task {
    alice.live_in("Europe/Berlin").await;
    alice.category("Home").await;
    alice.category("Work").await;
    let due_date = |title: &str, date: &str| pb::CreateTaskRequest {
        due_date: date.to_owned(),
        ..titled(title)
    };
    let due_time = |title: &str, seconds: i64| pb::CreateTaskRequest {
        due_time: at(seconds),
        ..titled(title)
    };
    let a = alice.add(due_time("a", MONDAY_NINE)).await;
    let requests = [
        pb::CreateTaskRequest {
            priority: pb::Priority::High.into(),
            category: "Home".to_owned(),
            ..due_time("b", MONDAY_NINE + 14 * HOUR)
        },
        pb::CreateTaskRequest {
            tags: vec!["urgent".to_owned(), "Garden".to_owned()],
            ..due_date("c", "2026-12-07")
        },
        pb::CreateTaskRequest {
            priority: pb::Priority::Urgent.into(),
            category: "Work".to_owned(),
            ..due_date("d", "2026-12-06")
        },
        pb::CreateTaskRequest {
            priority: pb::Priority::Low.into(),
            tags: vec!["garden".to_owned()],
            ..due_time("e", MONDAY_NINE + 7 * DAY)
        },
        pb::CreateTaskRequest {
            description: "100% of the Äpfel_kuchen".to_owned(),
            muted: true,
            parent_task_id: a.id.clone(),
            ..titled("f")
        },
        pb::CreateTaskRequest {
            depends_on: vec![a.id.clone()],
            ..titled("g")
        },
        pb::CreateTaskRequest {
            start_time: at(MONDAY_NINE + DAY),
            ..titled("h")
        },
        titled("i"),
    ];
    for request in requests {
        alice.add(request).await;
    }
    let done = alice.create("j").await;
    alice.complete(&done.id).await.unwrap();
    a
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_shows_what_it_says() {
    let (mesh, alice) = start_with_clock(monday_ten()).await;
    let a = tasks_of_all_kinds(&alice).await;
    mesh.user("bob").create("z").await;
    for (filter, expected) in [
        ("", "a b c d e f g i"),
        ("priority >= high", "b d"),
        ("priority < medium OR priority = urgent", "d e"),
        ("NOT priority = medium", "b d e"),
        ("due = today", "a b c"),
        ("due < today", "d"),
        ("due <= today", "a b c d"),
        ("due > today", "e"),
        ("due >= today", "a b c e"),
        ("due < now", "a d"),
        ("due > now", "b e"),
        ("due = yesterday", "d"),
        ("due = 2026-12-07", "a b c"),
        ("due != today", "d e f g i"),
        ("due < 2026-12-07T08:00:01Z", "a d"),
        ("due > today + 6d due < today + 1w + 1d", "e"),
        ("due:*", "a b c d e"),
        ("-due:*", "f g i"),
        ("overdue", "a d"),
        ("NOT overdue due:*", "b c e"),
        ("tag:garden", "c e"),
        ("tag = \"GARDEN\" AND NOT tag:urgent", "e"),
        ("tag:nosuch", ""),
        ("NOT tag:nosuch priority = urgent", "d"),
        ("tag:*", "c e"),
        ("category:home", "b"),
        ("category != Home category:*", "d"),
        ("-category:home -category:work", "a c e f g i"),
        ("NOT category:*", "a c e f g i"),
        ("description:\"äpfel\"", "f"),
        ("description:\"100%\"", "f"),
        ("description:\"L_K\"", "f"),
        ("description:\"1%0\"", ""),
        ("title = \"*\"", "a b c d e f g i"),
        ("title:B", "b"),
        ("title = B", ""),
        ("muted", "f"),
        ("muted = false blocked = false", "a b c d e i"),
        ("blocked", "g"),
        ("recurring", ""),
        (&format!("parent = {}", a.id), "f"),
        ("parent:*", "f"),
        ("start > now", "h"),
        ("start:* OR priority = low", "e h"),
        ("state = completed", "j"),
        ("state != open", "j"),
        ("complete = today", "j"),
        ("complete:* OR muted", "f j"),
        ("-complete:*", "a b c d e f g i"),
        ("create = today state = open tag:*", "c e"),
        ("create > today", ""),
        ("update <= now category:*", "b d"),
        ("muted OR blocked AND priority = medium", "f g"),
        (
            "(priority = urgent category:work) OR (tag:garden due = today)",
            "c d",
        ),
    ] {
        assert_eq!(titles(&alice, filtered(filter)).await, expected, "{filter}");
    }
    alice.complete(&a.id).await.unwrap_err();
    assert_eq!(titles(&alice, filtered("blocked")).await, "g");
}

#[tokio::test]
async fn text_is_found_anywhere_in_title() {
    let (_, alice) = start().await;
    let matching = [
        "Needle",
        "preNEEDLEpost",
        "<a needle>",
        "x—needle—y",
        "john.needle@example.com",
        "néedle caféneedle",
    ];
    for title in matching
        .into_iter()
        .chain(["need le", "noodle", "the others", "hay"])
    {
        alice.create(title).await;
    }
    let count = async |filter: &str| {
        let answer = alice.list_tasks(filtered(filter)).await.unwrap();
        answer.tasks.len()
    };
    for filter in [
        "title:\"needle\"",
        "title:\"nEEd\" title:\"edle\"",
        "title = \"*needle*\"",
    ] {
        assert_eq!(count(filter).await, matching.len(), "{filter}");
    }
    assert_eq!(count("title = \"Needle\"").await, 1);
    assert_eq!(count("title = \"<a need*\"").await, 1);
    assert_eq!(count("title = \"*example.com\"").await, 1);
    assert_eq!(count("NOT title:\"needle\"").await, 4);
    assert_eq!(count("title:\"nothing\"").await, 0);
    assert_eq!(count("description:\"needle\"").await, 0);
    // In a very long word, which is in no vocabulary, as well.
    assert_eq!(count("title:\"the\"").await, 1);
    alice.create(&("x".repeat(120) + "needle")).await;
    assert_eq!(count("title:\"needle\"").await, matching.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn today_is_where_the_user_lives() {
    let (_, alice) = start_with_clock(monday_ten()).await;
    tasks_of_all_kinds(&alice).await;
    // It is still eleven at night on Sunday there, and b is due at noon on Monday.
    alice.live_in("Pacific/Honolulu").await;
    assert_eq!(titles(&alice, filtered("due = today")).await, "a d");
    assert_eq!(titles(&alice, filtered("due > today")).await, "b c e");
    assert_eq!(titles(&alice, filtered("overdue")).await, "a");
    // It is eleven at night on Monday.
    alice.live_in("Pacific/Auckland").await;
    assert_eq!(titles(&alice, filtered("overdue")).await, "a d");
    assert_eq!(titles(&alice, filtered("due = tomorrow")).await, "b");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_decides_by_itself_what_it_names() {
    let (_, alice) = start_with_clock(monday_ten()).await;
    tasks_of_all_kinds(&alice).await;
    assert_eq!(titles(&alice, filtered("title:h OR title:j")).await, "");
    assert_eq!(
        titles(&alice, filtered("(title:h OR title:j) start:*")).await,
        "h"
    );
    let all = pb::ListTasksRequest {
        show_completed: true,
        show_hidden: true,
        ..filtered("title:h OR title:j")
    };
    assert_eq!(titles(&alice, all.clone()).await, "h j");
    let open = pb::ListTasksRequest {
        filter: "(title:h OR title:j) state = open".to_owned(),
        ..all
    };
    assert_eq!(titles(&alice, open).await, "h");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_is_refused_with_its_place_and_what_was_meant() {
    let (_, alice) = start().await;
    let refusal = alice
        .list_tasks(filtered("state = open AND priorty >= high"))
        .await
        .unwrap_err();
    let details = tonic_types::StatusExt::get_error_details(&refusal);
    let info = details.error_info().unwrap();
    assert_eq!(info.reason, "INVALID_FIELD");
    assert_eq!(info.metadata["position"], "18");
    let violation = &details.bad_request().unwrap().field_violations[0];
    assert_eq!(violation.field, "filter");
    assert!(violation.description.contains("did you mean priority?"));

    let both = pb::ListTasksRequest {
        page_size: -1,
        page_token: "x".to_owned(),
        order_by: "colour".to_owned(),
        ..filtered("due <")
    };
    assert_eq!(
        fields(alice.list_tasks(both).await),
        ["page_size", "page_token", "order_by", "filter"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_category_in_filter_brings_suggestion() {
    let (mesh, alice) = start().await;
    alice.category("Household").await;
    mesh.user("bob").category("Houshold").await;
    let answer = alice
        .list_tasks(filtered("muted OR category:\"Houshold\""))
        .await;
    assert_refused(
        answer,
        ErrorCode::InvalidArgument,
        "at character 19: found \"Houshold\"; did you mean \"Household\"? Expected the name of a category that exists",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_filters_are_refused_or_match_nothing() {
    let (_, alice) = start().await;
    alice.create("Robert'); DROP TABLE tasks;--").await;
    let nested = format!("{}muted{}", "(".repeat(200), ")".repeat(200));
    let many = "title:\"x\" OR ".repeat(199) + "muted";
    let order = "priority desc, due desc, start, complete";
    let long = format!("title:\"{}\"", "%".repeat(9_990));
    for (filter, refused) in [
        (nested.as_str(), true),
        (&"x".repeat(10_240), true),
        (&"(".repeat(10_000), true),
        ("title:\"\0\"", true),
        ("tag:\"\u{202e}abc🥛\"", false),
        (long.as_str(), false),
        (many.as_str(), false),
        ("title:\"'; DROP TABLE tasks;--\" muted", false),
        ("parent = \"00000000-0000-0000-0000-000000000000\"", false),
        (
            "due < today - 400y - 400y - 400y - 400y - 400y - 400y",
            false,
        ),
        (
            "due > 2300-12-31 + 400y + 400y + 400y + 400y + 400y + 400y + 400y + 400y",
            false,
        ),
    ] {
        let request = pb::ListTasksRequest {
            order_by: order.to_owned(),
            show_completed: true,
            show_deleted: true,
            ..filtered(filter)
        };
        let shown: String = filter.chars().take(40).collect();
        let answer = alice.list_tasks(request).await;
        if refused {
            assert_eq!(fields(answer), ["filter"], "{shown}");
        } else {
            let answer = answer.unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert!(answer.tasks.is_empty(), "{shown}");
        }
    }
    assert_eq!(
        titles(&alice, filtered("title:\"'); DROP TABLE\"")).await,
        "Robert'); DROP TABLE tasks;--"
    );
}
