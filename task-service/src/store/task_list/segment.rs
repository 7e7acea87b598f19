//! An order as a row of stretches, each of which one index has in its order.

use service_runtime::filter::Field as _;

use super::Page;
use crate::domain::{
    KeyValue, OrderField, OrderKey, Priority,
    filter::{Comparison, Expression, Field, Filter, Test},
};

/// A stretch of a list whose first key is never absent and no priority.
#[derive(Debug, Clone)]
pub struct Segment<'a> {
    /// Keys with the same value in all of its tasks.
    pub fixed: Vec<(OrderField, Fixed)>,
    /// Order keys.
    pub keys: &'a [OrderKey],
    /// Behind which values it begins; at its beginning if absent.
    pub after: Option<&'a [KeyValue]>,
}

/// Fixed value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// It is this priority.
    Rank(i16),
    /// No task has it.
    Absent,
    /// Every task has it.
    Present,
}

/// Cuts a list into its stretches, without those in which nothing can match.
pub fn segments<'a>(page: &Page<'a>) -> Vec<Segment<'a>> {
    let mut segments = Vec::new();
    let after = page.after.map(|place| place.keys.as_slice());
    let whole = Segment {
        fixed: Vec::new(),
        keys: page.order.keys(),
        after,
    };
    cut(whole, &page.condition.filter, &mut segments);
    segments
}

fn cut<'a>(segment: Segment<'a>, filter: &Filter, segments: &mut Vec<Segment<'a>>) {
    let Some((key, rest)) = segment.keys.split_first() else {
        // Only what has the same time of creation is left, which is no stretch of its own.
        return segments.push(segment);
    };
    let after = segment.after.and_then(<[KeyValue]>::split_first);
    let with = |fixed: Fixed, keys, after| {
        let mut all = segment.fixed.clone();
        all.push((key.field, fixed));
        Segment {
            fixed: all,
            keys,
            after,
        }
    };
    if key.field == OrderField::Priority {
        let mut ranks: Vec<i16> = Priority::ALL.map(Priority::rank).to_vec();
        if key.descending {
            ranks.reverse();
        }
        if let Some((KeyValue::Number(current), _)) = after {
            let current = ranks.iter().position(|rank| i64::from(*rank) == *current);
            ranks.drain(..current.unwrap_or_default());
        }
        for rank in ranks
            .into_iter()
            .filter(|rank| may_have_rank(filter, *rank))
        {
            let is_current = matches!(after, Some((KeyValue::Number(current), _)) if *current == i64::from(rank));
            let after = after.filter(|_| is_current).map(|(_, after)| after);
            cut(with(Fixed::Rank(rank), rest, after), filter, segments);
        }
    } else if key.field.is_optional() {
        let (may_be_present, may_be_absent) = may_have(filter, key.field);
        let is_past = after.is_some_and(|(value, _)| value.is_absent());
        if may_be_present && !is_past {
            segments.push(with(Fixed::Present, segment.keys, segment.after));
        }
        if may_be_absent {
            let after = after.filter(|_| is_past).map(|(_, after)| after);
            cut(with(Fixed::Absent, rest, after), filter, segments);
        }
    } else {
        segments.push(segment);
    }
}

fn may_have_rank(filter: &Filter, rank: i16) -> bool {
    let holds =
        |comparison: Comparison, index: usize| comparison.holds(rank, Priority::ALL[index].rank());
    filter.terms().iter().all(|term| match term {
        Expression::Test(Test::Choice(Field::Priority, comparison, index)) => {
            holds(*comparison, *index)
        }
        Expression::Not(part) => match part.as_ref() {
            Expression::Test(Test::Choice(Field::Priority, comparison, index)) => {
                !holds(*comparison, *index)
            }
            _ => true,
        },
        _ => true,
    })
}

/// Returns whether a task that matches can have the field, and whether it can be without it.
fn may_have(filter: &Filter, field: OrderField) -> (bool, bool) {
    let is_present = |part: &Expression| matches!(part, Expression::Test(Test::Present(other)) if is_same(*other, field));
    let mut may = (true, true);
    for term in filter.terms() {
        match term {
            Expression::Test(Test::Time(other, ..)) if is_same(*other, field) => may.1 = false,
            Expression::Test(Test::Flag(Field::Overdue)) if field == OrderField::Due => {
                may.1 = false
            }
            Expression::Test(_) if is_present(term) => may.1 = false,
            Expression::Not(part) if is_present(part) => may.0 = false,
            _ => {}
        }
    }
    may
}

/// Returns whether a field of filters is a field of orders.
pub fn is_same(field: Field, other: OrderField) -> bool {
    field.word() == other.word() || (field == Field::Overdue && other == OrderField::Due)
}
