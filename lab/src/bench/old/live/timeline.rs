use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::listeners::Arrival;

/// A change that was answered.
#[derive(Debug, Clone)]
pub struct Written {
    /// Whose it is.
    pub user: usize,
    pub task: String,
    pub version: i64,
    pub sent: Instant,
    pub answered: Instant,
}

/// When changes were made, and when they came to whom.
#[derive(Debug, Default)]
pub struct Timeline {
    /// By the client, the task and the version.
    arrivals: HashMap<(usize, String, i64), Vec<Instant>>,
    count: usize,
}

/// What a timeline comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// From the answer to the message, at each client.
    pub from_answer: Vec<Duration>,
    /// From the sending of the write.
    pub from_sending: Vec<Duration>,
    /// Messages that did not come.
    pub lost: usize,
    /// Messages that came again.
    pub doubled: usize,
}

impl Timeline {
    /// Notes what came to clients.
    pub fn add(&mut self, arrivals: Vec<Arrival>) {
        self.count += arrivals.len();
        for arrival in arrivals {
            let key = (arrival.client, arrival.task, arrival.version);
            self.arrivals.entry(key).or_default().push(arrival.time);
        }
    }

    /// Returns how many messages came.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Follows each change to each of its user's clients, of whom each user has so many; only those count that were sent from a moment
    /// on.
    pub fn ways(&self, written: &[Written], clients_per_user: usize, from: Instant) -> Ways {
        let mut ways = Ways::default();
        for change in written {
            let first = change.user * clients_per_user;
            for client in first..first + clients_per_user {
                let key = (client, change.task.clone(), change.version);
                let times = self.arrivals.get(&key).map_or(&[][..], Vec::as_slice);
                let Some(time) = times.first() else {
                    ways.lost += 1;
                    continue;
                };
                ways.doubled += times.len() - 1;
                if change.sent >= from {
                    // A message may overtake the answer.
                    let way = time.saturating_duration_since(change.answered);
                    ways.from_answer.push(way);
                    ways.from_sending.push(*time - change.sent);
                }
            }
        }
        ways
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn each_change_is_followed_to_each_client_of_its_user() {
        let start = Instant::now();
        let at = |milliseconds: u32| start + milliseconds * MILLISECOND;
        let written = |version, sent| Written {
            user: 1,
            task: "a".to_owned(),
            version,
            sent: at(sent),
            answered: at(sent + 2),
        };
        let arrival = |client, version, time| Arrival {
            client,
            task: "a".to_owned(),
            version,
            time: at(time),
        };
        let mut timeline = Timeline::default();
        timeline.add(vec![
            arrival(2, 2, 15),
            arrival(3, 2, 11),
            arrival(2, 3, 25),
            arrival(2, 3, 26),
            // Nobody's change.
            arrival(0, 2, 15),
        ]);
        let ways = timeline.ways(&[written(2, 10), written(3, 20)], 2, at(10));
        let expected = Ways {
            from_answer: [3, 0, 3].map(|count| count * MILLISECOND).to_vec(),
            from_sending: [5, 1, 5].map(|count| count * MILLISECOND).to_vec(),
            lost: 1,
            doubled: 1,
        };
        assert_eq!(ways, expected);
        let later = timeline.ways(&[written(2, 10)], 2, at(11));
        assert_eq!((later.from_answer.len(), later.lost), (0, 0));
    }
}
