use std::collections::{BTreeSet, HashMap};

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
use crate::domain::{SearchLanguage, Settings, Task, TaskId, search::Stemmer};

/// How many tasks one statement indexes.
const MOST_TASKS: usize = 1_000;

/// Adds the words that are new, in order, so that no two transactions wait for each other's words.
const NEW_WORDS: &str = "INSERT INTO search_words (user_id, word) SELECT * FROM unnest($4, $5) new(user_id, word) ON CONFLICT DO NOTHING";

/// Inserts documents.
const INSERT: &str = "WITH stored AS (
        INSERT INTO search_documents (user_id, task_id, words)
        SELECT user_id, id, words::tsvector FROM unnest($1, $2, $3) new(user_id, id, words)
    )";

/// Replaces documents; those of deleted labels stay, for the deletion may be undone.
const REPLACE: &str = "WITH stored AS (
        INSERT INTO search_documents (user_id, task_id, words)
        SELECT t.user_id, t.id, new.words::tsvector || labels.words
        FROM unnest($1, $2, $3) new(user_id, id, words) JOIN tasks t ON t.user_id = new.user_id AND t.id = new.id, LATERAL (
            SELECT coalesce(string_agg(format('''#%s'':1B', replace(id::text, '-', '')), ' '), '')::tsvector AS words
            FROM unnest(t.tag_ids || t.category_id) id WHERE id IS NOT NULL
        ) labels
        ON CONFLICT (user_id, task_id) DO UPDATE SET words = excluded.words
    )";

/// Indexes new tasks, whose rows need not be written yet, and others of which title, description, category or tags changed, whose
/// rows must have been written. Settings that are not known are read.
#[tracing::instrument(name = "store.search.index", level = "debug", skip_all)]
pub async fn index(
    tx: &AsyncPgConnection,
    known: &mut HashMap<UserId, Settings>,
    created: &[Task],
    changed: &[Task],
) -> Result<(), DatabaseError> {
    let users = created.iter().chain(changed).map(|task| &task.user_id);
    settings::find_all(tx, users, known).await?;
    for tasks in created.chunks(MOST_TASKS) {
        Documents::of(tasks, known, labels)
            .write(tx, INSERT)
            .await?;
    }
    for tasks in changed.chunks(MOST_TASKS) {
        let documents = Documents::of(tasks, known, |_| String::new());
        documents.write(tx, REPLACE).await?;
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
        let texts = page.iter();
        let texts = texts.map(|(id, title, description)| (*id, &**title, &**description));
        let mut documents = Documents::default();
        documents.add(user_id, language, texts.map(|text| (text, String::new())));
        documents.write(tx, REPLACE).await?;
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

/// Documents that one statement writes.
#[derive(Default)]
struct Documents<'a> {
    users: Vec<&'a str>,
    ids: Vec<Uuid>,
    written: Vec<String>,
    words: BTreeSet<(&'a str, String)>,
}

impl<'a> Documents<'a> {
    fn of(
        tasks: &'a [Task],
        settings: &HashMap<UserId, Settings>,
        labels: impl Fn(&Task) -> String,
    ) -> Self {
        let mut documents = Self::default();
        for of_user in tasks.chunk_by(|one, next| one.user_id == next.user_id) {
            let Some(Task { user_id, .. }) = of_user.first() else {
                continue;
            };
            let language = settings.get(user_id).map(|found| found.search_language);
            let texts = of_user.iter().map(|task| (text(task), labels(task)));
            documents.add(user_id, language.unwrap_or_default(), texts);
        }
        documents
    }

    fn add<'t>(
        &mut self,
        user_id: &'a UserId,
        language: SearchLanguage,
        tasks: impl Iterator<Item = ((TaskId, &'t str, &'t str), String)>,
    ) {
        let user: &str = user_id.as_ref();
        let mut document = Document::new(user_id, Stemmer::new(language));
        for ((id, title, description), labels) in tasks {
            self.users.push(user);
            self.ids.push(id.as_uuid());
            self.written
                .push(document.write(title, description) + &labels);
        }
        let words = document.words.into_iter();
        self.words.extend(words.map(|word| (user, word)));
    }

    async fn write(self, mut tx: &AsyncPgConnection, statement: &str) -> Result<(), DatabaseError> {
        let (users, words): (Vec<&str>, Vec<String>) = self.words.into_iter().unzip();
        diesel::sql_query(format!("{statement} {NEW_WORDS}"))
            .bind::<Array<Text>, _>(self.users)
            .bind::<Array<UuidType>, _>(self.ids)
            .bind::<Array<Text>, _>(self.written)
            .bind::<Array<Text>, _>(users)
            .bind::<Array<Text>, _>(words)
            .fixed()
            .execute(&mut tx)
            .await?;
        Ok(())
    }
}
