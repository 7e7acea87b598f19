//! What the contract offers, read once from the descriptors at start: every exposed RPC with its routes, its tool, its
//! comments and the behaviour of its fields. A wrong option fails the start.

mod comments;
mod dialect;
mod enum_words;
mod error;
mod http_rule;
mod json_schema;
mod notes;
mod options;
mod path_template;
mod reader;
mod route_table;

pub use dialect::Dialect;
pub use enum_words::{EnumWord, enum_word, enum_words};
pub use error::CatalogError;
pub(crate) use http_rule::field_path;
pub use http_rule::{Binding, Body, FieldPath};
pub use json_schema::{Purpose, Schema, SchemaWriter, typed};
pub use notes::{FieldNotes, Notes};
pub use options::ToolOption;
pub use reader::{Catalog, Rpc};
pub use route_table::{Found, RouteTable};
