use std::cmp::Reverse;

use service_runtime::postgres::{AsyncPgConnection, DatabaseError};

use super::Reader;
use crate::{
    domain::search::{SearchQuery, Term, Typo, words_of},
    store::{
        self,
        search::{BranchMeaning, Completions, Meaning},
    },
};

/// What a search means, found out as far as it is needed.
pub struct QueryMeaning {
    /// What its branches mean.
    pub branches: Vec<BranchMeaning>,
    /// The search with the words that are searched for in place of those that no task contains.
    pub corrected_query: Option<String>,
    /// The last word, if it may be unfinished and what it may become was not looked up yet.
    beginning: Option<String>,
}

impl QueryMeaning {
    /// Finds out what the words of a search mean; those that no task contains are taken for mistyped ones.
    pub async fn find(
        tx: &mut AsyncPgConnection,
        reader: Reader<'_>,
        query: &SearchQuery,
    ) -> Result<Self, DatabaseError> {
        let terms = query
            .branches()
            .iter()
            .flat_map(|branch| branch.wanted.iter().chain(&branch.unwanted));
        let texts = terms.map(|term| term.text.clone()).collect();
        let meanings = store::search::meanings(tx, reader.user_id, reader.language, texts).await?;
        let mut meanings = meanings.into_iter();
        let mut meaning = Self {
            branches: Vec::new(),
            corrected_query: None,
            beginning: None,
        };
        let mut corrections = Vec::new();
        for branch in query.branches() {
            let mut wanted: Vec<Meaning> = meanings.by_ref().take(branch.wanted.len()).collect();
            let unwanted = meanings.by_ref().take(branch.unwanted.len()).collect();
            let mut completions = None;
            for (term, meant) in branch.wanted.iter().zip(&mut wanted) {
                if term.unfinished {
                    meaning.beginning = beginning(term);
                }
                if !is_unknown(term, meant) {
                    continue;
                }
                if term.unfinished
                    && let Some(beginning) = meaning.beginning.take()
                {
                    let known = complete(tx, reader, &beginning).await?;
                    if known.is_some() {
                        completions = known;
                        continue;
                    }
                }
                if let Some((word, correction)) = correct(tx, reader, term).await? {
                    *meant = correction;
                    corrections.push((term, word));
                }
            }
            meaning.branches.push(BranchMeaning {
                wanted,
                unwanted,
                unfinished: completions,
            });
        }
        if !corrections.is_empty() {
            let corrections = corrections
                .iter()
                .map(|(term, word)| (*term, word.as_str()));
            meaning.corrected_query = Some(query.corrected(corrections));
        }
        Ok(meaning)
    }

    /// Finds out what the last word may become; returns whether that is news.
    pub async fn complete(
        &mut self,
        tx: &mut AsyncPgConnection,
        reader: Reader<'_>,
    ) -> Result<(), DatabaseError> {
        if let (Some(beginning), Some(branch)) = (self.beginning.take(), self.branches.last_mut()) {
            branch.unfinished = complete(tx, reader, &beginning).await?;
        }
        Ok(())
    }

    /// Returns what is marked in the matches: a `tsquery` of all that is wanted, and the words in it.
    pub fn marked(&self) -> Option<(String, Vec<String>)> {
        let wanted = self.branches.iter().flat_map(|branch| &branch.wanted);
        let mut queries: Vec<String> = wanted
            .clone()
            .filter_map(|meaning| meaning.query.clone())
            .collect();
        let mut words: Vec<String> = wanted.flat_map(|meaning| meaning.words.clone()).collect();
        let unfinished = self
            .branches
            .iter()
            .filter_map(|branch| branch.unfinished.as_ref());
        for (beginning, completions) in unfinished {
            queries.push(store::search::beginning_query(beginning, completions));
            words.push(beginning.clone());
        }
        (!queries.is_empty()).then(|| (format!("({})", queries.join(") | (")), words))
    }
}

/// Returns whether a term is a word that no task contains.
fn is_unknown(term: &Term, meaning: &Meaning) -> bool {
    let is_word = !term.quoted && meaning.words.len() == 1;
    is_word && meaning.label_size == 0 && meaning.sizes.iter().all(|size| *size == 0)
}

/// Returns the beginning of a word that a term may be.
fn beginning(term: &Term) -> Option<String> {
    let mut words = words_of(&term.text);
    let word = words.next()?;
    words.next().is_none().then_some(word)
}

async fn complete(
    tx: &mut AsyncPgConnection,
    reader: Reader<'_>,
    beginning: &str,
) -> Result<Option<(String, Completions)>, DatabaseError> {
    let Reader { user_id, language } = reader;
    let completions = store::search::complete(tx, user_id, language, beginning).await?;
    Ok((completions.size > 0).then(|| (beginning.to_owned(), completions)))
}

/// Finds the word that was probably meant by one that no task contains: of the nearest ones that of most tasks.
async fn correct(
    tx: &mut AsyncPgConnection,
    reader: Reader<'_>,
    term: &Term,
) -> Result<Option<(String, Meaning)>, DatabaseError> {
    let Reader { user_id, language } = reader;
    let Some(typo) = beginning(term).as_deref().and_then(Typo::of) else {
        return Ok(None);
    };
    let candidates = store::search::near(tx, user_id, &typo).await?;
    let meant = typo.meant(candidates);
    if meant.is_empty() {
        return Ok(None);
    }
    let words = meant.iter().map(|meant| meant.word.clone()).collect();
    let meanings = store::search::meanings(tx, user_id, language, words).await?;
    let size = |meaning: &Meaning| meaning.sizes.iter().sum::<i64>() + meaning.label_size;
    let best = meant
        .into_iter()
        .zip(meanings)
        .filter(|(_, meaning)| meaning.query.is_some() && size(meaning) > 0)
        .min_by_key(|(meant, meaning)| {
            (meant.slips, meant.begins_otherwise, Reverse(size(meaning)))
        });
    Ok(best.map(|(meant, meaning)| (meant.word, meaning)))
}
