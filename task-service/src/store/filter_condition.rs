//! Filter as a condition on the row of one task.

use chrono::TimeDelta;
use service_runtime::{
    filter::fold,
    ids::UserId,
    postgres::filter::{literal, push, push_text, push_time},
};
use uuid::Uuid;

use super::{Statement, filter_names::Names};
use crate::domain::filter::{
    COMPLETED, Comparison, Expression, Field, Filter, Now, Pattern, Point, Test,
};

/// Distance between the beginnings of a date in any two time zones. The due time of a task that is due on a date is the beginning of that
/// day in the task's zone.
const MAX_ZONE_DISTANCE: TimeDelta = TimeDelta::days(2);
const LONGEST_DAY: TimeDelta = TimeDelta::days(2);
/// Minimum length of a part of a word that the search index is asked for.
const MIN_PART: usize = 3;
/// Longer parts are cut, since a text that contains a part contains its beginning.
const MAX_PART: usize = 40;

/// Filter with all that its evaluation needs.
#[derive(Debug, Clone)]
pub struct Condition {
    /// User whose tasks are filtered.
    pub user_id: UserId,
    /// Filter.
    pub filter: Filter,
    /// Time and time zone of the evaluation.
    pub now: Now,
    /// Ids of the names in the filter.
    pub names: Names,
}

impl Condition {
    /// Appends the condition as ` AND …` for each term, for a statement that calls the row of `tasks` `t`.
    pub fn write(&self, statement: &mut Statement) {
        for term in self.filter.terms() {
            statement.push(" AND ");
            self.write_term(statement, term);
        }
    }

    /// Returns whether a term names a tag or category that does not exist.
    pub fn is_impossible(&self, term: &Expression) -> bool {
        match term {
            Expression::Test(Test::Name(field, name)) => self.names.id(*field, name).is_none(),
            _ => false,
        }
    }

    /// Returns a category or tag that every match has, if the filter asks for one.
    pub fn label(&self) -> Option<Uuid> {
        self.filter.terms().iter().find_map(|term| match term {
            Expression::Test(Test::Name(field, name)) => self.names.id(*field, name),
            _ => None,
        })
    }

    /// Appends one expression.
    pub fn write_term(&self, statement: &mut Statement, expression: &Expression) {
        // Without the negation, the planner finds the index.
        if let Expression::Not(part) = expression
            && let Expression::Test(Test::Choice(Field::State, comparison, state)) = part.as_ref()
        {
            let other = Test::Choice(Field::State, *comparison, 1 - state);
            return self.write_term(statement, &Expression::Test(other));
        }
        push(statement, expression, &mut |statement, test| {
            self.push_test(statement, test);
        });
    }

    fn push_test(&self, statement: &mut Statement, test: &Test) {
        match test {
            Test::Text(field, Pattern::Contains(part)) => {
                push_contains(statement, column(*field), part)
            }
            Test::Text(field, pattern) => push_text(statement, column(*field), pattern),
            Test::Choice(Field::State, _, state) => {
                statement.push(match *state {
                    COMPLETED => "t.complete_time IS NOT NULL",
                    _ => "t.complete_time IS NULL",
                });
            }
            Test::Choice(field, comparison, index) => {
                let rank = i16::try_from(index + 1).unwrap_or(i16::MAX);
                statement.push(column(*field)).push(" ");
                statement.push(comparison.sign()).push(" ").bind(rank);
            }
            Test::Time(Field::Due, comparison, moment) => {
                push_due(statement, *comparison, moment.resolve(&self.now));
            }
            Test::Time(field, comparison, moment) => {
                let point = moment.resolve(&self.now);
                push_time(statement, column(*field), *comparison, point);
            }
            Test::Name(field, name) => {
                match (field, self.names.id(*field, name)) {
                    (Field::Tag, Some(id)) => statement.push("t.tag_ids @> ").bind(vec![id]),
                    (_, Some(id)) => statement.push("t.category_id = ").bind(id),
                    (_, None) => statement.push("FALSE"),
                };
            }
            Test::Id(field, id) => {
                statement.push(column(*field)).push(" = ").bind(*id);
            }
            Test::Flag(Field::Overdue) => {
                statement.push("t.complete_time IS NULL AND ");
                push_due(statement, Comparison::Less, self.now.point());
            }
            Test::Flag(field) => {
                statement.push(column(*field));
            }
            Test::Present(field) => self.push_present(statement, *field),
        }
    }

