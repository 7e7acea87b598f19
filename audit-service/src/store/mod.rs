//! The SQL of this service. Functions take the connection first and open no transaction.

pub mod chain_head;
pub mod checkpoint;
pub mod month;
pub mod record;
pub mod record_page;
#[cfg(test)]
mod tests;
mod value;
