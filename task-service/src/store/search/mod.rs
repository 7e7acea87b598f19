//! The index of words, and what is found in it.
//!
//! Each user has an index of their own, as rows of b-trees whose keys begin with the user. The tasks with one word lie in it in
//! the order of the answer: those with the word in the title first, then those with a label of that name, then those with the
//! word in the description, the newest first within each. A search walks along the rarest of its words and asks for each task
//! whether it fulfils the rest, until the page is full; so it costs about the same whether the word is in ten tasks or in all.

mod alternative;
mod highlight;
mod index;
mod meaning;
#[cfg(test)]
mod plan_tests;
mod stretch;
mod vocabulary;
mod walk;

pub use alternative::{
    Alternative, BEST_LEVEL, BranchMeaning, LEVELS, alternatives, beginning_query,
};
pub use highlight::highlight;
pub use index::{index, index_again};
pub use meaning::{Meaning, meanings};
pub use vocabulary::{Completions, complete, near};
pub use walk::{Condition, Found, Walker};

use super::statement::Statement;

/// Makes an expression of a text in which signs separate words, where PostgreSQL would take all for one word or for a number:
/// john.doe@example.com, notes/today.txt, 2026-12-01.
fn separated(text: &str) -> String {
    format!("translate({text}, '@/\\._-', '      ')")
}

/// Makes an expression of how a lexeme stands in `search_postings`: one that is too long for an index as its hash.
fn key(lexeme: &str) -> String {
    format!("CASE WHEN octet_length({lexeme}) > 100 THEN md5({lexeme}) ELSE {lexeme} END")
}

/// Adds the tables of expressions `names`: the labels of a user, each with its key and its name in the language and as it is.
fn push_names(statement: &mut Statement, user_id: &str, language: &str) {
    statement
        .push(
            "names AS MATERIALIZED (SELECT '#' || replace(id::text, '-', '') AS key, to_tsvector(",
        )
        .bind(language)
        .push(&format!(
            "::regconfig, {name}) AS words, to_tsvector('simple', {name}) AS forms FROM (",
            name = separated("display_name"),
        ));
    for (table, sign) in [("categories", "UNION ALL "), ("tags", ") labels)")] {
        statement
            .push(&format!(
                "SELECT id, display_name FROM {table} WHERE delete_time IS NULL AND user_id = "
            ))
            .bind(user_id)
            .push(" ")
            .push(sign);
    }
}
