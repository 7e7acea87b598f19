use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    Rng, User,
    users::{CATEGORIES, TAGS},
    vocabulary::{Vocabulary, WORDS},
    zipf::Zipf,
};

/// What tasks are made up from.
#[derive(Debug)]
pub struct Drafts {
    seed: u64,
    vocabulary: Vocabulary,
    words: Zipf,
    tags: Zipf,
    categories: Zipf,
}

/// A made-up task. Its words are ranks in the vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub title: Vec<usize>,
    pub description: Vec<usize>,
    pub priority: Priority,
    pub due: Option<Due>,
    /// How many days from today lists leave it out.
    pub starts_in_days: Option<i64>,
    pub category: Option<usize>,
    pub tags: Vec<usize>,
    /// How far between its creation and today it was completed, from 0 to 1.
    pub completed: Option<f64>,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    Low,
    Medium,
    High,
    Urgent,
}

/// When it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// How many days from today.
    pub in_days: i64,
    /// At which minute of that day, if at a certain one.
    pub minute: Option<i64>,
}

impl Drafts {
    /// Prepares to make up the tasks of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            vocabulary: Vocabulary::new(seed),
            words: Zipf::new(WORDS),
            tags: Zipf::new(TAGS),
            categories: Zipf::new(CATEGORIES),
        }
    }

    /// Returns what everything is made up from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the words.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Makes up one of a user's tasks, always the same.
    pub fn draft(&self, user: &User, number: usize) -> Draft {
        self.draft_of(Rng::of_part(self.seed, user.number, number as u64))
    }

    /// Makes up a task.
    pub fn draft_of(&self, mut rng: Rng) -> Draft {
        let rng = &mut rng;
        let title = rng.between(3, 8);
        let description = if rng.percent(50) {
            0
        } else {
            rng.between(1, 40)
        };
        Draft {
            title: self.words(rng, title),
            description: self.words(rng, description),
            priority: match rng.below(100) {
                0..20 => Priority::Low,
                20..80 => Priority::Medium,
                80..95 => Priority::High,
                _ => Priority::Urgent,
            },
            due: rng.percent(60).then(|| Due {
                // Two dice: most are due around today.
                in_days: days(rng.below(61)) - days(rng.below(61)),
                minute: rng.percent(50).then(|| days(rng.below(96)) * 15),
            }),
            starts_in_days: rng.percent(3).then(|| days(rng.between(1, 30))),
            category: rng.percent(80).then(|| self.categories.draw(rng)),
            tags: {
                let count = [0, 0, 1, 1, 1, 2, 2, 3][rng.below(8)];
                let mut tags: Vec<usize> = (0..count).map(|_| self.tags.draw(rng)).collect();
                tags.sort_unstable();
                tags.dedup();
                tags
            },
            completed: rng.percent(70).then(|| rng.unit()),
        }
    }

    /// Writes words out.
    pub fn text(&self, ranks: &[usize]) -> String {
        let words: Vec<&str> = ranks
            .iter()
            .map(|rank| self.vocabulary.word(*rank))
            .collect();
        words.join(" ")
    }

    fn words(&self, rng: &mut Rng, count: usize) -> Vec<usize> {
        (0..count).map(|_| self.words.draw(rng)).collect()
    }
}

fn days(count: usize) -> i64 {
    i64::try_from(count).unwrap_or_default()
}

impl Draft {
    /// Returns whether lists show it without being asked for more.
    pub fn is_shown(&self) -> bool {
        self.completed.is_none() && self.starts_in_days.is_none()
    }
}

impl Priority {
    /// Returns the word that stands in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

impl Due {
    /// Returns the date, counted from today.
    pub fn date(self, today: NaiveDate) -> NaiveDate {
        today + TimeDelta::days(self.in_days)
    }

    /// Returns the moment, or the beginning of the date.
    pub fn time(self, today: NaiveDate) -> DateTime<Utc> {
        let begin = self.date(today).and_time(chrono::NaiveTime::MIN).and_utc();
        begin + TimeDelta::minutes(self.minute.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User {
            id: "bench-1".parse().unwrap(),
            number: 1,
            tasks: 1,
        }
    }

    #[test]
    fn the_same_task_is_made_up_the_same_way() {
        let (one, other) = (Drafts::new(1), Drafts::new(1));
        assert_eq!(one.draft(&user(), 5), other.draft(&user(), 5));
        assert_ne!(one.draft(&user(), 5), one.draft(&user(), 6));
    }

    #[test]
    fn tasks_are_as_long_as_they_should_be_and_seven_of_ten_are_done() {
        let drafts = Drafts::new(1);
        let all: Vec<Draft> = (0..10_000)
            .map(|number| drafts.draft(&user(), number))
            .collect();
        assert!(all.iter().all(|draft| (3..=8).contains(&draft.title.len())));
        assert!(all.iter().all(|draft| draft.description.len() <= 40));
        let done = all.iter().filter(|draft| draft.completed.is_some()).count();
        assert!((6_800..7_200).contains(&done), "{done}");
        let overdue = |draft: &&Draft| draft.due.is_some_and(|due| due.in_days < 0);
        let overdue = all.iter().filter(overdue).count();
        assert!((2_700..3_200).contains(&overdue), "{overdue}");
    }

    #[test]
    fn the_first_word_is_in_most_tasks() {
        let drafts = Drafts::new(1);
        let with = (0..10_000).filter(|number| {
            let draft = drafts.draft(&user(), *number);
            draft.title.contains(&0) || draft.description.contains(&0)
        });
        let count = with.count();
        assert!(count > 5_000, "{count}");
    }

    #[test]
    fn due_dates_count_from_today() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let due = Due {
            in_days: 1,
            minute: Some(75),
        };
        assert_eq!(due.time(today).to_rfc3339(), "2026-11-22T01:15:00+00:00");
    }
}
