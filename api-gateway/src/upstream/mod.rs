//! The services behind the door: which one answers which RPC, and how a dynamic message travels there and back.

mod codec;
mod services;

pub use codec::DynamicCodec;
pub(crate) use services::Upstreams;
