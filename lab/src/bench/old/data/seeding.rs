use chrono::{DateTime, Utc};
use futures::{SinkExt, pin_mut};
use service_runtime::{BoxError, clock::Clock};
use tokio_postgres::Client;

use super::{
    Drafts, Sizes, User, Users,
    copy::{self, COPY_CATEGORIES, COPY_TAGS, COPY_TASKS},
    marker::{self, Marker},
    search_index,
    users::PREFIX,
};
use crate::bench::old::progress::Progress;

/// How many tasks are written at once.
const CHUNK: usize = 5_000;
/// How many tasks are indexed by one statement, unless a user has more.
const INDEXED_AT_ONCE: usize = 20_000;

/// The tables that tasks stand in.
const TABLES: [&str; 4] = [
    "task.tasks",
    "task.tags",
    "task.categories",
    "task.operation_changes",
];

/// Makes sure that the data set is there, and returns who is in it.
pub async fn prepare(client: &Client, sizes: &Sizes, drafts: &Drafts) -> Result<Users, BoxError> {
    sizes.check()?;
    let users = Users::of(sizes)?;
    match marker::find(client, sizes).await? {
        Marker::Same if !sizes.reseed => return Ok(users),
        Marker::Different(found) if !sizes.reseed => {
            return Err(format!(
                "another data set is in the database, {found}: give its sizes and seed, or --reseed to replace it"
            )
            .into());
        }
        _ => {}
    }
    // A crash loses what the marker says is not there; nothing waits for the disk.
    client
        .batch_execute("SET synchronous_commit = off; SET work_mem = '256MB'; SET maintenance_work_mem = '256MB'")
        .await?;
    marker::delete(client).await?;
    remove(client).await?;
    let now = Clock::system().now();
    let all: Vec<User> = users
        .measured
        .iter()
        .chain(&users.others)
        .cloned()
        .collect();
    write_labels(client, drafts, &all, now).await?;
    write_tasks(client, drafts, &all, sizes.tasks_in_all, now).await?;
    fill_search_index(client, &all, sizes.tasks_in_all).await?;
    vacuum(client, "tidies up").await?;
    marker::insert(client, sizes).await?;
    client
        .batch_execute("RESET synchronous_commit; RESET work_mem; RESET maintenance_work_mem")
        .await?;
    Ok(users)
}

/// Removes what earlier benchmarks left of some users: all whose ids begin so.
pub async fn remove_users(client: &Client, prefix: &str) -> Result<(), BoxError> {
    for table in TABLES.iter().chain(&search_index::TABLES) {
        let statement = format!("DELETE FROM {table} WHERE starts_with(user_id, $1)");
        client.execute(&statement, &[&prefix]).await?;
    }
    Ok(())
}

/// Updates what the planner knows of the tables, and what is visible to all.
pub async fn vacuum(client: &Client, label: &str) -> Result<(), BoxError> {
    let tables: Vec<&str> = TABLES
        .iter()
        .chain(&search_index::TABLES)
        .copied()
        .collect();
    let progress = Progress::new(label, "tables", Some(tables.len() as u64));
    progress
        .watch(async {
            for table in tables {
                client
                    .batch_execute(&format!("VACUUM (ANALYZE) {table}"))
                    .await?;
                progress.add(1);
            }
            Ok(())
        })
        .await
}

async fn remove(client: &Client) -> Result<(), BoxError> {
    let there = client
        .query_opt(
            "SELECT FROM task.tasks WHERE starts_with(user_id, $1) LIMIT 1",
            &[&PREFIX],
        )
        .await?;
    if there.is_none() {
        return Ok(());
    }
    let progress = Progress::new("removes the data set that is there", "data sets", Some(1));
    progress.watch(remove_users(client, PREFIX)).await?;
    vacuum(client, "tidies up after that").await
}

async fn write_labels(
    client: &Client,
    drafts: &Drafts,
    users: &[User],
    now: DateTime<Utc>,
) -> Result<(), BoxError> {
    let progress = Progress::new(
        "seeds tags and categories",
        "users",
        Some(users.len() as u64),
    );
    progress
        .watch(async {
            for users in users.chunks(100) {
                let (mut tags, mut categories) = (String::new(), String::new());
                for user in users {
                    copy::write_tags(&mut tags, drafts, user, now);
                    copy::write_categories(&mut categories, drafts, user, now);
                }
                send(client, COPY_TAGS, tags).await?;
                send(client, COPY_CATEGORIES, categories).await?;
                progress.add(users.len() as u64);
            }
            Ok(())
        })
        .await
}

async fn write_tasks(
    client: &Client,
    drafts: &Drafts,
    users: &[User],
    total: usize,
    now: DateTime<Utc>,
) -> Result<(), BoxError> {
    let progress = Progress::new("seeds tasks", "tasks", Some(total as u64));
    progress
        .watch(async {
            let mut rows = String::new();
            let mut count = 0;
            for (user, number) in users
                .iter()
                .flat_map(|user| (0..user.tasks).map(move |number| (user, number)))
            {
                copy::write_task(&mut rows, drafts, user, number, now);
                count += 1;
                if count == CHUNK {
                    send(client, COPY_TASKS, std::mem::take(&mut rows)).await?;
                    progress.add(count as u64);
                    count = 0;
                }
            }
            send(client, COPY_TASKS, rows).await?;
            progress.add(count as u64);
            Ok(())
        })
        .await
}

async fn fill_search_index(client: &Client, users: &[User], total: usize) -> Result<(), BoxError> {
    let progress = Progress::new("indexes words", "tasks", Some(total as u64));
    progress
        .watch(async {
            for users in groups(users, INDEXED_AT_ONCE) {
                search_index::fill(client, users).await?;
                progress.add(users.iter().map(|user| user.tasks as u64).sum());
            }
            Ok(())
        })
        .await
}

/// Divides users into groups that have about so many tasks.
fn groups(mut users: &[User], tasks: usize) -> Vec<&[User]> {
    let mut groups = Vec::new();
    while !users.is_empty() {
        let mut sum = 0;
        let fit = users.iter().take_while(|user| {
            sum += user.tasks;
            sum <= tasks
        });
        let (group, rest) = users.split_at(fit.count().max(1));
        groups.push(group);
        users = rest;
    }
    groups
}

async fn send(client: &Client, statement: &str, rows: String) -> Result<(), BoxError> {
    let sink = client.copy_in(statement).await?;
    pin_mut!(sink);
    sink.send(bytes::Bytes::from(rows)).await?;
    sink.finish().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_indexed_in_groups_and_a_large_one_alone() {
        let user = |tasks| User {
            id: "bench-1".parse().unwrap(),
            number: 0,
            tasks,
        };
        let users = [50, 5, 5, 5].map(user);
        let sizes: Vec<usize> = groups(&users, 10).iter().map(|group| group.len()).collect();
        assert_eq!(sizes, [1, 2, 1]);
    }
}
