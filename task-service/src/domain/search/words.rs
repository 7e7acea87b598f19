//! What a word is: what stands together of letters and digits. The index, searches and filters all go by this.

/// Longer ones are no words that anybody begins to type or mistypes; in bytes.
pub const LONGEST_WORD: usize = 100;

/// Stands among the words of a user, if longer ones are in their texts: it is none itself.
pub const LONGER_WORDS: &str = "+";

/// Returns the words of a text in lower case, but for very long ones.
pub fn words_of(text: &str) -> impl Iterator<Item = String> {
    all(text)
        .filter(|word| word.len() <= LONGEST_WORD)
        .map(str::to_lowercase)
}

/// Returns whether a text has words that [`words_of`] leaves out.
pub fn has_longer_words(text: &str) -> bool {
    all(text).any(|word| word.len() > LONGEST_WORD)
}

/// Returns all words of a text with a space between them: PostgreSQL takes some signs for parts of words, which nobody would
/// look for together with them: john.doe@example.com, notes/today.txt, 2026-12-01.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in all(text) {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.push_str(word);
    }
    plain
}

fn all(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits_in_lower_case() {
        let words: Vec<String> =
            words_of("Écrire à john@example.com: q3-2026! 日本語 🎉").collect();
        let expected = "écrire à john example com q3 2026 日本語";
        assert_eq!(words.join(" "), expected);
    }

    #[test]
    fn a_plain_text_keeps_all_its_words_and_no_signs() {
        assert_eq!(plain("<b>Don't</b> — 5,3 / x.y"), "b Don t b 5 3 x y");
        assert_eq!(plain("..."), "");
    }

    #[test]
    fn very_long_words_are_told_apart() {
        let long = "x".repeat(LONGEST_WORD + 1);
        assert!(has_longer_words(&format!("a {long}")));
        assert!(!has_longer_words(&long[1..]));
        assert_eq!(words_of(&long).count(), 0);
        assert_eq!(plain(&long), long);
    }
}
