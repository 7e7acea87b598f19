use std::{cmp::Reverse, ops::Range};

use super::{
    pattern::Pattern,
    stemmer::Stemmer,
    tokenizer::{Token, tokenize},
};

/// Number of bytes of an excerpt before its first match, and from there on.
const BEFORE: usize = 60;
const AFTER: usize = 180;

/// Maximum number of excerpts of a text.
const MAX_EXCERPTS: usize = 2;

/// Returns a text with the words that match one of the patterns between ** and **.
pub fn highlight(text: &str, patterns: &[Pattern], stemmer: &Stemmer) -> String {
    let matches = matches(&tokenize(text, stemmer), patterns);
    marked(text, 0..text.len(), &matches)
}

/// Returns the excerpts of a text that contain most matches, with the matching words between ** and **; empty if none matches.
pub fn excerpt(text: &str, patterns: &[Pattern], stemmer: &Stemmer) -> String {
    let tokens = tokenize(text, stemmer);
    let matches = matches(&tokens, patterns);
    let mut excerpts: Vec<Range<usize>> = Vec::new();
    for _ in 0..MAX_EXCERPTS {
        let is_shown = |found: &Range<usize>| {
            excerpts
                .iter()
                .any(|shown| found.start < shown.end && shown.start < found.end)
        };
        let candidates = matches.iter().filter(|found| !is_shown(found));
        let count = |first: &Range<usize>| {
            let near = matches
                .iter()
                .filter(|found| found.start >= first.start && found.end <= first.start + AFTER);
            near.count()
        };
        let Some(first) = candidates.max_by_key(|found| (count(found), Reverse(found.start)))
        else {
            break;
        };
        excerpts.push(around(text, &tokens, first));
    }
    excerpts.sort_by_key(|excerpt| excerpt.start);
    let marked: Vec<String> = excerpts
        .into_iter()
        .map(|excerpt| marked(text, excerpt, &matches))
        .collect();
    marked.join(" … ")
}

/// Returns the whole words around a match.
fn around(text: &str, tokens: &[Token], found: &Range<usize>) -> Range<usize> {
    let first = tokens
        .iter()
        .find(|token| token.range.start + BEFORE >= found.start);
    let start = first.map_or(found.start, |first| first.range.start.min(found.start));
    let fitting = tokens
        .iter()
        .filter(|token| token.range.end <= found.start + AFTER);
    let end = fitting
        .map(|token| token.range.end)
        .max()
        .unwrap_or(0)
        .max(found.end);
    // Punctuation at the ends of the text belongs to it.
    let is_last = tokens.iter().all(|token| token.range.end <= end);
    let is_first = tokens.iter().all(|token| token.range.start >= start);
    let start = if is_first { 0 } else { start };
    let end = if is_last && text.len() <= end + BEFORE {
        text.len()
    } else {
        end
    };
    start..end
}

/// Returns the parts of a text that match, in order, without those within others.
fn matches(tokens: &[Token], patterns: &[Pattern]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = patterns
        .iter()
        .flat_map(|pattern| pattern.find(tokens))
        .collect();
    found.sort_by_key(|found| (found.start, Reverse(found.end)));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for next in found {
        match merged.last_mut() {
            // Pairs of characters overlap.
            Some(last) if next.start < last.end => last.end = last.end.max(next.end),
            _ => merged.push(next),
        }
    }
    merged
}

fn marked(text: &str, part: Range<usize>, matches: &[Range<usize>]) -> String {
    let mut marked = String::new();
    let mut end = part.start;
    for found in matches
        .iter()
        .filter(|found| found.start >= part.start && found.end <= part.end)
    {
        marked.push_str(&text[end..found.start]);
        marked.push_str("**");
        marked.push_str(&text[found.clone()]);
        marked.push_str("**");
        end = found.end;
    }
    marked.push_str(&text[end..part.end]);
    marked.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SearchLanguage;

    fn patterns(terms: &[&str], stemmer: &Stemmer) -> Vec<Pattern> {
        terms
            .iter()
            .map(|term| Pattern::unfinished(term, stemmer))
            .chain(terms.iter().map(|term| Pattern::complete(term, stemmer)))
            .collect()
    }

    #[test]
    fn matching_words_are_marked_as_written() {
        let stemmer = Stemmer::new(SearchLanguage::default());
        for (text, term, marked) in [
            ("Pay the Invoices", "invoice", "Pay the **Invoices**"),
            (
                "A café, a cafe\u{301}",
                "CAFE",
                "A **café**, a **cafe\u{301}**",
            ),
            ("明天去超市买牛奶", "超市买", "明天去**超市买**牛奶"),
            ("우유를 사다", "우유", "**우유**를 사다"),
            ("C++ and C", "C++", "**C++** and C"),
            (
                "mail john.doe@example.com",
                "john.doe@exam",
                "mail **john**.**doe**@**example**.com",
            ),
            ("so\u{ad}ft party 🎉!", "soft", "**so\u{ad}ft** party 🎉!"),
            ("so\u{ad}ft party 🎉!", "🎉", "so\u{ad}ft party **🎉**!"),
            ("The Who", "who", "The **Who**"),
            ("Draft of the second", "\"", "Draft of the second"),
        ] {
            assert_eq!(
                highlight(text, &patterns(&[term], &stemmer), &stemmer),
                marked,
                "{term}"
            );
        }
    }

    #[test]
    fn excerpts_show_most_matches() {
        let stemmer = Stemmer::new(SearchLanguage::default());
        let far = "nothing of interest ".repeat(300);
        let text = format!("One rent. {far} Pay the rent, pay it now. {far}");
        let excerpt =
            |text: &str, terms: &[&str]| excerpt(text, &patterns(terms, &stemmer), &stemmer);
        let shown = excerpt(&text, &["pay", "rent"]);
        assert!(shown.starts_with("One **rent**. nothing"), "{shown}");
        assert!(shown.contains(" … "), "{shown}");
        assert!(
            shown.contains("interest  **Pay** the **rent**, **pay** it now. nothing"),
            "{shown}"
        );
        assert!(shown.len() < 600, "{shown}");
        assert_eq!(excerpt("(It is late.)", &["late"]), "(It is **late**.)");
        assert_eq!(excerpt("It is late.", &["early"]), "");
        assert_eq!(
            excerpt(&"x".repeat(1_000), &["x"]),
            format!("**{}**", "x".repeat(1_000))
        );
    }
}
