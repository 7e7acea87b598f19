use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Kind of a character, which decides how the tokenizer cuts the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Letter, digit or mark of a script that separates words.
    Letter,
    /// Letter of a script that writes words without spaces.
    Unspaced,
    /// Korean syllable: words have spaces, but particles are attached to them.
    Hangul,
    /// Emoji or other symbol beyond ASCII.
    Symbol,
    /// Space, punctuation, ASCII sign.
    Separator,
}

impl Class {
    /// Returns the class of a character.
    pub fn of(character: char) -> Self {
        match character {
            _ if character.is_ascii_alphanumeric() => Self::Letter,
            _ if character.is_ascii() => Self::Separator,
            // Thai, Lao, Myanmar, Khmer, Hiragana and Katakana, Han.
            '\u{e00}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{a9e0}'..='\u{a9ff}'
            | '\u{aa60}'..='\u{aa7f}'
            | '々'..='〇'
            | '\u{3041}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{20000}'..='\u{3ffff}'
                if is_of_word(character) =>
            {
                Self::Unspaced
            }
            '\u{ac00}'..='\u{d7a3}' => Self::Hangul,
            _ if is_of_word(character) => Self::Letter,
            _ => match character.general_category_group() {
                GeneralCategoryGroup::Symbol => Self::Symbol,
                _ => Self::Separator,
            },
        }
    }
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

/// Returns a Korean word without the particle at its end, if it has one.
pub fn without_particle(word: &str) -> &str {
    /// Particles that stand after a final consonant, after a vowel, and after either.
    const AFTER_CONSONANT: [&str; 7] = ["으로", "이랑", "이나", "을", "은", "과", "이"];
    const AFTER_VOWEL: [&str; 6] = ["를", "는", "와", "가", "랑", "나"];
    const AFTER_EITHER: [&str; 17] = [
        "에서는",
        "에게서",
        "에서",
        "에게",
        "까지",
        "부터",
        "한테",
        "처럼",
        "보다",
        "마다",
        "하고",
        "의",
        "에",
        "도",
        "로",
        "만",
        "께",
    ];
    let after = |particles: &'static [&str], is_possible: fn(&str) -> bool| {
        let stems = particles.iter().filter_map(|end| word.strip_suffix(end));
        stems
            .filter(|stem| is_possible(stem))
            .min_by_key(|stem| stem.len())
    };
    // One syllable is too short to distinguish the end of a word from a particle that goes with any word.
    let stems = [
        after(&AFTER_EITHER, |stem| stem.chars().count() > 1),
        after(&AFTER_CONSONANT, |stem| {
            has_final_consonant(stem) == Some(true)
        }),
        after(&AFTER_VOWEL, |stem| {
            has_final_consonant(stem) == Some(false)
        }),
    ];
    let stems = stems.into_iter().flatten();
    stems.min_by_key(|stem| stem.len()).unwrap_or(word)
}

/// Returns whether the last syllable ends with a consonant.
fn has_final_consonant(word: &str) -> Option<bool> {
    const FINALS: u32 = 28;
    let last = u32::from(word.chars().next_back()?);
    Some(last.checked_sub(0xac00)? % FINALS != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_particles_are_removed() {
        for (word, stem) in [
            ("우유를", "우유"),
            ("우유가", "우유"),
            ("우유", "우유"),
            ("물을", "물"),
            ("책은", "책"),
            ("집에서", "집에서"),
            ("학교에서", "학교"),
            ("서울로", "서울"),
            ("친구와", "친구"),
            ("사과", "사과"),
            ("가을", "가을"),
            ("회의", "회의"),
            ("은", "은"),
        ] {
            assert_eq!(without_particle(word), stem, "{word}");
        }
    }

    #[test]
    fn characters_have_their_class() {
        for (characters, class) in [
            ("aZ9éжש\u{94d}", Class::Letter),
            ("明天ひカー々ไม\u{e49}ພາកမ", Class::Unspaced),
            ("우유", Class::Hangul),
            ("🎉★→€©", Class::Symbol),
            (" \n.+#@-_—“·、。・", Class::Separator),
        ] {
            for character in characters.chars() {
                assert_eq!(Class::of(character), class, "{character:?}");
            }
        }
    }
}
