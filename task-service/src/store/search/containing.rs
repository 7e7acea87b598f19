use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Text},
};
use diesel_async::AsyncPgConnection;
use service_runtime::{ids::UserId, postgres::DatabaseError};
use uuid::Uuid;

use super::{super::Statement, key, language_of_user};
use crate::domain::search::LONGER_WORDS;

/// In how many words a text may be.
const MOST_WORDS: i64 = 64;

#[derive(Default, QueryableByName)]
struct Row {
    #[diesel(sql_type = Array<Text>)]
    keys: Vec<String>,
    #[diesel(sql_type = Bool)]
    is_known: bool,
    #[diesel(sql_type = BigInt)]
    size: i64,
}

/// Returns how a label stands in `search_postings`.
pub fn label_word(id: Uuid) -> String {
    format!("#{}", id.simple())
}

/// Counts the tasks with one of these words, as they stand in `search_postings`, up to one more than `most`.
pub async fn size(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    words: &[String],
    most: i64,
) -> Result<i64, DatabaseError> {
    let rows: Vec<Size> = sizing(user_id.as_ref(), words, most).load(tx).await?;
    Ok(rows.into_iter().map(|row| row.size).sum())
}

pub(super) fn sizing(user_id: &str, words: &[String], most: i64) -> Statement {
    let mut statement = Statement::fixed();
    statement
        .push("SELECT count(*) AS size FROM (SELECT FROM search_postings p WHERE p.user_id = ")
        .bind(user_id)
        .push(" AND p.word = ANY (")
        .bind(words.to_vec())
        .push(") LIMIT ")
        .bind(most + 1)
        .push(") counted");
    statement
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = BigInt)]
    size: i64,
}

/// Finds the words, as they stand in `search_postings`, of which every task has one whose title or description contains a text:
/// three or more letters and digits in lower case, all ASCII.
///
/// Returns none if they are too many, or are in more tasks than `most`, or cannot be told because they are not indexed.
#[tracing::instrument(name = "store.search.containing", level = "debug", skip_all)]
pub async fn containing(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    text: &str,
    most: i64,
) -> Result<Option<Vec<String>>, DatabaseError> {
    let rows: Vec<Row> = statement(user_id.as_ref(), text, most).load(tx).await?;
    let row = rows.into_iter().next().unwrap_or_default();
    Ok((row.is_known && row.size <= most).then_some(row.keys))
}

/// A word without a lexeme is one that is not indexed, because it is in every text. With the OFFSET the planner does not read all
/// words of the user to compare them with those that have the parts.
pub(super) fn statement(user_id: &str, text: &str, most: i64) -> Statement {
    let mut statement = Statement::fixed();
    statement
        .push("WITH words AS MATERIALIZED (SELECT word FROM (SELECT user_id, word FROM search_words WHERE ")
        .push("search_parts(user_id, word) @> search_parts(")
        .bind(user_id)
        .push(", ")
        .bind(text)
        .push(") OFFSET 0) alike WHERE user_id = ")
        .bind(user_id)
        .push(" AND strpos(word, ")
        .bind(text)
        .push(") > 0 LIMIT ")
        .bind(MOST_WORDS + 1)
        .push("), lexemes AS MATERIALIZED (SELECT ")
        .push(&key("lexeme"))
        .push(" AS key FROM words LEFT JOIN LATERAL unnest(tsvector_to_array(to_tsvector(")
        .push(&language_of_user())
        .push(", word))) lexeme ON TRUE), found AS MATERIALIZED (SELECT ")
        .push("ARRAY(SELECT DISTINCT key FROM lexemes WHERE key IS NOT NULL) AS keys, ")
        .push("NOT EXISTS (SELECT FROM lexemes WHERE key IS NULL) AND (SELECT count(*) FROM words) <= ")
        .bind(MOST_WORDS)
        .push(" AND NOT EXISTS (SELECT FROM search_words WHERE user_id = ")
        .bind(user_id)
        .push(" AND word = ")
        .bind(LONGER_WORDS)
        .push(") AS is_known) SELECT keys, is_known, (SELECT count(*) FROM (SELECT FROM search_postings p WHERE p.user_id = ")
        .bind(user_id)
        .push(" AND p.word = ANY (keys) LIMIT ")
        .bind(most + 1)
        .push(") counted) AS size FROM found");
    statement
}
