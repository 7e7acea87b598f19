//! The index of words, and what is found in it.
//!
//! Each user has an index of their own, as rows of b-trees whose keys begin with the user. The tasks with one word lie in it in
//! the order of the answer: those with the word in the title first, then those with a label of that name, then those with the
//! word in the description, the newest first within each. A search walks along the rarest of its words and asks for each task
//! whether it fulfils the rest, until the page is full; so it costs about the same whether the word is in ten tasks or in all.

mod alternative;
mod condition;
mod containing;
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
pub use condition::Condition;
pub use containing::{containing, label_word, size};
pub use highlight::highlight;
pub use index::{fold_words, index, index_again, index_new};
pub use meaning::{Meaning, meanings};
pub use vocabulary::{Completions, complete, near};
pub use walk::{Found, Walker};

use super::Statement;
use crate::domain::SearchLanguage;

/// Makes an expression of how a lexeme stands in `search_postings`: one that is too long for an index as its hash.
fn key(lexeme: &str) -> String {
    format!("CASE WHEN octet_length({lexeme}) > 100 THEN md5({lexeme}) ELSE {lexeme} END")
}

/// Makes an expression of the language of the user `$1`.
fn language_of_user() -> String {
    let language = SearchLanguage::default();
    let language = language.as_ref();
    format!(
        "coalesce((SELECT search_language FROM settings WHERE user_id = $1), '{language}')::regconfig"
    )
}

/// Makes expressions of the words of a label's plain name: in the language of the user `$1`, and as they are.
pub fn words_of_name(plain: &str) -> [String; 2] {
    let language = language_of_user();
    [
        format!("to_tsvector({language}, {plain})"),
        format!("to_tsvector('simple', {plain})"),
    ]
}

/// Adds the table of expressions `names`: the labels of a user, each with its key and its name in the language and as it is.
fn push_names(statement: &mut Statement, user_id: &str) {
    statement.push(
        "names AS MATERIALIZED (SELECT '#' || replace(id::text, '-', '') AS key, words, forms FROM (",
    );
    for (table, sign) in [("categories", "UNION ALL "), ("tags", ") labels)")] {
        statement
            .push(&format!(
                "SELECT id, words, forms FROM {table} WHERE delete_time IS NULL AND user_id = "
            ))
            .bind(user_id)
            .push(" ")
            .push(sign);
    }
}
