//! Clients of the services behind the gateway, for RPCs whose messages are known from descriptors only.

mod codec;
mod services;

pub use codec::DynamicCodec;
pub(crate) use services::Upstreams;
