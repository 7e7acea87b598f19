//! The page at `/docs`: the whole contract for people, written once at start. No script, nothing from elsewhere.

mod example;
mod fields;
mod html;
mod page;
mod services;
mod tools;
mod types;

pub(super) use html::escape;
pub(super) use page::docs;
