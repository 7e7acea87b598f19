use super::{super::Statement, Page};
use crate::domain::filter::{COMPLETED, Expression, Field, Filter, Test};

/// Tasks to include that a list leaves out by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Show {
    /// Completed ones, unless the filter decides.
    pub completed: bool,
    /// Deleted ones.
    pub deleted: bool,
    /// Tasks that have not started, unless the filter decides.
    pub hidden: bool,
}

/// Tasks that can be in the list at all.
#[derive(Debug)]
pub struct Scope {
    /// Values of column `list_class`.
    pub classes: Vec<i16>,
    hides_future: bool,
}

impl Scope {
    /// Returns the scope of a page, or none if nothing can be in it.
    pub fn of(page: &Page) -> Option<Self> {
        let (filter, show) = (&page.condition.filter, page.show);
        if filter
            .terms()
            .iter()
            .any(|term| page.condition.is_impossible(term))
        {
            return None;
        }
        let completed: &[i16] = match completion(filter) {
            Some(true) => &[1],
            Some(false) => &[0],
            None if show.completed || filter.names(&[Field::State, Field::Complete]) => &[0, 1],
            None => &[0],
        };
        let deleted: &[i16] = if show.deleted { &[0, 2] } else { &[0] };
        Some(Self {
            classes: deleted
                .iter()
                .flat_map(|deleted| completed.iter().map(move |completed| deleted + completed))
                .collect(),
            hides_future: !show.hidden && !filter.names(&[Field::Start]),
        })
    }

    /// Writes what every task of the list is, but for its class.
    pub fn write(&self, statement: &mut Statement, page: &Page) {
        statement
            .push("t.user_id = ")
            .bind(page.condition.user_id.as_ref());
        if self.hides_future {
            statement.push(" AND (t.start_time IS NULL OR t.start_time <= ");
            statement.bind(page.condition.now.time()).push(")");
        }
    }
}

/// Returns whether all that a filter matches is completed, or all of it open.
fn completion(filter: &Filter) -> Option<bool> {
    filter.terms().iter().find_map(|term| match term {
        Expression::Test(test) => completion_of(test),
        Expression::Not(part) => match part.as_ref() {
            Expression::Test(Test::Choice(Field::State, _, state)) => Some(*state != COMPLETED),
            Expression::Test(Test::Present(Field::Complete)) => Some(false),
            _ => None,
        },
        _ => None,
    })
}

fn completion_of(test: &Test) -> Option<bool> {
    match test {
        Test::Choice(Field::State, _, state) => Some(*state == COMPLETED),
        Test::Time(Field::Complete, ..) | Test::Present(Field::Complete) => Some(true),
        Test::Flag(Field::Overdue) => Some(false),
        _ => None,
    }
}
