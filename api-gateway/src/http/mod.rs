//! HTTP: the routes of the catalog, the documents about them, and errors in one shape.

mod body;
mod deadline;
mod docs;
mod document;
mod etag;
mod handler;
mod headers;
mod idempotency_key;
mod layers;
mod live;
mod openapi;
mod problem;
mod protected_resource;
mod reply;
mod request;
mod router;
mod start;

pub use openapi::openapi;

pub(crate) use body::{check_content_type, read_body};
pub(crate) use deadline::requested_deadline;
pub(crate) use headers::{header_list, weighed};
pub(crate) use problem::problem;
pub(crate) use router::router;
