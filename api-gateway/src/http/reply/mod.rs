//! Responses: JSON, a file, or a stream of either.

mod events;
mod file;
mod form;
mod messages;
mod stream;
mod unary;

pub(super) use messages::Messages;
pub(super) use stream::stream;
pub(super) use unary::unary;
