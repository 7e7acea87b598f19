//! Keyset pagination predicate.

use super::{super::Statement, column};
use crate::domain::{KeyValue, OrderKey, TaskId};

/// Writes the condition of coming behind a task with these values; the first key is never absent, if `is_first_present`.
pub fn write(
    statement: &mut Statement,
    keys: &[OrderKey],
    values: &[KeyValue],
    id: TaskId,
    is_first_present: bool,
) {
    let ([key, keys @ ..], [value, values @ ..]) = (keys, values) else {
        statement.push("t.id < ").bind(id.as_uuid());
        return;
    };
    let column = column::expression(key.field);
    let sign = if key.descending { "<" } else { ">" };
    let Some(value) = column::value(key.field, value) else {
        statement.push("(").push(column).push(" IS NULL AND ");
        write(statement, keys, values, id, false);
        statement.push(")");
        return;
    };
    statement.push("(");
    if is_first_present || !key.field.is_optional() {
        // An index can be read from here on.
        let from = format!("{column} {sign}= ");
        statement.push(&from).bind(value.clone()).push(" AND (");
    } else {
        statement.push("(").push(column).push(" IS NULL OR ");
    }
    let beyond = format!("{column} {sign} ");
    statement.push(&beyond).bind(value.clone()).push(" OR (");
    statement.push(column).push(" = ").bind(value).push(" AND ");
    write(statement, keys, values, id, false);
    statement.push(")))");
}
