//! When an imported task is due, how it repeats, and when to remind of it, as far as that fits together.

use chrono::{DateTime, TimeDelta, Utc};

use super::content::{Draft, is_in_bounds};
use crate::{
    domain::{
        Due, DueInput, FirstOccurrence, Recurrence, RecurrenceRule, Reminder, Reminders,
        Repetition, Schedule, TimeZone, Violations, limits,
    },
    files::When,
};

impl Draft<'_> {
    /// Returns the schedule. A completed task does not repeat: it was one occurrence of its series, or the last.
    pub fn schedule(&mut self, user_zone: &TimeZone) -> Schedule {
        let file = self.file;
        let named_zone = self.zone();
        let due = self.due(named_zone.as_ref().unwrap_or(user_zone));
        let recurrence = self.recurrence(due);
        let needs_zone = recurrence.is_some()
            || matches!(file.due, Some(When::Date(_) | When::Local(_))) && due.is_some();
        let zone = named_zone.or_else(|| needs_zone.then(|| user_zone.clone()));
        let start_time = self.start_time(due);
        let reminders = self.reminders(due);
        // Everything that does not fit was left out above; should a rule be missing there, the plainest schedule is right.
        Schedule::new(due, start_time, zone, recurrence, reminders).unwrap_or_default()
    }

    fn zone(&mut self) -> Option<TimeZone> {
        let file = self.file;
        if file.time_zone.is_empty() {
            return None;
        }
        match TimeZone::parse(&file.time_zone) {
            Ok(zone) => Some(zone),
            Err(error) => {
                self.lose("time_zone", error.to_string());
                None
            }
        }
    }

    fn due(&mut self, zone: &TimeZone) -> Option<Due> {
        let input = match self.file.due? {
            When::Date(date) => DueInput::Date(date),
            When::Local(local) => DueInput::Local(local.into()),
            When::Instant(time) => DueInput::Time(time),
        };
        if !input.is_in_bounds() {
            self.lose("due_time", "is not between the years 1970 and 2200");
            return None;
        }
        Some(input.in_zone(zone))
    }

    fn recurrence(&mut self, due: Option<Due>) -> Option<Recurrence> {
        let file = self.file;
        let mut rule = RecurrenceRule::new(file.recurrence_rule.clone())?;
        if file.completed {
            self.lose(
                "recurrence_rule",
                "the task is completed, so it begins no series",
            );
            return None;
        }
        if due.is_none() {
            self.lose(
                "recurrence_rule",
                "needs a date on which the task is due first",
            );
            return None;
        }
        if due.is_some_and(|due| due.date().is_some()) && rule.names_times() {
            self.lose(
                "recurrence_rule",
                "names times of day, which were removed, because the task is due on a date",
            );
            rule = rule.without_times()?;
        }
        Some(Recurrence {
            rule,
            anchor: file.recurrence_anchor.unwrap_or_default(),
        })
    }

    fn start_time(&mut self, due: Option<Due>) -> Option<DateTime<Utc>> {
        let start_time = self.file.start?;
        let latest = due.map(|due| match due {
            Due::Time(time) => time,
            Due::Date { begin, .. } => begin + TimeDelta::days(1),
        });
        if !is_in_bounds(start_time) || latest.is_some_and(|latest| start_time > latest) {
            self.lose("start_time", "is after the due time, or out of range");
            return None;
        }
        Some(start_time)
    }

    fn reminders(&mut self, due: Option<Due>) -> Reminders {
        let file = self.file;
        let mut reminders: Vec<Reminder> = Vec::new();
        for reminder in &file.reminders {
            let reminder = match *reminder {
                Reminder::MinutesBeforeDue(_) if due.is_none() => {
                    Err("needs a due time to count from".to_owned())
                }
                Reminder::MinutesBeforeDue(minutes) => {
                    Reminder::minutes_before_due(minutes).map_err(|error| error.to_string())
                }
                Reminder::AtTime(time) if is_in_bounds(time) => Ok(Reminder::AtTime(time)),
                Reminder::AtTime(_) => Err("is a time out of range".to_owned()),
            };
            match reminder {
                Ok(reminder) if reminders.contains(&reminder) => {}
                Ok(_) if reminders.len() == limits::REMINDERS => {
                    let reason = format!("only the first {} reminders are kept", limits::REMINDERS);
                    self.lose("reminders", reason);
                    break;
                }
                Ok(reminder) => reminders.push(reminder),
                Err(reason) => self.lose("reminders", reason),
            }
        }
        Reminders::new(reminders).unwrap_or_default()
    }

    /// Reports that the start, or without one the due time, moves to the first date of the rule, if it does.
    pub fn note_move(&mut self, repetition: &Repetition, first: FirstOccurrence) {
        if repetition.start_time != first.time {
            let date = first.recurrence_id;
            let (field, and_due) = match repetition.has_start {
                true => ("start_time", ", and the due time with it"),
                false => ("due_time", ""),
            };
            let reason = format!("was moved to {date}, the first date of the rule{and_due}");
            self.lose(field, reason);
        }
    }

    /// Returns the schedule without its rule, which the recurrence-service found wrong.
    pub fn leave_rule_out(&mut self, schedule: &Schedule, wrong: &Violations) -> Schedule {
        let wrong = wrong.as_slice().first();
        let reason = wrong.map_or("is no rule", |wrong| wrong.description.as_str());
        self.lose("recurrence_rule", reason);
        Schedule::from_stored(
            schedule.due(),
            schedule.start_time(),
            schedule.time_zone().cloned(),
            None,
            schedule.reminders().clone(),
        )
    }
}
