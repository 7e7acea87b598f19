use std::cmp::Reverse;

use service_runtime::postgres::{AsyncPgConnection, DatabaseError};

use super::{
    Reader,
    criteria::{Criteria, Labels},
};
use crate::{
    domain::search::{Branch, Pattern, SearchQuery, Stemmer, Term, Typo},
    store::{
        self,
        search::{TsQuery, UserKey},
    },
};

/// Number of tasks with a word at which counting ends.
const MANY: i64 = 1_000;

/// Replaces the words that no task contains by the most similar ones that the user's tasks contain; returns none if there are none.
pub async fn correct(
    tx: &mut AsyncPgConnection,
    reader: Reader<'_>,
    query: &SearchQuery,
    labels: &Labels,
) -> Result<Option<SearchQuery>, DatabaseError> {
    let terms = query.branches().iter().flat_map(|branch| &branch.wanted);
    let words: Vec<(&Term, TsQuery)> = terms
        .filter_map(|term| word(reader, term, labels))
        .collect();
    let queries: Vec<TsQuery> = words.iter().map(|(_, query)| query.clone()).collect();
    let sizes = store::search::sizes(tx, reader.user_id.as_ref(), &queries, 1).await?;
    let mut corrections = Vec::new();
    for ((term, _), size) in words.iter().zip(sizes) {
        if size == 0
            && let Some(word) = most_similar(tx, reader, term).await?
        {
            corrections.push((*term, word));
        }
    }
    if corrections.is_empty() {
        return Ok(None);
    }
    let corrections = corrections
        .iter()
        .map(|(term, word)| (*term, word.as_str()));
    Ok(SearchQuery::parse(&query.corrected(corrections)).ok())
}

/// Returns the condition that a task has the only word of a term, even an unfinished one.
fn word<'a>(reader: Reader<'_>, term: &'a Term, labels: &Labels) -> Option<(&'a Term, TsQuery)> {
    if term.quoted
        || Pattern::complete(&term.text, &Stemmer::new(reader.language))
            .word()
            .is_none()
    {
        return None;
    }
    let branch = Branch {
        wanted: vec![term.clone()],
        unwanted: Vec::new(),
    };
    let criteria = Criteria::of(reader, &[branch], labels);
    let conditions = [criteria.complete, criteria.unfinished]
        .into_iter()
        .flatten();
    Some((term, TsQuery::any(conditions.map(|levels| levels.all))))
}

/// Finds the word that was probably meant by one that no task contains: of the nearest ones that of most tasks.
async fn most_similar(
    tx: &mut AsyncPgConnection,
    reader: Reader<'_>,
    term: &Term,
) -> Result<Option<String>, DatabaseError> {
    let stemmer = Stemmer::new(reader.language);
    let pattern = Pattern::complete(&term.text, &stemmer);
    let Some(typo) = pattern.word().and_then(Typo::of) else {
        return Ok(None);
    };
    let meant = typo.meant(store::search::near(tx, reader.user_id, &typo).await?);
    let key = UserKey::of(reader.user_id);
    let queries: Vec<TsQuery> = meant
        .iter()
        .map(|meant| TsQuery::token(key.quoted(&meant.word)))
        .collect();
    let sizes = store::search::sizes(tx, reader.user_id.as_ref(), &queries, MANY).await?;
    let known = meant.into_iter().zip(sizes).filter(|(_, size)| *size > 0);
    let best =
        known.min_by_key(|(meant, size)| (meant.slips, meant.begins_otherwise, Reverse(*size)));
    Ok(best.map(|(meant, _)| meant.word))
}
