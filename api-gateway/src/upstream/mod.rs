//! Clients of the services behind the gateway, whose messages stay bytes.

mod codec;
mod services;

pub use codec::BytesCodec;
pub(crate) use services::Upstreams;
