//! Reminders from the alarms of calendars.

use super::*;

#[test]
fn a_reminder_after_the_due_time_is_a_moment() {
    let task = one("DUE:20261201T090000Z\nBEGIN:VALARM\nTRIGGER:PT10M\nEND:VALARM");
    let reminder = Reminder::AtTime(at("2026-12-01T09:10:00Z"));
    assert_eq!(task.reminders, [reminder]);
}

/// Returns the reminder of a task that is due on a Monday in Berlin.
fn reminder(due: &str, trigger: &str) -> Reminder {
    let task = one(&format!(
        "SUMMARY:x\n{due}\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER{trigger}\nEND:VALARM"
    ));
    assert_eq!(lost(&task), [""; 0], "{due} {trigger}");
    let [reminder] = task.reminders.as_slice() else {
        panic!("{due} {trigger}: {:?}", task.reminders);
    };
    *reminder
}

#[test]
fn alarm_of_date_counts_from_midnight() {
    const MIDNIGHT: i32 = 9 * 60;
    const DAY: i32 = 24 * 60;
    // The dates after which and on which the clocks change, too: days are those of the calendar.
    for date in ["20300107", "20300331", "20300401", "20301027", "20301028"] {
        for due in [
            format!("DUE;VALUE=DATE:{date}"),
            format!("DTSTART;VALUE=DATE:{date}\nDUE;VALUE=DATE:{date}"),
            format!("DUE;VALUE=DATE:{date}\nRRULE:FREQ=DAILY"),
        ] {
            for (trigger, minutes) in [
                ("-PT15H", MIDNIGHT + 15 * 60),
                ("-P1D", MIDNIGHT + DAY),
                ("-P1W", MIDNIGHT + 7 * DAY),
                ("-PT15M", MIDNIGHT + 15),
                ("-PT1S", MIDNIGHT + 1),
                ("PT0S", MIDNIGHT),
                ("P", MIDNIGHT),
                ("-PT", MIDNIGHT),
            ] {
                for related in ["", ";RELATED=END", ";RELATED=START", ";VALUE=DURATION"] {
                    assert_eq!(
                        reminder(&due, &format!("{related}:{trigger}")),
                        Reminder::MinutesBeforeDue(minutes),
                        "{due} {related}:{trigger}"
                    );
                }
            }
        }
    }
}

#[test]
fn alarm_after_midnight_of_date_is_kept() {
    let due = "DUE;VALUE=DATE:20300107";
    assert_eq!(reminder(due, ":PT9H"), Reminder::MinutesBeforeDue(0));
    assert_eq!(reminder(due, ":PT8H30M"), Reminder::MinutesBeforeDue(30));
    // Later than a reminder can be counted back from: a moment, which moves with the occurrences.
    let at_five = Reminder::AtTime(at("2030-01-07T16:00:00Z"));
    assert_eq!(reminder(due, ":PT17H"), at_five);
}

#[test]
fn alarm_counts_from_the_end_that_it_names() {
    let due = "DTSTART;VALUE=DATE:20300105\nDUE;VALUE=DATE:20300107";
    for (trigger, days) in [
        (":-PT15H", 3),
        (";RELATED=START:-PT15H", 3),
        (";RELATED=END:-PT15H", 1),
    ] {
        let reminder = reminder(due, trigger);
        assert_eq!(
            reminder,
            Reminder::MinutesBeforeDue(days * 24 * 60),
            "{trigger}"
        );
    }
    let due = "DTSTART;TZID=Europe/Berlin:20300105T090000\nDUE;TZID=Europe/Berlin:20300107T100000";
    assert_eq!(
        reminder(due, ";RELATED=END:-PT15M"),
        Reminder::MinutesBeforeDue(15)
    );
    assert_eq!(
        reminder(due, ":-PT15M"),
        Reminder::MinutesBeforeDue(2 * 24 * 60 + 75)
    );
}

#[test]
fn alarm_at_a_time_is_read_however_it_is_written() {
    let due = "DUE;TZID=Europe/Berlin:20300107T090000";
    for trigger in [
        ";VALUE=DATE-TIME:20300107T070000Z",
        ":20300107T070000Z",
        ";VALUE=DATE-TIME:2030-01-07T07:00:00Z",
        ";VALUE=DATE-TIME;TZID=Europe/Berlin:20300107T080000",
        ";VALUE=DATE-TIME:20300107T080000",
    ] {
        let at_eight = Reminder::AtTime(at("2030-01-07T07:00:00Z"));
        assert_eq!(reminder(due, trigger), at_eight, "{trigger}");
    }
}
