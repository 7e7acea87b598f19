//! "Did you mean …?": the known word that is nearest to an unknown one.

/// Minimum similarity, from 0 to 1; below it, a suggestion would be a guess.
const MIN_SIMILARITY: f64 = 0.6;
/// Maximum length of a word in bytes; comparing takes time proportional to the product of the lengths.
const MAX_LENGTH: usize = 100;

/// Returns the candidate most similar to a word, ignoring case, `_`, `-` and spaces; none if no candidate is similar.
///
/// A word at the start or end of a candidate counts as similar: `due` is `due_time`, `high` is `PRIORITY_HIGH`.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_LENGTH {
        return None;
    }
    let word = plain(word);
    if word.is_empty() {
        return None;
    }
    let mut best = None;
    let mut best_similarity = MIN_SIMILARITY;
    for candidate in candidates {
        let plain = plain(candidate);
        let is_part = plain.starts_with(&word) || plain.ends_with(&word);
        let similarity = if word.len() > 2 && is_part {
            1.0
        } else {
            strsim::normalized_damerau_levenshtein(&word, &plain)
        };
        if similarity > best_similarity || (best.is_none() && similarity >= best_similarity) {
            best = Some(candidate);
            best_similarity = similarity;
        }
    }
    best
}

/// Returns `; did you mean X?`, or an empty text if no candidate is similar to the word.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates)
        .map(|candidate| format!("; did you mean {candidate}?"))
        .unwrap_or_default()
}

/// Returns `did you mean X?`, or `use one of …` with all words if none is similar.
pub fn did_you_mean_or_list(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("use one of {}", known.join(", ")),
    }
}

fn plain(word: &str) -> String {
    word.replace(['_', '-', ' '], "").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_word_finds_nearest_candidate() {
        let fields = ["title", "description", "due_time", "time_zone"];
        for (word, field) in [
            ("titel", "title"),
            ("DueTime", "due_time"),
            ("desciption", "description"),
            ("due", "due_time"),
        ] {
            assert_eq!(nearest(word, fields), Some(field), "{word}");
        }
        assert_eq!(nearest("DALY", ["WEEKLY", "DAILY"]), Some("DAILY"));
        assert_eq!(
            nearest("high", ["PRIORITY_LOW", "PRIORITY_HIGH"]),
            Some("PRIORITY_HIGH")
        );
        assert_eq!(did_you_mean("titel", fields), "; did you mean title?");
    }

    #[test]
    fn dissimilar_word_finds_nothing() {
        for word in ["colour", "", "FORTNIGHTLY", &"x".repeat(10_000_000)] {
            assert_eq!(nearest(word, ["title", "due_time", "WEEKLY"]), None);
        }
        assert_eq!(did_you_mean("colour", ["title"]), "");
        assert_eq!(
            did_you_mean_or_list("SOMETIMES", &["WEEKLY", "DAILY"]),
            "use one of WEEKLY, DAILY"
        );
    }
}
