use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::{
    filter::{Now, Test},
    task_filter::TaskFilter as Filter,
    time_zone::TimeZone,
};

#[test]
fn filter_has_at_most_ten_thousand_characters() {
    let longest = format!("title:\"{}\"", "日".repeat(9_992));
    assert!(Filter::parse(&longest).is_ok());
    let error = Filter::parse(&format!("{longest} ")).unwrap_err();
    assert_eq!(error.position, 10_001);
    assert_eq!(
        error.to_string(),
        "at character 10001: found a filter of 10001 characters, expected 10000 or fewer"
    );
}

#[test]
fn parentheses_nest_at_most_thirty_two_deep() {
    let nested = |depth: usize| format!("{}muted{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(32)).is_ok());
    for depth in [33, 200, 4_000] {
        let error = Filter::parse(&nested(depth)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "at character 33: found parentheses nested 33 deep, expected 32 levels or fewer"
        );
    }
    let side_by_side = "(muted) ".repeat(200);
    assert!(Filter::parse(&side_by_side).is_ok());
}

#[test]
fn filter_has_at_most_two_hundred_conditions() {
    assert!(Filter::parse(&"muted ".repeat(200)).is_ok());
    let error = Filter::parse(&"muted ".repeat(201)).unwrap_err();
    assert_eq!(
        (error.position, error.expected.as_str()),
        (1_201, "200 conditions or fewer")
    );
    let error = Filter::parse(&"-".repeat(9_999)).unwrap_err();
    assert_eq!(error.position, 2);
}

#[test]
fn random_texts_are_parsed_or_refused_without_panic() {
    let mut random = StdRng::seed_from_u64(160);
    let now = Now::new(
        chrono::DateTime::UNIX_EPOCH,
        &TimeZone::parse("Europe/Berlin").unwrap(),
    );
    let (mut read, mut refused) = (0, 0);
    for _ in 0..60_000 {
        let text = random_text(&mut random);
        let length = text.chars().count();
        match Filter::parse(&text) {
            Ok(filter) => {
                read += 1;
                for test in filter.tests() {
                    if let Test::Time(_, _, moment) = test {
                        moment.resolve(&now);
                    }
                }
            }
            Err(error) => {
                refused += 1;
                assert!(
                    (1..=length + 1).contains(&error.position),
                    "{text:?}: {error}"
                );
            }
        }
    }
    // Both happen, or the test tests nothing.
    assert!(read > 1_000 && refused > 1_000, "{read} {refused}");
}

fn random_text(random: &mut StdRng) -> String {
    const PIECES: &[&str] = &[
        "title",
        "due",
        "state",
        "priority",
        "muted",
        "blocked",
        "tag",
        "category",
        "parent",
        "create",
        "AND",
        "OR",
        "NOT",
        "-",
        "+",
        "(",
        ")",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        ":",
        "*",
        "\"",
        "'",
        "\\",
        "today",
        "now",
        "tomorrow",
        "7d",
        "99999999999999999999d",
        "400y",
        "2h",
        "open",
        "high",
        "true",
        "2026-12-01",
        "2026-12-01T09:00:00+01:00",
        "\u{0}",
        "\u{202e}",
        "🥛",
        "é",
        "work",
        "muted",
        "muted",
        "blocked",
        "today-",
        "due < today",
        "tag:work",
        "title:\"x\"",
        "0",
        "٣",
        "\r\n",
        "%",
        "_",
        ";",
        "$1",
        "DROP TABLE",
    ];
    let mut text = String::new();
    for _ in 0..random.random_range(0..12) {
        if random.random_bool(0.05) {
            text.push(random.random());
        } else if let Some(piece) = PIECES.choose(random) {
            text.push_str(piece);
        }
        if random.random_bool(0.7) {
            text.push(' ');
        }
    }
    text
}
