use prost_reflect::EnumDescriptor;

use super::comments::Comments;

/// Compiled enum.
#[derive(Debug, PartialEq)]
pub struct EnumPlan {
    /// Full name.
    pub full_name: String,
    /// Comment before it.
    pub comment: String,
    /// Values in order.
    pub values: Vec<EnumValue>,
    /// Beginning that the full names have in common, in lower case.
    pub prefix: String,
}

/// Value of an enum.
#[derive(Debug, PartialEq)]
pub struct EnumValue {
    /// Number on the wire; 0 means "not stated".
    pub number: i32,
    /// Full name, such as `PRIORITY_HIGH`.
    pub name: String,
    /// Short word, such as `high`.
    pub word: String,
    /// Comment before it.
    pub comment: String,
}

impl EnumPlan {
    pub(super) fn of(enumeration: &EnumDescriptor, comments: &Comments) -> Self {
        let file = enumeration.parent_file();
        let prefix = screaming_snake(enumeration.name()) + "_";
        let values = enumeration.values().map(|value| {
            let name = value.name();
            EnumValue {
                number: value.number(),
                name: name.to_owned(),
                word: name
                    .strip_prefix(&prefix)
                    .unwrap_or(name)
                    .to_ascii_lowercase(),
                comment: comments.at(&file, value.path()).to_owned(),
            }
        });
        Self {
            full_name: enumeration.full_name().to_owned(),
            comment: comments.at(&file, enumeration.path()).to_owned(),
            values: values.collect(),
            prefix: prefix.to_ascii_lowercase(),
        }
    }

    /// Returns the value with this number.
    pub fn by_number(&self, number: i32) -> Option<&EnumValue> {
        self.values.iter().find(|value| value.number == number)
    }
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
