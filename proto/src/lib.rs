//! The contract of Taskmesh: the messages, services and events of `proto/`, the descriptor set they were generated from,
//! and the topics that the events travel on.

pub mod topics;

/// Every `.proto` file of the contract as an encoded `google.protobuf.FileDescriptorSet`, with comments and options.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// What all parts of the contract share.
pub mod common {
    pub mod v1 {
        tonic::include_proto!("taskmesh.common.v1");
    }
}

/// Tasks: their service and their events.
pub mod task {
    pub mod v1 {
        tonic::include_proto!("taskmesh.task.v1");
    }
}

/// Recurrence rules.
pub mod recurrence {
    pub mod v1 {
        tonic::include_proto!("taskmesh.recurrence.v1");
    }
}

/// Reminders and preferences: their service and their events.
pub mod notification {
    pub mod v1 {
        tonic::include_proto!("taskmesh.notification.v1");
    }
}

/// The live feed.
pub mod realtime {
    pub mod v1 {
        tonic::include_proto!("taskmesh.realtime.v1");
    }
}
