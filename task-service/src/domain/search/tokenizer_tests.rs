use super::*;
use crate::domain::SearchLanguage;

/// Writes the tokens of a text with their positions, so that they can be compared at a glance; a stem follows its token.
fn read_in(language: &str, text: &str) -> String {
    let stemmer = Stemmer::new(SearchLanguage::parse(language).unwrap());
    let written =
        |token: Token| format!("{}{}:{}", token.text, token.stems.concat(), token.position);
    let tokens: Vec<String> = tokenize(text, &stemmer).into_iter().map(written).collect();
    tokens.join(" ")
}

fn read(text: &str) -> String {
    read_in("english", text)
}

#[test]
fn no_word_is_left_out() {
    assert_eq!(read("Ask Will, the IT"), "ask:2 will:3 the:4 it:5");
    assert_eq!(read("don't"), "don:2 t:3");
    assert_eq!(read_in("german", "Was ist das"), "was:2 ist:3 das:4");
}

#[test]
fn stems_stand_beside_words() {
    assert_eq!(read("Running runs"), "running~run:2 runs~run:3");
    assert_eq!(read_in("german", "Häuser"), "hauser~haus:2");
    assert_eq!(read_in("simple", "Running"), "running:2");
    assert_eq!(read_in("spanish", "canciones"), "canciones~cancion:2");
}

#[test]
fn compounds_are_cut_at_signs() {
    assert_eq!(read("john.doe@x.org"), "john:2 doe:3 x:4 org:5");
    assert_eq!(
        read("poseidon-12 a/b 12:30"),
        "poseidon:2 12:3 a:4 b:5 12:6 30:7"
    );
    assert_eq!(read("O'Brien’s v1_beta"), "o:2 brien:3 s:4 v1:5 beta:6");
}

#[test]
fn signs_that_carry_meaning_stay() {
    assert_eq!(
        read("C++, C# or .NET."),
        "c:2 c++:2 c:3 c#:3 or:4 net:5 .net:5"
    );
    assert_eq!(
        read("C++17 a+b x...y ..z"),
        "c:2 c++:2 17:3 a:4 b:5 x:6 y:7 z:8"
    );
    assert_eq!(read("🎉 party ★→ 5€"), "🎉:1 party~parti:2 ★:2 →:2 5:3 €:3");
    assert_eq!(read("❤\u{fe0f} 👩\u{200d}🚀"), "❤:1 👩🚀:1");
    assert_eq!(read(" \"-&|!()' "), "");
}

#[test]
fn scripts_without_spaces_become_pairs() {
    assert_eq!(read("买牛奶"), "买牛:2 牛奶:3 奶:4");
    assert_eq!(
        read("iPhone买"),
        "iphon~iphon:2 买:3".replace("iphon~iphon", "iphone~iphon")
    );
    assert_eq!(
        read("買い物 リスト"),
        "買い:2 い物:3 物:4 リス:5 スト:6 ト:7"
    );
    assert_eq!(read("ซื้อนม"), "ซื้อ:2 อน:3 นม:4 ม:5");
    assert_eq!(read("우유를 산"), "우유~우유:2 유를:3 를:4 산~산:5");
}

#[test]
fn texts_are_folded() {
    assert_eq!(
        read("Café ＩＤ１ co\u{ad}op ﬁsh"),
        "cafe:2 id1:3 coop:4 fish:5"
    );
    assert_eq!(read("résumé"), "resume~resum:2");
}

#[test]
fn tokens_know_where_they_come_from() {
    let text = "Ö, ﬁsh 买奶";
    let tokens = tokenize(text, &Stemmer::new(SearchLanguage::default()));
    let parts: Vec<&str> = tokens
        .iter()
        .map(|token| &text[token.range.clone()])
        .collect();
    assert_eq!(parts, ["Ö", "ﬁsh", "买奶", "奶"]);
}

#[test]
fn long_words_are_cut() {
    let tokens = tokenize(&"é".repeat(1_000), &Stemmer::new(SearchLanguage::default()));
    assert_eq!(tokens[0].text, "e".repeat(MAX_TOKEN));
    let tokens = tokenize(&"жш".repeat(500), &Stemmer::new(SearchLanguage::default()));
    assert_eq!(tokens[0].text.len(), MAX_TOKEN);
}
