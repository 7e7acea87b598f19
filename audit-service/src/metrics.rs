//! The metrics of this service, named once.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

const APPENDED: &str = "audit_service_records_appended_total";
const SEALED: &str = "audit_service_checkpoint_number";
const DROPPED: &str = "audit_service_months_dropped_total";

pub fn describe() {
    describe_counter!(APPENDED, "Appended audit records.");
    describe_gauge!(
        SEALED,
        Unit::Count,
        "Number of the last checkpoint created by this replica."
    );
    describe_counter!(
        DROPPED,
        "Monthly partitions dropped because their retention period ended."
    );
}

/// Counts records that were appended, also by a transaction that runs again.
pub fn appended(records: usize) {
    counter!(APPENDED).increment(u64::try_from(records).unwrap_or(u64::MAX));
}

pub fn sealed(number: i64) {
    // Exact up to 2^53 checkpoints.
    gauge!(SEALED).set(number as f64);
}

pub fn dropped(months: usize) {
    counter!(DROPPED).increment(u64::try_from(months).unwrap_or(u64::MAX));
}
