//! HTTP: the routes of the catalog, the documents about them, and errors in one shape.

mod body;
mod deadline;
mod docs;
mod document;
mod etag;
mod handler;
mod idempotency_key;
pub mod layers;
mod live;
mod openapi;
mod problem;
mod protected_resource;
mod reply;
mod request;
mod router;
mod start;

pub use body::{check_content_type, read_body};
pub use deadline::requested_deadline;
pub use openapi::openapi;
pub use problem::problem;
pub use router::{RouterParts, router};
