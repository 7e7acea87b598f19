//! What the consumer loop adds to the headers of a dead letter, and what becomes of it when the letter is sent back.

use rdkafka::message::{Header, Headers, OwnedHeaders};

/// Why the record could not be handled.
pub(crate) const REASON: &str = "taskmesh-dlt-reason";
/// The consumer group that could not handle it.
pub(crate) const GROUP: &str = "taskmesh-dlt-group";
/// The topic that it came from.
pub(crate) const TOPIC: &str = "taskmesh-dlt-topic";
/// The partition that it came from.
pub(crate) const PARTITION: &str = "taskmesh-dlt-partition";
/// The offset that it had there.
pub(crate) const OFFSET: &str = "taskmesh-dlt-offset";
/// How often it was tried.
pub(crate) const ATTEMPTS: &str = "taskmesh-dlt-attempts";
/// How often the record was sent back.
pub(crate) const REDRIVE_COUNT: &str = "taskmesh-redrive-count";

/// What the names of headers begin with that are ours or aliases of them, for Spring's and Kafka Connect's tools.
const ADDED: [&str; 3] = ["taskmesh-dlt-", "kafka_dlt-", "__connect.errors."];

/// Returns how often a record was sent back.
pub(crate) fn redrive_count(headers: Option<&impl Headers>) -> u32 {
    headers
        .into_iter()
        .flat_map(Headers::iter)
        .filter(|header| header.key == REDRIVE_COUNT)
        .filter_map(|header| std::str::from_utf8(header.value?).ok()?.parse().ok())
        .max()
        .unwrap_or_default()
}

/// Returns a letter's own headers, as they were before it became one, and how often it will have been sent back.
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

    fn headers(pairs: &[(&str, &str)]) -> OwnedHeaders {
        pairs
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header {
                    key,
                    value: Some(*value),
                })
            })
    }

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
    fn a_letter_goes_back_with_its_own_headers_and_one_more_redrive() {
        let letter = headers(&[
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
    fn a_record_without_headers_was_never_sent_back() {
        assert_eq!(redrive_count(None::<&OwnedHeaders>), 0);
        assert_eq!(
            texts(&redriven(None::<&OwnedHeaders>)),
            [(REDRIVE_COUNT, "1")]
        );
    }
}
