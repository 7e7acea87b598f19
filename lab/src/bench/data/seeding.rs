use std::sync::Arc;

use clap::Args;
use rand::{SeedableRng, rngs::StdRng};
use service_runtime::BoxError;
use tokio_postgres::Client;

use super::vocabulary::{Draft, Vocabulary};
use crate::bench::{
    mesh::{Caller, Mesh},
    report::step,
};

/// Changes whenever the same sizes and seed would make other tasks.
const VERSION: u32 = 3;
/// Prefix of the ids of all users of the benchmarks.
const PREFIX: &str = "bench-";
/// Maximum number of tasks of a user who is not measured.
const TASKS_OF_OTHERS: usize = 500;
/// Number of tasks that one statement inserts.
const CHUNK: usize = 5_000;
const TABLES: [&str; 6] = [
    "task.tasks",
    "task.tags",
    "task.categories",
    "task.operation_changes",
    "task.search_documents",
    "task.search_words",
];
const INSERT_TASKS: &str = include_str!("tasks.sql");
const FILL_INDEX: &str = include_str!("index.sql");

/// Sizes of the data set.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Data set")]
pub struct Sizes {
    /// Numbers of tasks of the measured users, one number for each.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000])]
    tasks_of_user: Vec<usize>,
    /// Number of tasks in total; the rest belongs to other users, each of whom has up to 500.
    #[arg(long, default_value_t = 1_000_000)]
    tasks_in_all: usize,
    /// Seed from which the tasks are drawn.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Create the data set again, even if there is one.
    #[arg(long)]
    reseed: bool,
}

/// Measured user.
pub struct User {
    pub caller: Arc<Caller>,
    pub tasks: usize,
}

/// Creates the data set unless it exists; returns the measured users, the one with the fewest tasks first.
pub async fn open(
    mesh: &Mesh<'_>,
    sizes: &Sizes,
    vocabulary: &Vocabulary,
) -> Result<Vec<User>, BoxError> {
    let users = sizes.users()?;
    let (client, wanted) = (&mesh.database, sizes.marker());
    client
        .batch_execute(
            "CREATE SCHEMA IF NOT EXISTS bench;
             CREATE TABLE IF NOT EXISTS bench.data_set (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), made_from text NOT NULL)",
        )
        .await?;
    let found = client
        .query_opt("SELECT made_from FROM bench.data_set", &[])
        .await?;
    let found: Option<String> = found.map(|row| row.get(0));
    match found {
        Some(found) if found != wanted && !sizes.reseed => {
            return Err(format!(
                "the database has another data set, {found}; give its sizes and seed, or --reseed to replace it"
            )
            .into());
        }
        Some(_) if !sizes.reseed => {}
        _ => seed(client, sizes.seed, &users, vocabulary, &wanted).await?,
    }
    let measured = users.iter().take(sizes.tasks_of_user.len());
    let measured = measured.map(|(user, tasks)| {
        let caller = mesh.caller(user)?;
        let tasks = *tasks;
        Ok(User { caller, tasks })
    });
    measured.collect()
}

/// Removes the tasks and labels of all users whose ids begin with this prefix.
pub async fn remove_users(client: &Client, prefix: &str) -> Result<(), BoxError> {
    for table in TABLES {
        let statement = format!("DELETE FROM {table} WHERE starts_with(user_id, $1)");
        client.execute(&statement, &[&prefix]).await?;
    }
    Ok(())
}

/// Vacuums the tables and updates the planner's statistics.
pub async fn vacuum(client: &Client) -> Result<(), BoxError> {
    let statement = format!("VACUUM (ANALYZE) {}", TABLES.join(", "));
    Ok(client.batch_execute(&statement).await?)
}

impl Sizes {
    /// Returns the users and their numbers of tasks, the measured ones first and in ascending order.
    fn users(&self) -> Result<Vec<(String, usize)>, BoxError> {
        let mut sizes = self.tasks_of_user.clone();
        sizes.sort_unstable();
        sizes.dedup();
        if sizes.len() < self.tasks_of_user.len() || sizes.first().is_none_or(|first| *first == 0) {
            return Err("--tasks-of-user: give at least one number, none twice and none 0".into());
        }
        let measured: usize = sizes.iter().sum();
        let Some(rest) = self.tasks_in_all.checked_sub(measured) else {
            return Err(format!(
                "--tasks-in-all: give at least {measured}, the sum of --tasks-of-user"
            )
            .into());
        };
        let others = (0..rest).step_by(TASKS_OF_OTHERS).map(|first| {
            let user = format!("{PREFIX}other-{:06}", first / TASKS_OF_OTHERS);
            (user, TASKS_OF_OTHERS.min(rest - first))
        });
        let measured = sizes
            .into_iter()
            .map(|tasks| (format!("{PREFIX}{tasks}"), tasks));
        Ok(measured.chain(others).collect())
    }