    fn push_present(&self, statement: &mut Statement, field: Field) {
        // A deleted tag or category does not count; the sub-select does not depend on the row, so it runs once.
        let mut of_the_user = |before: &str, table: &str, after: &str| {
            let select = format!("{before} ARRAY(SELECT n.id FROM {table} n WHERE n.user_id = ");
            let user_id = self.user_id.as_ref();
            let rest = format!(" AND n.delete_time IS NULL){after}");
            statement.push(&select).bind(user_id).push(&rest);
        };
        match field {
            Field::Tag => of_the_user("t.tag_ids &&", "tags", ""),
            Field::Category => of_the_user("t.category_id = ANY (", "categories", ")"),
            Field::Description => {
                statement.push("t.description <> ''");
            }
            Field::Due | Field::Start | Field::Complete | Field::Parent => {
                statement.push(column(field)).push(" IS NOT NULL");
            }
            // Every task has the other fields.
            _ => {
                statement.push("TRUE");
            }
        }
    }
}

/// Returns the column of a field, or the condition of a flag.
fn column(field: Field) -> &'static str {
    match field {
        Field::Title => "t.title",
        Field::Description => "t.description",
        Field::Priority => "t.priority_rank",
        Field::State | Field::Complete => "t.complete_time",
        Field::Due | Field::Overdue => "t.due_time",
        Field::Start => "t.start_time",
        Field::Create => "t.create_time",
        Field::Update => "t.update_time",
        Field::Tag => "t.tag_ids",
        Field::Category => "t.category_id",
        Field::Parent => "t.parent_task_id",
        Field::Recurring => "t.series_id IS NOT NULL",
        // With OFFSET the planner does not turn it into a join, which would read all open tasks.
        Field::Blocked => {
            "t.depends_on <> '{}' AND EXISTS (SELECT FROM tasks d WHERE d.user_id = t.user_id \
             AND d.id = ANY (t.depends_on) AND d.complete_time IS NULL AND d.delete_time IS NULL OFFSET 0)"
        }
        Field::Muted => "t.muted",
    }
}

/// Appends a comparison with the due date or time: a date is compared with dates, a time with times.
fn push_due(statement: &mut Statement, comparison: Comparison, point: Point) {
    let (begin, end) = match point {
        Point::Day { begin, end, .. } => (begin, end),
        Point::Instant { time, .. } => (time - LONGEST_DAY, time + LONGEST_DAY),
    };
    // These bounds follow from the rest, and an index can be read between them.
    if comparison.is_bounded_below() {
        statement.push("t.due_time > ");
        statement.bind(begin - MAX_ZONE_DISTANCE).push(" AND ");
    }
    if comparison.is_bounded_above() {
        statement.push("t.due_time < ");
        statement.bind(end + MAX_ZONE_DISTANCE).push(" AND ");
    }
    statement.push("CASE WHEN t.due_date IS NULL THEN ");
    push_time(statement, "t.due_time", comparison, point);
    statement.push(" ELSE t.due_date ").push(comparison.sign());
    statement.push(" ").bind(point.date()).push(" END");
}

/// Appends the condition that a text contains another one. Most texts are ASCII, which needs no folding.
fn push_contains(statement: &mut Statement, column: &str, part: &str) {
    let part = format!("%{}%", literal(&fold(part)));
    statement.push(&format!(
        "CASE WHEN octet_length({column}) = char_length({column}) THEN {column} ILIKE "
    ));
    statement
        .bind(part.as_str())
        .push(&format!(" ELSE fold_text({column}) LIKE "));
    statement.bind(part).push(" END");
}

/// Returns the longest ASCII alphanumeric run, folded, that a word in the title or description of every match contains.
///
/// A short run is not selective, and a run of other scripts need not be within one word.
pub fn part_of_word(filter: &Filter) -> Option<String> {
    let longest = |pattern: &Pattern| {
        let folded = fold(pattern.text());
        let pieces = folded.split(|character: char| !character.is_ascii_alphanumeric());
        let longest = pieces.max_by_key(|piece| piece.len())?;
        let part = &longest[..longest.len().min(MAX_PART)];
        (part.len() >= MIN_PART).then(|| part.to_owned())
    };
    let parts = filter.terms().iter().filter_map(|term| match term {
        Expression::Test(Test::Text(_, pattern)) => longest(pattern),
        _ => None,
    });
    parts.max_by_key(String::len)
}

/// Returns whether only blocked tasks match.
pub fn asks_for_blocked(filter: &Filter) -> bool {
    let blocked = Expression::Test(Test::Flag(Field::Blocked));
    filter.terms().contains(&blocked)
}
