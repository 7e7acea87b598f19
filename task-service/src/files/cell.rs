//! Cells of CSV: a guard against formulas, and lists.

/// A spreadsheet takes a cell that begins with one of these for a formula.
const BEGIN_FORMULAS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '＠'];
const GUARD: char = '\'';
const SEPARATOR: char = ';';
const ESCAPE: char = '\\';

/// Returns a text as a cell: one that a spreadsheet would take for a formula gets an apostrophe before it.
pub fn guarded(text: String) -> String {
    if needs_guard(&text) {
        format!("{GUARD}{text}")
    } else {
        text
    }
}

/// Returns the text of a cell: the apostrophe of [`guarded`] is taken off, any other stays.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix(GUARD) {
        Some(text) if needs_guard(text) => text,
        _ => cell,
    }
}

/// A text that begins with an apostrophe before a formula is guarded as well, so that reading gives back what was written.
fn needs_guard(text: &str) -> bool {
    let begins_formula = |text: &str| text.starts_with(BEGIN_FORMULAS);
    begins_formula(text)
        || begins_formula(text.trim_start_matches(GUARD)) && text.starts_with(GUARD)
}

/// Joins texts by semicolons; a semicolon or backslash within one gets a backslash before it.
pub fn join(items: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut joined = String::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            joined.push(SEPARATOR);
        }
        for character in item.as_ref().chars() {
            if matches!(character, SEPARATOR | ESCAPE) {
                joined.push(ESCAPE);
            }
            joined.push(character);
        }
    }
    joined
}

/// Takes apart what [`join`] joined; the spaces around an item and empty items are left out.
pub fn split(cell: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut characters = cell.chars();
    while let Some(character) = characters.next() {
        let item = items.last_mut().expect("there is one from the start");
        match character {
            ESCAPE => item.push(characters.next().unwrap_or(ESCAPE)),
            SEPARATOR => items.push(String::new()),
            _ => item.push(character),
        }
    }
    let items = items.iter().map(|item| item.trim().to_owned());
    items.filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_looks_like_a_formula_is_guarded_and_read_back() {
        for text in [
            "=cmd|' /C calc'!A0",
            "+1",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "＝1",
            "'=1",
            "''=1",
        ] {
            let cell = guarded(text.to_owned());
            assert_eq!(cell, format!("'{text}"));
            assert_eq!(unguarded(&cell), text);
        }
    }

    #[test]
    fn other_cells_stay_as_they_are() {
        for text in ["", "milk", "'tis", "1+1", "a=b", "'", "''", "'90s"] {
            assert_eq!(guarded(text.to_owned()), text);
            assert_eq!(unguarded(text), text);
        }
    }

    #[test]
    fn lists_are_joined_and_split() {
        let items = ["work", "a;b", r"c\d", r"e\;", ","];
        assert_eq!(join(items), r"work;a\;b;c\\d;e\\\;;,");
        assert_eq!(split(&join(items)), items);
        assert_eq!(split(" one ; two;;"), ["one", "two"]);
        assert!(split("").is_empty());
        assert_eq!(split(r"end\"), [r"end\"]);
    }
}
