//! Comparison of the reminders that a task should have with those that it has.
//!
//! A setting whose moment passed before the change was made is skipped: a task that is entered ten minutes before it is due is
//! not reminded of at once because its default is an hour. A moment that passes between the change and its handling still
//! fires, late. A reminder that waits overdue (after an outage) and is still asked for stays.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{
    ids::ReminderId, preferences::Preferences, reminder::Reminder, setting::Setting,
    watched_task::WatchedTask,
};

/// Changes of reminders, in this order: cancel, then move, then schedule.
///
/// The moves are ordered so that none arrives at a moment that another one of the same task has yet to leave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Scheduled reminders that are no longer wanted.
    pub cancel: Vec<ReminderId>,
    /// Scheduled reminders whose moment has changed, with the new one.
    pub move_to: Vec<(ReminderId, DateTime<Utc>)>,
    /// Reminders that are missing.
    pub schedule: Vec<(Setting, DateTime<Utc>)>,
}

/// Compares what a task should have with what is scheduled.
///
/// `change_time` is when the change was made that is being applied, `scheduled` are the task's reminders that wait for their
/// time, and `fired` the moments after `change_time` at which the task was reminded of already.
pub fn plan(
    task: &WatchedTask,
    preferences: &Preferences,
    change_time: DateTime<Utc>,
    scheduled: &[Reminder],
    fired: &[DateTime<Utc>],
) -> Plan {
    let waits = |setting: Setting, moment: DateTime<Utc>| {
        scheduled
            .iter()
            .any(|reminder| reminder.setting == setting && reminder.fire_time == moment)
    };
    let mut wanted: BTreeMap<Setting, DateTime<Utc>> = moments(task, preferences)
        .into_iter()
        .filter(|(moment, setting)| {
            waits(*setting, *moment) || (*moment > change_time && !fired.contains(moment))
        })
        .map(|(moment, setting)| (setting, moment))
        .collect();

    let mut plan = Plan::default();
    let mut moves = Vec::new();
    for reminder in scheduled {
        match wanted.remove(&reminder.setting) {
            None => plan.cancel.push(reminder.id),
            Some(moment) if moment == reminder.fire_time => {}
            Some(moment) => moves.push((reminder, moment)),
        }
    }
    // All moves of one task follow its due time or date, so they keep their order.
    moves.sort_by_key(|(reminder, moment)| {
        let microseconds = reminder.fire_time.timestamp_micros();
        if *moment > reminder.fire_time {
            -microseconds
        } else {
            microseconds
        }
    });
    plan.move_to = moves
        .into_iter()
        .map(|(reminder, moment)| (reminder.id, moment))
        .collect();
    plan.schedule = wanted.into_iter().collect();
    plan
}

/// Returns every moment at which the task asks to be reminded of, each once, with the setting that asks for it.
fn moments(task: &WatchedTask, preferences: &Preferences) -> BTreeMap<DateTime<Utc>, Setting> {
    if !task.wants_reminders() {
        return BTreeMap::new();
    }
    let default = [Setting::Default];
    let settings = if task.settings.is_empty() {
        &default[..]
    } else {
        &task.settings
    };
    let mut moments = BTreeMap::new();
    for setting in settings {
        let moment = match setting {
            Setting::Default if !preferences.default_reminder_enabled => None,
            Setting::Default => task.minutes_before(preferences.default_reminder_minutes),
            Setting::Before(minutes) => task.minutes_before(*minutes),
            Setting::At(moment) => Some(*moment),
        };
        if let Some(moment) = moment {
            moments.entry(moment).or_insert(*setting);
        }
    }
    moments
}

#[cfg(test)]
#[path = "reminder_plan_tests.rs"]
mod tests;
