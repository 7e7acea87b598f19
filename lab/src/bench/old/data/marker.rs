//! The note in the database that the data set is complete, with what it was made from.

use serde_json::{Value, json};
use tokio_postgres::Client;

use super::Sizes;

/// Changes whenever the same sizes and seed would make other tasks.
const VERSION: u32 = 1;

/// What stands in the database.
#[derive(Debug, PartialEq, Eq)]
pub enum Marker {
    /// The data set that is wanted.
    Same,
    /// One of other sizes or another seed, described.
    Different(String),
    /// None, or one that was not finished.
    Missing,
}

/// Looks which data set there is.
pub async fn find(client: &Client, sizes: &Sizes) -> Result<Marker, tokio_postgres::Error> {
    client
        .batch_execute(
            "CREATE SCHEMA IF NOT EXISTS bench;
             CREATE TABLE IF NOT EXISTS bench.data_set (
                 only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
                 made_from text NOT NULL
             );",
        )
        .await?;
    let row = client
        .query_opt("SELECT made_from FROM bench.data_set", &[])
        .await?;
    let wanted = made_from(sizes).to_string();
    Ok(match row.map(|row| row.get::<_, String>(0)) {
        None => Marker::Missing,
        Some(found) if found == wanted => Marker::Same,
        Some(found) => Marker::Different(found),
    })
}

/// Notes that the data set is complete.
pub async fn insert(client: &Client, sizes: &Sizes) -> Result<(), tokio_postgres::Error> {
    let made_from = made_from(sizes).to_string();
    client
        .execute(
            "INSERT INTO bench.data_set (made_from) VALUES ($1)",
            &[&made_from],
        )
        .await
        .map(drop)
}

/// Notes that the data set is not complete.
pub async fn delete(client: &Client) -> Result<(), tokio_postgres::Error> {
    client
        .execute("DELETE FROM bench.data_set", &[])
        .await
        .map(drop)
}

fn made_from(sizes: &Sizes) -> Value {
    let mut tasks_of_user = sizes.tasks_of_user.clone();
    tasks_of_user.sort_unstable();
    json!({
        "version": VERSION,
        "seed": sizes.seed,
        "tasks_of_user": tasks_of_user,
        "tasks_in_all": sizes.tasks_in_all,
    })
}
