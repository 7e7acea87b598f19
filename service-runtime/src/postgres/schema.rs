//! The runtime's tables, as `migrations/runtime` builds them.

diesel::table! {
    /// Events that were committed with a change and wait for the relay.
    outbox (id) {
        /// The order of the events of one aggregate.
        id -> BigInt,
        topic -> Text,
        record_key -> Text,
        event_id -> Uuid,
        event_type -> Text,
        subject -> Text,
        data_schema -> Text,
        aggregate_version -> BigInt,
        event_time -> Timestamptz,
        trace_parent -> Nullable<Text>,
        payload -> Binary,
    }
}

diesel::table! {
    /// Events that were handled.
    inbox (topic, event_id) {
        topic -> Text,
        event_id -> Uuid,
    }
}
