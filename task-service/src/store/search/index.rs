use std::collections::BTreeSet;

use diesel::{
    prelude::*,
    sql_types::{Array, Text, Uuid as UuidType},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};
use uuid::Uuid;

use super::{super::schema::tasks, key, separated};
use crate::domain::{SearchLanguage, Task, TaskId, search::words_of};

/// How many tasks one statement indexes.
const MOST_TASKS: usize = 1_000;

/// Indexes tasks as they are now: new ones, and those of which title, description, category or tags changed.
///
/// Their rows must have been written before.
#[tracing::instrument(name = "store.search.index", level = "debug", skip_all)]
pub async fn index(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    tasks: &[&Task],
) -> Result<(), DatabaseError> {
    for tasks in tasks.chunks(MOST_TASKS) {
        let ids = tasks.iter().map(|task| task.id.as_uuid()).collect();
        let words: BTreeSet<String> = tasks.iter().flat_map(|task| words(task)).collect();
        write(tx, user_id, ids, words.into_iter().collect()).await?;
    }
    Ok(())
}

/// Indexes all tasks of a user again, after they chose another language.
#[tracing::instrument(name = "store.search.index_again", level = "debug", skip_all)]
pub async fn index_again(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
) -> Result<(), DatabaseError> {
    let mut after = TaskId::from(Uuid::nil());
    loop {
        let ids: Vec<TaskId> = tasks::table
            .filter(tasks::user_id.eq(user_id.as_ref()))
            .filter(tasks::id.gt(after))
            .order(tasks::id)
            .select(tasks::id)
            .limit(i64::try_from(MOST_TASKS).unwrap_or(i64::MAX))
            .load(tx)
            .await?;
        let Some(last) = ids.last() else {
            return Ok(());
        };
        after = *last;
        let ids = ids.iter().map(|id| id.as_uuid()).collect();
        write(tx, user_id, ids, Vec::new()).await?;
    }
}

fn words(task: &Task) -> Vec<String> {
    let category = task.links.category.iter().map(|category| &category.name);
    let names = category.chain(task.links.tags.iter().map(|tag| &tag.name));
    [
        task.details.title.as_ref(),
        task.details.description.as_ref(),
    ]
    .into_iter()
    .chain(names.map(AsRef::as_ref))
    .flat_map(words_of)
    .collect()
}

async fn write(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    ids: Vec<Uuid>,
    words: Vec<String>,
) -> Result<(), DatabaseError> {
    diesel::sql_query(statement())
        .bind::<Text, _>(user_id.as_ref())
        .bind::<Array<UuidType>, _>(ids)
        .bind::<Array<Text>, _>(words)
        .execute(tx)
        .await?;
    Ok(())
}

/// Compares what was indexed of the tasks with what they say now and writes the difference. All is written in the order of the
/// keys, so that no two transactions wait for each other's words.
fn statement() -> String {
    let title = separated("t.title");
    let description = separated("t.description");
    let postings = format!(
        "{key} AS word, max(CASE WHEN 'A' = ANY (w.weights) THEN 3 WHEN 'B' = ANY (w.weights) THEN 2 ELSE 1 END)::smallint AS weight",
        key = key("w.lexeme"),
    );
    let language = SearchLanguage::default();
    let language = language.as_ref();
    // The sign alone stands between title and description, so that no phrase begins in one and ends in the other.
    format!(
        "WITH language AS MATERIALIZED (
            SELECT coalesce((SELECT search_language FROM settings WHERE user_id = $1), '{language}')::regconfig AS name
        ), documents AS MATERIALIZED (
            SELECT t.id AS task_id,
                   setweight(to_tsvector(language.name, {title}), 'A') || labels.words
                   || setweight(to_tsvector(language.name, {description}), 'D') AS words
            FROM tasks t, language, LATERAL (
                SELECT ('''#'':99B ' || coalesce(string_agg(format('''#%s'':99B', replace(id::text, '-', '')), ' '), ''))::tsvector
                       AS words
                FROM unnest(t.tag_ids || t.category_id) id WHERE id IS NOT NULL
            ) labels
            WHERE t.user_id = $1 AND t.id = ANY ($2)
        ), after AS MATERIALIZED (
            SELECT task_id, {postings} FROM documents, unnest(words) w WHERE w.lexeme <> '#' GROUP BY 1, 2
        ), before AS MATERIALIZED (
            SELECT task_id, {postings} FROM search_documents, unnest(words) w
            WHERE user_id = $1 AND task_id = ANY ($2) AND w.lexeme <> '#' GROUP BY 1, 2
        ), stored AS (
            INSERT INTO search_documents (user_id, task_id, words) SELECT $1, task_id, words FROM documents
            ON CONFLICT (user_id, task_id) DO UPDATE SET words = excluded.words
        ), removed AS (
            DELETE FROM search_postings p USING (SELECT * FROM before EXCEPT SELECT * FROM after) gone
            WHERE p.user_id = $1 AND p.word = gone.word AND p.weight = gone.weight AND p.task_id = gone.task_id
        ), added AS (
            INSERT INTO search_postings (user_id, word, weight, task_id)
            SELECT $1, word, weight, task_id FROM (SELECT * FROM after EXCEPT SELECT * FROM before) new
            ORDER BY word, weight, task_id
        )
        INSERT INTO search_words (user_id, word)
        SELECT $1, new.word FROM unnest($3) new(word)
        WHERE NOT EXISTS (SELECT FROM search_words known WHERE known.user_id = $1 AND known.word = new.word)
        ORDER BY new.word
        ON CONFLICT DO NOTHING"
    )
}
