use diesel::{QueryableByName, sql_types::Text};
use diesel_async::AsyncPgConnection;
use service_runtime::{ids::UserId, postgres::DatabaseError};

use super::{
    super::Statement,
    document::LONGER_WORDS,
    find::sizes,
    tsquery::{TsQuery, UserKey},
};
use crate::domain::search::Typo;

/// How many words with one beginning or ending are read.
const MOST_READ: i64 = 5_000;

/// In how many words a text may be.
const MOST_WORDS: usize = 64;

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// Finds words that have the beginning or the ending of a mistyped one, and about its length.
#[tracing::instrument(name = "store.search.near", level = "debug", skip_all)]
pub async fn near(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    typo: &Typo,
) -> Result<Vec<String>, DatabaseError> {
    let words: Vec<Word> = nearing(user_id.as_ref(), typo).load(tx).await?;
    Ok(words.into_iter().map(|word| word.word).collect())
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
            .bind(user_id)
            .push(" AND ")
            .push(column)
            .push(" >= ")
            .bind(beginning)
            .push(" AND ")
            .push(column)
            .push(" < ")
            .bind(format!("{beginning}{}", char::MAX))
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

/// Returns a condition that the documents fulfil of all tasks whose title or description contains a text: three or more letters
/// and digits in lower case, all ASCII.
///
/// Returns none if more tasks than `most` fulfil it, or if the text is in too many words, or in such as are not in the vocabulary.
#[tracing::instrument(name = "store.search.containing", level = "debug", skip_all)]
pub async fn containing(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    text: &str,
    most: i64,
) -> Result<Option<TsQuery>, DatabaseError> {
    let words: Vec<Word> = statement(user_id.as_ref(), text).load(tx).await?;
    if words.len() > MOST_WORDS || words.iter().any(|word| word.word == LONGER_WORDS) {
        return Ok(None);
    }
    let key = UserKey::of(user_id);
    // No task has the text alone.
    let words = words.iter().map(|word| word.word.as_str()).chain([text]);
    let query = TsQuery::any(words.map(|word| TsQuery::token(key.quoted(word))));
    let sizes = sizes(tx, user_id.as_ref(), std::slice::from_ref(&query), most + 1).await?;
    Ok((sizes.iter().sum::<i64>() <= most).then_some(query))
}

pub(super) fn statement(user_id: &str, text: &str) -> Statement {
    let mut statement = Statement::fixed();
    statement
        .push("SELECT word FROM search_words WHERE user_id = ")
        .bind(user_id)
        .push(" AND (word = ")
        .bind(LONGER_WORDS)
        .push(" OR strpos(word, ")
        .bind(text)
        .push(") > 0) LIMIT ")
        .bind(i64::try_from(MOST_WORDS + 1).unwrap_or(i64::MAX));
    statement
}
