//! PostgreSQL: the pool, named transactions that retry themselves, migrations under a lock.

mod append_signal;
mod batcher;
mod error;
pub mod filter;
mod migrate;
mod pool;
mod prepared;
mod savepoint;
pub(crate) mod schema;
mod statement;
mod transaction;

pub(crate) use append_signal::mark_appended;
pub use batcher::Batcher;
pub use diesel_async::AsyncPgConnection;
pub use error::{DatabaseError, DatabaseFault};
#[cfg(all(test, feature = "testing"))]
pub(crate) use migrate::RUNTIME;
pub use migrate::{MigrateError, Schema, migrate};
#[cfg(feature = "testing")]
pub(crate) use pool::connect;
pub use pool::{Database, DatabaseConfig};
pub use prepared::{AsFixed, Fixed};
pub use savepoint::{release_savepoint, rollback_to_savepoint, set_savepoint};
pub use statement::{Statement, Value};
pub(crate) use transaction::describe_metrics;
pub use transaction::{Work, limit_lock_waits};
