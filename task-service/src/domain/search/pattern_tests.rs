use super::*;
use crate::domain::SearchLanguage;

/// Returns whether a text has a term: as a complete one, and as an unfinished one.
fn matches(text: &str, term: &str) -> (bool, bool) {
    matches_in("english", text, term)
}

fn matches_in(language: &str, text: &str, term: &str) -> (bool, bool) {
    let stemmer = Stemmer::new(SearchLanguage::parse(language).unwrap());
    let tokens = tokenize(text, &stemmer);
    let matches = |pattern: Pattern| !pattern.find(&tokens).is_empty();
    (
        matches(Pattern::complete(term, &stemmer)),
        matches(Pattern::unfinished(term, &stemmer)),
    )
}

#[test]
fn terms_of_every_class_match() {
    for (text, term) in [
        ("Ask Will", "will"),
        ("IT audit of The Who", "it"),
        ("IT audit of The Who", "the who"),
        ("You can't, I don't", "don't"),
        ("明天去超市买牛奶", "牛奶"),
        ("明天去超市买牛奶", "奶"),
        ("明天去超市买牛奶", "去超市"),
        ("東京タワーへ行く", "タワー"),
        ("ซื้อนมพรุ่งนี้", "นม"),
        ("우유를 사다", "우유"),
        ("물을 사다", "물"),
        ("우유 사기", "우유 사기"),
        ("A café on Straße ÖBB", "cafe"),
        ("A café on Straße ÖBB", "STRASSE"),
        ("A cafe for OBB", "ÖBB"),
        ("ﬁnance report", "finance"),
        ("finance report", "ﬁnance"),
        ("ＩＤ１", "id1"),
        ("co\u{ad}op super\u{200b}market", "supermarket"),
        ("Learn C++, C#, .NET", "c++"),
        ("Learn C++, C#, .NET", "C#"),
        ("Learn C++, C#, .NET", ".net"),
        ("Learn C++, C#, .NET", "net"),
        ("Party 🎉 ★ a → b", "🎉"),
        ("Party 🎉 ★ a → b", "party 🎉"),
        ("Party 🎉 ★ a → b", "a → b"),
        ("john.doe@example.com", "john.doe@example.com"),
        ("john.doe@example.com", "doe"),
        ("meet at 12:30", "12:30"),
        ("O'Brien", "o’brien"),
    ] {
        assert_eq!(matches(text, term), (true, true), "{text}: {term}");
    }
}

#[test]
fn unfinished_words_with_signs_match() {
    for (text, term) in [
        ("mail john.doe@example.com", "john.doe@exam"),
        ("deploy poseidon-12", "poseidon-1"),
        ("call O'Brien", "O'Bri"),
        ("fix src/main.rs", "src/ma"),
        ("meet at 12:30", "12:3"),
        ("Learn C++", "C+"),
        ("Learn .NET", ".ne"),
        ("Résumé", "resu"),
        ("Straße", "stras"),
        ("น้ำแข็ง", "น้ำแข"),
        ("start running", "runni"),
    ] {
        assert_eq!(matches(text, term), (false, true), "{text}: {term}");
    }
}

#[test]
fn other_texts_do_not_match() {
    for (text, term) in [
        ("Learn C and NET", "C++"),
        ("Learn C and NET", "C#"),
        ("Learn C and NET", ".net"),
        ("party", "🎉"),
        ("牛肉 奶茶", "牛奶"),
        ("doe john", "john.doe"),
        ("second, the quarter", "second quarter"),
        ("audit", "it"),
        ("nothing", "& |"),
    ] {
        assert_eq!(matches(text, term), (false, false), "{text}: {term}");
    }
}

#[test]
fn word_forms_match_in_both_directions() {
    for (language, one, other) in [
        ("english", "invoices", "invoice"),
        ("english", "running", "runs"),
        ("english", "run", "running"),
        ("german", "Häuser", "Haus"),
        ("german", "Wohnung", "Wohnungen"),
        ("spanish", "canción", "canciones"),
        ("french", "résumés", "resume"),
        ("russian", "молоко", "молока"),
        ("simple", "우유를", "우유가"),
        ("simple", "우유를", "우유"),
    ] {
        assert!(matches_in(language, one, other).0, "{one}: {other}");
        assert!(matches_in(language, other, one).0, "{other}: {one}");
    }
}
