//! Conversions between protobuf and the domain.

mod answer;
mod batch;
mod field;
mod file;
mod list;
mod mask;
mod named;
mod request;
mod search;
mod settings;
mod undo;

#[cfg(test)]
pub mod tests;

pub use file::{file_part, imported_file};
