//! Calendars as programs write them.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Lines, read};
use crate::{
    domain::{Priority, Reminder},
    files::{Contents, FileTask, When},
};

mod alarms;

fn read_all(text: &str) -> Contents {
    let lines = Lines::unfold(text.as_bytes()).unwrap();
    let contents = read(&lines, "Europe/Berlin").unwrap();
    assert_eq!(contents.failed, []);
    contents
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn lost(task: &FileTask) -> Vec<&str> {
    task.losses.iter().map(|loss| loss.field.as_str()).collect()
}

fn lost_in_common(task: &FileTask) -> Vec<&str> {
    let fields = task.lost_in_common.iter();
    fields.map(|(field, _)| field.as_str()).collect()
}

fn local(text: &str) -> Option<When> {
    Some(When::Local(text.parse().unwrap()))
}

fn date(year: i32, month: u32, day: u32) -> Option<When> {
    NaiveDate::from_ymd_opt(year, month, day).map(When::Date)
}

#[test]
fn reminders_of_apple_are_read() {
    let contents = read_all(include_str!("samples/apple_reminders.ics"));
    let [plants, milk] = contents.tasks.as_slice() else {
        panic!("{contents:?}");
    };
    assert_eq!(plants.line, 24);
    assert_eq!(plants.source_id, "6E1E8D5C-0F5C-4C5B-9F0E-3F0C3C7B2D11");
    assert_eq!(plants.title, "Water the plants, all of them");
    assert_eq!(plants.priority, Some(Priority::Urgent));
    assert_eq!(plants.due, local("2026-12-01T09:00:00"));
    assert_eq!(plants.time_zone, "America/New_York");
    // The start that is equal to the due time hides nothing.
    assert_eq!(plants.start, None);
    assert_eq!(plants.recurrence_rule, "FREQ=WEEKLY;BYDAY=TU");
    let reminder = Reminder::AtTime(at("2026-12-01T14:00:00Z"));
    assert_eq!(plants.reminders, [reminder]);
    assert_eq!(lost(plants), ["VALARM"]);
    assert_eq!(
        lost_in_common(plants),
        [
            "CREATED",
            "DTSTAMP",
            "LAST-MODIFIED",
            "SEQUENCE",
            "X-APPLE-SORT-ORDER"
        ]
    );
    assert!(milk.completed && milk.losses.is_empty());
    assert_eq!(milk.complete_time, Some(at("2026-11-09T17:30:00Z")));
    let losses = contents.losses.finish();
    assert_eq!(losses[0].field, "X-WR-CALNAME");
}

#[test]
fn tasks_of_tasks_org_are_read() {
    let contents = read_all(include_str!("samples/tasks_org.ics"));
    let [plan, van] = contents.tasks.as_slice() else {
        panic!("{contents:?}");
    };
    assert_eq!(
        plan.description,
        "Boxes, tape; labels\nand a van\n\nAsk Jörg – he has a long list of people who helped him last time"
    );
    assert_eq!(plan.tags, ["home", "Moving House", "2026"]);
    assert_eq!(plan.priority, Some(Priority::Medium));
    assert_eq!(plan.due, date(2026, 12, 15));
    assert_eq!(plan.time_zone, "Europe/Berlin");
    assert_eq!(plan.start, Some(at("2026-11-30T23:00:00Z")));
    // A day and two hours before midnight of the day on which it is due, and nine in the morning of the first day.
    assert_eq!(
        plan.reminders,
        [
            Reminder::MinutesBeforeDue((9 + 26) * 60),
            Reminder::MinutesBeforeDue(14 * 24 * 60)
        ]
    );
    assert_eq!(lost(plan), ["GEO", "STATUS", "PERCENT-COMPLETE"]);
    assert!(!plan.completed);
    assert_eq!(van.parent, plan.source_id);
    assert_eq!(van.priority, Some(Priority::Low));
    assert_eq!(van.due, local("2026-12-10T12:00:00"));
}

#[test]
fn tasks_of_nextcloud_are_read() {
    let contents = read_all(include_str!("samples/nextcloud_tasks.ics"));
    let [invoice, paid] = contents.tasks.as_slice() else {
        panic!("{contents:?}");
    };
    assert!(invoice.completed);
    // A time without a zone is one of the user's.
    assert_eq!(invoice.complete_time, Some(at("2026-11-03T07:09:10Z")));
    assert_eq!(invoice.due, local("2026-11-04T17:00:00"));
    assert_eq!(invoice.time_zone, "Europe/Berlin");
    assert_eq!(lost(invoice), ["LOCATION", "URL", "CLASS"]);
    assert_eq!(paid.parent, invoice.source_id);
    assert!(paid.completed);
    assert_eq!(paid.priority, None);
    assert_eq!(lost(paid), ["RELATED-TO", "STATUS"]);
}

#[test]
fn tasks_of_thunderbird_are_read() {
    let contents = read_all(include_str!("samples/thunderbird.ics"));
    let [backup, mother] = contents.tasks.as_slice() else {
        panic!("{contents:?}");
    };
    assert_eq!(backup.due, local("2026-12-01T19:30:00"));
    assert_eq!(backup.time_zone, "Europe/Vienna");
    assert_eq!(backup.start, Some(at("2026-12-01T17:00:00Z")));
    assert_eq!(backup.recurrence_rule, "FREQ=MONTHLY;BYMONTHDAY=1");
    // A quarter of an hour before the start.
    assert_eq!(backup.reminders, [Reminder::MinutesBeforeDue(105)]);
    assert_eq!(lost(backup), ["EXDATE", "TRANSP", "VALARM REPEAT"]);
    assert_eq!(mother.due, local("2026-12-06T20:00:00"));
    assert_eq!(mother.time_zone, "Europe/Vienna");
    let losses = contents.losses.finish();
    let losses: Vec<_> = losses
        .iter()
        .map(|loss| (loss.line, loss.field.as_str(), loss.source_id.as_str()))
        .collect();
    assert_eq!(
        losses,
        [
            (35, "RECURRENCE-ID", "a3f6b1d0-1111-4222-8333-444455556666"),
            (42, "VEVENT", "event-1")
        ]
    );
}

#[test]
fn tasks_of_outlook_are_read() {
    let contents = read_all(include_str!("samples/outlook.ics"));
    let [task] = contents.tasks.as_slice() else {
        panic!("{contents:?}");
    };
    assert_eq!(task.source_id.len(), 112);
    assert_eq!(task.title, "Steuererklärung");
    assert_eq!(task.time_zone, "Europe/Berlin");
    assert_eq!(task.priority, Some(Priority::High));
    assert_eq!(task.reminders, [Reminder::MinutesBeforeDue(30)]);
}

fn one(properties: &str) -> FileTask {
    let text = format!("BEGIN:VCALENDAR\nBEGIN:VTODO\n{properties}\nEND:VTODO\nEND:VCALENDAR\n");
    read_all(&text).tasks.remove(0)
}

#[test]
fn a_zone_that_nobody_knows_is_reported() {
    let task = one("SUMMARY:x\nDUE;TZID=Customized Time Zone:20261201T090000");
    assert_eq!(task.time_zone, "Europe/Berlin");
    assert_eq!(lost(&task), ["DUE TZID"]);
    assert!(task.losses[0].reason.contains("Customized Time Zone"));
}

#[test]
fn a_due_time_in_utc_has_no_zone() {
    let task = one("SUMMARY:x\nDUE:20261201T090000Z");
    assert_eq!(task.due, Some(When::Instant(at("2026-12-01T09:00:00Z"))));
    assert_eq!(task.time_zone, "");
}

#[test]
fn a_rule_stays_as_it_is_written() {
    let rule = "FREQ=WEEKLY;INTERVAL=999999;WHATEVER=1;COUNT=-3";
    let task = one(&format!("DTSTART:20261201T090000Z\nRRULE:{rule}"));
    assert_eq!(task.recurrence_rule, rule);
    assert_eq!(task.due, Some(When::Instant(at("2026-12-01T09:00:00Z"))));
}

#[test]
fn values_that_make_no_sense_are_losses() {
    let task = one(
        "SUMMARY:x\nDUE:20261301T090000\nPRIORITY:eleven\nSTATUS:MAYBE\nDURATION:PT1H\nCOMPLETED:then\n\
         BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nBEGIN:VALARM\nEND:VALARM",
    );
    assert_eq!(
        lost(&task),
        [
            "DUE",
            "PRIORITY",
            "STATUS",
            "COMPLETED",
            "DURATION",
            "VALARM",
            "VALARM"
        ]
    );
    assert_eq!(task.title, "x");
}

#[test]
fn a_whole_may_name_its_parts() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:a\nRELATED-TO;RELTYPE=CHILD:b\nRELATED-TO;RELTYPE=DEPENDS-ON:c\nEND:VTODO\n\
                BEGIN:VTODO\nUID:b\nEND:VTODO\nEND:VCALENDAR\n";
    let contents = read_all(text);
    assert_eq!(contents.tasks[1].parent, "a");
    assert_eq!(contents.tasks[0].depends_on, ["c"]);
}

