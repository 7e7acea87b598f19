//! The relay's statements. `xid8` and `pg_snapshot` travel as text, because diesel has no types for them.

mod events;
mod lanes;
#[cfg(all(test, feature = "testing"))]
mod plan_tests;
mod positions;

pub(super) use events::{OutboxRow, Read, current_snapshot, list_new, list_under_way};
pub(super) use lanes::{empty_oldest, leave, listen, share, wake_others};
pub(super) use positions::{Entry, insert, list};
