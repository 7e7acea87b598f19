use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Due, DueAfter, DueTime, FirstOccurrence, LocalTime, Occurrence, Recurrence, RecurrenceAnchor,
    RecurrenceRule, Reminders, SeriesId, TimeZone, Violations,
};

/// When a task is due, how it repeats, and when to remind of it: parts that fit together.
///
/// A recurring task is due and has a zone, so has one that is due on a date; reminders before the due time have one to count
/// from, and no task starts after it is due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    due: Option<Due>,
    start_time: Option<DateTime<Utc>>,
    time_zone: Option<TimeZone>,
    recurrence: Option<Recurrence>,
    reminders: Reminders,
}

/// Input for the first date of a series: a schedule that repeats.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Repetition {
    /// Rule and anchor.
    pub recurrence: Recurrence,
    /// The zone in which the rule is read.
    pub time_zone: TimeZone,
    /// The earliest first date.
    pub start_time: DateTime<Utc>,
    /// True if `start_time` is the start of the task, false if it is the due time.
    pub has_start: bool,
}

impl Repetition {
    /// Returns a repetition whose first occurrence depends on nothing but the rule: no rule ends before it starts.
    pub fn of_rule(rule: RecurrenceRule) -> Self {
        Self {
            recurrence: Recurrence {
                rule,
                anchor: RecurrenceAnchor::default(),
            },
            time_zone: TimeZone::utc(),
            start_time: DateTime::UNIX_EPOCH,
            has_start: false,
        }
    }
}

impl Schedule {
    /// Puts the parts together if they fit.
    pub fn new(
        due: Option<Due>,
        start_time: Option<DateTime<Utc>>,
        time_zone: Option<TimeZone>,
        recurrence: Option<Recurrence>,
        reminders: Reminders,
    ) -> Result<Self, Violations> {
        let mut violations = Violations::default();
        if recurrence.is_some() && due.is_none() {
            violations.push(
                "due_time",
                "must be given with a recurrence_rule: it says when the series begins; or give a due_date",
            );
        }
        if recurrence.is_some() && time_zone.is_none() {
            violations.push(
                "time_zone",
                "must be given with a recurrence_rule: a name such as Europe/Berlin",
            );
        }
        if let (Some(recurrence), Some(Due::Date { .. })) = (&recurrence, due)
            && recurrence.rule.names_times()
        {
            violations.push(
                "recurrence_rule",
                "names times of day, but the task is due on a date; remove BYHOUR, BYMINUTE and BYSECOND, or give a due_time",
            );
        }
        if due.is_none() {
            for index in reminders.before_due() {
                violations.push(
                    format!("reminders[{index}].minutes_before_due"),
                    "needs a due_time to count from; give one, or use at_time",
                );
            }
        }
        if let (Some(start_time), Some(due)) = (start_time, due) {
            let latest = match due {
                Due::Time(time) => time,
                Due::Date { begin, .. } => begin + TimeDelta::days(1),
            };
            if start_time > latest {
                violations.push(
                    "start_time",
                    "must not be after the task is due; give an earlier one, or leave it out",
                );
            }
        }
        violations.or(Self::from_stored(
            due, start_time, time_zone, recurrence, reminders,
        ))
    }

    /// Takes parts that fitted when they were stored.
    pub fn from_stored(
        due: Option<Due>,
        start_time: Option<DateTime<Utc>>,
        time_zone: Option<TimeZone>,
        recurrence: Option<Recurrence>,
        reminders: Reminders,
    ) -> Self {
        Self {
            due,
            start_time,
            time_zone,
            recurrence,
            reminders,
        }
    }

    /// Returns when the task is due.
    pub fn due(&self) -> Option<Due> {
        self.due
    }

    /// Returns from when on lists show the task.
    pub fn start_time(&self) -> Option<DateTime<Utc>> {
        self.start_time
    }

    /// Returns the due time on the clocks of the task's zone; none for a task that is due on a date, or has no zone.
    pub fn due_local_time(&self) -> Option<LocalTime> {
        match (self.due?, &self.time_zone) {
            (Due::Time(time), Some(zone)) => Some(zone.local(time).into()),
            _ => None,
        }
    }

    /// Returns the moment at which the task is due; for a date the beginning of that day.
    pub fn due_time(&self) -> Option<DueTime> {
        self.due.map(Due::time)
    }

    /// Returns the zone in which the due time is meant.
    pub fn time_zone(&self) -> Option<&TimeZone> {
        self.time_zone.as_ref()
    }

    /// Returns how the task repeats.
    pub fn recurrence(&self) -> Option<&Recurrence> {
        self.recurrence.as_ref()
    }

    /// Returns when to remind.
    pub fn reminders(&self) -> &Reminders {
        &self.reminders
    }

