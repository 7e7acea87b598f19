use std::collections::HashMap;

use crate::telemetry::metrics;

/// Suffixes that only the samples of some types have.
const SUFFIXES: [(&str, &[&str]); 4] = [
    ("_total", &["counter"]),
    ("_bucket", &["histogram"]),
    ("_count", &["histogram", "summary"]),
    ("_sum", &["histogram", "summary"]),
];
/// Units whose base unit is another one, and abbreviations of units.
const FORBIDDEN_UNITS: [&str; 27] = [
    "nanoseconds",
    "microseconds",
    "milliseconds",
    "minutes",
    "hours",
    "days",
    "weeks",
    "kilobytes",
    "megabytes",
    "gigabytes",
    "kibibytes",
    "mebibytes",
    "bits",
    "s",
    "ms",
    "us",
    "ns",
    "sec",
    "b",
    "kb",
    "mb",
    "gb",
    "tb",
    "pb",
    "m",
    "h",
    "d",
];

const TYPES: [&str; 4] = ["counter", "gauge", "histogram", "summary"];

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
            _ => problems.extend(camel_case_label(line)),
        }
    }
    problems.sort();
    problems.dedup();
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
    for word in name.split('_') {
        if FORBIDDEN_UNITS.contains(&word) {
            problems.push(format!(
                "{name} has {word} for a unit, which is no base unit"
            ));
        }
        if TYPES.contains(&word) {
            problems.push(format!("{name} names a type"));
        }
    }
    problems
}

fn camel_case_label(sample: &str) -> Option<String> {
    let (name, labels) = sample.split_once('{')?;
    let names = labels
        .split("=\"")
        .filter_map(|part| part.rsplit(['{', ',']).next());
    let mut names = names.filter(|label| {
        label
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    });
    let label = names.find(|label| {
        label.chars().any(char::is_uppercase)
            && label.chars().next().is_some_and(char::is_lowercase)
    })?;
    Some(format!("{name} has the label {label} in camelCase"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn convention_breaks_are_found() {
        for (text, found) in [
            (
                "# TYPE a_total counter\na_total 1",
                Some("a_total has no help"),
            ),
            (
                "# HELP a_total \n# TYPE a_total counter",
                Some("a_total has no help"),
            ),
            (
                "# HELP a Aha\n# TYPE a counter",
                Some("a is a counter and does not end in _total"),
            ),
            (
                "# HELP a_total Aha\n# TYPE a_total gauge",
                Some("a_total is a gauge and ends in _total"),
            ),
            (
                "# HELP a_count Aha\n# TYPE a_count gauge",
                Some("a_count is a gauge and ends in _count"),
            ),
            (
                "# HELP a_ms Aha\n# TYPE a_ms histogram",
                Some("a_ms has ms for a unit, which is no base unit"),
            ),
            (
                "# HELP a_gauge Aha\n# TYPE a_gauge gauge",
                Some("a_gauge names a type"),
            ),
            (
                "# HELP aB Aha\n# TYPE aB gauge",
                Some("aB is not in snake_case"),
            ),
            (
                "a{partOf=\"x\",b=\"y\"} 1",
                Some("a has the label partOf in camelCase"),
            ),
            (
                "# HELP a_seconds Aha\n# TYPE a_seconds histogram\na_seconds_bucket{le=\"+Inf\"} 1",
                None,
            ),
            (
                "# HELP a_total Aha\n# TYPE a_total counter\na_total{rpc=\"a.B/C\"} 1",
                None,
            ),
        ] {
            let expected: Vec<String> = found.into_iter().map(str::to_owned).collect();
            assert_eq!(problems(text), expected, "{text}");
        }
    }
}
