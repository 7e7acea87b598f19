//! What the database can do without the service: pgbench with the inserts that the service makes.

mod derive;
mod run;
mod script;

pub use derive::Scripts;
pub use run::run;
