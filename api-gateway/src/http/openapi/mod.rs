//! The OpenAPI 3.1 document: every route of the catalog, with the comments of the contract.

mod content;
mod document;
mod error_schema;
mod live_ticket;
mod names;
mod operation;
mod parameters;

pub(super) use content::example;
pub(super) use document::INTRODUCTION;
pub use document::openapi;
pub(super) use operation::plain_path;
