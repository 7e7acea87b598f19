//! Contents of the contract, read once from the descriptors at start: every exposed RPC with its routes, its tool, its
//! comments and the behaviour of its fields. A wrong option fails the start.

mod comments;
mod dialect;
mod enum_plan;
mod error;
mod http_rule;
mod json_schema;
mod live;
mod message_forms;
mod options;
mod path_template;
mod plan;
mod reader;
mod route_table;
mod rules;
mod schema_forms;

pub use comments::{Comments, brief};
pub use dialect::Dialect;
pub use enum_plan::{EnumPlan, EnumValue};
pub use error::CatalogError;
pub(crate) use http_rule::dotted;
pub use http_rule::{Binding, Body};
pub use json_schema::{SchemaTarget, SchemaWriter, SharedSchemas};
pub use live::Live;
pub use plan::{FieldPath, FieldPlan, Kind, MessageId, MessagePlan, Plans, short_name};
pub use reader::{Catalog, Rpc};
pub use route_table::{Found, RouteMatch, RouteTable};
pub use rules::Rules;
pub use schema_forms::{Schema, typed};
