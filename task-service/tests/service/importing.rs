use std::time::{Duration, Instant};

use service_runtime::grpc::ErrorCode;
use taskmesh_proto::task::v1 as pb;
use uuid::Uuid;

use crate::{
    files::{counts, csv, exported, file, import, lost, ndjson},
    support::{
        DAY, HOUR, MONDAY_NINE, User, assert_refused, at, at_time, fields, minutes_before, start,
        titled, weekly,
    },
};

const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";
const CALENDAR: &str = "text/calendar; charset=utf-8";

/// A small world: a whole with a part, a dependency, a date, a series, a done task.
async fn world(user: &User) {
    user.category("=home; sweet").await;
    let whole = user
        .add(pb::CreateTaskRequest {
            description: "=1+1\n\ttwo".to_owned(),
            category: "=home; sweet".to_owned(),
            tags: ["a;b", "c\\d", "-e"].map(str::to_owned).to_vec(),
            due_date: "2026-12-24".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            start_time: at(MONDAY_NINE),
            muted: true,
            ..titled(" \"Whole\", 'quoted'")
        })
        .await;
    let done = user.create("@Done").await;
    user.complete(&done.id).await.unwrap();
    user.add(pb::CreateTaskRequest {
        parent_task_id: whole.id.clone(),
        depends_on: vec![whole.id.clone(), done.id.clone()],
        priority: pb::Priority::Urgent.into(),
        due_time: at(MONDAY_NINE),
        reminders: vec![minutes_before(30), at_time(MONDAY_NINE - HOUR)],
        ..titled("Part")
    })
    .await;
    user.add(pb::CreateTaskRequest {
        recurrence_anchor: pb::RecurrenceAnchor::Completion.into(),
        ..weekly()
    })
    .await;
}

/// Returns all tasks by title, with titles for ids and without fields that an import sets again.
async fn kept(user: &User) -> Vec<pb::Task> {
    let list = pb::ListTasksRequest {
        show_completed: true,
        show_hidden: true,
        ..Default::default()
    };
    let mut tasks = user.list_tasks(list).await.unwrap().tasks;
    tasks.sort_by(|one, other| one.title.cmp(&other.title));
    let titles: std::collections::HashMap<String, String> = tasks
        .iter()
        .map(|task| (task.id.clone(), task.title.clone()))
        .collect();
    let named = |id: &String| titles.get(id).cloned().unwrap_or_default();
    for task in &mut tasks {
        task.id = named(&task.id);
        task.parent_task_id = named(&task.parent_task_id);
        for ids in [&mut task.depends_on, &mut task.blocked_by] {
            *ids = ids.iter().map(named).collect();
            ids.sort();
        }
        assert_eq!(task.series_id.is_empty(), task.recurrence_rule.is_empty());
        task.series_id.clear();
        task.operation_id.clear();
        task.etag.clear();
        task.create_time = None;
        task.update_time = None;
    }
    tasks
}

#[tokio::test]
async fn what_one_user_exports_another_imports_in_every_kept_field() {
    let (mesh, alice) = start().await;
    world(&alice).await;
    let before = kept(&alice).await;
    assert_eq!(before.len(), 4);
    for (name, request, content_type) in [("bob", ndjson(), NDJSON), ("carol", csv(), CSV)] {
        let (_, file) = exported(&alice, request).await;
        let user = mesh.user(name);
        let imported = import(&user, content_type, file).await.unwrap();
        assert_eq!(counts(&imported), [4, 0, 0], "{imported:?}");
        let lost: Vec<_> = imported
            .losses
            .iter()
            .map(|loss| loss.field.as_str())
            .collect();
        let mut lost = lost;
        lost.sort_unstable();
        assert_eq!(
            lost,
            ["create_time", "recurrence_id", "series_id", "update_time"]
        );
        assert_eq!(kept(&user).await, before, "{name}");
    }
}

#[tokio::test]
async fn importing_twice_changes_nothing() {
    let (mesh, alice) = start().await;
    world(&alice).await;
    let (_, file) = exported(&alice, ndjson()).await;
    let rows = mesh.row_count().await;
    // The user whose tasks they are has them already.
    let imported = import(&alice, NDJSON, file.clone()).await.unwrap();
    assert_eq!(counts(&imported), [0, 4, 0]);
    assert_eq!(imported.operation_id, "");
    assert_eq!(imported.losses, []);
    assert_eq!(mesh.row_count().await, rows);

    let bob = mesh.user("bob");
    let first = import(&bob, NDJSON, file.clone()).await.unwrap();
    assert_eq!(counts(&first), [4, 0, 0]);
    let rows = mesh.row_count().await;
    let second = import(&bob, NDJSON, file).await.unwrap();
    assert_eq!(counts(&second), [0, 4, 0]);
    // The same tasks as CSV are the same tasks.
    let (_, file) = exported(&alice, csv()).await;
    let third = import(&bob, CSV, file).await.unwrap();
    assert_eq!(counts(&third), [0, 4, 0]);
    assert_eq!(mesh.row_count().await, rows);
}

