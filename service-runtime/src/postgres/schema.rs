//! The runtime's tables, as `migrations/runtime` builds them.

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
