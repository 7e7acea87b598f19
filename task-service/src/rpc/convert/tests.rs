//! Hand-written conversions, compared with the contract.

use prost::Message;
use prost_types::FileDescriptorSet;
use taskmesh_proto::{FILE_DESCRIPTOR_SET, task::v1 as pb};

use crate::domain::{
    Description, Due, DueAfter, FirstOccurrence, LabelRef, Links, Occurrence, Priority, Recurrence,
    RecurrenceAnchor, RecurrenceRule, Reminder, Reminders, Schedule, Task, TimeZone, Title,
    fixtures::{moment, operation_id, task},
};

/// Returns the names of a message's fields in `taskmesh.task.v1`.
pub fn taskmesh_fields(message: &str) -> Vec<String> {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file;
    let found = files
        .iter()
        .filter(|file| file.package() == "taskmesh.task.v1")
        .flat_map(|file| &file.message_type)
        .find(|found| found.name() == message)
        .unwrap();
    found
        .field
        .iter()
        .map(|field| field.name().to_owned())
        .collect()
}

/// Returns a task that has nothing in common with the plain one.
fn another() -> Task {
    let first = FirstOccurrence {
        recurrence_id: "2027-01-15T09:00:00".parse().unwrap(),
        time: moment(),
    };
    let recurrence = Recurrence {
        rule: RecurrenceRule::new("FREQ=DAILY".to_owned()).unwrap(),
        anchor: RecurrenceAnchor::Completion,
    };
    let date = "2027-01-15".parse().unwrap();
    let begin = moment();
    let due = Due::Date { date, begin };
    let zone = TimeZone::parse("Europe/Berlin").unwrap();
    let due_after = DueAfter::measure(None, due, &zone);
    let occurrence = Occurrence::first(uuid::Uuid::from_u128(2).into(), first, due_after);
    let schedule = Schedule::new(
        Some(due),
        Some(moment()),
        Some(zone),
        Some(recurrence),
        Reminders::new(vec![Reminder::AtTime(moment())]).unwrap(),
    );
    let mut task = task()
        .completed(moment())
        .deleted(moment())
        .next_version(operation_id(), moment());
    task.details.title = Title::parse("Feed the cat").unwrap();
    task.details.description = Description::parse("twice").unwrap();
    task.details.priority = Priority::High;
    task.details.muted = true;
    task.schedule = schedule.unwrap();
    task.links = Links {
        category: Some(LabelRef {
            id: uuid::Uuid::from_u128(3).into(),
            name: "home".to_owned(),
        }),
        tags: vec![LabelRef {
            id: uuid::Uuid::from_u128(4).into(),
            name: "garden".to_owned(),
        }],
        parent_task_id: Some(uuid::Uuid::from_u128(5).into()),
        depends_on: vec![uuid::Uuid::from_u128(6).into()],
        blocked_by: vec![uuid::Uuid::from_u128(6).into()],
    };
    task.occurrence = Some(occurrence);
    task
}

#[test]
fn every_field_that_can_change_is_told_when_it_does() {
    let told = another().changed_fields(&task());
    let always_or_never = [
        "id",
        "etag",
        "create_time",
        "update_time",
        "remind_time",
        "operation_id",
        // That of a task that is due on a date stays absent.
        "due_local_time",
    ];
    let fields = taskmesh_fields("Task");
    let can_change = fields
        .iter()
        .filter(|field| !always_or_never.contains(&field.as_str()));
    assert!(can_change.eq(told.iter()), "{told:?}");
}

#[test]
fn a_task_is_answered_field_by_field() {
    let answer = pb::Task::from(&another());
    assert_eq!(answer.priority(), pb::Priority::High);
    assert_eq!(answer.state(), pb::TaskState::Completed);
    assert_eq!(answer.recurrence_anchor(), pb::RecurrenceAnchor::Completion);
    assert_eq!(answer.recurrence_id, "2027-01-15T09:00:00");
    assert_eq!(answer.etag, "2");
    assert_eq!(answer.complete_time, answer.delete_time);
}
