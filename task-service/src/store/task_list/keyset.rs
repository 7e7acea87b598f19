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
        statement.push("id < ").bind(id.as_uuid());
        return;
    };
    let column = column::expression(key.field);
    let (beyond, from) = match key.descending {
        true => (" < ", " <= "),
        false => (" > ", " >= "),
    };
    let Some(value) = column::value(key.field, value) else {
        statement.push("(").push(column).push(" IS NULL AND ");
        write(statement, keys, values, id, false);
        statement.push(")");
        return;
    };
    statement.push("(");
    if is_first_present || !key.field.is_optional() {
        // An index can be read from here on.
        column::compare(statement, key.field, from, &value);
        statement.push(" AND (");
    } else {
        statement.push("(").push(column).push(" IS NULL OR ");
    }
    column::compare(statement, key.field, beyond, &value);
    statement.push(" OR (");
    column::compare(statement, key.field, " = ", &value);
    statement.push(" AND ");
    write(statement, keys, values, id, false);
    statement.push(")))");
}
