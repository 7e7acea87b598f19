//! Recurring tasks that start before they are due: the rule counts from the start, and the distance stays.

use prost_types::Timestamp;
use taskmesh_proto::{task::v1 as pb, topics};

use crate::{
    files::{import, lost},
    support::{fields, start, titled, update},
};

fn time(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

/// Start, due time or date.
type Dates = (&'static str, &'static str);

struct Case {
    rule: &'static str,
    given: Dates,
    /// Local time and dates of the first occurrence.
    first: (&'static str, Dates),
    /// The distance.
    due_after: (i32, Option<i32>),
    /// Local time, instant at which it is due, and dates of another occurrence.
    next: (&'static str, &'static str, Dates),
}

const CASES: [Case; 5] = [
    Case {
        rule: "FREQ=MONTHLY;BYMONTHDAY=-1",
        given: ("2026-12-01T08:00:00Z", "2026-12-09T08:00:00Z"),
        first: (
            "2026-12-31T09:00:00",
            ("2026-12-31T08:00:00Z", "2027-01-08T08:00:00Z"),
        ),
        due_after: (8, Some(0)),
        next: (
            "2027-03-31T09:00:00",
            "2027-04-08T07:00:00Z",
            ("2027-03-31T07:00:00Z", "2027-04-08T07:00:00Z"),
        ),
    },
    // Midnight of a Monday in Berlin, due on the Tuesday.
    Case {
        rule: "FREQ=WEEKLY",
        given: ("2030-01-06T23:00:00Z", "2030-01-08"),
        first: (
            "2030-01-07T00:00:00",
            ("2030-01-06T23:00:00Z", "2030-01-08"),
        ),
        due_after: (1, None),
        next: (
            "2030-04-01T00:00:00",
            "2030-04-01T22:00:00Z",
            ("2030-03-31T22:00:00Z", "2030-04-02"),
        ),
    },
    Case {
        rule: "FREQ=WEEKLY;BYDAY=TH",
        given: ("2026-12-09T08:00:00Z", "2026-12-09T16:30:00Z"),
        first: (
            "2026-12-10T09:00:00",
            ("2026-12-10T08:00:00Z", "2026-12-10T16:30:00Z"),
        ),
        due_after: (0, Some(30_600)),
        next: (
            "2026-12-17T09:00:00",
            "2026-12-17T16:30:00Z",
            ("2026-12-17T08:00:00Z", "2026-12-17T16:30:00Z"),
        ),
    },
    // The clock changes between start and due time: nine o'clock stays nine o'clock.
    Case {
        rule: "FREQ=WEEKLY",
        given: ("2027-03-20T08:00:00Z", "2027-03-21T08:00:00Z"),
        first: (
            "2027-03-20T09:00:00",
            ("2027-03-20T08:00:00Z", "2027-03-21T08:00:00Z"),
        ),
        due_after: (1, Some(0)),
        next: (
            "2027-03-27T09:00:00",
            "2027-03-28T07:00:00Z",
            ("2027-03-27T08:00:00Z", "2027-03-28T07:00:00Z"),
        ),
    },
    Case {
        rule: "FREQ=DAILY;BYHOUR=9;BYMINUTE=0",
        given: ("2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z"),
        first: (
            "2026-12-01T09:00:00",
            ("2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z"),
        ),
        due_after: (0, Some(0)),
        next: (
            "2026-12-02T09:00:00",
            "2026-12-02T08:00:00Z",
            ("2026-12-02T08:00:00Z", "2026-12-02T08:00:00Z"),
        ),
    },
];

fn recurring(rule: &str, (start, due): Dates) -> pb::CreateTaskRequest {
    let is_date = !due.contains('T');
    pb::CreateTaskRequest {
        start_time: time(start),
        due_time: (!is_date).then(|| due.parse().unwrap()),
        due_date: if is_date { due } else { "" }.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        recurrence_rule: rule.to_owned(),
        ..titled("Hand in the report")
    }
}

fn dates(task: &pb::Task) -> (Option<Timestamp>, String) {
    let due = match task.due_date.as_str() {
        "" => task.due_time.unwrap().to_string(),
        date => date.to_owned(),
    };
    (task.start_time, due)
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_counts_from_start_and_distance_to_due_stays() {
    let (mesh, alice) = start().await;
    for case in CASES {
        let Case {
            rule,
            given,
            first: (recurrence_id, first_dates),
            due_after,
            next: (next_id, due_time, next_dates),
        } = case;
        for is_moved in [false, true] {
            let task = alice.add(recurring(rule, given)).await;
            let asked = mesh.recurrence.questions();
            assert_eq!(asked.last().unwrap().start_time, time(given.0), "{rule}");
            assert_eq!(task.recurrence_id, recurrence_id, "{rule}");
            let (start, due) = first_dates;
            assert_eq!(dates(&task), (time(start), due.to_owned()), "{rule}");

            if is_moved {
                let moved = pb::UpdateTaskRequest {
                    due_time: time("2035-01-01T12:34:56Z"),
                    ..update(&task, &["start_time", "due_time"])
                };
                let moved = alice.change(moved).await;
                assert_eq!(moved.start_time, None);
                assert_eq!(moved.series_id, task.series_id);
            }
            alice.complete(&task.id).await.unwrap();
            let events = mesh
                .service
                .events::<pb::TaskEvent>(&topics::TASK_RECURRENCE)
                .await;
            let mut series = events.into_iter().filter_map(|event| event.message.series);
            let series = series.find(|series| series.series_id == task.series_id);
            let series = series.unwrap();
            assert_eq!(series.start_local, recurrence_id, "{rule}");
            let (days, seconds) = due_after;
            assert_eq!(series.due_after_days, Some(days), "{rule}");
            assert_eq!(series.due_after_seconds, seconds, "{rule}");

            let request = pb::CreateOccurrenceRequest {
                series_id: task.series_id.clone(),
                previous_task_id: task.id.clone(),
                recurrence_id: next_id.to_owned(),
                due_time: time(due_time),
            };
            let next = mesh.create_occurrence("alice", request).await.unwrap();
            let (start, due) = next_dates;
            let next = dates(&next.task.unwrap());
            assert_eq!(next, (time(start), due.to_owned()), "{rule} {is_moved}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_given_later_counts_from_the_start() {
    let (_, alice) = start().await;
    let once = recurring("", ("2026-12-01T08:00:00Z", "2026-12-09T08:00:00Z"));
    let task = alice.add(once).await;
    let request = pb::UpdateTaskRequest {
        recurrence_rule: "FREQ=MONTHLY;BYMONTHDAY=-1".to_owned(),
        ..update(&task, &["recurrence_rule"])
    };
    let task = alice.change(request).await;
    assert_eq!(task.recurrence_id, "2026-12-31T09:00:00");
    let expected = (
        time("2026-12-31T08:00:00Z"),
        "2027-01-08T08:00:00Z".to_owned(),
    );
    assert_eq!(dates(&task), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn start_of_one_occurrence_is_not_that_of_the_next() {
    let (mesh, alice) = start().await;
    let without_start = pb::CreateTaskRequest {
        start_time: None,
        ..recurring(
            "FREQ=WEEKLY",
            ("2026-12-01T08:00:00Z", "2026-12-07T08:00:00Z"),
        )
    };
    let task = alice.add(without_start).await;
    let request = pb::UpdateTaskRequest {
        start_time: time("2026-12-05T08:00:00Z"),
        ..update(&task, &["start_time"])
    };
    let moved = alice.change(request).await;
    assert_eq!(moved.recurrence_id, "2026-12-07T09:00:00");
    alice.complete(&task.id).await.unwrap();
    let request = pb::CreateOccurrenceRequest {
        series_id: task.series_id.clone(),
        previous_task_id: task.id.clone(),
        recurrence_id: "2026-12-14T09:00:00".to_owned(),
        due_time: time("2026-12-14T08:00:00Z"),
    };
    let next = mesh.create_occurrence("alice", request).await.unwrap();
    let expected = (None, "2026-12-14T08:00:00Z".to_owned());
    assert_eq!(dates(&next.task.unwrap()), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_day_need_a_due_time() {
    let (_, alice) = start().await;
    let rule = "FREQ=DAILY;BYHOUR=9;BYMINUTE=0";
    let date = recurring(rule, ("2026-12-01T08:00:00Z", "2026-12-02"));
    assert_eq!(fields(alice.create_task(date).await), ["recurrence_rule"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_rule_counts_from_dtstart() {
    let (_, alice) = start().await;
    let file = "BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VTODO
UID:dates
SUMMARY:Dates
DTSTART;VALUE=DATE:20300107
DUE;VALUE=DATE:20300108
RRULE:FREQ=WEEKLY;BYHOUR=9
END:VTODO
BEGIN:VTODO
UID:times
SUMMARY:Times
DTSTART:20261201T090000Z
DUE:20261209T170000Z
RRULE:FREQ=MONTHLY;BYMONTHDAY=-1
END:VTODO
BEGIN:VTODO
UID:hour
SUMMARY:Hour
DUE:20261201T090000Z
RRULE:FREQ=DAILY;BYHOUR=9;BYMINUTE=0
END:VTODO
END:VCALENDAR
"
    .replace('\n', "\r\n");
    let imported = import(&alice, "text/calendar", file).await.unwrap();
    // Dates have no times of day; the first date of the other rule is later than its start.
    assert_eq!(lost(&imported), [(3, "RRULE"), (10, "DTSTART")]);
    let request = pb::ListTasksRequest {
        show_hidden: true,
        order_by: "title".to_owned(),
        ..Default::default()
    };
    let tasks = alice.list_tasks(request).await.unwrap().tasks;
    let found: Vec<_> = tasks
        .iter()
        .map(|task| {
            let (start, due) = dates(task);
            let start = start.map(|start| start.to_string()).unwrap_or_default();
            let (rule, id) = (&task.recurrence_rule, &task.recurrence_id);
            format!("{} {rule} {id} {start} {due}", task.title)
        })
        .collect();
    assert_eq!(
        found,
        [
            "Dates FREQ=WEEKLY 2030-01-07T00:00:00 2030-01-07T00:00:00Z 2030-01-08",
            "Hour FREQ=DAILY;BYHOUR=9;BYMINUTE=0 2026-12-01T09:00:00  2026-12-01T09:00:00Z",
            "Times FREQ=MONTHLY;BYMONTHDAY=-1 2026-12-31T09:00:00 2026-12-31T09:00:00Z 2027-01-08T17:00:00Z",
        ]
    );
}
