use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use service_runtime::BoxError;
use tokio_postgres::Client;

/// Words of the tasks that a user's lists show by default.
#[derive(Debug, Default)]
pub struct Words {
    /// Words of each title, in mixed order.
    pub titles: Vec<Vec<String>>,
    /// Number of tasks that contain each word, the most frequent first.
    frequencies: Vec<(String, usize)>,
}

impl Words {
    /// Reads the tasks.
    pub async fn load(client: &Client, user: &str) -> Result<Self, BoxError> {
        let query = "SELECT title, description FROM task.tasks WHERE user_id = $1 AND list_class = 0 AND start_time IS NULL \
                     ORDER BY md5(id::text)";
        let rows = client.query(query, &[&user]).await?;
        let tasks = rows.iter().map(|row| (row.get(0), row.get(1)));
        Ok(Self::of(tasks))
    }

    fn of<'a>(tasks: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut titles = Vec::new();
        let mut counts: HashMap<String, usize> = HashMap::new();
        for (title, description) in tasks {
            let title: Vec<String> = title.split_whitespace().map(str::to_owned).collect();
            let description = description.split_whitespace();
            let words: HashSet<&str> = title
                .iter()
                .map(String::as_str)
                .chain(description)
                .collect();
            for word in words {
                *counts.entry(word.to_owned()).or_default() += 1;
            }
            titles.push(title);
        }
        let mut frequencies: Vec<_> = counts.into_iter().collect();
        frequencies.sort_unstable_by_key(|(word, count)| (Reverse(*count), word.clone()));
        Self {
            titles,
            frequencies,
        }
    }

    pub fn contains(&self, word: &str) -> bool {
        self.frequencies.iter().any(|(known, _)| known == word)
    }

    /// Returns the words whose share of the tasks is nearest to this one.
    pub fn near_share(&self, share: f64, count: usize) -> Vec<String> {
        let wanted = share * self.titles.len() as f64;
        let mut words: Vec<_> = self.frequencies.iter().collect();
        words.sort_by(|(_, one), (_, other)| {
            let distance = |count: &usize| (*count as f64 - wanted).abs();
            distance(one).total_cmp(&distance(other))
        });
        words
            .into_iter()
            .take(count)
            .map(|(word, _)| word.clone())
            .collect()
    }

    /// Returns words that are in 1 to 5 tasks.
    pub fn rare(&self, count: usize) -> Vec<String> {
        let rare = self
            .frequencies
            .iter()
            .filter(|(_, count)| (1..=5).contains(count));
        rare.take(count).map(|(word, _)| word.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_frequency() {
        let words = Words::of([("a a b", "c"), ("a b", ""), ("a", ""), ("a", "")].into_iter());
        assert_eq!(words.near_share(1.0, 2), ["a", "b"]);
        assert_eq!(words.near_share(0.25, 1), ["c"]);
        assert_eq!(words.rare(9), ["a", "b", "c"]);
        assert!(words.contains("c") && !words.contains("d"));
    }
}