#[test]
fn value_that_is_given_again_is_a_loss() {
    for (first, second, dropped) in [
        ("SUMMARY:a", "SUMMARY:b", "b"),
        ("SUMMARY:a", "summary;LANGUAGE=de:b", "b"),
        ("DESCRIPTION:a", "DESCRIPTION:b", "b"),
        (
            "DUE:20300107T090000Z",
            "DUE:20300108T090000Z",
            "20300108T090000Z",
        ),
        (
            "DTSTART:20300107T090000Z",
            "DTSTART:20300108T090000Z",
            "20300108T090000Z",
        ),
        ("PRIORITY:1", "PRIORITY:9", "9"),
        ("STATUS:NEEDS-ACTION", "STATUS:COMPLETED", "COMPLETED"),
        ("PERCENT-COMPLETE:0", "PERCENT-COMPLETE:100", "100"),
        ("UID:a", "UID:b", "b"),
        (
            "DUE:20300107T090000Z\nRRULE:FREQ=DAILY",
            "RRULE:FREQ=WEEKLY",
            "FREQ=WEEKLY",
        ),
        (
            "DUE:20300107T090000Z\nBEGIN:VALARM\nTRIGGER:-PT5M",
            "TRIGGER:-PT9M\nEND:VALARM",
            "-PT9M",
        ),
    ] {
        let twice = one(&format!("{first}\n{second}"));
        let end = second.strip_prefix("TRIGGER:-PT9M\n").unwrap_or_default();
        let once = one(&format!("{first}\n{end}"));
        let name = second.split([':', ';']).next().unwrap().to_uppercase();
        assert_eq!(lost(&twice), [name.as_str()], "{second}");
        assert!(
            twice.losses[0]
                .reason
                .ends_with(&format!("dropped: {dropped}")),
            "{twice:?}"
        );
        // Nothing else of the second value is in the task.
        let twice = FileTask {
            losses: Vec::new(),
            identity: once.identity.clone(),
            ..twice
        };
        assert_eq!(twice, once, "{second}");
        // The same value again, or an empty one, says nothing else.
        let again = first.lines().last().unwrap();
        let empty = again.split(':').next().unwrap();
        let again = one(&format!("{first}\n{again}\n{empty}:\n{end}"));
        assert_eq!(again.losses, [], "{first}");
    }
}

