use diesel::{
    prelude::*,
    sql_types::{Array, Text, Uuid as UuidType},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};
use uuid::Uuid;

use super::{
    super::{schema::tasks, settings},
    document::Document,
};
use crate::domain::{SearchLanguage, Task, TaskId, search::Stemmer};

/// How many tasks one statement indexes.
const MOST_TASKS: usize = 1_000;

/// Adds the words that are new, in order, so that no two transactions wait for each other's words.
const NEW_WORDS: &str = "INSERT INTO search_words (user_id, word) SELECT $1, word FROM unnest($4) new(word) ON CONFLICT DO NOTHING";

/// Inserts documents.
const INSERT: &str = "WITH stored AS (
        INSERT INTO search_documents (user_id, task_id, words)
        SELECT $1, id, words::tsvector FROM unnest($2, $3) new(id, words)
    )";

/// Replaces documents; those of deleted labels stay, for the deletion may be undone.
const REPLACE: &str = "WITH stored AS (
        INSERT INTO search_documents (user_id, task_id, words)
        SELECT $1, t.id, new.words::tsvector || labels.words
        FROM unnest($2, $3) new(id, words) JOIN tasks t ON t.user_id = $1 AND t.id = new.id, LATERAL (
            SELECT coalesce(string_agg(format('''#%s'':1B', replace(id::text, '-', '')), ' '), '')::tsvector AS words
            FROM unnest(t.tag_ids || t.category_id) id WHERE id IS NOT NULL
        ) labels
        ON CONFLICT (user_id, task_id) DO UPDATE SET words = excluded.words
    )";

/// Indexes new tasks, whose rows need not be written yet, and others of which title, description, category or tags changed, whose
/// rows must have been written.
#[tracing::instrument(name = "store.search.index", level = "debug", skip_all)]
pub async fn index(
    tx: &AsyncPgConnection,
    user_id: &UserId,
    created: &[Task],
    changed: &[Task],
) -> Result<(), DatabaseError> {
    if created.is_empty() && changed.is_empty() {
        return Ok(());
    }
    let language = settings::find(tx, user_id).await?.search_language;
    for tasks in created.chunks(MOST_TASKS) {
        let documents = tasks.iter().map(|task| (text(task), labels(task)));
        write(tx, user_id, language, INSERT, documents).await?;
    }
    for tasks in changed.chunks(MOST_TASKS) {
        let documents = tasks.iter().map(|task| (text(task), String::new()));
        write(tx, user_id, language, REPLACE, documents).await?;
    }
    Ok(())
}

/// Indexes all tasks of a user again, after they chose another language.
#[tracing::instrument(name = "store.search.index_again", level = "debug", skip_all)]
pub async fn index_again(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    language: SearchLanguage,
) -> Result<(), DatabaseError> {
    let mut after = TaskId::from(Uuid::nil());
    loop {
        let page: Vec<(TaskId, String, String)> = tasks::table
            .filter(tasks::user_id.eq(user_id.as_ref()))
            .filter(tasks::id.gt(after))
            .order(tasks::id)
            .select((tasks::id, tasks::title, tasks::description))
            .limit(i64::try_from(MOST_TASKS).unwrap_or(i64::MAX))
            .load(tx)
            .await?;
        let Some((last, ..)) = page.last() else {
            return Ok(());
        };
        after = *last;
        let documents = page
            .iter()
            .map(|(id, title, description)| ((*id, &**title, &**description), String::new()));
        write(tx, user_id, language, REPLACE, documents).await?;
    }
}

/// Moves the pending list of the index into the index.
#[tracing::instrument(name = "store.search.clean", level = "debug", skip_all)]
pub async fn clean(tx: &mut AsyncPgConnection) -> Result<(), DatabaseError> {
    diesel::sql_query("SELECT gin_clean_pending_list('search_documents_by_word')")
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

fn text(task: &Task) -> (TaskId, &str, &str) {
    let details = &task.details;
    (
        task.id,
        details.title.as_ref(),
        details.description.as_ref(),
    )
}

/// Returns the category and the tags of a task as they stand in its document.
fn labels(task: &Task) -> String {
    let category = task
        .links
        .category
        .iter()
        .map(|category| category.id.as_uuid());
    let labels = category.chain(task.links.tags.iter().map(|tag| tag.id.as_uuid()));
    labels.map(|id| format!("'#{}':1B ", id.simple())).collect()
}

async fn write<'a>(
    mut tx: &AsyncPgConnection,
    user_id: &UserId,
    language: SearchLanguage,
    statement: &str,
    tasks: impl Iterator<Item = ((TaskId, &'a str, &'a str), String)>,
) -> Result<(), DatabaseError> {
    let mut documents = Document::new(user_id, Stemmer::new(language));
    let (ids, written): (Vec<Uuid>, Vec<String>) = tasks
        .map(|((id, title, description), labels)| {
            (id.as_uuid(), documents.write(title, description) + &labels)
        })
        .unzip();
    diesel::sql_query(format!("{statement} {NEW_WORDS}"))
        .bind::<Text, _>(user_id.as_ref())
        .bind::<Array<UuidType>, _>(ids)
        .bind::<Array<Text>, _>(written)
        .bind::<Array<Text>, _>(Vec::from_iter(documents.words))
        .fixed()
        .execute(&mut tx)
        .await?;
    Ok(())
}
