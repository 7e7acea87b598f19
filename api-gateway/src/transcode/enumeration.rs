use crate::catalog::{Dialect, EnumPlan, EnumValue};
use service_runtime::suggestion::nearest;

/// Reads a value of an enum, its full name or its short word, and returns its number. The error lists the words. What is not a text
/// is read as an empty one.
///
/// Numbers are refused, although the JSON mapping knows them: schemas call for a string, and a client that sends a number often means
/// another system's scale, such as a priority of 1 that is the highest.
pub(super) fn enumeration(plan: &EnumPlan, text: &str, dialect: Dialect) -> Result<i32, String> {
    let mut values = plan.values.iter();
    if let Some(value) = values.find(|value| is_meant(value, text, dialect)) {
        return Ok(value.number);
    }
    // "Not stated" is never what a caller who states something means.
    let stated = || plan.values.iter().filter(|value| value.number != 0);
    let words: Vec<&str> = stated().map(|value| value.word.as_str()).collect();
    let full_name = match (dialect, stated().next()) {
        (Dialect::Http, Some(value)) => format!(", or a full name such as {}", value.name),
        _ => String::new(),
    };
    let hint = hint(plan, text, &words);
    Err(format!(
        "must be one of {}{full_name}{hint}",
        words.join(", ")
    ))
}

/// Compares short words, because the long names of one enum are all alike.
fn hint(plan: &EnumPlan, text: &str, words: &[&str]) -> String {
    let text = text.to_ascii_lowercase();
    let text = text.strip_prefix(&plan.prefix).unwrap_or(&text);
    nearest(text, words.iter().copied())
        .map(|word| format!("; did you mean {word}?"))
        .unwrap_or_default()
}

/// Over HTTP, the full name of the JSON mapping and the short word of filters and tools; models write words as they stand in prose,
/// so a tool takes them in any case.
fn is_meant(value: &EnumValue, text: &str, dialect: Dialect) -> bool {
    let is_stated = value.number != 0;
    match dialect {
        Dialect::Http => text == value.name || (is_stated && text == value.word),
        Dialect::Tool => {
            is_stated
                && (text.eq_ignore_ascii_case(&value.word)
                    || text.eq_ignore_ascii_case(&value.name))
        }
    }
}
