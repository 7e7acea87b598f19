use std::ops::Range;

/// A search that was read: the tasks that match one of its branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    pub(super) text: String,
    pub(super) branches: Vec<Branch>,
}

/// What a matching task contains, and what it does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Branch {
    /// Terms that it contains, at least one.
    pub wanted: Vec<Term>,
    /// Terms that it does not contain.
    pub unwanted: Vec<Term>,
}

/// A word, or several that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The word or words.
    pub text: String,
    /// Whether it stood in quotes, and so is meant as it is.
    pub quoted: bool,
    /// Whether it may be the beginning of a word, because it is the last one.
    pub unfinished: bool,
    pub(super) place: Range<usize>,
}

impl SearchQuery {
    /// Returns the branches, at least one.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Returns the search with other words in place of some of its own.
    pub fn corrected<'a>(
        &'a self,
        corrections: impl IntoIterator<Item = (&'a Term, &'a str)>,
    ) -> String {
        let mut corrections: Vec<_> = corrections.into_iter().collect();
        corrections.sort_by_key(|(term, _)| term.place.start);
        let mut text = String::new();
        let mut end = 0;
        for (term, word) in corrections {
            text.push_str(&self.text[end..term.place.start]);
            text.push_str(word);
            end = term.place.end;
        }
        text.push_str(&self.text[end..]);
        text
    }
}

impl AsRef<str> for SearchQuery {
    fn as_ref(&self) -> &str {
        &self.text
    }
}
