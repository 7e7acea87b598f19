service_runtime::typed_ids! {
    /// Identifies one task.
    TaskId
    /// Identifies one series of occurrences.
    SeriesId
}
