/// Below this likeness, a suggestion would be a guess.
const LIKE_ENOUGH: f64 = 0.8;
/// Nobody misspells a name to this length, in bytes, and comparing takes the time of both lengths.
const LONGEST: usize = 100;

/// Returns the candidate that is most like a word, if one is like it at all. Case, `-` and `_` make no difference.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let plain = |word: &str| word.replace(['_', '-'], "").to_lowercase();
    let word = plain(word);
    let measured = candidates.into_iter().map(|candidate| {
        let plain = plain(candidate);
        let likeness = match !word.is_empty() && plain.ends_with(&word) {
            true => 1.0,
            false => strsim::jaro_winkler(&word, &plain),
        };
        (likeness, candidate)
    });
    let (likeness, candidate) = measured.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness >= LIKE_ENOUGH).then_some(candidate)
}

/// Returns `; did you mean X?`, or nothing if no candidate is like the word.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates)
        .map(|candidate| format!("; did you mean {candidate}?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_like() {
        assert_eq!(nearest("titel", ["title", "due_time"]), Some("title"));
        assert_eq!(nearest("DueTime", ["title", "due_time"]), Some("due_time"));
        assert_eq!(
            nearest("high", ["PRIORITY_LOW", "PRIORITY_HIGH"]),
            Some("PRIORITY_HIGH")
        );
    }

    #[test]
    fn a_foreign_word_finds_nothing() {
        assert_eq!(nearest("colour", ["title", "due_time"]), None);
        assert_eq!(did_you_mean("colour", ["title"]), "");
        assert_eq!(nearest(&"x".repeat(10_000_000), ["title"]), None);
    }
}
