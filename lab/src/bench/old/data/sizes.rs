use clap::Args;
use service_runtime::BoxError;

/// How large the data set is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Data set")]
pub struct Sizes {
    /// How many tasks the users that are measured have, one user a number.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000])]
    pub tasks_of_user: Vec<usize>,
    /// How many tasks there are in all; the rest belongs to other users, of whom each has up to 500.
    #[arg(long, default_value_t = 1_000_000)]
    pub tasks_in_all: usize,
    /// What the tasks are made up from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Make the data set anew, even if one of these sizes is there.
    #[arg(long)]
    pub reseed: bool,
}

/// How many tasks a user of whom nothing is measured has at most.
pub const TASKS_OF_OTHERS: usize = 500;

impl Sizes {
    /// Refuses sizes that do not fit together.
    pub fn check(&self) -> Result<(), BoxError> {
        if self.tasks_of_user.is_empty() || self.tasks_of_user.contains(&0) {
            return Err("--tasks-of-user: give at least one number, and none of them 0".into());
        }
        let mut different = self.tasks_of_user.clone();
        different.sort_unstable();
        different.dedup();
        if different.len() < self.tasks_of_user.len() {
            return Err("--tasks-of-user: the same number comes twice".into());
        }
        let measured: usize = self.tasks_of_user.iter().sum();
        if self.tasks_in_all < measured {
            return Err(format!(
                "--tasks-in-all: {} are fewer than the {measured} of --tasks-of-user together",
                self.tasks_in_all
            )
            .into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(tasks_of_user: &[usize], tasks_in_all: usize) -> Sizes {
        Sizes {
            tasks_of_user: tasks_of_user.to_vec(),
            tasks_in_all,
            seed: 1,
            reseed: false,
        }
    }

    #[test]
    fn sizes_that_do_not_fit_together_are_refused() {
        assert!(sizes(&[10, 20], 30).check().is_ok());
        for wrong in [
            sizes(&[], 1),
            sizes(&[0], 1),
            sizes(&[5, 5], 50),
            sizes(&[10], 9),
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
