use service_runtime::{BoxError, ids::UserId};
use uuid::Uuid;

use super::{Rng, Sizes, sizes::TASKS_OF_OTHERS};

/// How many tags each user has.
pub const TAGS: usize = 50;
/// How many categories each user has.
pub const CATEGORIES: usize = 10;

/// What the ids of all users begin with who exist for benchmarks.
pub const PREFIX: &str = "bench-";

/// A user of the data set.
#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    /// Tells the user's tasks from those of others.
    pub number: u64,
    /// How many there are.
    pub tasks: usize,
}

/// All users of the data set.
#[derive(Debug, Clone)]
pub struct Users {
    /// Those that are measured, the one with the fewest tasks first.
    pub measured: Vec<User>,
    /// Those whose tasks are around theirs.
    pub others: Vec<User>,
}

impl Users {
    /// Spreads the tasks over users.
    pub fn of(sizes: &Sizes) -> Result<Self, BoxError> {
        let mut counts = sizes.tasks_of_user.clone();
        counts.sort_unstable();
        let measured: Vec<User> = counts
            .iter()
            .map(|tasks| user(*tasks as u64, &tasks.to_string(), *tasks))
            .collect::<Result<_, _>>()?;
        let rest = sizes.tasks_in_all - counts.iter().sum::<usize>();
        let others = (0..rest.div_ceil(TASKS_OF_OTHERS))
            .map(|index| {
                let tasks = TASKS_OF_OTHERS.min(rest - index * TASKS_OF_OTHERS);
                user(OTHERS + index as u64, &format!("other-{index:06}"), tasks)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { measured, others })
    }
}

/// The numbers of the others begin above every number of tasks.
const OTHERS: u64 = 1 << 40;

fn user(number: u64, name: &str, tasks: usize) -> Result<User, BoxError> {
    Ok(User {
        id: format!("{PREFIX}{name}").parse()?,
        number,
        tasks,
    })
}

impl User {
    /// Returns the id of one of the user's tags.
    pub fn tag_id(&self, seed: u64, index: usize) -> Uuid {
        self.label_id(seed, index)
    }

    /// Returns the id of one of the user's categories.
    pub fn category_id(&self, seed: u64, index: usize) -> Uuid {
        self.label_id(seed, TAGS + index)
    }

    fn label_id(&self, seed: u64, index: usize) -> Uuid {
        let mut rng = Rng::of_part(seed, self.number ^ (1 << 60), index as u64);
        uuid::Builder::from_u128(rng.bits())
            .with_version(uuid::Version::SortRand)
            .into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tasks_of_all_users_add_up() {
        let users = Users::of(&Sizes {
            tasks_of_user: vec![2_000, 1_000],
            tasks_in_all: 4_250,
            seed: 1,
            reseed: false,
        })
        .unwrap();
        let names: Vec<&str> = users.measured.iter().map(|user| user.id.as_ref()).collect();
        assert_eq!(names, ["bench-1000", "bench-2000"]);
        let others: Vec<usize> = users.others.iter().map(|user| user.tasks).collect();
        assert_eq!(others, [500, 500, 250]);
    }

    #[test]
    fn every_label_has_an_id_of_its_own() {
        let user = user(1, "1", 1).unwrap();
        let mut ids: Vec<Uuid> = (0..TAGS).map(|index| user.tag_id(1, index)).collect();
        ids.extend((0..CATEGORIES).map(|index| user.category_id(1, index)));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), TAGS + CATEGORIES);
    }
}
