//! The columns that lists are ordered by.

use crate::domain::{KeyValue, Order, OrderField, OrderKey};

use service_runtime::postgres::Value;

/// Returns the SQL of a key, for a row called `t`.
pub fn expression(field: OrderField) -> &'static str {
    match field {
        OrderField::Due => "t.due_time",
        OrderField::Priority => "t.priority_rank",
        OrderField::Title => "lower(t.title)",
        OrderField::Start => "t.start_time",
        OrderField::Create => "t.create_time",
        OrderField::Update => "t.update_time",
        OrderField::Complete => "t.complete_time",
    }
}

/// Returns the name of a key in an answer.
fn name(field: OrderField) -> &'static str {
    match field {
        OrderField::Due => "due_time",
        OrderField::Priority => "priority_rank",
        OrderField::Title => "title_key",
        OrderField::Start => "start_time",
        OrderField::Create => "create_time",
        OrderField::Update => "update_time",
        OrderField::Complete => "complete_time",
    }
}

/// Returns what an answer has of each task: its id and its keys. A column that is no key is not read, so that an index suffices.
pub fn selection(order: &Order) -> String {
    const FIELDS: [(OrderField, &str); 7] = [
        (OrderField::Due, "timestamptz"),
        (OrderField::Priority, "smallint"),
        (OrderField::Title, "text"),
        (OrderField::Start, "timestamptz"),
        (OrderField::Create, "timestamptz"),
        (OrderField::Update, "timestamptz"),
        (OrderField::Complete, "timestamptz"),
    ];
    let columns = FIELDS.into_iter().map(|(field, kind)| {
        let is_key = order.keys().iter().any(|key| key.field == field);
        if is_key {
            format!(", {} AS {}", expression(field), name(field))
        } else {
            format!(", NULL::{kind} AS {}", name(field))
        }
    });
    std::iter::once("t.id".to_owned()).chain(columns).collect()
}

/// Returns the ORDER BY of a stretch of rows of `tasks`, by which an index is known.
pub fn order_of_rows(keys: &[OrderKey]) -> String {
    order_by(keys, expression, "t.id", true)
}

/// Returns the ORDER BY of answers that come from a stretch.
pub fn order_of_answers(keys: &[OrderKey]) -> String {
    order_by(keys, name, "id", true)
}

/// Returns the ORDER BY of answers that come from anywhere.
pub fn order_of_gathered(keys: &[OrderKey]) -> String {
    order_by(keys, name, "id", false)
}

fn order_by(
    keys: &[OrderKey],
    column: fn(OrderField) -> &'static str,
    id: &str,
    is_first_present: bool,
) -> String {
    let mut sql = String::from("ORDER BY ");
    for (place, key) in keys.iter().enumerate() {
        let is_present = !key.field.is_optional() || (place == 0 && is_first_present);
        let direction = match (key.descending, is_present) {
            (false, _) => "",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        };
        sql += &format!("{}{direction}, ", column(key.field));
    }
    sql + id + " DESC"
}

/// Returns the value of a key that is present, to be bound.
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
