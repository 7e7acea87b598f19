//! The bounds of values: the protovalidate rules of the contract, as keywords of JSON Schema.

use chrono::{DateTime, SecondsFormat};
use serde_json::Value;
use taskmesh_proto::buf::validate::{
    FieldRules, Ignore, Int32Rules, RepeatedRules, StringRules, TimestampRules, field_rules::Type,
    int32_rules, string_rules::WellKnown, timestamp_rules,
};

use super::schema_forms::Schema;

const UUID: &str = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

/// The bounds of a field's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The field is always set.
    pub required: bool,
    /// The default value is not checked: in a request it stands for a field that is not given.
    pub ignore_default: bool,
    /// The keywords of the value, or of the list if it is one.
    pub value: Schema,
    /// The keywords of the items of a list.
    pub items: Schema,
}

impl Rules {
    pub(super) fn of(rules: &FieldRules) -> Self {
        let (value, items) = keywords(rules);
        Self {
            required: rules.required(),
            ignore_default: rules.ignore() == Ignore::IfZeroValue,
            value,
            items,
        }
    }

    /// Tells whether an update may not empty the field, because it must have characters.
    pub fn refuses_empty(&self) -> bool {
        self.value.contains_key("minLength")
    }

    /// Returns the keywords of the value for requests and answers in which the default value stands for nothing.
    pub fn value_or_default(&self) -> Schema {
        let mut value = self.value.clone();
        if !self.ignore_default {
            return value;
        }
        value.shift_remove("minLength");
        let pattern = match value.get("format").and_then(Value::as_str) {
            Some("uuid") => Some(format!("^({UUID})?$")),
            _ => value
                .get("pattern")
                .and_then(Value::as_str)
                .map(|pattern| format!("^$|{pattern}")),
        };
        if let Some(pattern) = pattern {
            value.shift_remove("format");
            value.insert("pattern".to_owned(), pattern.into());
        }
        value
    }
}

/// Returns the keywords of the value, and those of its items if it is a list.
fn keywords(rules: &FieldRules) -> (Schema, Schema) {
    let value = match &rules.r#type {
        Some(Type::Int32(rules)) => number(rules),
        Some(Type::String(rules)) => text(rules),
        Some(Type::Timestamp(rules)) => time(rules),
        Some(Type::Repeated(rules)) => {
            let items = rules.items.as_deref().map(keywords).unwrap_or_default();
            return (list(rules), items.0);
        }
        Some(Type::Enum(_)) | None => Schema::new(),
    };
    (value, Schema::new())
}

fn number(rules: &Int32Rules) -> Schema {
    let least = rules
        .greater_than
        .map(|int32_rules::GreaterThan::Gte(least)| least);
    let greatest = rules
        .less_than
        .map(|int32_rules::LessThan::Lte(greatest)| greatest);
    given([
        ("minimum", least.map(Value::from)),
        ("maximum", greatest.map(Value::from)),
    ])
}

fn text(rules: &StringRules) -> Schema {
    let format = match rules.well_known {
        Some(WellKnown::Uuid(true)) => Some("uuid"),
        Some(WellKnown::Email(true)) => Some("email"),
        _ => None,
    };
    given([
        ("format", format.map(Value::from)),
        ("minLength", rules.min_len.map(Value::from)),
        ("maxLength", rules.max_len.map(Value::from)),
        ("pattern", rules.pattern.clone().map(Value::from)),
    ])
}

/// JSON Schema has no keywords for the bounds of a time; these are those of the formats of Ajv.
fn time(rules: &TimestampRules) -> Schema {
    let text = |time: prost_types::Timestamp| {
        DateTime::from_timestamp(time.seconds, 0)
            .map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true).into())
    };
    let from = rules
        .greater_than
        .and_then(|timestamp_rules::GreaterThan::Gte(time)| text(time));
    let before = rules
        .less_than
        .and_then(|timestamp_rules::LessThan::Lt(time)| text(time));
    given([("formatMinimum", from), ("formatExclusiveMaximum", before)])
}

fn list(rules: &RepeatedRules) -> Schema {
    given([
        ("minItems", rules.min_items.map(Value::from)),
        ("maxItems", rules.max_items.map(Value::from)),
        (
            "uniqueItems",
            rules.unique.filter(|unique| *unique).map(Value::from),
        ),
    ])
}

fn given<const N: usize>(keywords: [(&str, Option<Value>); N]) -> Schema {
    let keywords = keywords.into_iter();
    keywords
        .filter_map(|(keyword, value)| Some((keyword.to_owned(), value?)))
        .collect()
}