#[test]
fn folded_names_are_read() {
    let task =
        one("SUM\n MARY:a\nDU\n E:20300107T090000Z\nRRU\n LE:FREQ=DA\n ILY\nCATEGO\n\tRIES:x");
    assert_eq!(task.title, "a");
    assert_eq!(task.recurrence_rule, "FREQ=DAILY");
    assert_eq!(task.tags, ["x"]);
    assert_eq!(task.losses, []);
}

#[test]
fn fold_within_a_character_is_undone() {
    let file = b"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:x\r\nSUMMARY:Blue \xf0\x9f\r\n \x92\x99 heart\r\nLOCATION:y\r\nEND:VTODO\r\n";
    let contents = crate::files::read(crate::files::Format::Calendar, file, "UTC").unwrap();
    assert_eq!(contents.tasks[0].title, "Blue \u{1f499} heart");
    assert_eq!(contents.tasks[0].line, 2);
}

#[test]
fn habits_of_programs_are_read() {
    for (due, expected) in [
        (
            "DUE;VALUE=DATE:20300107T090000",
            local("2030-01-07T09:00:00"),
        ),
        ("DUE;VALUE=DATE-TIME:20300107", date(2030, 1, 7)),
        ("DUE:20300107", date(2030, 1, 7)),
        ("due;value=date:20300107", date(2030, 1, 7)),
        ("DUE:2030-01-07", date(2030, 1, 7)),
        ("DUE:2030-01-07T09:00", local("2030-01-07T09:00:00")),
        (
            "DUE;TZID=\"Europe/Berlin\":20300107T090000",
            local("2030-01-07T09:00:00"),
        ),
        ("DUE;X-A=\"b;c:d\";VALUE=DATE:20300107", date(2030, 1, 7)),
        (
            "DTSTART;VALUE=DATE:20300107\nDURATION:P1D",
            date(2030, 1, 8),
        ),
        ("DTSTART;VALUE=DATE:20300107\nDURATION:P", date(2030, 1, 7)),
    ] {
        let task = one(&format!("X-A:b\nsummary:x\n{due}\nx-unknown;y=z:w"));
        assert_eq!((task.title.as_str(), task.due), ("x", expected), "{due}");
        assert_eq!(task.losses, [], "{due}");
    }
    let text = "\u{feff}BEGIN:VCALENDAR\nbegin:vtodo\nSummary:x\nend:vtodo\n";
    assert_eq!(read_all(text).tasks[0].title, "x");
}