    /// Returns what the first date depends on, if the schedule repeats.
    pub fn repetition(&self) -> Option<Repetition> {
        Some(Repetition {
            recurrence: self.recurrence.clone()?,
            time_zone: self.time_zone.clone()?,
            start_time: self.start_time.or(self.due_time())?,
            has_start: self.start_time.is_some(),
        })
    }

    /// Returns whether this one repeats otherwise than another: by another rule, anchor or zone, or not at all.
    ///
    /// A due time that was moved makes no difference: it moves one occurrence only.
    pub fn repeats_otherwise_than(&self, other: &Self) -> bool {
        self.recurrence != other.recurrence
            || (self.recurrence.is_some() && self.time_zone != other.time_zone)
    }

    /// Returns the repetition of the series that a task begins when it gets this schedule instead of another.
    pub fn new_repetition(&self, previous: &Self) -> Option<Repetition> {
        let begins = self.repeats_otherwise_than(previous);
        begins.then(|| self.repetition()).flatten()
    }

    /// Returns the schedule and the place of the first occurrence of a new series: the start moves to the first date of the
    /// rule, and the due time follows; without a start the due time moves there.
    pub fn begin_series(self, series_id: SeriesId, first: FirstOccurrence) -> (Self, Occurrence) {
        let zone = self.time_zone.clone().unwrap_or_else(TimeZone::utc);
        let due = self.due.unwrap_or(Due::Time(first.time));
        let due_after = DueAfter::measure(self.start_time, due, &zone);
        let schedule = Self {
            due: Some(due_after.due(first.recurrence_id, &zone)),
            start_time: due_after.start_time(first.recurrence_id, &zone),
            ..self
        };
        (schedule, Occurrence::first(series_id, first, due_after))
    }

