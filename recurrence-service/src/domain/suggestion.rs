//! "Did you mean …?"

/// Returns the known word nearest to what was written, if one is near enough to have been meant.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A third of the letters may be wrong: one in DALY, two in MONTLHYY, none in MO.
    let tolerance = written.chars().count().div_ceil(3).min(3);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(written, word), word))
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Returns the cure as words: the nearest known word, or else all of them.
pub(super) fn did_you_mean(written: &str, known: &[&str]) -> String {
    match nearest(written, known.iter().copied()) {
        Some(word) => format!("did you mean {word}?"),
        None => format!("use one of {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("DALY", ["WEEKLY", "DAILY"]), Some("DAILY"));
        assert_eq!(nearest("FORTNIGHTLY", ["WEEKLY", "DAILY"]), None);
        assert_eq!(
            did_you_mean("SOMETIMES", &["WEEKLY", "DAILY"]),
            "use one of WEEKLY, DAILY"
        );
    }
}
