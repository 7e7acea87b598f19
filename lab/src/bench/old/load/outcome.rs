use std::time::Duration;

use service_runtime::BoxError;

/// What calls came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How long each took that succeeded.
    pub durations: Vec<Duration>,
    /// How long all of them took together.
    pub elapsed: Duration,
    /// How many failed.
    pub failures: usize,
    /// What the first failure said.
    pub first_failure: Option<String>,
}

impl Outcome {
    /// Adds a call.
    pub fn add(&mut self, duration: Duration, result: Result<(), BoxError>) {
        match result {
            Ok(()) => self.durations.push(duration),
            Err(error) => {
                self.failures += 1;
                self.first_failure
                    .get_or_insert_with(|| error.to_string().replace('\n', " "));
            }
        }
    }

    /// Adds the calls of another caller of the same time.
    pub fn merge(&mut self, other: Self) {
        self.durations.extend(other.durations);
        self.elapsed = self.elapsed.max(other.elapsed);
        self.failures += other.failures;
        self.first_failure = self.first_failure.take().or(other.first_failure);
    }

    /// Adds the calls of another time.
    pub fn append(&mut self, other: Self) {
        let elapsed = self.elapsed + other.elapsed;
        self.merge(other);
        self.elapsed = elapsed;
    }

    /// Returns how many calls succeeded in a second.
    pub fn per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 {
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
            let count = self.durations.len() as f64;
            count / seconds
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(count: usize, seconds: u64) -> Outcome {
        Outcome {
            durations: vec![Duration::from_millis(1); count],
            elapsed: Duration::from_secs(seconds),
            ..Outcome::default()
        }
    }

    #[test]
    fn callers_of_the_same_time_add_up_and_those_of_other_times_average() {
        let mut together = outcome(100, 2);
        together.merge(outcome(300, 2));
        assert_eq!(together.per_second(), 200.0);
        let mut one_after_the_other = outcome(100, 2);
        one_after_the_other.append(outcome(300, 2));
        assert_eq!(one_after_the_other.per_second(), 100.0);
    }

    #[test]
    fn failures_are_counted_and_not_timed() {
        let mut outcome = Outcome::default();
        outcome.add(Duration::from_millis(1), Ok(()));
        outcome.add(Duration::ZERO, Err("first".into()));
        outcome.add(Duration::ZERO, Err("second".into()));
        assert_eq!((outcome.durations.len(), outcome.failures), (1, 2));
        assert_eq!(outcome.first_failure.as_deref(), Some("first"));
        assert_eq!(outcome.per_second(), 0.0);
    }
}
