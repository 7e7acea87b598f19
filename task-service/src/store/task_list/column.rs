//! The columns that lists are ordered by.

use service_runtime::postgres::Value;

use super::super::Statement;
use crate::domain::{KeyValue, OrderField, OrderKey};

/// Returns the SQL of a key, for a row of `tasks` or of an answer, which has the same columns.
pub fn expression(field: OrderField) -> &'static str {
    match field {
        OrderField::Due => "due_time",
        OrderField::Priority => "priority_rank",
        OrderField::Title => "lower(title)",
        OrderField::Start => "start_time",
        OrderField::Create => "create_time",
        OrderField::Update => "update_time",
        OrderField::Complete => "complete_time",
    }
}

/// Returns the ORDER BY of a stretch, by which an index is known.
pub fn order_of_segment(keys: &[OrderKey]) -> String {
    order_by(keys, true)
}

/// Returns the ORDER BY of rows that come from anywhere.
pub fn order_of_gathered(keys: &[OrderKey]) -> String {
    order_by(keys, false)
}

fn order_by(keys: &[OrderKey], is_first_present: bool) -> String {
    let mut sql = String::from("ORDER BY ");
    for (place, key) in keys.iter().enumerate() {
        let is_present = !key.field.is_optional() || (place == 0 && is_first_present);
        let direction = match (key.descending, is_present) {
            (false, _) => ", ",
            (true, true) => " DESC, ",
            (true, false) => " DESC NULLS LAST, ",
        };
        sql = sql + expression(key.field) + direction;
    }
    sql + "id DESC"
}

/// Returns the value of a key that is present.
pub fn value(field: OrderField, value: &KeyValue) -> Option<Value> {
    match (field, value) {
        (OrderField::Title, KeyValue::Text(text)) => Some(text.as_str().into()),
        (OrderField::Priority, KeyValue::Number(rank)) => {
            i16::try_from(*rank).ok().map(Value::Small)
        }
        (OrderField::Title | OrderField::Priority, _) => None,
        (_, value) => value.time().map(Value::Time),
    }
}

/// Appends a comparison of a key with a value. Only the database knows what it makes of a title.
pub fn compare(statement: &mut Statement, field: OrderField, sign: &str, value: &Value) {
    statement.push(expression(field)).push(sign);
    match field {
        OrderField::Title => statement.push("lower(").bind(value.clone()).push(")"),
        _ => statement.bind(value.clone()),
    };
}
