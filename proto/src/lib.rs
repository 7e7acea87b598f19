//! The contract of Taskmesh: the messages, services and events of `proto/`, the descriptor set they were generated from,
//! and the topics that the events travel on.

pub mod codec;
pub mod topics;

/// Every `.proto` file of the contract as an encoded `google.protobuf.FileDescriptorSet`, with comments and options.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// A `.proto` file.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path by which other files import it.
    pub name: &'static str,
    /// What stands in it.
    pub text: &'static str,
}

/// The `.proto` files of the contract and those that they import, without protobuf's own.
pub const SOURCES: &[SourceFile] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The modules, nested as the packages are: the generated code refers from one to another.
mod generated {
    include!(concat!(env!("OUT_DIR"), "/modules.rs"));
}

pub use generated::{
    buf, google,
    taskmesh::{admin, audit, common, notification, realtime, recurrence, task},
};
