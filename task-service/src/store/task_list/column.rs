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

/// Returns the name of the column of a key.
fn name(field: OrderField) -> String {
    format!("{}_key", field.word())
}

/// Returns the columns that are read of each task: its id and its keys. A column that is no key is not read, so that an index suffices.
pub fn selection(order: &Order) -> String {
    let keys = order.keys().iter().map(|key| key.field);
    let keys = keys.map(|field| format!(", {} AS {}", expression(field), name(field)));
    std::iter::once("t.id".to_owned()).chain(keys).collect()
}

/// Returns the columns of an answer: the id, the keys as the JSON of [`KeyValue`]s, and whether the task matches.
pub fn answer(order: &Order) -> String {
    let keys = order.keys().iter().map(|key| match key.field {
        OrderField::Title | OrderField::Priority => name(key.field),
        field => format!("(extract(epoch FROM {}) * 1000000)::bigint", name(field)),
    });
    let keys: Vec<String> = keys.collect();
    format!(
        "id, jsonb_build_array({}) AS keys, matches",
        keys.join(", ")
    )
}

/// Returns the ORDER BY of a stretch of rows of `tasks`, by which an index is known.
pub fn order_of_rows(keys: &[OrderKey]) -> String {
    order_by(keys, |field| expression(field).to_owned(), "t.id", true)
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
    column: fn(OrderField) -> String,
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