    /// Returns the schedule of the occurrence that follows, of the kind that the series has, however this one was moved; moments
    /// of reminders move along.
    pub fn following_at(
        self,
        recurrence_id: LocalTime,
        due_time: DueTime,
        due_after: DueAfter,
    ) -> Self {
        let zone = self.time_zone.clone().unwrap_or_else(TimeZone::utc);
        let due = match due_after.due(recurrence_id, &zone) {
            Due::Time(_) => Due::Time(due_time),
            date => date,
        };
        let by = self
            .due_time()
            .map_or(TimeDelta::zero(), |previous| due.time() - previous);
        Self {
            due: Some(due),
            start_time: due_after.start_time(recurrence_id, &zone),
            reminders: self.reminders.shifted(by),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{DueInput, Reminder};

    fn weekly() -> Recurrence {
        Recurrence {
            rule: RecurrenceRule::new("FREQ=WEEKLY".to_owned()).unwrap(),
            anchor: RecurrenceAnchor::Schedule,
        }
    }

    fn moment() -> DueTime {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn fields(result: Result<Schedule, Violations>) -> Vec<String> {
        let violations = result.unwrap_err();
        violations
            .as_slice()
            .iter()
            .map(|violation| violation.field.clone())
            .collect()
    }

    #[test]
    fn a_rule_needs_a_due_time_and_a_zone() {
        let schedule = Schedule::new(None, None, None, Some(weekly()), Reminders::default());
        assert_eq!(fields(schedule), ["due_time", "time_zone"]);
    }

    #[test]
    fn a_reminder_before_the_due_time_needs_one() {
        let reminders = Reminders::new(vec![
            Reminder::AtTime(moment()),
            Reminder::minutes_before_due(5).unwrap(),
        ])
        .unwrap();
        let schedule = Schedule::new(None, None, None, None, reminders);
        assert_eq!(fields(schedule), ["reminders[1].minutes_before_due"]);
    }

    #[test]
    fn moving_the_due_time_does_not_repeat_otherwise() {
        let zone = TimeZone::parse("Europe/Berlin").ok();
        let reminders = Reminders::default();
        let due = Some(Due::Time(moment()));
        let schedule = Schedule::new(due, None, zone, Some(weekly()), reminders).unwrap();
        let moved = Schedule {
            due: Some(Due::Time(moment() + TimeDelta::hours(1))),
            ..schedule.clone()
        };
        assert!(!moved.repeats_otherwise_than(&schedule));

        let elsewhere = Schedule {
            time_zone: TimeZone::parse("Asia/Tokyo").ok(),
            ..schedule.clone()
        };
        assert!(elsewhere.repeats_otherwise_than(&schedule));
        let once = Schedule {
            recurrence: None,
            ..schedule.clone()
        };
        assert!(once.repeats_otherwise_than(&schedule));
    }

    #[test]
    fn a_task_starts_before_it_is_due() {
        let schedule = |start_time| {
            Schedule::new(
                Some(Due::Time(moment())),
                Some(start_time),
                None,
                None,
                Reminders::default(),
            )
        };
        assert!(schedule(moment()).is_ok());
        assert_eq!(
            fields(schedule(moment() + TimeDelta::seconds(1))),
            ["start_time"]
        );
    }

    fn series(start: Option<&str>, due: DueInput, first: &str) -> (Schedule, Occurrence) {
        let zone = TimeZone::parse("Europe/Berlin").unwrap();
        let local = |text: &str| text.parse::<LocalTime>().unwrap();
        let schedule = Schedule::new(
            Some(due.in_zone(&zone)),
            start.map(|start| zone.instant(local(start).naive())),
            Some(zone.clone()),
            Some(weekly()),
            Reminders::default(),
        );
        let first = FirstOccurrence {
            recurrence_id: local(first),
            time: zone.instant(local(first).naive()),
        };
        let series_id = uuid::Uuid::from_u128(1).into();
        schedule.unwrap().begin_series(series_id, first)
    }

    fn wall(schedule: &Schedule) -> (Option<String>, String) {
        let zone = schedule.time_zone().unwrap();
        let local = |time| LocalTime::from(zone.local(time)).to_string();
        let due = schedule.due().unwrap();
        (
            schedule.start_time().map(local),
            due.date()
                .map_or_else(|| local(due.time()), |date| date.to_string()),
        )
    }

    #[test]
    fn start_moves_to_the_first_date_and_due_follows() {
        let timed = |text: &str| DueInput::Local(text.parse().unwrap());
        let dated = |text: &str| DueInput::Date(text.parse().unwrap());
        // Start, due, first date of the rule; start and due of the first occurrence and of the one on 31 March 2027.
        for (start, due, first, moved, later) in [
            (
                Some("2026-12-01T09:00:00"),
                timed("2026-12-09T09:00:00"),
                "2026-12-31T09:00:00",
                (Some("2026-12-31T09:00:00"), "2027-01-08T09:00:00"),
                (Some("2027-03-31T09:00:00"), "2027-04-08T09:00:00"),
            ),
            (
                Some("2026-12-01T00:00:00"),
                dated("2026-12-02"),
                "2026-12-31T00:00:00",
                (Some("2026-12-31T00:00:00"), "2027-01-01"),
                (Some("2027-03-31T00:00:00"), "2027-04-01"),
            ),
            (
                None,
                timed("2026-12-01T09:00:00"),
                "2026-12-31T09:00:00",
                (None, "2026-12-31T09:00:00"),
                (None, "2027-03-31T09:00:00"),
            ),
            (
                None,
                dated("2026-12-01"),
                "2026-12-31T00:00:00",
                (None, "2026-12-31"),
                (None, "2027-03-31"),
            ),
        ] {
            let (schedule, occurrence) = series(start, due, first);
            let expected =
                |(start, due): (Option<&str>, &str)| (start.map(str::to_owned), due.to_owned());
            assert_eq!(wall(&schedule), expected(moved), "{due:?}");
            assert_eq!(occurrence.recurrence_id.to_string(), first);

            // Moving this occurrence, or making it due on a date, changes nothing for those that follow.
            let moved = Schedule {
                due: Some(dated("2027-01-20").in_zone(schedule.time_zone().unwrap())),
                start_time: None,
                ..schedule.clone()
            };
            let time = first.split_once('T').unwrap().1;
            let recurrence_id = format!("2027-03-31T{time}").parse().unwrap();
            let zone = schedule.time_zone().unwrap();
            let due_time = occurrence.due_after.due(recurrence_id, zone).time();
            for previous in [schedule, moved] {
                let next = previous.following_at(recurrence_id, due_time, occurrence.due_after);
                assert_eq!(wall(&next), expected(later), "{due:?}");
            }
        }
    }

    #[test]
    fn rule_with_times_of_day_needs_a_due_time() {
        let zone = TimeZone::parse("Europe/Berlin").unwrap();
        let recurrence = Recurrence {
            rule: RecurrenceRule::new("FREQ=DAILY;BYHOUR=9".to_owned()).unwrap(),
            ..weekly()
        };
        let schedule = |due: DueInput| {
            Schedule::new(
                Some(due.in_zone(&zone)),
                None,
                Some(zone.clone()),
                Some(recurrence.clone()),
                Reminders::default(),
            )
        };
        assert!(schedule(DueInput::Time(moment())).is_ok());
        let date = DueInput::Date("2026-12-07".parse().unwrap());
        assert_eq!(fields(schedule(date)), ["recurrence_rule"]);
    }

    #[test]
    fn a_zone_makes_no_difference_to_a_task_that_does_not_repeat() {
        let here = Schedule::new(
            None,
            None,
            TimeZone::parse("Europe/Berlin").ok(),
            None,
            Reminders::default(),
        );
        assert!(!here.unwrap().repeats_otherwise_than(&Schedule::default()));
    }
}
