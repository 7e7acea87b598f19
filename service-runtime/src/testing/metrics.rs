use std::collections::HashMap;

use crate::telemetry::metrics;

/// Suffixes that only the samples of some types have.
const SUFFIXES: [(&str, &[&str]); 4] = [
    ("_total", &["counter"]),
    ("_bucket", &["histogram"]),
    ("_count", &["histogram", "summary"]),
    ("_sum", &["histogram", "summary"]),
];
/// Units that are no base unit, abbreviations of units, and types.
const FORBIDDEN_WORDS: &str = "nanoseconds microseconds milliseconds minutes hours days weeks kilobytes megabytes gigabytes \
    kibibytes mebibytes bits s ms us ns sec b kb mb gb tb pb m h d counter gauge histogram summary";

/// Panics unless the metrics of this process follow the conventions of Prometheus, as `promtool check metrics` checks them.
pub fn check_metrics() {
    let problems = problems(&metrics::render());
    assert!(
        problems.is_empty(),
        "metrics against the conventions: {problems:#?}"
    );
}

fn problems(text: &str) -> Vec<String> {
    let mut helps = HashMap::new();
    let mut problems = Vec::new();
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(name), help) => {
                helps.insert(name.to_owned(), help.unwrap_or_default().to_owned());
            }
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                if helps.get(name).is_none_or(|help| help.trim().is_empty()) {
                    problems.push(format!("{name} has no help"));
                }
                problems.extend(problems_of(name, kind));
            }
            _ => {}
        }
    }
    problems
}

fn problems_of(name: &str, kind: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name.contains(':') || name.chars().any(char::is_uppercase) {
        problems.push(format!("{name} is not in snake_case"));
    }
    for (suffix, kinds) in SUFFIXES {
        if name.ends_with(suffix) && !kinds.contains(&kind) {
            problems.push(format!("{name} is a {kind} and ends in {suffix}"));
        }
    }
    if kind == "counter" && !name.ends_with("_total") {
        problems.push(format!("{name} is a counter and does not end in _total"));
    }
    let mut words = name.split('_');
    if let Some(word) = words.find(|word| FORBIDDEN_WORDS.split(' ').any(|known| known == *word)) {
        problems.push(format!(
            "{name} has {word}, which is a type or no base unit"
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violated_conventions_are_found() {
        let help = |name: &str, kind: &str| format!("# HELP {name} Help\n# TYPE {name} {kind}");
        let cases = [
            (
                "# TYPE a_total counter\na_total 1".to_owned(),
                "a_total has no help",
            ),
            (
                "# HELP a_total \n# TYPE a_total counter".to_owned(),
                "a_total has no help",
            ),
            (
                help("a", "counter"),
                "a is a counter and does not end in _total",
            ),
            (
                help("a_total", "gauge"),
                "a_total is a gauge and ends in _total",
            ),
            (
                help("a_count", "gauge"),
                "a_count is a gauge and ends in _count",
            ),
            (
                help("a_ms", "histogram"),
                "a_ms has ms, which is a type or no base unit",
            ),
            (
                help("a_gauge", "gauge"),
                "a_gauge has gauge, which is a type or no base unit",
            ),
            (help("aB", "gauge"), "aB is not in snake_case"),
        ];
        for (text, expected) in cases {
            assert_eq!(problems(&text), [expected], "{text}");
        }
        for name in ["a_seconds", "a_bytes"] {
            assert!(problems(&help(name, "histogram")).is_empty());
        }
        assert!(problems(&help("a_total", "counter")).is_empty());
    }
}
