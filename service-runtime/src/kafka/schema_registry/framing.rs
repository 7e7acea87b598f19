//! Schema frame of a value in Confluent's format: the magic byte 0, the schema id, the indexes of the message in the schema's file, the message.
//!
//! No protobuf message begins with the byte 0, which would be field number 0, so framed and raw values can be distinguished.

use prost::encoding::{decode_varint, encode_varint};

/// First byte of a frame.
pub(super) const MAGIC: u8 = 0;

/// Parts of a framed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed<'a> {
    /// Schema id.
    pub schema_id: u32,
    /// Index of the message in the file, then of nested messages.
    pub indexes: Vec<u32>,
    /// Encoded message.
    pub message: &'a [u8],
}

/// Frames a message.
pub fn frame(schema_id: u32, indexes: &[u32], message: &[u8]) -> Vec<u8> {
    let mut value = vec![MAGIC];
    value.extend(schema_id.to_be_bytes());
    // The first message of a file has a short form: no indexes at all.
    let indexes = if indexes == [0] { &[] } else { indexes };
    put_number(indexes.len() as u64, &mut value);
    for index in indexes {
        put_number((*index).into(), &mut value);
    }
    value.extend(message);
    value
}

/// Splits a framed value; returns `None` if its frame is missing, incomplete or invalid.
pub fn unframe(value: &[u8]) -> Option<Framed<'_>> {
    let (schema_id, mut rest) = value.strip_prefix(&[MAGIC])?.split_first_chunk()?;
    let count = take_number(&mut rest)?;
    let indexes: Option<Vec<u32>> = (0..count).map(|_| take_number(&mut rest)).collect();
    Some(Framed {
        schema_id: u32::from_be_bytes(*schema_id),
        indexes: indexes.map(|indexes| if indexes.is_empty() { vec![0] } else { indexes })?,
        message: rest,
    })
}

/// Returns the message of a framed or raw value.
pub fn message_in(value: &[u8]) -> &[u8] {
    unframe(value).map_or(value, |framed| framed.message)
}

/// Appends a number as a zigzag varint, as Kafka's clients do.
fn put_number(number: u64, value: &mut Vec<u8>) {
    encode_varint(number << 1, value);
}

/// Takes a zigzag varint, unless it is negative or too large.
fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let number = decode_varint(rest).ok()?;
    u32::try_from(number >> 1).ok().filter(|_| number & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"\x0a\x01x";

    #[test]
    fn frames_are_those_of_confluents_clients() {
        let cases: [(u32, &[u32], &[u8]); 4] = [
            (1, &[0], b"\0\0\0\0\x01\0"),
            (0x0102_0304, &[1], b"\0\x01\x02\x03\x04\x02\x02"),
            (7, &[2, 0], b"\0\0\0\0\x07\x04\x04\0"),
            (7, &[64], b"\0\0\0\0\x07\x02\x80\x01"),
        ];
        for (schema_id, indexes, expected) in cases {
            let value = frame(schema_id, indexes, MESSAGE);
            assert_eq!(value, [expected, MESSAGE].concat());
            let framed = Framed {
                schema_id,
                indexes: indexes.to_vec(),
                message: MESSAGE,
            };
            assert_eq!(unframe(&value), Some(framed));
            assert_eq!(message_in(&value), MESSAGE);
        }
    }

    #[test]
    fn first_message_may_have_the_long_form() {
        for value in [&b"\0\0\0\0\x01\x02\0x"[..], b"\0\0\0\0\x01\x82\0\x80\0x"] {
            let framed = unframe(value).unwrap();
            assert_eq!((framed.indexes, framed.message), (vec![0], &b"x"[..]));
        }
    }

    #[test]
    fn truncated_frame_is_invalid() {
        let value = frame(7, &[1, 8_192], b"");
        for length in 0..value.len() {
            assert_eq!(unframe(&value[..length]), None);
        }
        // More numbers than the value has bytes.
        assert_eq!(unframe(b"\0\0\0\0\x01\xfe\xff\xff\xff\x0f\0\0"), None);
    }

    #[test]
    fn value_without_a_frame_is_a_message() {
        for value in [MESSAGE, b"\x01\0\0\0\x01\0", b"{}"] {
            assert_eq!(unframe(value), None);
            assert_eq!(message_in(value), value);
        }
    }

    #[test]
    fn negative_and_too_large_numbers_are_invalid() {
        let numbers: [&[u8]; 3] = [b"\x01", b"\x02\x03", b"\x02\xff\xff\xff\xff\xff\x01"];
        for number in numbers {
            let value = [b"\0\0\0\0\x01", number].concat();
            assert_eq!(unframe(&value), None, "{number:?}");
        }
    }
}
