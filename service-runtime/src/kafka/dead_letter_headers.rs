//! Headers that the consumer loop adds to a dead letter, and that a redrive removes.

use rdkafka::message::{Header, Headers, OwnedHeaders};

/// Reason.
pub(crate) const REASON: &str = "taskmesh-dlt-reason";
/// Consumer group that could not handle the record.
pub(crate) const GROUP: &str = "taskmesh-dlt-group";
/// Topic of the record.
pub(crate) const TOPIC: &str = "taskmesh-dlt-topic";
/// Partition of the record.
pub(crate) const PARTITION: &str = "taskmesh-dlt-partition";
/// Offset of the record.
pub(crate) const OFFSET: &str = "taskmesh-dlt-offset";
/// Number of attempts.
pub(crate) const ATTEMPTS: &str = "taskmesh-dlt-attempts";
/// Number of redrives.
pub(crate) const REDRIVE_COUNT: &str = "taskmesh-redrive-count";

/// Prefixes of these headers and of their aliases for Spring's and Kafka Connect's tools.
const ADDED: [&str; 3] = ["taskmesh-dlt-", "kafka_dlt-", "__connect.errors."];

/// Returns the number of redrives of a record.
pub(crate) fn redrive_count(headers: Option<&impl Headers>) -> u32 {
    headers
        .into_iter()
        .flat_map(Headers::iter)
        .filter(|header| header.key == REDRIVE_COUNT)
        .filter_map(|header| std::str::from_utf8(header.value?).ok()?.parse().ok())
        .max()
        .unwrap_or_default()
}

/// Returns the headers of the original record with an incremented redrive count.
pub(crate) fn redriven(headers: Option<&impl Headers>) -> OwnedHeaders {
    let count = redrive_count(headers).saturating_add(1).to_string();
    let own = headers
        .into_iter()
        .flat_map(Headers::iter)
        .filter(|header| header.key != REDRIVE_COUNT)
        .filter(|header| !ADDED.iter().any(|prefix| header.key.starts_with(prefix)));
    own.fold(OwnedHeaders::new(), OwnedHeaders::insert)
        .insert(Header {
            key: REDRIVE_COUNT,
            value: Some(&count),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::record_headers;

    fn texts(headers: &OwnedHeaders) -> Vec<(&str, &str)> {
        headers
            .iter()
            .map(|header| {
                let value = std::str::from_utf8(header.value.unwrap()).unwrap();
                (header.key, value)
            })
            .collect()
    }

    #[test]
    fn redrive_restores_headers_and_increments_count() {
        let letter = record_headers(&[
            ("ce_id", "7"),
            ("ce_id", "8"),
            (REDRIVE_COUNT, "2"),
            ("traceparent", "00"),
            (REASON, "no"),
            ("kafka_dlt-exception-message", "no"),
            ("__connect.errors.exception.message", "no"),
        ]);
        assert_eq!(
            texts(&redriven(Some(&letter))),
            [
                ("ce_id", "7"),
                ("ce_id", "8"),
                ("traceparent", "00"),
                (REDRIVE_COUNT, "3"),
            ]
        );
    }

    #[test]
    fn record_without_headers_has_no_redrives() {
        assert_eq!(redrive_count(None::<&OwnedHeaders>), 0);
        assert_eq!(
            texts(&redriven(None::<&OwnedHeaders>)),
            [(REDRIVE_COUNT, "1")]
        );
    }
}
