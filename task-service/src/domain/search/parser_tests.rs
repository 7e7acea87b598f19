use super::*;

/// Writes a search out again, so that it can be compared at a glance: "words" of a branch, branches between bars.
fn read(text: &str) -> String {
    let query = SearchQuery::parse(text).unwrap();
    let branches: Vec<String> = query.branches.iter().map(written).collect();
    branches.join(" | ")
}

fn written(branch: &Branch) -> String {
    let wanted = branch.wanted.iter().map(|term| ("", term));
    let unwanted = branch.unwanted.iter().map(|term| ("-", term));
    let terms: Vec<String> = wanted
        .chain(unwanted)
        .map(|(sign, term)| {
            let quote = if term.quoted { "\"" } else { "" };
            let end = if term.unfinished { "*" } else { "" };
            format!("{sign}{quote}{}{quote}{end}", term.text)
        })
        .collect();
    terms.join(" ")
}

#[test]
fn words_phrases_and_what_to_leave_out_are_told_apart() {
    assert_eq!(
        read("invoice \"second quarter\" -draft"),
        "invoice \"second quarter\" -draft"
    );
    assert_eq!(read("pay -\"last year\" rent"), "pay rent* -\"last year\"");
    assert_eq!(read("a“b c”d"), "a \"b c\" d*");
}

#[test]
fn only_the_last_word_may_be_unfinished() {
    assert_eq!(read("pay the ren"), "pay the ren*");
    assert_eq!(read("pay ren  "), "pay ren*");
    assert_eq!(read("pay \"ren\""), "pay \"ren\"");
    assert_eq!(read("pay -ren"), "pay -ren");
}

#[test]
fn or_stands_between_alternatives() {
    assert_eq!(read("pay rent or buy milk"), "pay rent | buy milk*");
    assert_eq!(read("pay OR or buy"), "pay | buy*");
    assert_eq!(read("or pay"), "or pay*");
    assert_eq!(read("pay or"), "pay or*");
    assert_eq!(read("pay \"or\" buy"), "pay \"or\" buy*");
}

#[test]
fn quotes_that_are_not_closed_reach_to_the_end() {
    assert_eq!(read("pay \"the rent"), "pay \"the rent\"");
    assert_eq!(read("pay \""), "pay*");
}

#[test]
fn a_dash_between_spaces_is_no_minus() {
    assert_eq!(read("a - b"), "a - b*");
    assert_eq!(read("a --b"), "a --b*");
    assert_eq!(read("well-known"), "well-known*");
}

#[test]
fn hostile_text_is_only_text() {
    assert_eq!(read("'; drop table tasks"), "'; drop table tasks*");
    assert_eq!(read("a\u{1}b"), "a b*");
    assert_eq!(SearchQuery::parse("a\0b"), Err(InvalidSearch::Nul(2)));
    assert_eq!(read("🎉 שלום"), "🎉 שלום*");
    assert_eq!(read(":* & | ! <-> \\"), ":* & | ! <-> \\*");
}

#[test]
fn what_cannot_be_answered_names_the_cure() {
    let refused = |text: &str| SearchQuery::parse(text).unwrap_err();
    assert_eq!(refused(""), InvalidSearch::Empty);
    assert_eq!(refused(" \t\n"), InvalidSearch::Empty);
    assert_eq!(refused("\"\" \" \""), InvalidSearch::Empty);
    assert_eq!(refused(&"a".repeat(1_001)), InvalidSearch::TooLong(1_001));
    assert_eq!(refused(&"a ".repeat(33)), InvalidSearch::TooManyWords(33));
    assert_eq!(
        refused(&format!("\"{}\"", "a ".repeat(33))),
        InvalidSearch::TooManyWords(33)
    );
    assert_eq!(
        refused("a or b or c or d or e or f or g or h or i"),
        InvalidSearch::TooManyBranches(9)
    );
    assert_eq!(
        refused("-draft -\"last year\"").to_string(),
        "only excludes words (draft, last year); add a word to search for"
    );
    assert!(matches!(refused("a or -b"), InvalidSearch::OnlyUnwanted(_)));
}

#[test]
fn corrections_take_the_places_of_the_words() {
    let query = SearchQuery::parse("pya \"the rent\" -dratf invioce").unwrap();
    let wanted = &query.branches()[0].wanted;
    let corrected = query.corrected([(&wanted[2], "invoice"), (&wanted[0], "pay")]);
    assert_eq!(corrected, "pay \"the rent\" -dratf invoice");
    assert_eq!(query.corrected([]), query.as_ref());
}

#[test]
fn letters_are_composed_before_they_are_compared() {
    assert_eq!(read("cafe\u{301}"), "café*");
}
