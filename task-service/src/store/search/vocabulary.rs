use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Text},
};
use diesel_async::AsyncPgConnection;
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{super::Statement, key, meaning::MANY, push_names};
use crate::domain::{SearchLanguage, search::Typo};

/// How many words with one beginning or ending are read.
const MOST_READ: i64 = 5_000;

/// How many words an unfinished one is taken for.
const MOST_WORDS: i64 = 32;

/// What an unfinished word may become.
#[derive(Debug, Clone, Default, PartialEq, Eq, QueryableByName)]
pub struct Completions {
    /// The words that begin with it, as they stand in `search_postings`.
    #[diesel(sql_type = Array<Text>)]
    pub words: Vec<String>,
    /// The labels with a word that begins with it.
    #[diesel(sql_type = Array<Text>)]
    pub labels: Vec<String>,
    /// How many tasks have one of them, up to many.
    #[diesel(sql_type = BigInt)]
    pub size: i64,
}

/// Finds what an unfinished word, of letters and digits only, may become; of too many words the shortest.
#[tracing::instrument(name = "store.search.complete", level = "debug", skip_all)]
pub async fn complete(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    language: SearchLanguage,
    beginning: &str,
) -> Result<Completions, DatabaseError> {
    let statement = completing(user_id.as_ref(), language.as_ref(), beginning);
    Ok(statement.load(tx).await?.pop().unwrap_or_default())
}

/// Finds words that have the beginning or the ending of a mistyped one, and about its length.
#[tracing::instrument(name = "store.search.near", level = "debug", skip_all)]
pub async fn near(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    typo: &Typo,
) -> Result<Vec<String>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Word {
        #[diesel(sql_type = Text)]
        word: String,
    }
    let words: Vec<Word> = nearing(user_id.as_ref(), typo).load(tx).await?;
    Ok(words.into_iter().map(|word| word.word).collect())
}

pub(super) fn completing(user_id: &str, language: &str, beginning: &str) -> Statement {
    let mut statement = Statement::fixed();
    statement.push("WITH ");
    push_names(&mut statement, user_id);
    statement.push(" SELECT words, labels, (SELECT count(*) FROM (SELECT FROM search_postings p WHERE p.user_id = ").bind(user_id);
    statement
        .push(" AND p.word = ANY (words || labels) LIMIT ")
        .bind(MANY)
        .push(") counted) AS size FROM (");
    statement
        .push("SELECT ARRAY(SELECT DISTINCT ")
        .push(&key("lexeme"));
    statement
        .push(" FROM (SELECT word FROM (SELECT word FROM search_words WHERE user_id = ")
        .bind(user_id);
    push_range(&mut statement, "word", beginning);
    statement.push(" ORDER BY word LIMIT ").bind(MOST_READ);
    statement
        .push(") begun ORDER BY char_length(word), word LIMIT ")
        .bind(MOST_WORDS);
    statement
        .push(") short, unnest(tsvector_to_array(to_tsvector(")
        .bind(language);
    statement.push("::regconfig, word))) lexeme) AS words, ");
    statement
        .push("ARRAY(SELECT key FROM names WHERE forms @@ ")
        .bind(format!("'{beginning}':*"));
    statement
        .push("::tsquery LIMIT ")
        .bind(MOST_WORDS)
        .push(") AS labels OFFSET 0) begun");
    statement
}

pub(super) fn nearing(user_id: &str, typo: &Typo) -> Statement {
    let ending: String = typo.ending().chars().rev().collect();
    let mut statement = Statement::fixed();
    for (place, (column, beginning)) in [("word", typo.beginning()), ("reverse(word)", &ending)]
        .into_iter()
        .enumerate()
    {
        statement.push(if place == 0 { "" } else { " UNION " });
        statement
            .push("(SELECT word FROM (SELECT word FROM search_words WHERE user_id = ")
            .bind(user_id);
        push_range(&mut statement, column, beginning);
        statement
            .push(" ORDER BY ")
            .push(column)
            .push(" LIMIT ")
            .bind(MOST_READ);
        statement
            .push(") alike WHERE char_length(word) BETWEEN ")
            .bind(typo.lengths().start().to_owned());
        statement
            .push(" AND ")
            .bind(typo.lengths().end().to_owned())
            .push(")");
    }
    statement
}

fn push_range(statement: &mut Statement, column: &str, beginning: &str) {
    statement
        .push(" AND ")
        .push(column)
        .push(" >= ")
        .bind(beginning);
    statement
        .push(" AND ")
        .push(column)
        .push(" < ")
        .bind(format!("{beginning}{}", char::MAX));
}
