//! The OpenAPI 3.1 document: every route of the catalog, with the comments of the contract.

mod document;
mod error_schema;
mod operation;

pub use document::openapi;
