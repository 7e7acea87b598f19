//! Thousands of random rules, computed in three ways.

use chrono::{Days, NaiveDate, NaiveDateTime};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::fixtures::rule;
use super::random_rules::random_rule;
use super::{oracle, rrule_crate};
use crate::domain::expansion::Expansion;

fn random_start(rng: &mut StdRng) -> NaiveDateTime {
    let first = NaiveDate::from_ymd_opt(1996, 1, 1).unwrap();
    let date = first + Days::new(rng.random_range(0..12_000));
    date.and_hms_opt(
        rng.random_range(0..24),
        rng.random_range(0..60),
        rng.random_range(0..60),
    )
    .unwrap()
}

#[test]
fn the_expansion_agrees_with_counting_out_every_day() {
    let mut rng = StdRng::seed_from_u64(5545);
    for _ in 0..1_500 {
        let (text, start) = (random_rule(&mut rng), random_start(&mut rng));
        let until = start + Days::new(6 * 365);
        let rule = rule(&text);
        let expansion = Expansion::new(rule.parts(), start);
        let dates: Vec<_> = expansion.between(start, until).collect();
        let expected = oracle::times(rule.parts(), start, until);
        assert_eq!(dates, expected, "{text} from {start}");
    }
}

#[test]
fn expansion_agrees_with_rrule_crate() {
    let mut rng = StdRng::seed_from_u64(14);
    let (mut compared, mut dates_compared) = (0, 0);
    for _ in 0..2_500 {
        let (text, start) = (random_rule(&mut rng), random_start(&mut rng));
        let rule = rule(&text);
        let expansion = Expansion::new(rule.parts(), start);
        // The crate takes very long to find out that a rule has few dates; those are left to the other comparison.
        let enough = expansion
            .between(start, start + Days::new(30 * 366))
            .nth(29);
        if !rrule_crate::is_sound(rule.parts()) || enough.is_none() {
            continue;
        }
        let Some(expected) = rrule_crate::times(rule.parts(), start, 30) else {
            continue;
        };
        let until = expected.last().map_or(start, |last| *last);
        let dates: Vec<_> = expansion.between(start, until).collect();
        assert_eq!(dates, expected, "{text} from {start}");
        compared += 1;
        dates_compared += dates.len();
    }
    assert!(compared > 1_500, "compared only {compared}");
    assert!(dates_compared > 45_000, "compared only {dates_compared}");
}

#[test]
fn seeking_equals_walking_from_start() {
    let mut rng = StdRng::seed_from_u64(7);
    for _ in 0..2_000 {
        let (text, start) = (random_rule(&mut rng), random_start(&mut rng));
        let (from, until) = (start + Days::new(3_000), start + Days::new(3_800));
        let expansion = Expansion::new(rule(&text).parts(), start);
        let walked: Vec<_> = expansion
            .between(start, until)
            .filter(|date| *date >= from)
            .collect();
        let looked: Vec<_> = expansion.between(from, until).collect();
        assert_eq!(looked, walked, "{text} from {start}");
        let backward: Vec<_> = expansion.between(from, until).rev().collect();
        assert!(
            backward.iter().eq(walked.iter().rev()),
            "{text} from {start}"
        );
    }
}

#[test]
fn rule_anchored_at_first_date_keeps_dates() {
    let mut rng = StdRng::seed_from_u64(11);
    for _ in 0..2_000 {
        let (text, start) = (random_rule(&mut rng), random_start(&mut rng));
        let until = start + Days::new(20 * 365);
        let rule = rule(&text);
        let dates: Vec<_> = Expansion::new(rule.parts(), start)
            .between(start, until)
            .collect();
        if let Some(first) = dates.first() {
            let again: Vec<_> = Expansion::new(rule.parts(), *first)
                .between(*first, until)
                .collect();
            assert_eq!(again, dates, "{text} from {start}");
        }
    }
}