#[tokio::test]
async fn rows_without_ids_are_known_by_what_they_say() {
    let (_, alice) = start().await;
    let file = "title,tags\nMilk,shop\nMilk,shop\nBread,shop\n";
    assert_eq!(counts(&import(&alice, CSV, file).await.unwrap()), [3, 0, 0]);
    assert_eq!(counts(&import(&alice, CSV, file).await.unwrap()), [0, 3, 0]);
    let longer = format!("{file}Eggs,\n");
    assert_eq!(
        counts(&import(&alice, CSV, longer).await.unwrap()),
        [1, 3, 0]
    );
}

#[tokio::test]
async fn imports_at_the_same_time_create_every_task_once() {
    let (_, alice) = start().await;
    let lines: Vec<String> = (0..50)
        .map(|number| {
            format!(
                "{{\"id\":\"{number}\",\"title\":\"task {number}\",\"tags\":[\"t{}\"]}}",
                number % 7
            )
        })
        .collect();
    let mut backwards = lines.clone();
    backwards.reverse();
    let files = [lines.join("\n"), backwards.join("\n")];
    let imports = (0..8).map(|number| import(&alice, NDJSON, files[number % 2].clone()));
    let imported = futures::future::join_all(imports).await;
    let created: i32 = imported
        .iter()
        .map(|imported| imported.as_ref().unwrap().created_count)
        .sum();
    let existing: i32 = imported
        .iter()
        .map(|imported| imported.as_ref().unwrap().existing_count)
        .sum();
    assert_eq!((created, existing), (50, 350));
}

#[tokio::test]
async fn a_calendar_is_imported_with_rules_and_alarms() {
    let (_, alice) = start().await;
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:one\r\nSUMMARY:Water the plants\r\n\
        DUE;TZID=Europe/Berlin:20261207T090000\r\nRRULE:FREQ=WEEKLY\r\nCATEGORIES:home,Garden\r\nPRIORITY:2\r\n\
        BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT45M\r\nEND:VALARM\r\nLOCATION:Balcony\r\nEND:VTODO\r\n\
        BEGIN:VTODO\r\nUID:two\r\nSUMMARY:Buy a can\r\nRELATED-TO:one\r\nSTATUS:COMPLETED\r\n\
        COMPLETED:20261001T120000Z\r\nRRULE:FREQ=WEEKLY\r\nEND:VTODO\r\n\
        BEGIN:VTODO\r\nUID:three\r\nSUMMARY:Wrong rule\r\nDUE:20261207T090000Z\r\nRRULE:FREQ=NEVER\r\nEND:VTODO\r\n\
        BEGIN:VTODO\r\nUID:four\r\nSUMMARY:Moved\r\nDUE;TZID=Europe/Berlin:20261207T090000\r\n\
        RRULE:FREQ=WEEKLY;BYDAY=TH\r\nEND:VTODO\r\n\
        BEGIN:VTODO\r\nUID:five\r\nEND:VTODO\r\nBEGIN:VEVENT\r\nUID:six\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let imported = import(&alice, CALENDAR, calendar).await.unwrap();
    assert_eq!(counts(&imported), [4, 0, 1]);
    assert_eq!(
        lost(&imported),
        [
            (3, "LOCATION"),
            (16, "RRULE"),
            (24, "RRULE"),
            (30, "DUE"),
            (36, ""),
            (39, "VEVENT")
        ]
    );
    let tasks = kept(&alice).await;
    let task = |title: &str| tasks.iter().find(|task| task.title == title).unwrap();
    let plants = task("Water the plants");
    assert_eq!(plants.due_time, at(MONDAY_NINE));
    assert_eq!(plants.time_zone, "Europe/Berlin");
    assert_eq!(plants.recurrence_rule, "FREQ=WEEKLY");
    assert_eq!(plants.recurrence_id, "2026-12-07T09:00:00");
    assert_eq!(plants.reminders, [minutes_before(45)]);
    assert_eq!(plants.tags, ["Garden", "home"]);
    assert_eq!(plants.priority(), pb::Priority::High);
    let can = task("Buy a can");
    assert_eq!(can.parent_task_id, "Water the plants");
    assert_eq!(can.complete_time, at(1_790_856_000));
    assert_eq!(task("Wrong rule").recurrence_rule, "");
    assert_eq!(task("Moved").due_time, at(MONDAY_NINE + DAY));
}