    /// Describes the data set; the marker of the complete one in the database.
    fn marker(&self) -> String {
        let mut of_user = self.tasks_of_user.clone();
        of_user.sort_unstable();
        let (in_all, seed) = (self.tasks_in_all, self.seed);
        format!(
            "version {VERSION}, --seed {seed} --tasks-of-user {of_user:?} --tasks-in-all {in_all}"
        )
    }
}

async fn seed(
    client: &Client,
    seed: u64,
    users: &[(String, usize)],
    vocabulary: &Vocabulary,
    marker: &str,
) -> Result<(), BoxError> {
    step("removes the previous data set");
    // The marker is committed last, so a crash may lose any of this.
    client
        .batch_execute(
            "SET synchronous_commit = off; SET work_mem = '256MB'; SET maintenance_work_mem = '256MB'; DELETE FROM bench.data_set",
        )
        .await?;
    remove_users(client, PREFIX).await?;
    vacuum(client).await?;
    let mut rng = StdRng::seed_from_u64(seed);
    client
        .execute("SELECT setseed(1 / $1::float8)", &[&(seed as f64 + 1.0)])
        .await?;
    step(format!("inserts the tasks of {} users", users.len()));
    let insert = client.prepare(INSERT_TASKS).await?;
    for (user, count) in users {
        insert_labels(client, user).await?;
        for first in (0..*count).step_by(CHUNK) {
            let drafts = (first..*count)
                .take(CHUNK)
                .map(|_| vocabulary.draft(&mut rng));
            let (titles, descriptions): (Vec<String>, Vec<String>) = drafts
                .map(|Draft { title, description }| (title, description))
                .unzip();
            let (first, count) = (i64::try_from(first)?, *count as f64);
            client
                .execute(&insert, &[user, &titles, &descriptions, &count, &first])
                .await?;
        }
    }
    step("indexes their words");
    client.batch_execute("ANALYZE task.tasks").await?;
    client.batch_execute(FILL_INDEX).await?;
    client
        .batch_execute("RESET synchronous_commit; RESET work_mem; RESET maintenance_work_mem")
        .await?;
    vacuum(client).await?;
    client
        .execute(
            "INSERT INTO bench.data_set (made_from) VALUES ($1)",
            &[&marker],
        )
        .await?;
    Ok(())
}

/// Inserts the tags and categories of a user, the most used first.
async fn insert_labels(client: &Client, user: &str) -> Result<(), BoxError> {
    for (table, name, count) in [("tags", "tag", 49), ("categories", "category", 9)] {
        let statement = format!(
            "INSERT INTO task.{table} (user_id, id, display_name, name_key, version, operation_id, create_time, update_time)
             SELECT $1, md5($1 || ' ' || name)::uuid, name, name, 1, md5($1 || ' ' || name)::uuid, now() - interval '730 days',
                 now() - interval '730 days'
             FROM (SELECT '{name}' || n AS name FROM generate_series(1, {count}) n) names"
        );
        client.execute(&statement, &[&user]).await?;
    }
    Ok(())
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
    fn users_share_all_tasks_and_measured_ones_come_first() {
        let users = sizes(&[2_000, 1_000], 3_750).users().unwrap();
        let expected = [
            ("bench-1000", 1_000),
            ("bench-2000", 2_000),
            ("bench-other-000000", 500),
            ("bench-other-000001", 250),
        ];
        assert_eq!(
            users,
            expected.map(|(user, tasks)| (user.to_owned(), tasks))
        );
    }

    #[test]
    fn inconsistent_sizes_are_refused_with_the_flag() {
        for (of_user, in_all, flag) in [
            (vec![], 1, "--tasks-of-user: "),
            (vec![0], 1, "--tasks-of-user: "),
            (vec![5, 5], 50, "--tasks-of-user: "),
            (vec![10], 9, "--tasks-in-all: "),
        ] {
            let error = sizes(&of_user, in_all).users().unwrap_err().to_string();
            assert!(error.starts_with(flag), "{error}");
        }
    }
}
