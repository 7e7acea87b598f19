//! Files of `NAME=value` lines.

use std::{collections::BTreeMap, fs};

use crate::manifests::repository;

/// Variables by name.
pub type Variables = BTreeMap<String, String>;

/// Which lines count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Those that set a variable.
    Set,
    /// Those, and those that would if the `#` before them were taken away.
    Offered,
}

/// Reads a file of the repository.
pub fn read(path: &str, lines: Lines) -> Variables {
    let text = fs::read_to_string(repository().join(path))
        .unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    text.lines()
        .filter_map(|line| variable(line, lines))
        .collect()
}

fn variable(line: &str, lines: Lines) -> Option<(String, String)> {
    let offered = line.strip_prefix("# ").filter(|_| lines == Lines::Offered);
    let (name, value) = offered.unwrap_or(line).split_once('=')?;
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.chars()
        .all(is_name)
        .then(|| (name.to_owned(), unquoted(value).to_owned()))
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('\'')
        .and_then(|value| value.strip_suffix('\''))
        .unwrap_or(value)
}