#[test]
fn start_due_and_rule_are_taken_over() {
    for (times, start, due) in [
        (
            "DTSTART;VALUE=DATE:20300107\nDUE;VALUE=DATE:20300108",
            "2030-01-06T23:00:00Z",
            date(2030, 1, 8),
        ),
        (
            "DTSTART;VALUE=DATE:20300107\nDURATION:P1D",
            "2030-01-06T23:00:00Z",
            date(2030, 1, 8),
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20300107T090000\nDUE;TZID=Europe/Berlin:20300109T170000",
            "2030-01-07T08:00:00Z",
            local("2030-01-09T17:00:00"),
        ),
    ] {
        let task = one(&format!("SUMMARY:x\n{times}\nRRULE:FREQ=WEEKLY;BYDAY=MO"));
        assert_eq!(task.start, Some(at(start)), "{times}");
        assert_eq!(task.due, due, "{times}");
        assert_eq!(task.time_zone, "Europe/Berlin");
        assert_eq!(task.recurrence_rule, "FREQ=WEEKLY;BYDAY=MO");
        assert_eq!(task.losses, []);
    }
}

#[test]
fn zone_that_no_rule_can_follow_is_a_loss() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0537\n\
                TZOFFSETTO:+0537\nEND:STANDARD\nEND:VTIMEZONE\n";
    let read = |rule: &str| {
        let text = format!(
            "BEGIN:VCALENDAR\n{zone}BEGIN:VTODO\nSUMMARY:x\nDUE;TZID=Mine:20300107T090000\n{rule}END:VTODO\n"
        );
        read_all(&text).tasks.remove(0)
    };
    let once = read("");
    let instant = Some(When::Instant(at("2030-01-07T03:23:00Z")));
    assert_eq!((once.due, once.time_zone.as_str()), (instant, ""));
    assert_eq!(once.losses, []);
    let repeated = read("RRULE:FREQ=DAILY\n");
    assert_eq!(
        (repeated.due, repeated.time_zone.as_str()),
        (instant, "Europe/Berlin")
    );
    assert_eq!(lost(&repeated), ["DUE TZID"]);
}

#[test]
fn calendars_have_zones_of_their_own() {
    let calendar = |zone: &str| {
        format!(
            "BEGIN:VCALENDAR\nx-wr-timezone:{zone}\nBEGIN:VTODO\nSUMMARY:x\nDUE:20300107T090000\nEND:VTODO\nEND:VCALENDAR\n"
        )
    };
    let names = ["asia/tokyo", "GMT+0100", "Mars", "America/New_York"];
    let contents = read_all(&names.map(calendar).concat());
    let zones: Vec<_> = contents
        .tasks
        .iter()
        .map(|task| task.time_zone.as_str())
        .collect();
    assert_eq!(
        zones,
        [
            "Asia/Tokyo",
            "Etc/GMT-1",
            "Europe/Berlin",
            "America/New_York"
        ]
    );
    let losses = contents.losses.finish();
    assert_eq!(losses.len(), 1);
    assert_eq!(
        (losses[0].line, losses[0].field.as_str()),
        (16, "X-WR-TIMEZONE")
    );
}
