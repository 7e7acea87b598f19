//! Along the index of an order.

use diesel_async::AsyncPgConnection;
use service_runtime::postgres::DatabaseError;

use super::{
    super::{Statement, task_row::StoredTask},
    Page, Scope, column, keyset, row,
    segment::{Fixed, Segment, is_same},
};
use crate::domain::{OrderField, filter::Expression};

/// Maximum number of rows to read before another plan is tried; they are scattered over the table.
const ROWS: i64 = 2_000;

/// Result of a walk.
#[derive(Debug)]
pub struct Walked {
    /// The tasks that match, in order.
    pub tasks: Vec<StoredTask>,
    /// True if these are all tasks of the page.
    pub is_complete: bool,
}

/// Returns how far to walk at first.
pub fn bound(page: &Page) -> i64 {
    ROWS.max(page.limit)
}

/// Walks along one stretch of the list, for at most so many tasks of each class, until so many match as are missing.
pub async fn along(
    tx: &mut AsyncPgConnection,
    page: &Page<'_>,
    scope: &Scope,
    segment: &Segment<'_>,
    bound: i64,
    missing: i64,
) -> Result<Walked, DatabaseError> {
    let statement = statement(page, scope, segment, bound, missing);
    let rows = row::load(tx, statement).await?;
    let mut tasks = Vec::with_capacity(rows.len());
    for (task, matches, number) in rows {
        if matches == Some(true) {
            tasks.push(task);
        }
        // Classes were merged in order: what comes behind the end of one walk may lack tasks of its class.
        let is_full = i64::try_from(tasks.len()).is_ok_and(|count| count >= missing);
        if number == bound && !is_full {
            return Ok(Walked {
                tasks,
                is_complete: false,
            });
        }
    }
    Ok(Walked {
        tasks,
        is_complete: true,
    })
}

/// Writes the walk.
pub fn statement(
    page: &Page,
    scope: &Scope,
    segment: &Segment,
    bound: i64,
    missing: i64,
) -> Statement {
    let mut statement = match page.has_filter() {
        false => Statement::fixed(),
        true => Statement::default(),
    };
    statement.push("SELECT * FROM (");
    for (place, class) in scope.classes.iter().enumerate() {
        statement.push(if place > 0 { " UNION ALL " } else { "" });
        match page.has_filter() {
            false => {
                statement.push("(SELECT *, TRUE AS matches, 0::bigint AS number");
                write_rows(&mut statement, page, scope, segment, *class);
            }
            true => {
                write_class(&mut statement, page, scope, segment, *class, bound);
                statement.push(" LIMIT ").bind(missing);
                statement.push(") t JOIN tasks ON tasks.id = t.id AND tasks.user_id = ");
                statement.bind(page.condition.user_id.as_ref());
            }
        }
        statement.push(" LIMIT ").bind(missing).push(")");
    }
    statement.push(") tasks");
    if scope.classes.len() > 1 || page.has_filter() {
        let order = column::order_of_segment(segment.keys);
        statement.push(" ").push(&order);
    }
    statement.push(" LIMIT ").bind(missing);
    statement
}

fn write_class(
    statement: &mut Statement,
    page: &Page,
    scope: &Scope,
    segment: &Segment,
    class: i16,
    bound: i64,
) {
    let order = column::order_of_segment(segment.keys);
    let condition = page.condition;
    // The walk carries only what the filter needs. Its last row is read, matching or not: it marks the end of the walk.
    statement.push("(SELECT tasks.*, t.matches, t.number FROM (SELECT * FROM (SELECT t.id, (TRUE");
    condition.write(statement);
    statement.push(") AS matches, t.number FROM (SELECT *, row_number() OVER (");
    statement.push(&order).push(") AS number");
    write_rows(statement, page, scope, segment, class);
    statement.push(" LIMIT ").bind(bound);
    statement
        .push(") t) t WHERE t.matches OR t.number = ")
        .bind(bound);
}

/// Appends the rows of a class in order, without those that a term about the leading key excludes.
fn write_rows(
    statement: &mut Statement,
    page: &Page,
    scope: &Scope,
    segment: &Segment,
    class: i16,
) {
    let condition = page.condition;
    statement.push(" FROM tasks t WHERE ");
    scope.write(statement, page);
    statement.push(" AND t.list_class = ").bind(class);
    for (field, fixed) in &segment.fixed {
        write_fixed(statement, *field, *fixed);
    }
    let leading = segment.keys.first().map(|key| key.field);
    for term in condition.filter.terms() {
        if leading.is_some_and(|field| is_only_about(term, field)) {
            statement.push(" AND ");
            condition.write_term(statement, term);
        }
    }
    if let (Some(values), Some(place)) = (segment.after, page.after) {
        statement.push(" AND ");
        keyset::write(statement, segment.keys, values, place.id, true);
    }
    statement
        .push(" ")
        .push(&column::order_of_segment(segment.keys));
}

fn write_fixed(statement: &mut Statement, field: OrderField, fixed: Fixed) {
    let column = column::expression(field);
    statement.push(" AND ").push(column);
    match fixed {
        Fixed::Rank(rank) => statement.push(" = ").bind(rank),
        Fixed::Absent => statement.push(" IS NULL"),
        Fixed::Present => statement.push(" IS NOT NULL"),
    };
}

/// Returns whether a term speaks of nothing else: then it bounds the walk along that field.
fn is_only_about(term: &Expression, field: OrderField) -> bool {
    term.tests().all(|test| is_same(test.field(), field))
}
