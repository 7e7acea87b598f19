//! JSON to protobuf messages and back, driven by descriptors. Pure: no network, no clock. Every fault becomes a violation
//! that names the field and the cure.

mod arguments;
mod assemble;
mod enumeration;
mod json;
mod place;
mod query;
mod reader;
mod response;
mod scalar;
mod target;
mod time;
mod update_mask;
mod violation;
mod well_known;
mod wire;

pub use arguments::{CLEAR, read_arguments};
pub use assemble::{File, HttpInput, read_http};
pub use json::JsonFault;
pub use response::{response_body, write};
pub use target::parse;
pub use update_mask::{clearable_fields, mask_in, put_mask};
pub use violation::{FieldViolation, Reading, Violations};
pub use wire::{AnswerFault, Fields, Payload, bytes_field, put, put_bytes, text_field};
