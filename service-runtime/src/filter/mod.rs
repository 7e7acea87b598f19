//! Filters in the language of [AIP-160](https://google.aip.dev/160).
//!
//! `state = open AND priority >= high AND due < today + 7d AND tag:"work" AND NOT category:"home"`
//!
//! - Adjacent terms are joined by `AND`. **`OR` binds tighter than `AND`**, as AIP-160 has it: `muted OR blocked AND overdue` means
//!   `(muted OR blocked) AND overdue`. `NOT` and `-` negate one term.
//! - A missing value equals nothing: `due != today` is true of a task without a due time, because it means `NOT due = today`.
//! - A date means the whole of that day in the user's time zone: `due <= today` includes this evening.
//! - `field:*` asks whether a record has the field.
//!
//! A service declares its fields ([`Field`]) and parses a text into a typed [`Filter`]. It writes the filter as SQL
//! ([`crate::postgres::filter`]) or evaluates it in memory ([`Record`]).

mod comparison;
mod cursor;
mod error;
mod evaluate;
mod expression;
mod field;
mod folding;
mod lexer;
mod moment;
mod name;
mod parsed;
mod parser;
mod pattern;
mod restriction;
mod token;
mod unknown_field;

pub use comparison::Comparison;
pub use error::FilterError;
pub use evaluate::{Record, Value};
pub use expression::{Expression, Test};
pub use field::{Field, Kind};
pub use folding::fold;
pub use moment::{Moment, Now, Point};
pub use name::{Name, NameKey};
pub use parsed::Filter;
pub use pattern::Pattern;
