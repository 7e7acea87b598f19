use unicode_normalization::UnicodeNormalization;

/// Returns a text in the form in which texts are compared: in lower case and in NFKC, without accents and invisible characters.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    let visible = text.nfkd().filter(|character| !is_ignored(*character));
    for character in visible.flat_map(char::to_lowercase).nfkd() {
        match character {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ł' => folded.push('l'),
            'ŧ' => folded.push('t'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            _ if is_ignored(character) => {}
            _ => folded.push(character),
        }
    }
    folded.nfc().collect()
}

/// Returns whether a character is an accent or vowel point, or invisible: a soft hyphen, a zero-width space or joiner, a variation
/// selector, a direction mark.
///
/// The marks of scripts that write vowels or voicing with marks stay. Schemas that fold in SQL have the same ranges.
fn is_ignored(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}'
            | '\u{5c4}'..='\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{61c}' | '\u{64b}'..='\u{65f}' | '\u{670}'
            | '\u{6d6}'..='\u{6dc}' | '\u{180b}'..='\u{180e}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{20d0}'..='\u{20ff}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_compatibility_forms_are_equal() {
        for (text, folded) in [
            ("Café résumé", "cafe resume"),
            ("cafe\u{301}", "cafe"),
            ("STRASSE Straße STRAẞE", "strasse strasse strasse"),
            ("ÖBB Ångström", "obb angstrom"),
            ("ﬁnance ﬄ", "finance ffl"),
            ("ＦＵＬＬ　１２", "full 12"),
            (
                "co\u{ad}op super\u{200b}market \u{feff}x",
                "coop supermarket x",
            ),
            ("Łódź Đà Nẵng smørrebrød", "lodz da nang smorrebrod"),
            ("İstanbul ırmak", "istanbul irmak"),
            ("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"),
            ("Ёлка Й", "елка и"),
            ("ｶﾞｷﾞ がぎ", "ガギ がぎ"),
            ("น้ำ", "น้\u{e4d}า"),
            ("हिन्दी", "हिन्दी"),
            ("우유", "우유"),
            ("שָׁלוֹם مَرْحَبًا", "שלום مرحبا"),
            ("❤\u{fe0f} 👩\u{200d}🚀", "❤ 👩🚀"),
        ] {
            assert_eq!(fold(text), fold(folded), "{text}");
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
        assert_eq!(fold("Café ﬁn Straße"), "cafe fin strasse");
        assert_ne!(fold("が"), fold("か"));
    }
}