#[tokio::test]
async fn times_without_a_zone_are_the_users() {
    let (_, alice) = start().await;
    alice.live_in("Europe/Berlin").await;
    import(&alice, CSV, "title,due_local_time\nx,2026-12-07T09:00:00\n")
        .await
        .unwrap();
    import(
        &alice,
        CALENDAR,
        "BEGIN:VTODO\nUID:y\nSUMMARY:y\nDUE:20261207T090000\nEND:VTODO\n",
    )
    .await
    .unwrap();
    for task in kept(&alice).await {
        assert_eq!(task.due_time, at(MONDAY_NINE), "{}", task.title);
        assert_eq!(task.time_zone, "Europe/Berlin");
    }
}

#[tokio::test]
async fn an_import_is_one_operation_that_can_be_undone_and_done_again() {
    let (mesh, alice) = start().await;
    world(&alice).await;
    let (_, file) = exported(&alice, ndjson()).await;
    let bob = mesh.user("bob");
    let imported = import(&bob, NDJSON, file.clone()).await.unwrap();
    let before = kept(&bob).await;
    let undone = bob
        .undo_operation(pb::UndoOperationRequest {
            operation_id: imported.operation_id,
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(undone.tasks.len(), 4);
    assert_eq!(undone.not_undone, []);
    assert_eq!(kept(&bob).await, []);
    // Undone tasks can be imported again.
    let again = import(&bob, NDJSON, file).await.unwrap();
    assert_eq!(counts(&again), [4, 0, 0]);
    assert_eq!(kept(&bob).await, before);
}

#[tokio::test]
async fn a_deleted_task_stays_deleted() {
    let (_, alice) = start().await;
    let line = "{\"id\":\"x\",\"title\":\"x\"}";
    import(&alice, NDJSON, line).await.unwrap();
    let list = alice
        .list_tasks(pb::ListTasksRequest::default())
        .await
        .unwrap();
    alice.delete(&list.tasks[0].id).await.unwrap();
    assert_eq!(
        counts(&import(&alice, NDJSON, line).await.unwrap()),
        [0, 1, 0]
    );
}

#[tokio::test]
async fn a_rehearsal_answers_the_same_and_creates_nothing() {
    let (mesh, alice) = start().await;
    let rows = mesh.row_count().await;
    let rehearsal = pb::ImportTasksRequest {
        validate_only: true,
        ..file(CSV, "title,category,tags,mood\nx,new,new,good\n,,,\n")
    };
    let imported = alice.import_tasks(rehearsal).await.unwrap();
    assert_eq!(counts(&imported), [1, 0, 0]);
    assert_eq!(lost(&imported), [(2, "mood")]);
    assert_eq!(mesh.row_count().await, rows);
}

#[tokio::test]
async fn the_same_call_again_gets_the_same_answer() {
    let (_, alice) = start().await;
    let call = pb::ImportTasksRequest {
        request_id: Uuid::from_u128(7).to_string(),
        ..file(CSV, "title\nx\n")
    };
    let first = alice.import_tasks(call.clone()).await.unwrap();
    assert_eq!(alice.import_tasks(call.clone()).await.unwrap(), first);
    let other = pb::ImportTasksRequest {
        file: file(CSV, "title\ny\n").file,
        ..call
    };
    let answer = alice.import_tasks(other).await;
    assert_refused(answer, ErrorCode::AlreadyExists, "request_id");
}

#[tokio::test]
async fn circles_and_strangers_are_left_out() {
    let (_, alice) = start().await;
    let file = r#"{"id":"a","title":"a","parent_task_id":"b","depends_on":["b"]}
{"id":"b","title":"b","parent_task_id":"a","depends_on":["a","nobody"]}
{"id":"c","title":"c","parent_task_id":"nobody"}
{"id":"c","title":"c again"}
{"title":" "}
"#;
    let imported = import(&alice, NDJSON, file).await.unwrap();
    assert_eq!(counts(&imported), [3, 0, 2]);
    assert_eq!(
        lost(&imported),
        [
            (2, "parent_task_id"),
            (2, "depends_on"),
            (2, "depends_on"),
            (3, "parent_task_id"),
            (4, ""),
            (5, "")
        ]
    );
    let tasks = kept(&alice).await;
    assert_eq!(tasks[0].parent_task_id, "b");
    assert_eq!(tasks[0].blocked_by, ["b"]);
    assert_eq!(tasks[1].parent_task_id, "");
}

#[tokio::test]
async fn a_tree_stays_within_eight_levels() {
    let (_, alice) = start().await;
    let chain = |from: usize, to: usize| {
        let line = |number: usize| {
            format!(
                "{{\"id\":\"{number}\",\"title\":\"{number}\",\"parent_task_id\":\"{}\"}}\n",
                number - 1
            )
        };
        (from..=to).map(line).collect::<String>()
    };
    let imported = import(&alice, NDJSON, chain(1, 6)).await.unwrap();
    assert_eq!(lost(&imported), [(1, "parent_task_id")]);
    // The parents of these were imported before.
    let imported = import(&alice, NDJSON, chain(7, 10)).await.unwrap();
    assert_eq!(counts(&imported), [4, 0, 0]);
    assert_eq!(lost(&imported), [(3, "parent_task_id")]);
}

#[tokio::test]
async fn every_created_task_is_told() {
    let (mesh, alice) = start().await;
    import(
        &alice,
        CSV,
        "title,state,complete_time\na,,\nb,completed,2026-01-02T03:04:05Z\n",
    )
    .await
    .unwrap();
    assert_eq!(mesh.event_count("task-events").await, 2);
    let tasks = kept(&alice).await;
    assert_eq!(tasks[1].state(), pb::TaskState::Completed);
    assert_eq!(tasks[1].complete_time.unwrap().seconds, 1_767_323_045);
}

#[tokio::test]
async fn a_file_that_is_none_is_refused() {
    let (_, alice) = start().await;
    let none = alice.import_tasks(pb::ImportTasksRequest::default()).await;
    assert_eq!(fields(none), ["file"]);
    for (content_type, data, field) in [
        ("", "title\nx", "file.content_type"),
        ("image/png", "title\nx", "file.content_type"),
        (CSV, "", "file"),
        (CSV, "name\nx", "file"),
        (NDJSON, "[]", "file"),
        (CALENDAR, "hello", "file"),
    ] {
        assert_eq!(
            fields(import(&alice, content_type, data).await),
            [field],
            "{content_type} {data}"
        );
    }
    let many = "x\n".repeat(5_001);
    let many = import(&alice, CSV, format!("title\n{many}")).await;
    assert_eq!(fields(many), ["file"]);
}

/// Returns a file of tasks that have tags and parents, and repeat or have an unknown field now and then.
fn many(count: usize) -> String {
    let line = |number: usize| {
        let rule = if number.is_multiple_of(10) {
            "FREQ=DAILY"
        } else {
            ""
        };
        format!(
            "{{\"id\":\"{number}\",\"title\":\"task {number}\",\"tags\":[\"tag {}\"],\"parent_task_id\":\"{}\",\
             \"due_time\":\"2026-12-07T08:00:00Z\",\"recurrence_rule\":\"{rule}\",\"location\":\"x\"}}\n",
            number % 50,
            number / 10,
        )
    };
    (1..=count).map(line).collect()
}

#[tokio::test]
async fn five_thousand_tasks_are_read_checked_and_written_at_once() {
    let (_, alice) = start().await;
    let begin = Instant::now();
    // A rehearsal does all of it; the broker is spared ten thousand events.
    let rehearsal = pb::ImportTasksRequest {
        validate_only: true,
        ..file(NDJSON, many(5_000))
    };
    let mut request = alice.request(rehearsal);
    request.set_timeout(Duration::from_secs(60));
    let imported = alice.client().import_tasks(request).await.unwrap();
    println!("5 000 tasks in {:?}", begin.elapsed());
    assert_eq!(counts(imported.get_ref()), [5_000, 0, 0]);
}

#[tokio::test]
async fn an_import_of_many_tasks_is_taken_back_at_once() {
    let (_, alice) = start().await;
    let imported = import(&alice, NDJSON, many(500)).await.unwrap();
    assert_eq!(counts(&imported), [500, 0, 0]);
    // A part that came later stays, and so does what it is a part of.
    let list = pb::ListTasksRequest {
        page_size: 500,
        ..Default::default()
    };
    let tasks = alice.list_tasks(list).await.unwrap().tasks;
    let of = |title: &str| tasks.iter().find(|task| task.title == title).unwrap();
    alice.create_part("Later", of("task 432")).await;
    let begin = Instant::now();
    let undone = alice.undo(&imported.operation_id).await.unwrap();
    println!("500 tasks taken back in {:?}", begin.elapsed());
    assert_eq!(undone.tasks.len(), 497);
    let mut left: Vec<_> = undone
        .not_undone
        .iter()
        .map(|left| left.id.as_str())
        .collect();
    left.sort_unstable();
    let mut wholes = ["task 4", "task 43", "task 432"].map(|title| of(title).id.as_str());
    wholes.sort_unstable();
    assert_eq!(left, wholes);
}
