use prost_reflect::{EnumDescriptor, EnumValueDescriptor};

use super::Dialect;

/// One value of an enum and the word that stands for it.
pub struct EnumWord {
    /// The word: `PRIORITY_HIGH` over HTTP, `high` for tools.
    pub word: String,
    /// The value's full name, under which its comment is found.
    pub full_name: String,
}

/// Returns the words of an enum in order. Tools are not offered the value that means "not stated".
pub fn enum_words(enumeration: &EnumDescriptor, dialect: Dialect) -> Vec<EnumWord> {
    enumeration
        .values()
        .filter(|value| dialect == Dialect::Http || value.number() != 0)
        .map(|value| EnumWord {
            word: enum_word(&value, dialect),
            full_name: value.full_name().to_owned(),
        })
        .collect()
}

/// Returns the word for one value: its name, without the enum's own name and in lower case for tools.
pub fn enum_word(value: &EnumValueDescriptor, dialect: Dialect) -> String {
    if dialect == Dialect::Http {
        return value.name().to_owned();
    }
    let prefix = screaming_snake(value.parent_enum().name()) + "_";
    let short = value.name().strip_prefix(&prefix).unwrap_or(value.name());
    short.to_ascii_lowercase()
}

fn screaming_snake(name: &str) -> String {
    let mut words = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            words.push('_');
        }
        words.push(letter.to_ascii_uppercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::screaming_snake;

    #[test]
    fn enum_prefix_is_enum_name_in_upper_case() {
        assert_eq!(screaming_snake("RecurrenceAnchor"), "RECURRENCE_ANCHOR");
    }
}
