use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Violations, limits::REMINDERS as MOST_REMINDERS};

const LONGEST_LEAD_MINUTES: i32 = 40_320;

/// When to remind of a task; its JSON is what the table keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reminder {
    /// Minutes before the due time, 0 to 40 320 (four weeks).
    MinutesBeforeDue(i32),
    /// A moment of its own.
    AtTime(DateTime<Utc>),
}

/// Minutes that are out of bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be between 0 and {LONGEST_LEAD_MINUTES} minutes (four weeks)")]
pub struct InvalidReminder;

/// The reminders of one task: at most ten, no two the same.
///
/// An empty list asks for the user's default reminder. A muted task keeps its list for the day it is unmuted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reminders(Vec<Reminder>);

impl Reminder {
    /// Takes a number of minutes before the due time.
    pub fn minutes_before_due(minutes: i32) -> Result<Self, InvalidReminder> {
        if (0..=LONGEST_LEAD_MINUTES).contains(&minutes) {
            Ok(Self::MinutesBeforeDue(minutes))
        } else {
            Err(InvalidReminder)
        }
    }
}

impl Reminders {
    /// Refuses a list that is too long, before anything is looked at in it.
    pub fn check_length(length: usize) -> Result<(), Violations> {
        if length > MOST_REMINDERS {
            let wrong = format!("has {length} reminders; keep {MOST_REMINDERS} or fewer");
            return Err(Violations::of("reminders", wrong));
        }
        Ok(())
    }

    /// Takes a list without repetitions.
    pub fn new(reminders: Vec<Reminder>) -> Result<Self, Violations> {
        Self::check_length(reminders.len())?;
        let mut violations = Violations::default();
        for (index, reminder) in reminders.iter().enumerate() {
            if let Some(first) = reminders[..index]
                .iter()
                .position(|earlier| earlier == reminder)
            {
                violations.push(
                    format!("reminders[{index}]"),
                    format!("is the same as reminders[{first}]; leave one of them out"),
                );
            }
        }
        violations.or(Self(reminders))
    }

    /// Returns the places of those that need a due time.
    pub fn before_due(&self) -> impl Iterator<Item = usize> {
        let is_before_due = |reminder: &Reminder| matches!(reminder, Reminder::MinutesBeforeDue(_));
        self.0
            .iter()
            .enumerate()
            .filter(move |(_, reminder)| is_before_due(reminder))
            .map(|(index, _)| index)
    }

    /// Returns the reminders of the occurrence that follows after a span: moments of their own move with it.
    pub fn shifted(&self, by: TimeDelta) -> Self {
        let shifted = self.0.iter().filter_map(|reminder| match reminder {
            Reminder::MinutesBeforeDue(_) => Some(*reminder),
            Reminder::AtTime(time) => time.checked_add_signed(by).map(Reminder::AtTime),
        });
        Self(shifted.collect())
    }

    /// Returns the list.
    pub fn as_slice(&self) -> &[Reminder] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(minutes: i32) -> Reminder {
        Reminder::minutes_before_due(minutes).unwrap()
    }

    #[test]
    fn minutes_reach_from_none_to_four_weeks() {
        assert!(Reminder::minutes_before_due(0).is_ok());
        assert!(Reminder::minutes_before_due(40_320).is_ok());
        assert_eq!(Reminder::minutes_before_due(-1), Err(InvalidReminder));
        assert_eq!(Reminder::minutes_before_due(40_321), Err(InvalidReminder));
    }

    #[test]
    fn ten_reminders_are_enough() {
        assert!(Reminders::new((0..10).map(before).collect()).is_ok());
        let violations = Reminders::new((0..11).map(before).collect()).unwrap_err();
        assert_eq!(violations.as_slice()[0].field, "reminders");
    }

    #[test]
    fn a_repeated_reminder_is_named() {
        let violations = Reminders::new(vec![before(5), before(6), before(5)]).unwrap_err();
        assert_eq!(violations.as_slice()[0].field, "reminders[2]");
        assert_eq!(
            violations.as_slice()[0].description,
            "is the same as reminders[0]; leave one of them out"
        );
    }

    #[test]
    fn only_moments_move_with_the_next_occurrence() {
        let noon = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let week = TimeDelta::days(7);
        let reminders = Reminders::new(vec![before(30), Reminder::AtTime(noon)]).unwrap();
        assert_eq!(
            reminders.shifted(week).as_slice(),
            [before(30), Reminder::AtTime(noon + week)]
        );
    }

    #[test]
    fn a_moment_moved_beyond_the_calendar_is_dropped() {
        let last = Reminders(vec![Reminder::AtTime(DateTime::<Utc>::MAX_UTC)]);
        assert!(last.shifted(TimeDelta::days(1)).as_slice().is_empty());
    }
}
