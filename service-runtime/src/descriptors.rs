//! The contract as descriptors, read once.

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

/// Every file of the contract and those that they import.
pub(crate) static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(taskmesh_proto::FILE_DESCRIPTOR_SET).expect("the build encoded it")
});
