use std::{collections::BTreeSet, sync::LazyLock};

use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{Array, Text, Uuid as UuidType},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError},
};
use uuid::Uuid;

use super::{super::schema::tasks, key, language_of_user, words_of_name};
use crate::domain::{
    Details, Task, TaskId,
    search::{LONGER_WORDS, has_longer_words, plain, words_of},
};

/// How many tasks one statement indexes.
const MOST_TASKS: usize = 1_000;

/// Indexes new tasks; their rows need not be written yet.
#[tracing::instrument(name = "store.search.index_new", level = "debug", skip_all)]
pub async fn index_new(
    mut tx: &AsyncPgConnection,
    user_id: &UserId,
    tasks: &[Task],
) -> Result<(), DatabaseError> {
    for tasks in tasks.chunks(MOST_TASKS) {
        let Texts {
            ids,
            titles,
            descriptions,
        } = tasks.iter().map(text).collect();
        let words: BTreeSet<String> = tasks.iter().flat_map(words).collect();
        let labels: Vec<String> = tasks.iter().map(labels).collect();
        diesel::sql_query(&*NEW_STATEMENT)
            .bind::<Text, _>(user_id.as_ref())
            .bind::<Array<UuidType>, _>(ids)
            .bind::<Array<Text>, _>(titles)
            .bind::<Array<Text>, _>(descriptions)
            .bind::<Array<Text>, _>(Vec::from_iter(words))
            .bind::<Array<Text>, _>(labels)
            .fixed()
            .execute(&mut tx)
            .await?;
    }
    Ok(())
}

/// Indexes tasks of which title, description, category or tags changed, as they are now; their rows must have been written.
#[tracing::instrument(name = "store.search.index", level = "debug", skip_all)]
pub async fn index(
    mut tx: &AsyncPgConnection,
    user_id: &UserId,
    tasks: &[Task],
) -> Result<(), DatabaseError> {
    for tasks in tasks.chunks(MOST_TASKS) {
        let texts = tasks.iter().map(text).collect();
        let words: BTreeSet<String> = tasks.iter().flat_map(words).collect();
        write(&mut tx, user_id, texts, Vec::from_iter(words)).await?;
    }
    Ok(())
}

/// Indexes all labels and tasks of a user again, after they chose another language.
#[tracing::instrument(name = "store.search.index_again", level = "debug", skip_all)]
pub async fn index_again(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
) -> Result<(), DatabaseError> {
    index_names(tx, user_id).await?;
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
        let texts = page
            .iter()
            .map(|(id, title, description)| (*id, title.as_str(), description.as_str()));
        write(&mut &*tx, user_id, texts.collect(), Vec::new()).await?;
    }
}

/// Sorts in the parts of words that have gathered since the last time, so that a search need not read them all.
pub async fn fold_words(tx: &mut AsyncPgConnection) -> Result<(), DatabaseError> {
    diesel::sql_query("SELECT gin_clean_pending_list('search_words_by_parts')")
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

async fn index_names(tx: &mut AsyncPgConnection, user_id: &UserId) -> Result<(), DatabaseError> {
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = UuidType)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        display_name: String,
    }
    let [words, _] = words_of_name("named.name");
    for table in ["categories", "tags"] {
        let all: Vec<Named> = diesel::sql_query(format!(
            "SELECT id, display_name FROM {table} WHERE user_id = $1 FOR UPDATE"
        ))
        .bind::<Text, _>(user_id.as_ref())
        .fixed()
        .load(tx)
        .await?;
        let (ids, names): (Vec<Uuid>, Vec<String>) = all
            .into_iter()
            .map(|named| (named.id, plain(&named.display_name)))
            .unzip();
        diesel::sql_query(format!(
            "UPDATE {table} label SET words = {words} FROM unnest($2, $3) named (id, name)
             WHERE label.user_id = $1 AND label.id = named.id"
        ))
        .bind::<Text, _>(user_id.as_ref())
        .bind::<Array<UuidType>, _>(ids)
        .bind::<Array<Text>, _>(names)
        .fixed()
        .execute(tx)
        .await?;
    }
    Ok(())
}

fn words(task: &Task) -> Vec<String> {
    let category = task.links.category.iter().map(|category| &category.name);
    let names = category.chain(task.links.tags.iter().map(|tag| &tag.name));
    let texts = [
        task.details.title.as_ref(),
        task.details.description.as_ref(),
    ];
    let longer = texts.into_iter().any(has_longer_words);
    texts
        .into_iter()
        .chain(names.map(AsRef::as_ref))
        .flat_map(words_of)
        .chain(longer.then(|| LONGER_WORDS.to_owned()))
        .collect()
}

