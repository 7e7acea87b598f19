//! Identifiers of what this service keeps and watches.

service_runtime::typed_ids! {
    /// Identifies one task.
    TaskId
    /// Identifies one reminder.
    ReminderId
}
