use service_runtime::postgres::{AsyncPgConnection, DatabaseError};
use uuid::Uuid;

use super::Reader;
use crate::{
    domain::search::{Branch, Pattern, Stemmer, Term, Token, tokenize},
    store::{
        self,
        search::{Levels, TsQuery, UserKey, label_token},
    },
};

/// Categories and tags of a user with the tokens of their names: documents only have their ids.
pub struct Labels(Vec<(Uuid, Vec<Token>)>);

/// Patterns and conditions of a search.
pub struct Criteria {
    /// Conditions of tasks that match with all words complete; none if the search has no words.
    pub complete: Option<Levels>,
    /// Conditions of those that match with the last word unfinished.
    pub unfinished: Option<Levels>,
    /// Patterns that are marked in the matches.
    pub marked: Vec<Pattern>,
}

/// Conditions of one branch.
struct BranchCriteria {
    all: TsQuery,
    title: Vec<TsQuery>,
    labels: Vec<TsQuery>,
}

impl Labels {
    /// Reads the names.
    pub async fn find(
        tx: &mut AsyncPgConnection,
        reader: Reader<'_>,
    ) -> Result<Self, DatabaseError> {
        let stemmer = Stemmer::new(reader.language);
        let names = store::named::label_names(tx, reader.user_id).await?;
        let labels = names
            .into_iter()
            .map(|(id, name)| (id, tokenize(&name, &stemmer)));
        Ok(Self(labels.collect()))
    }

    /// Returns the condition that a task has one of the labels whose names match.
    fn matching(&self, pattern: &Pattern) -> Option<TsQuery> {
        let matching = self
            .0
            .iter()
            .filter(|(_, tokens)| !pattern.find(tokens).is_empty());
        let labels: Vec<TsQuery> = matching.map(|(id, _)| label_token(*id)).collect();
        (!labels.is_empty()).then(|| TsQuery::any(labels))
    }
}

impl Criteria {
    /// Reads a search.
    pub fn of(reader: Reader<'_>, branches: &[Branch], labels: &Labels) -> Self {
        let stemmer = Stemmer::new(reader.language);
        let key = UserKey::of(reader.user_id);
        let mut marked = Vec::new();
        let mut read = |pattern: fn(&Term, &Stemmer) -> Pattern, branches: &[Branch]| {
            let criteria = branches.iter().filter_map(|branch| {
                let wanted: Vec<Pattern> = branch
                    .wanted
                    .iter()
                    .map(|term| pattern(term, &stemmer))
                    .collect();
                let unwanted = branch
                    .unwanted
                    .iter()
                    .map(|term| Pattern::complete(&term.text, &stemmer))
                    .collect();
                let criteria =
                    BranchCriteria::of(&key, &wanted, unwanted, |pattern| labels.matching(pattern));
                marked.extend(wanted);
                criteria
            });
            levels(criteria.collect())
        };
        let complete = read(
            |term, stemmer| Pattern::complete(&term.text, stemmer),
            branches,
        );
        let is_unfinished = |branch: &&Branch| branch.wanted.iter().any(|term| term.unfinished);
        let last: Vec<Branch> = branches.iter().filter(is_unfinished).cloned().collect();
        let unfinished = read(
            |term, stemmer| match term.unfinished {
                true => Pattern::unfinished(&term.text, stemmer),
                false => Pattern::complete(&term.text, stemmer),
            },
            &last,
        );
        Self {
            complete,
            unfinished,
            marked,
        }
    }
}

impl BranchCriteria {
    /// Returns the conditions of a branch; none if it has no words. Terms without words are left out.
    fn of(
        key: &UserKey,
        wanted: &[Pattern],
        unwanted: Vec<Pattern>,
        matching: impl Fn(&Pattern) -> Option<TsQuery>,
    ) -> Option<Self> {
        let anywhere = |pattern: &Pattern| {
            let words = key.pattern(pattern, false)?;
            Some(TsQuery::any([words].into_iter().chain(matching(pattern))))
        };
        let all: Vec<TsQuery> = wanted.iter().filter_map(anywhere).collect();
        if all.is_empty() {
            return None;
        }
        Some(Self {
            all: TsQuery::all(all, unwanted.iter().filter_map(anywhere)),
            title: wanted
                .iter()
                .filter_map(|pattern| key.pattern(pattern, true))
                .collect(),
            labels: wanted.iter().filter_map(matching).collect(),
        })
    }
}

/// Joins the conditions of branches; a level of one branch counts only for tasks that match this branch.
fn levels(branches: Vec<BranchCriteria>) -> Option<Levels> {
    if branches.is_empty() {
        return None;
    }
    let with = |branch: &BranchCriteria, query: TsQuery| match branches.len() {
        1 => query,
        _ => TsQuery::all([branch.all.clone(), query], []),
    };
    let title = branches
        .iter()
        .map(|branch| with(branch, TsQuery::all(branch.title.clone(), [])));
    let partly_title = branches
        .iter()
        .map(|branch| with(branch, TsQuery::any(branch.title.clone())));
    let labels = branches.iter().filter(|branch| !branch.labels.is_empty());
    let labels: Vec<TsQuery> = labels
        .map(|branch| with(branch, TsQuery::any(branch.labels.clone())))
        .collect();
    Some(Levels {
        all: TsQuery::any(branches.iter().map(|branch| branch.all.clone())),
        title: TsQuery::any(title),
        partly_title: TsQuery::any(partly_title),
        label: (!labels.is_empty()).then(|| TsQuery::any(labels)),
    })
}
