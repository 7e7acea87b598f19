//! What reads bytes that anybody may have written, in the form in which a fuzzer feeds it; each panics if a promise is broken.
//!
//! `./dev fuzz` feeds these functions; the inputs that are kept in `fuzz/corpus` go through them in every test run as well.

use prost::Message;
use rdkafka::{
    Message as _, Timestamp,
    message::{Header, Headers, OwnedHeaders, OwnedMessage},
};
use taskmesh_proto::{
    notification::v1::ReminderEvent, realtime::v1::TaskChange, task::v1::TaskEvent,
};

use crate::kafka::{
    dead_letter_headers,
    framing::{frame, unframe},
    refuse_record,
};

/// Reads the value of an event of each kind: what decodes says the same after it was encoded again.
pub fn event(input: &[u8]) {
    survives_encoding::<TaskEvent>(input);
    survives_encoding::<ReminderEvent>(input);
    survives_encoding::<TaskChange>(input);
}

/// Reads a record as the consumer loop does: one that is no event keeps all its bytes and gets a reason, and one that is sent back
/// as a dead letter keeps its own headers.
///
/// The input is the count of the headers, then for each the length of its name, the name, the length of its value (255 for none)
/// and the value, each length in one byte; the rest is the record's value.
pub fn record(input: &[u8]) {
    let (headers, value) = headers_and_value(input);
    let redriven = dead_letter_headers::redriven(Some(&headers));
    assert_eq!(dead_letter_headers::redrive_count(Some(&redriven)), {
        dead_letter_headers::redrive_count(Some(&headers)).saturating_add(1)
    });
    let message = OwnedMessage::new(
        Some(value.to_vec()),
        Some(b"key".to_vec()),
        "task-events".to_owned(),
        Timestamp::NotAvailable,
        0,
        0,
        Some(headers),
    );
    match refuse_record::<TaskEvent>(message) {
        None => assert!(!value.is_empty(), "an empty value is no event"),
        Some((message, reason)) => {
            assert_eq!(message.payload(), Some(value));
            assert!(!reason.is_empty());
        }
    }
}

/// Reads a value that may have a frame: what was in one is the same after it was framed again.
pub fn framing(input: &[u8]) {
    let Some(framed) = unframe(input) else {
        return;
    };
    let again = frame(framed.schema_id, &framed.indexes, framed.message);
    assert_eq!(unframe(&again).as_ref(), Some(&framed));
    assert!(again.len() <= input.len(), "a frame is as short as can be");
}

fn survives_encoding<M: Message + Default + PartialEq + std::fmt::Debug>(input: &[u8]) {
    if let Ok(message) = M::decode(input) {
        let again = M::decode(message.encode_to_vec().as_slice()).expect("it was just encoded");
        assert!(again == message, "{again:?} was {message:?}");
    }
}

fn headers_and_value(mut input: &[u8]) -> (OwnedHeaders, &[u8]) {
    let mut headers = OwnedHeaders::new();
    let count = take_length(&mut input).unwrap_or_default();
    for _ in 0..count {
        let Some(name) = take_length(&mut input).map(|length| take(&mut input, length)) else {
            break;
        };
        let value = match take_length(&mut input) {
            None | Some(255) => None,
            Some(length) => Some(take(&mut input, length)),
        };
        // A name with a NUL cannot come from the broker's client.
        let name = String::from_utf8_lossy(name).replace('\0', "");
        headers = headers.insert(Header { key: &name, value });
    }
    (headers, input)
}

fn take_length(input: &mut &[u8]) -> Option<usize> {
    let (first, rest) = input.split_first()?;
    *input = rest;
    Some(usize::from(*first))
}

fn take<'a>(input: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(length.min(input.len()));
    *input = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::EventHeaders;

    #[test]
    fn what_was_ever_found_is_read_or_refused() {
        let corpus = |target| crate::testing::corpus(env!("CARGO_MANIFEST_DIR"), target);
        corpus("event").for_each(|input| event(&input));
        corpus("record").for_each(|input| record(&input));
        corpus("framing").for_each(|input| framing(&input));
    }

    #[test]
    fn an_event_with_its_headers_is_one() {
        let told = EventHeaders {
            id: uuid::Uuid::nil(),
            kind: "taskmesh.task.v1.TaskCreated".to_owned(),
            source: "task-service".to_owned(),
            subject: "task".to_owned(),
            time: chrono::DateTime::UNIX_EPOCH,
            data_schema: "taskmesh.task.v1.TaskEvent".to_owned(),
            aggregate_version: 1,
            trace_parent: None,
        };
        let headers = told.to_record_headers();
        let mut input = vec![u8::try_from(headers.count()).unwrap()];
        for header in headers.iter() {
            input.push(u8::try_from(header.key.len()).unwrap());
            input.extend(header.key.as_bytes());
            let value = header.value.unwrap();
            input.push(u8::try_from(value.len()).unwrap());
            input.extend(value);
        }
        let value = TaskEvent {
            user_id: "ada".to_owned(),
            ..TaskEvent::default()
        }
        .encode_to_vec();
        input.extend(&value);
        record(&input);
        let (headers, rest) = headers_and_value(&input);
        assert_eq!(rest, value);
        let message = OwnedMessage::new(
            Some(value),
            None,
            "task-events".to_owned(),
            Timestamp::NotAvailable,
            0,
            0,
            Some(headers),
        );
        assert!(refuse_record::<TaskEvent>(message).is_none());
    }
}
