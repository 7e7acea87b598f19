use calcard::icalendar::{
    ICalendarAction, ICalendarComponent, ICalendarParameterName, ICalendarParameterValue,
    ICalendarProperty, ICalendarRelated, ICalendarValue,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use jiff::tz::TimeZone;
use service_runtime::time_zone::{instant_of, local_of};

use super::{
    moment::{Moment, rules},
    zone::Zones,
};
use crate::{
    domain::Reminder,
    files::task::{FileTask, When},
};

/// From when on a date the minutes of its reminders are counted back, on the clocks of its zone.
const REMIND_BEFORE: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("nine is a time");

/// Start and due time that an alarm is counted from.
pub struct Span<'z> {
    /// When the task begins.
    pub start: Option<Moment>,
    /// When it is due.
    pub due: Option<Moment>,
    /// The zones of the calendar.
    pub zones: &'z Zones<'z>,
}

/// Adds the reminder that a VALARM stands for.
pub fn read(alarm: &ICalendarComponent, span: &Span<'_>, task: &mut FileTask) {
    for entry in &alarm.entries {
        match (&entry.name, entry.values.first()) {
            // Such an alarm only keeps programs from adding their default one.
            (ICalendarProperty::Action, Some(ICalendarValue::Text(action)))
                if action.eq_ignore_ascii_case("NONE") =>
            {
                return;
            }
            (name, _) if is_proximity(name) => {
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

fn is_proximity(name: &ICalendarProperty) -> bool {
    *name == ICalendarProperty::Proximity || name.as_str().eq_ignore_ascii_case("X-APPLE-PROXIMITY")
}

fn reminder(alarm: &ICalendarComponent, span: &Span<'_>) -> Result<Reminder, &'static str> {
    let trigger = alarm
        .property(&ICalendarProperty::Trigger)
        .ok_or("has no TRIGGER")?;
    match trigger.values.first() {
        Some(ICalendarValue::PartialDateTime(_)) => Moment::read(trigger, span.zones)
            .filter(|moment| !matches!(moment.when, When::Date(_)))
            .filter(|moment| moment.unknown_zone.is_none())
            .and_then(|moment| moment.instant(span.zones))
            .map(Reminder::AtTime)
            .ok_or("has a TRIGGER that is no time in UTC or in a known zone"),
        Some(ICalendarValue::Duration(offset)) => {
            let related = trigger.parameter(&ICalendarParameterName::Related);
            // Programs count from the start even if a task has only a due time.
            let (first, second) = match related {
                Some(ICalendarParameterValue::Related(ICalendarRelated::End)) => {
                    (&span.due, &span.start)
                }
                _ => (&span.start, &span.due),
            };
            let base = first
                .as_ref()
                .or(second.as_ref())
                .ok_or("counts from a start or due time that the task does not have")?;
            let time = base.shifted(offset, span.zones).ok_or("is too far away")?;
            Ok(span.before_due(time))
        }
        _ => Err("has a TRIGGER that is neither a duration nor a time"),
    }
}

impl Span<'_> {
    /// Returns the reminder at a moment: counted back from the due time if possible, so that it moves along with it.
    fn before_due(&self, time: DateTime<Utc>) -> Reminder {
        let lead = self.due.as_ref().and_then(|due| match due.when {
            When::Date(date) => {
                let zone = due.zone.as_deref().unwrap_or(&self.zones.default);
                seconds_before_date(date, time, &rules(zone))
            }
            When::Local(_) | When::Instant(_) => {
                Some((due.instant(self.zones)? - time).num_seconds())
            }
        });
        // Rather some seconds early than late.
        let minutes = lead.filter(|lead| *lead >= 0).map(|lead| (lead + 59) / 60);
        let minutes = minutes.and_then(|minutes| i32::try_from(minutes).ok());
        let reminder = minutes.and_then(|minutes| Reminder::minutes_before_due(minutes).ok());
        reminder.unwrap_or(Reminder::AtTime(time))
    }
}

/// Returns how long before [`REMIND_BEFORE`] a moment is on the clocks of a zone; none if they show its time twice and this is
/// the second time.
fn seconds_before_date(date: NaiveDate, time: DateTime<Utc>, zone: &TimeZone) -> Option<i64> {
    let local: NaiveDateTime = local_of(time, zone)?;
    let lead = date.and_time(REMIND_BEFORE) - local;
    (instant_of(local, zone) == Some(time)).then_some(lead.num_seconds())
}