/// Returns the category and the tags of a task as they stand in its document. The sign alone stands between title and
/// description, so that no phrase begins in one and ends in the other.
fn labels(task: &Task) -> String {
    let category = task
        .links
        .category
        .iter()
        .map(|category| category.id.as_uuid());
    let tags = task.links.tags.iter().map(|tag| tag.id.as_uuid());
    let labels = category
        .chain(tags)
        .map(|id| format!(" '#{}':99B", id.simple()));
    std::iter::once("'#':99B".to_owned())
        .chain(labels)
        .collect()
}

/// What tasks say, as PostgreSQL takes it.
#[derive(Default)]
struct Texts {
    ids: Vec<Uuid>,
    titles: Vec<String>,
    descriptions: Vec<String>,
}

fn text(task: &Task) -> (TaskId, &str, &str) {
    let Details {
        title, description, ..
    } = &task.details;
    (task.id, title.as_ref(), description.as_ref())
}

impl<'a> FromIterator<(TaskId, &'a str, &'a str)> for Texts {
    fn from_iter<I: IntoIterator<Item = (TaskId, &'a str, &'a str)>>(texts: I) -> Self {
        let mut all = Self::default();
        for (id, title, description) in texts {
            all.ids.push(id.as_uuid());
            all.titles.push(plain(title));
            all.descriptions.push(plain(description));
        }
        all
    }
}

async fn write(
    tx: &mut &AsyncPgConnection,
    user_id: &UserId,
    texts: Texts,
    words: Vec<String>,
) -> Result<(), DatabaseError> {
    let Texts {
        ids,
        titles,
        descriptions,
    } = texts;
    diesel::sql_query(&*STATEMENT)
        .bind::<Text, _>(user_id.as_ref())
        .bind::<Array<UuidType>, _>(ids)
        .bind::<Array<Text>, _>(titles)
        .bind::<Array<Text>, _>(descriptions)
        .bind::<Array<Text>, _>(words)
        .fixed()
        .execute(tx)
        .await?;
    Ok(())
}

/// The words as they stand in `search_postings`, of a lexeme called `w`.
const WEIGHT: &str = "(CASE WHEN 'A' = ANY (w.weights) THEN 3 WHEN 'B' = ANY (w.weights) THEN 2 ELSE 1 END)::smallint";

/// Adds the words that are new, in order.
const NEW_WORDS: &str = "INSERT INTO search_words (user_id, word)
        SELECT $1, new.word FROM unnest($5) new(word)
        WHERE NOT EXISTS (SELECT FROM search_words known WHERE known.user_id = $1 AND known.word = new.word)
        ORDER BY new.word
        ON CONFLICT DO NOTHING";

/// Writes what new tasks say. All is written in the order of the keys, so that no two transactions wait for each other's words.
static NEW_STATEMENT: LazyLock<String> = LazyLock::new(|| {
    let (language, key) = (language_of_user(), key("w.lexeme"));
    format!(
        "WITH language AS MATERIALIZED (
            SELECT {language} AS name
        ), documents AS MATERIALIZED (
            SELECT given.id AS task_id,
                   setweight(to_tsvector(language.name, given.title), 'A') || given.labels::tsvector
                   || setweight(to_tsvector(language.name, given.description), 'D') AS words
            FROM unnest($2, $3, $4, $6) given (id, title, description, labels), language
        ), stored AS (
            INSERT INTO search_documents (user_id, task_id, words) SELECT $1, task_id, words FROM documents
        ), added AS (
            INSERT INTO search_postings (user_id, word, weight, task_id)
            SELECT $1, {key} AS word, {WEIGHT} AS weight, task_id FROM documents, unnest(words) w WHERE w.lexeme <> '#'
            ORDER BY word, weight, task_id
        )
        {NEW_WORDS}"
    )
});

/// Compares what was indexed of the tasks with what they say now and writes the difference, in the same order.
static STATEMENT: LazyLock<String> = LazyLock::new(|| {
    let postings = format!("{} AS word, max({WEIGHT}) AS weight", key("w.lexeme"));
    let language = language_of_user();
    format!(
        "WITH language AS MATERIALIZED (
            SELECT {language} AS name
        ), documents AS MATERIALIZED (
            SELECT t.id AS task_id,
                   setweight(to_tsvector(language.name, given.title), 'A') || labels.words
                   || setweight(to_tsvector(language.name, given.description), 'D') AS words
            FROM unnest($2, $3, $4) given (id, title, description)
            JOIN tasks t ON t.user_id = $1 AND t.id = given.id, language, LATERAL (
                SELECT ('''#'':99B ' || coalesce(string_agg(format('''#%s'':99B', replace(id::text, '-', '')), ' '), ''))::tsvector
                       AS words
                FROM unnest(t.tag_ids || t.category_id) id WHERE id IS NOT NULL
            ) labels
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
        {NEW_WORDS}"
    )
});
