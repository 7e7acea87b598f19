use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Nullable, Text},
};
use diesel_async::AsyncPgConnection;
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{super::Statement, key, push_names};
use crate::domain::{SearchLanguage, search::plain};

/// Where counting the tasks with a word ends: beyond, it is one of many.
pub const MANY: i64 = 1_000;

/// What a term means in the user's language and among the user's tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, QueryableByName)]
pub struct Meaning {
    /// The term as a `tsquery`; none if it has no words, or only such as are in every text.
    #[diesel(sql_type = Nullable<Text>)]
    pub query: Option<String>,
    /// Its words as they stand in `search_postings`.
    #[diesel(sql_type = Array<Text>)]
    pub words: Vec<String>,
    /// How many tasks contain each of them, up to many.
    #[diesel(sql_type = Array<BigInt>)]
    pub sizes: Vec<i64>,
    /// The labels whose names contain it, as they stand in `search_postings`.
    #[diesel(sql_type = Array<Text>)]
    pub labels: Vec<String>,
    /// How many tasks have one of them, up to many.
    #[diesel(sql_type = BigInt)]
    pub label_size: i64,
}

/// Finds out what terms mean, in their order.
#[tracing::instrument(name = "store.search.meanings", level = "debug", skip_all)]
pub async fn meanings(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    language: SearchLanguage,
    terms: Vec<String>,
) -> Result<Vec<Meaning>, DatabaseError> {
    let terms = terms.iter().map(|term| plain(term)).collect();
    statement(user_id.as_ref(), language.as_ref(), terms)
        .load(tx)
        .await
}

pub(super) fn statement(user_id: &str, language: &str, terms: Vec<String>) -> Statement {
    const MOST_LABELS: i64 = 64;
    let mut statement = Statement::fixed();
    statement.push("WITH ");
    push_names(&mut statement, user_id);
    statement
        .push(" SELECT nullif(term.query::text, '') AS query, found.words, found.sizes, label.labels, label.label_size FROM (SELECT ")
        .push("text, ordinality, phraseto_tsquery(")
        .bind(language)
        .push("::regconfig, text) AS query FROM unnest(")
        .bind(terms)
        .push(") WITH ORDINALITY given(text, ordinality) OFFSET 0) term")
        .push(" CROSS JOIN LATERAL (SELECT coalesce(array_agg(word), '{}') AS words, coalesce(array_agg(size), '{}') AS sizes FROM (")
        .push("SELECT word, (SELECT count(*) FROM (SELECT FROM search_postings p WHERE p.user_id = ")
        .bind(user_id)
        .push(" AND p.word = one.word LIMIT ")
        .bind(MANY)
        .push(") counted) AS size FROM (SELECT ")
        .push(&key("lexeme"))
        .push(" AS word FROM unnest(tsvector_to_array(to_tsvector(")
        .bind(language)
        .push("::regconfig, term.text))) lexeme OFFSET 0) one OFFSET 0) sized) found")
        .push(" CROSS JOIN LATERAL (SELECT labels, (SELECT count(*) FROM (SELECT FROM search_postings p WHERE p.user_id = ")
        .bind(user_id)
        .push(" AND p.word = ANY (labels) LIMIT ")
        .bind(MANY)
        .push(") counted) AS label_size FROM (SELECT ARRAY(SELECT names.key FROM names WHERE names.words @@ term.query LIMIT ")
        .bind(MOST_LABELS)
        .push(") AS labels OFFSET 0) named) label ORDER BY term.ordinality");
    statement
}
