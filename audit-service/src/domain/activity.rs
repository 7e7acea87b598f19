//! Activity of a user by day, computed from the records.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::DeserializeOwned;
use service_runtime::time_zone::TimeZone;
use uuid::Uuid;

use super::record::{FieldChange, Record};

/// Activity of one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    pub created: i64,
    pub completed: i64,
    /// Tasks that were due on this day and not completed by its end.
    pub overdue: i64,
    pub categories: BTreeMap<String, i64>,
    pub tags: BTreeMap<String, i64>,
}

/// Activity of a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    pub days: BTreeMap<NaiveDate, Day>,
    pub actions: BTreeMap<String, i64>,
}

/// A period of days in a time zone, both ends included.
#[derive(Debug, Clone)]
pub struct Period {
    pub start: NaiveDate,
    pub end: NaiveDate,
    /// Zone of the days.
    pub zone: TimeZone,
}

/// State of a task after the records so far.
#[derive(Debug, Default)]
struct TaskThen {
    due_time: Option<DateTime<Utc>>,
    due_date: Option<NaiveDate>,
    category: String,
    tags: Vec<String>,
    is_completed: bool,
    is_deleted: bool,
}

/// Counter of a user's activity.
pub struct ActivityCount {
    period: Period,
    tasks: HashMap<Uuid, TaskThen>,
    /// Day of the last record.
    today: Option<NaiveDate>,
    activity: Activity,
}

impl ActivityCount {
    /// Creates a counter, for the user's records from the first one on.
    pub fn new(period: Period) -> Self {
        Self {
            period,
            tasks: HashMap::new(),
            today: None,
            activity: Activity::default(),
        }
    }

    /// Counts the next record of the chain; returns whether the period continues.
    pub fn push(&mut self, record: &Record) -> bool {
        let entry = &record.entry;
        let day = self.day_of(entry.event_time);
        // Services' clocks differ, so a record may be of the day before.
        self.turn_to(day);
        if day > self.period.end {
            return false;
        }
        if let Some(task_id) = entry.task_id
            && entry.reminder_id.is_none()
        {
            let task = self.tasks.entry(task_id).or_default();
            entry.changes.iter().for_each(|change| task.apply(change));
            match entry.action.as_str() {
                "task.completed" => task.is_completed = true,
                "task.reopened" => task.is_completed = false,
                "task.deleted" => task.is_deleted = true,
                "task.undeleted" => task.is_deleted = false,
                _ => {}
            }
            if day >= self.period.start {
                count(&mut self.activity, day, &entry.action, task);
            }
        }
        if day >= self.period.start {
            *self
                .activity
                .actions
                .entry(entry.action.clone())
                .or_default() += 1;
        }
        true
    }

    /// Ends the count, at this moment.
    pub fn finish(mut self, now: DateTime<Utc>) -> Activity {
        let last = self
            .day_of(now)
            .min(self.period.end.succ_opt().unwrap_or(self.period.end));
        self.turn_to(last);
        self.activity
    }

    /// Closes the days before this one.
    fn turn_to(&mut self, day: NaiveDate) {
        let Period { start, end, .. } = self.period;
        let first = self.today.unwrap_or(start).max(start);
        for closed in first
            .iter_days()
            .take_while(|closed| *closed < day && *closed <= end)
        {
            let overdue = self
                .tasks
                .values()
                .filter(|task| !task.is_completed && !task.is_deleted)
                .filter(|task| task.due_day(&self.period.zone) == Some(closed))
                .count();
            if overdue > 0 {
                self.activity.days.entry(closed).or_default().overdue =
                    i64::try_from(overdue).unwrap_or(i64::MAX);
            }
        }
        self.today = self.today.max(Some(day));
    }

    fn day_of(&self, time: DateTime<Utc>) -> NaiveDate {
        self.period.zone.local(time).date()
    }
}

fn count(activity: &mut Activity, day: NaiveDate, action: &str, task: &TaskThen) {
    match action {
        "task.created" => activity.days.entry(day).or_default().created += 1,
        "task.completed" => {
            let day = activity.days.entry(day).or_default();
            day.completed += 1;
            *day.categories.entry(task.category.clone()).or_default() += 1;
            for tag in &task.tags {
                *day.tags.entry(tag.clone()).or_default() += 1;
            }
        }
        _ => {}
    }
}

impl TaskThen {
    fn apply(&mut self, change: &FieldChange) {
        let FieldChange { field, after, .. } = change;
        match field.as_str() {
            "due_time" => self.due_time = value(after),
            "due_date" => self.due_date = value(after),
            "category" => self.category = value(after).unwrap_or_default(),
            "tags" => self.tags = value(after).unwrap_or_default(),
            _ => {}
        }
    }

    fn due_day(&self, zone: &TimeZone) -> Option<NaiveDate> {
        let due_time = || Some(zone.local(self.due_time?).date());
        self.due_date.or_else(due_time)
    }
}

fn value<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}
