use super::{Drafts, User, vocabulary::WORDS};

/// How often words come in the tasks of one user.
#[derive(Debug)]
pub struct Statistics {
    /// How many tasks there are that lists show.
    pub shown: usize,
    /// How many of them contain the word of a rank.
    frequency: Vec<usize>,
}

impl Statistics {
    /// Counts the words of all tasks that lists show, and hands each of these out.
    pub fn of(drafts: &Drafts, user: &User) -> Self {
        let mut statistics = Self {
            shown: 0,
            frequency: vec![0; WORDS],
        };
        for number in 0..user.tasks {
            let draft = drafts.draft(user, number);
            if !draft.is_shown() {
                continue;
            }
            statistics.shown += 1;
            let mut words = draft.title;
            words.extend(draft.description);
            words.sort_unstable();
            words.dedup();
            words
                .iter()
                .for_each(|rank| statistics.frequency[*rank] += 1);
        }
        statistics
    }

    /// Returns the words that come in a share of the tasks, the one nearest to it first.
    pub fn near_share(&self, share: f64, count: usize) -> Vec<usize> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let distance = |rank: &usize| {
            let own = self.frequency[*rank] as f64 / self.shown.max(1) as f64;
            (own - share).abs()
        };
        let mut ranks: Vec<usize> = (0..WORDS)
            .filter(|rank| self.frequency[*rank] > 0)
            .collect();
        ranks.sort_by(|one, other| distance(one).total_cmp(&distance(other)));
        ranks.truncate(count);
        ranks
    }

    /// Returns the words that come in between so many tasks and so many, spread over all of them.
    pub fn within(&self, least: usize, most: usize, count: usize) -> Vec<usize> {
        let ranks: Vec<usize> = (0..WORDS)
            .filter(|rank| (least..=most).contains(&self.frequency[*rank]))
            .collect();
        let step = (ranks.len() / count.max(1)).max(1);
        ranks.into_iter().step_by(step).take(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_how_often_they_come() {
        let drafts = Drafts::new(1);
        let user = User {
            id: "bench-2000".parse().unwrap(),
            number: 2_000,
            tasks: 2_000,
        };
        let statistics = Statistics::of(&drafts, &user);
        assert!(
            (450..750).contains(&statistics.shown),
            "{}",
            statistics.shown
        );
        assert_eq!(statistics.near_share(1.0, 1), [0]);
        let tenth = statistics.near_share(0.1, 1)[0];
        let share = statistics.frequency[tenth] * 100 / statistics.shown;
        assert!((7..14).contains(&share), "{share}");
        let rare = statistics.within(1, 3, 20);
        assert_eq!(rare.len(), 20);
        assert!(rare.iter().all(|rank| statistics.frequency[*rank] <= 3));
    }
}
