//! Text from nowhere: an answer to all of it, and never a panic.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::fixtures::{local, zone};
use super::random_rules::random_rule;
use crate::domain::{Anchor, RecurrenceRule, RuleError, Series, TimeZone};

/// Pieces of text, separated by bars.
const PIECES: &str = "FREQ|DAILY|WEEKLY|YEARLY|BYDAY|UNTIL|COUNT|BYSETPOS|=|;|,|:|RRULE:|0|-0|+|-|99999999999999999999|-2147483648|MO|1|53SU|\
    é|日|\0|\n|\r\n|\t| |\u{202e}|🦀|T|Z|20300101|T000000Z|%s|'|\"|\\|ſ";

/// Puts pieces together, fewer than this many.
fn random_text(rng: &mut StdRng, pieces: usize) -> String {
    let all: Vec<&str> = PIECES.split('|').collect();
    let count = rng.random_range(0..pieces);
    (0..count)
        .filter_map(|_| all.choose(rng).copied())
        .collect()
}

/// Reads a rule and, if it is one, uses it in every way; returns whether it is one.
fn survives(text: &str) -> bool {
    let Ok(rule) = text.parse::<RecurrenceRule>() else {
        return false;
    };
    for anchor in [Anchor::Schedule, Anchor::Completion] {
        let start = local("2026-03-29T02:30:00");
        if let Ok(series) = Series::new(&rule, zone("Europe/Berlin"), start, anchor) {
            let _ = (series.last(), series.occurrences().take(3).count());
        }
    }
    true
}

#[test]
fn no_text_makes_the_parser_panic() {
    let mut rng = StdRng::seed_from_u64(1);
    for _ in 0..20_000 {
        survives(&random_text(&mut rng, 12));
    }
}

#[test]
fn changed_rule_never_panics() {
    let mut rng = StdRng::seed_from_u64(2);
    let mut accepted = 0;
    for _ in 0..5_000 {
        let mut letters: Vec<char> = random_rule(&mut rng).chars().collect();
        for _ in 0..rng.random_range(1..3) {
            let place = rng.random_range(0..letters.len());
            letters[place] = char::from(rng.random_range(0x20..0x7f_u8));
        }
        accepted += u32::from(survives(&letters.into_iter().collect::<String>()));
    }
    assert!(accepted > 50, "{accepted}");
}

#[test]
fn rule_of_10_000_characters_is_too_long() {
    for text in [
        "A".repeat(10_000),
        format!("FREQ=DAILY;{}", "é".repeat(9_989)),
    ] {
        let error = text.parse::<RecurrenceRule>().unwrap_err();
        assert_eq!(error, RuleError::TooLong(text.len()));
        assert!(error.to_string().contains("at most 512"));
    }
}

#[test]
fn error_is_short_and_ascii() {
    let mut rng = StdRng::seed_from_u64(3);
    for _ in 0..5_000 {
        let text = random_text(&mut rng, 40);
        if let Err(error) = text.parse::<RecurrenceRule>() {
            let message = error.to_string();
            assert!(message.is_ascii(), "{text:?} got {message:?}");
            assert!(!message.contains(|c: char| c.is_control()), "{message:?}");
            assert!(message.len() <= 200, "{message}");
        }
    }
}

#[test]
fn no_name_makes_the_time_zones_panic() {
    for name in [
        "",
        "/",
        "../../etc/passwd",
        "Europe/Berlin\0",
        "🦀",
        "Etc/Unknown",
        "Factory",
    ] {
        assert!(name.parse::<TimeZone>().is_err(), "{name:?}");
    }
    assert!("Z".repeat(10_000).parse::<TimeZone>().is_err());
}
