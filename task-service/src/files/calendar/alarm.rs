use calcard::icalendar::{
    ICalendarAction, ICalendarComponent, ICalendarParameterName, ICalendarParameterValue,
    ICalendarProperty, ICalendarRelated, ICalendarValue,
};
use chrono::{DateTime, TimeDelta, Utc};

use super::moment::when;
use crate::files::task::{FileReminder, FileTask, When};

const LONGEST_LEAD_MINUTES: i64 = 40_320;

/// What an alarm is counted from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// When the task begins.
    pub start: Option<DateTime<Utc>>,
    /// When it is due.
    pub due: Option<DateTime<Utc>>,
}

/// Adds the reminder that a VALARM stands for.
pub fn read(alarm: &ICalendarComponent, span: Span, task: &mut FileTask) {
    for entry in &alarm.entries {
        match (&entry.name, entry.values.first()) {
            // Such an alarm only keeps programs from adding their default one.
            (ICalendarProperty::Action, Some(ICalendarValue::Text(action)))
                if action.eq_ignore_ascii_case("NONE") =>
            {
                return;
            }
            (ICalendarProperty::Proximity, _) => {
                task.lose("VALARM", "reminds at a place; reminders are at times");
                return;
            }
            (ICalendarProperty::Other(name), _)
                if name.eq_ignore_ascii_case("X-APPLE-PROXIMITY") =>
            {
                task.lose("VALARM", "reminds at a place; reminders are at times");
                return;
            }
            _ => {}
        }
    }
    for entry in &alarm.entries {
        match (&entry.name, entry.values.first()) {
            (
                ICalendarProperty::Action,
                Some(ICalendarValue::Action(ICalendarAction::Email | ICalendarAction::Procedure)),
            ) => {
                task.lose(
                    "VALARM ACTION",
                    "reminders go where the user's preferences say",
                );
            }
            (ICalendarProperty::Repeat, _) => {
                task.lose("VALARM REPEAT", "a reminder goes out once");
            }
            (ICalendarProperty::Attach | ICalendarProperty::Attendee, _) => {
                let field = format!("VALARM {}", entry.name.as_str());
                task.lose(&field, "reminders have no such field");
            }
            _ => {}
        }
    }
    match reminder(alarm, span) {
        Ok(reminder) if task.reminders.contains(&reminder) => {}
        Ok(reminder) => task.reminders.push(reminder),
        Err(reason) => task.lose("VALARM", reason),
    }
}

fn reminder(alarm: &ICalendarComponent, span: Span) -> Result<FileReminder, &'static str> {
    let trigger = alarm
        .property(&ICalendarProperty::Trigger)
        .ok_or("has no TRIGGER")?;
    match trigger.values.first() {
        Some(ICalendarValue::PartialDateTime(value)) => match when(value) {
            Some(When::Instant(time)) => Ok(FileReminder::AtTime(time)),
            _ => Err("has a TRIGGER that is no time in UTC"),
        },
        Some(ICalendarValue::Duration(offset)) => {
            let offset = TimeDelta::try_seconds(offset.as_seconds()).ok_or("is too far away")?;
            let related = trigger.parameter(&ICalendarParameterName::Related);
            let from_end = matches!(
                related,
                Some(ICalendarParameterValue::Related(ICalendarRelated::End))
            );
            let (first, second) = if from_end {
                (span.due, span.start)
            } else {
                // Programs count from the start even if a task has only a due time.
                (span.start, span.due)
            };
            let base = first
                .or(second)
                .ok_or("counts from a start or due time that the task does not have")?;
            let time = base.checked_add_signed(offset).ok_or("is too far away")?;
            Ok(before(span.due, time))
        }
        _ => Err("has a TRIGGER that is neither a duration nor a time"),
    }
}

/// Returns the reminder at a moment: counted back from the due time if possible, so that it moves along with it.
fn before(due: Option<DateTime<Utc>>, time: DateTime<Utc>) -> FileReminder {
    let lead = due.map(|due| (due - time).num_seconds());
    match lead {
        // Rather some seconds early than late.
        Some(lead) if (0..=LONGEST_LEAD_MINUTES * 60).contains(&lead) => {
            let minutes = i32::try_from((lead + 59) / 60).unwrap_or_default();
            FileReminder::MinutesBeforeDue(minutes)
        }
        _ => FileReminder::AtTime(time),
    }
}
