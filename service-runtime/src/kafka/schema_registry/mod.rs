//! Confluent-compatible schema registry: client, subjects, and the frame of values.
//!
//! `schema_registry_converter` is not used: it selects the newest schema or registers one when a value is encoded, reads schemas
//! from the registry to decode one, and hides the status of an error response; here only `topics apply` registers schemas.

mod client;
mod framer;
pub mod framing;
mod subjects;
mod value_format;

pub use client::{Registered, RegistryError, SchemaRegistry};
pub(crate) use framer::Framer;
pub use subjects::{Subject, subjects};
pub(in crate::kafka) use value_format::ValueFormat;
