use diesel::{
    QueryableByName,
    sql_types::{Text, Uuid as UuidType},
};
use diesel_async::AsyncPgConnection;
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::super::Statement;
use crate::domain::{SearchLanguage, TaskId};

/// What a task says, with the matching words marked.
#[derive(Debug, Clone, QueryableByName)]
pub struct Highlight {
    /// The task.
    #[diesel(sql_type = UuidType)]
    pub id: TaskId,
    /// The whole title.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// The part of the description that matches best; empty if none does.
    #[diesel(sql_type = Text)]
    pub description: String,
}

/// Marks the words of a `tsquery` in titles and descriptions; `words` are words of it.
#[tracing::instrument(name = "store.search.highlight", level = "debug", skip_all)]
pub async fn highlight(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    language: SearchLanguage,
    query: &str,
    words: Vec<String>,
    ids: &[TaskId],
) -> Result<Vec<Highlight>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    statement(user_id.as_ref(), language.as_ref(), query, words, ids)
        .load(tx)
        .await
}

/// Marking reads every word, so of a long description only the neighbourhood of the first match is read.
pub(super) fn statement(
    user_id: &str,
    language: &str,
    query: &str,
    words: Vec<String>,
    ids: &[TaskId],
) -> Statement {
    const MARKS: &str = "StartSel=**, StopSel=**";
    let mut statement = Statement::fixed();
    statement
        .push("SELECT t.id, ts_headline(")
        .bind(language)
        .push("::regconfig, t.title, ")
        .bind(query);
    statement
        .push("::tsquery, '")
        .push(MARKS)
        .push(", HighlightAll=true') AS title, ");
    statement
        .push("CASE WHEN to_tsvector(")
        .bind(language)
        .push("::regconfig, near.text) @@ ")
        .bind(query);
    statement
        .push("::tsquery THEN ts_headline(")
        .bind(language)
        .push("::regconfig, near.text, ")
        .bind(query);
    statement.push("::tsquery, '").push(MARKS);
    statement.push(", MaxFragments=2, MaxWords=24, MinWords=8, FragmentDelimiter=\" … \"') ELSE '' END AS description ");
    statement.push("FROM tasks t CROSS JOIN LATERAL (SELECT substring(t.description FROM greatest(1, coalesce((");
    statement
        .push("SELECT min(nullif(strpos(lower(t.description), word), 0)) FROM unnest(")
        .bind(words);
    statement
        .push(") word), 1) - 200) FOR 2000) AS text OFFSET 0) near WHERE t.user_id = ")
        .bind(user_id);
    let ids = ids.iter().map(|id| id.as_uuid()).collect::<Vec<_>>();
    statement.push(" AND t.id = ANY (").bind(ids).push(")");
    statement
}
