//! A filter as SQL over the row of one task.

use chrono::{DateTime, TimeDelta, Utc};
use service_runtime::ids::UserId;
use uuid::Uuid;

use super::{filter_names::Names, statement::Statement};
use crate::domain::filter::{
    Comparison, Expression, Field, Filter, Flag, Moment, Name, NameKind, Now, Pattern, Point, Test,
    TextField, TimeField,
};

/// A date without a time stands in the row as the begin of that day in the task's zone, which is less than two days from the
/// begin of the same date in any other zone.
const FARTHEST_ZONE: TimeDelta = TimeDelta::days(2);
const LONGEST_DAY: TimeDelta = TimeDelta::days(2);

/// All that a filter needs to be asked.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Whose tasks are meant.
    pub user_id: UserId,
    /// The filter.
    pub filter: Filter,
    /// When and where it is asked.
    pub now: Now,
    /// What its names stand for.
    pub names: Names,
}

impl Condition {
    /// Writes the condition as ` AND …` for each term, for a statement in which the row of `tasks` is called `t`.
    pub fn write(&self, statement: &mut Statement) {
        for term in self.filter.terms() {
            statement.push(" AND ");
            self.write_term(statement, term);
        }
    }

    /// Returns whether a term is about a tag or category that does not exist.
    pub fn is_impossible(&self, term: &Expression) -> bool {
        match term {
            Expression::Test(Test::Named(kind, name)) => self.names.id(*kind, name).is_none(),
            _ => false,
        }
    }

    /// Returns a category or tag that every match has, if the filter asks for one.
    pub fn label(&self) -> Option<Uuid> {
        self.filter.terms().iter().find_map(|term| match term {
            Expression::Test(Test::Named(kind, name)) => self.names.id(*kind, name),
            _ => None,
        })
    }

    /// Writes one expression.
    pub fn write_term(&self, statement: &mut Statement, expression: &Expression) {
        match expression {
            Expression::All(parts) => self.joined(statement, parts, " AND "),
            Expression::Any(parts) => self.joined(statement, parts, " OR "),
            Expression::Not(part) => match part.as_ref() {
                // So that the planner knows an index by it.
                Expression::Test(Test::Completed(completed)) => {
                    self.test(statement, &Test::Completed(!completed));
                }
                part => {
                    statement.push("(");
                    self.write_term(statement, part);
                    // What a task does not have is equal to nothing, so the negation of a comparison with it is true.
                    statement.push(" IS NOT TRUE)");
                }
            },
            Expression::Test(test) => self.test(statement, test),
        }
    }

    fn joined(&self, statement: &mut Statement, parts: &[Expression], sign: &str) {
        statement.push("(");
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                statement.push(sign);
            }
            self.write_term(statement, part);
        }
        statement.push(")");
    }

    fn test(&self, statement: &mut Statement, test: &Test) {
        statement.push("(");
        match test {
            Test::Text(field, pattern) => text(statement, *field, pattern),
            Test::Priority(comparison, priority) => {
                let operator = format!("t.priority_rank {} ", sign(*comparison));
                statement.push(&operator).bind(priority.rank());
            }
            Test::Completed(true) => {
                statement.push("t.complete_time IS NOT NULL");
            }
            Test::Completed(false) => {
                statement.push("t.complete_time IS NULL");
            }
            Test::Time(TimeField::Due, comparison, moment) => {
                due(statement, *comparison, self.point(moment));
            }
            Test::Time(field, comparison, moment) => {
                time(statement, column(*field), *comparison, self.point(moment));
            }
            Test::Named(kind, name) => self.named(statement, *kind, name),
            Test::Parent(id) => {
                statement.push("t.parent_task_id = ").bind(*id);
            }
            Test::Flag(flag) => self.flag(statement, *flag),
            Test::Present(field) => self.present(statement, *field),
        }
        statement.push(")");
    }

    fn named(&self, statement: &mut Statement, kind: NameKind, name: &Name) {
        match (kind, self.names.id(kind, name)) {
            (NameKind::Tag, Some(id)) => statement.push("t.tag_ids @> ").bind(vec![id]),
            (NameKind::Category, Some(id)) => statement.push("t.category_id = ").bind(id),
            (_, None) => statement.push("FALSE"),
        };
    }

    fn point(&self, moment: &Moment) -> Point {
        moment.resolve(&self.now)
    }

    fn flag(&self, statement: &mut Statement, flag: Flag) {
        match flag {
            Flag::Recurring => {
                statement.push("t.series_id IS NOT NULL");
            }
            // With an OFFSET the planner does not turn it into a join, which would read all tasks that are open.
            Flag::Blocked => {
                statement.push(
                    "t.depends_on <> '{}' AND EXISTS (SELECT FROM tasks d WHERE d.user_id = t.user_id \
                     AND d.id = ANY (t.depends_on) AND d.complete_time IS NULL AND d.delete_time IS NULL OFFSET 0)",
                );
            }
            Flag::Overdue => {
                statement.push("t.complete_time IS NULL AND ");
                let now = Point::Instant {
                    time: self.now.time(),
                    date: self.now.today(),
                };
                due(statement, Comparison::Less, now);
            }
            Flag::Muted => {
                statement.push("t.muted");
            }
        }
    }

    fn present(&self, statement: &mut Statement, field: Field) {
        // A deleted tag or category is none; the sub-select does not depend on the row, so it runs once.
        let mut of_the_user = |before: &str, table: &str, after: &str| {
            let select = format!("{before} ARRAY(SELECT n.id FROM {table} n WHERE n.user_id = ");
            let user_id = self.user_id.as_ref();
            let rest = format!(" AND n.delete_time IS NULL){after}");
            statement.push(&select).bind(user_id).push(&rest);
        };
        match field {
            Field::Tag => of_the_user("t.tag_ids &&", "tags", ""),
            Field::Category => of_the_user("t.category_id = ANY (", "categories", ")"),
            field => {
                statement.push(match field {
                    Field::Description => "t.description <> ''",
                    Field::Due => "t.due_time IS NOT NULL",
                    Field::Start => "t.start_time IS NOT NULL",
                    Field::Complete => "t.complete_time IS NOT NULL",
                    Field::Parent => "t.parent_task_id IS NOT NULL",
                    // Every task has the others.
                    _ => "TRUE",
                });
            }
        }
    }
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

