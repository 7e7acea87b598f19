use prost_reflect::EnumDescriptor;

use super::{Dialect, enum_word};

/// Compiled enum.
#[derive(Debug, PartialEq)]
pub struct EnumPlan {
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
}

impl EnumPlan {
    pub(super) fn of(enumeration: &EnumDescriptor) -> Self {
        let first = enumeration.default_value();
        let prefix = first.name().len() - enum_word(&first, Dialect::Tool).len();
        let values = enumeration.values().map(|value| EnumValue {
            number: value.number(),
            name: value.name().to_owned(),
            word: enum_word(&value, Dialect::Tool),
        });
        Self {
            values: values.collect(),
            prefix: first.name()[..prefix].to_ascii_lowercase(),
        }
    }

    /// Returns the value with this number.
    pub fn by_number(&self, number: i32) -> Option<&EnumValue> {
        self.values.iter().find(|value| value.number == number)
    }
}
