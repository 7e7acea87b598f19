service_runtime::typed_id! {
    /// Identifies one task.
    TaskId
}

service_runtime::typed_id! {
    /// Identifies one series of occurrences.
    SeriesId
}
