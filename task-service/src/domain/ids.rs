service_runtime::typed_ids! {
    /// Identifies one task.
    TaskId
    /// Identifies one series of occurrences.
    SeriesId
    /// Identifies one category.
    CategoryId
    /// Identifies one tag.
    TagId
    /// Identifies one write and all that it changed.
    OperationId
}
