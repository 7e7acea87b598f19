//! The runtime's tables, as `migrations/runtime` builds them.

diesel::table! {
    /// Events that were committed with a change and wait for the relay.
    outbox (id) {
        /// The order of the events of one aggregate.
        id -> BigInt,
        /// Follows from topic and key.
        lane -> SmallInt,
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
    /// Calls that were answered, each written in the transaction that did what it asked for.
    idempotency_keys (user_id, request_id) {
        user_id -> Text,
        request_id -> Uuid,
        /// SHA-256 of the method and the request.
        fingerprint -> Binary,
        /// The encoded answer.
        answer -> Binary,
    }
}
