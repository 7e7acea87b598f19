//! Identifiers of what this service keeps and watches.

service_runtime::typed_id! {
    /// Identifies one task.
    TaskId
}

service_runtime::typed_id! {
    /// Identifies one reminder.
    ReminderId
}