fn column(field: TimeField) -> &'static str {
    match field {
        TimeField::Due => "t.due_time",
        TimeField::Start => "t.start_time",
        TimeField::Create => "t.create_time",
        TimeField::Update => "t.update_time",
        TimeField::Complete => "t.complete_time",
    }
}

fn text(statement: &mut Statement, field: TextField, pattern: &Pattern) {
    let column = match field {
        TextField::Title => "t.title",
        TextField::Description => "t.description",
    };
    statement.push(column);
    match pattern {
        Pattern::Equals(text) => statement.push(" = ").bind(text.as_str()),
        Pattern::Contains(text) => statement
            .push(" ILIKE ")
            .bind(format!("%{}%", literally(text))),
        Pattern::StartsWith(text) => statement
            .push(" LIKE ")
            .bind(format!("{}%", literally(text))),
        Pattern::EndsWith(text) => statement
            .push(" LIKE ")
            .bind(format!("%{}", literally(text))),
    };
}

/// Takes the meaning from signs that have one in patterns.
fn literally(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal
}

/// Compares a time with a day, of which every moment is the day, or with an instant.
fn time(statement: &mut Statement, column: &str, comparison: Comparison, point: Point) {
    let bounds: &[(&str, DateTime<Utc>)] = match (point, comparison) {
        (Point::Instant { time, .. }, comparison) => &[(sign(comparison), time)],
        (Point::Day { begin, .. }, Comparison::Less) => &[("<", begin)],
        (Point::Day { end, .. }, Comparison::LessOrEqual) => &[("<", end)],
        (Point::Day { end, .. }, Comparison::Greater) => &[(">=", end)],
        (Point::Day { begin, .. }, Comparison::GreaterOrEqual) => &[(">=", begin)],
        (Point::Day { begin, end, .. }, Comparison::Equal) => &[(">=", begin), ("<", end)],
    };
    for (place, (sign, bound)) in bounds.iter().enumerate() {
        let and = if place > 0 { " AND " } else { "" };
        let operator = format!("{and}{column} {sign} ");
        statement.push(&operator).bind(*bound);
    }
}

/// Compares what a task is due on: a date with dates, and a time with times.
fn due(statement: &mut Statement, comparison: Comparison, point: Point) {
    let (date, begin, end) = match point {
        Point::Day { date, begin, end } => (date, begin, end),
        Point::Instant { time, date } => (date, time - LONGEST_DAY, time + LONGEST_DAY),
    };
    // These bounds follow from what comes after them, and an index can be read between them.
    if comparison.is_bounded_below() {
        statement.push("t.due_time > ").bind(begin - FARTHEST_ZONE);
        statement.push(" AND ");
    }
    if comparison.is_bounded_above() {
        statement.push("t.due_time < ").bind(end + FARTHEST_ZONE);
        statement.push(" AND ");
    }
    statement.push("CASE WHEN t.due_date IS NULL THEN ");
    time(statement, "t.due_time", comparison, point);
    let operator = format!(" ELSE t.due_date {} ", sign(comparison));
    statement.push(&operator).bind(date).push(" END");
}
