service_runtime::typed_id! {
    /// Identifies one task.
    TaskId
}

service_runtime::typed_id! {
    /// Identifies one series of occurrences.
    SeriesId
}

service_runtime::typed_id! {
    /// Identifies one category.
    CategoryId
}

service_runtime::typed_id! {
    /// Identifies one tag.
    TagId
}

service_runtime::typed_id! {
    /// Identifies one write and all that it changed.
    OperationId
}
