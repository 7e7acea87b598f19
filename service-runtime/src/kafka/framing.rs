//! Schema frame of a value in Confluent's format: the magic byte 0, the schema id, the indexes of the message in the schema's file, the message.
//!
//! No protobuf message begins with the byte 0, which would be field number 0, so framed and raw values can be distinguished.

/// First byte of a frame.
const MAGIC: u8 = 0;
/// Length of the magic byte and the schema id.
const HEAD: usize = 5;
/// Indexes of the first message of a file, which have a short form.
const FIRST: [u32; 1] = [0];
/// Largest number of bytes of a 32-bit varint.
const MAX_VARINT_BYTES: usize = 5;

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

/// Reason why a value has no valid frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// The magic byte is missing.
    #[error("missing magic byte")]
    NoFrame,
    /// The frame is incomplete.
    #[error("its frame is cut off")]
    Truncated,
    /// The message indexes are invalid.
    #[error("its frame has message indexes that cannot be read")]
    UnreadableIndexes,
}

/// Frames a message.
pub fn frame(schema_id: u32, indexes: &[u32], message: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEAD + 1 + indexes.len() + message.len());
    value.push(MAGIC);
    value.extend(schema_id.to_be_bytes());
    if indexes == FIRST {
        // The short form: no numbers at all.
        put_number(&mut value, 0);
    } else {
        let count = u32::try_from(indexes.len()).expect("messages are not nested so deep");
        put_number(&mut value, count);
        for index in indexes {
            put_number(&mut value, *index);
        }
    }
    value.extend(message);
    value
}

/// Splits a framed value.
pub fn unframe(value: &[u8]) -> Result<Framed<'_>, FramingError> {
    match value.first() {
        None => return Err(FramingError::Truncated),
        Some(&MAGIC) => {}
        Some(_) => return Err(FramingError::NoFrame),
    }
    let (head, mut rest) = value
        .split_at_checked(HEAD)
        .ok_or(FramingError::Truncated)?;
    let [_, a, b, c, d] = *head else {
        return Err(FramingError::Truncated);
    };
    let count = take_number(&mut rest)?;
    let mut indexes = Vec::new();
    for _ in 0..count {
        indexes.push(take_number(&mut rest)?);
    }
    if indexes.is_empty() {
        indexes.extend(FIRST);
    }
    Ok(Framed {
        schema_id: u32::from_be_bytes([a, b, c, d]),
        indexes,
        message: rest,
    })
}

/// Returns the message of a framed or raw value.
pub fn message_in(value: &[u8]) -> &[u8] {
    unframe(value).map_or(value, |framed| framed.message)
}

/// Appends a number as a zigzag varint, as Kafka's clients do.
fn put_number(value: &mut Vec<u8>, number: u32) {
    let mut left = u64::from(number) << 1;
    while left >= 0x80 {
        value.push(0x80 | u8::try_from(left & 0x7f).expect("seven bits fit"));
        left >>= 7;
    }
    value.push(u8::try_from(left).expect("seven bits fit"));
}

fn take_number(rest: &mut &[u8]) -> Result<u32, FramingError> {
    let mut read = 0_u64;
    for place in 0..MAX_VARINT_BYTES {
        let (byte, others) = rest.split_first().ok_or(FramingError::Truncated)?;
        *rest = others;
        read |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            // An odd one is negative.
            let number = i32::try_from(read >> 1).ok().filter(|_| read & 1 == 0);
            return number
                .map(i32::unsigned_abs)
                .ok_or(FramingError::UnreadableIndexes);
        }
    }
    Err(FramingError::UnreadableIndexes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"\x0a\x01x";

    #[test]
    fn a_frame_looks_as_other_clients_write_it() {
        assert_eq!(frame(1, &[0], MESSAGE), b"\0\0\0\0\x01\0\x0a\x01x");
        assert_eq!(
            frame(0x0102_0304, &[2], MESSAGE),
            b"\0\x01\x02\x03\x04\x02\x04\x0a\x01x"
        );
        assert_eq!(frame(7, &[1, 0], b""), b"\0\0\0\0\x07\x04\x02\0");
        assert_eq!(frame(7, &[64], b""), b"\0\0\0\0\x07\x02\x80\x01");
    }

    #[test]
    fn what_was_framed_comes_out_as_it_went_in() {
        let many: Vec<u32> = (0..1_000).collect();
        let largest = [0x7fff_ffff, 0, 0x7fff_ffff];
        let all: [&[u32]; 6] = [
            &[0],
            &[1],
            &[0, 0],
            &[63, 64, 8_191, 8_192],
            &largest,
            &many,
        ];
        for schema_id in [0, 1, u32::MAX] {
            for indexes in all {
                for message in [MESSAGE, b"", b"\0\0\0\0\0\0"] {
                    let value = frame(schema_id, indexes, message);
                    let expected = Framed {
                        schema_id,
                        indexes: indexes.to_vec(),
                        message,
                    };
                    assert_eq!(unframe(&value), Ok(expected));
                    assert_eq!(message_in(&value), message);
                }
            }
        }
    }

    #[test]
    fn the_first_message_may_also_be_named_at_length() {
        for value in [&b"\0\0\0\0\x01\x02\0x"[..], b"\0\0\0\0\x01\x82\0\x80\0x"] {
            let framed = unframe(value).unwrap();
            assert_eq!((framed.indexes, framed.message), (vec![0], &b"x"[..]));
        }
    }

    #[test]
    fn a_frame_that_is_cut_off_anywhere_is_none() {
        let whole = frame(7, &[1, 8_192], b"");
        for length in 0..whole.len() {
            assert_eq!(unframe(&whole[..length]), Err(FramingError::Truncated));
        }
        // So many numbers are never there.
        let endless = b"\0\0\0\0\x01\xfe\xff\xff\xff\x0f\0\0";
        assert_eq!(unframe(endless), Err(FramingError::Truncated));
    }

    #[test]
    fn a_message_alone_has_no_frame() {
        for value in [MESSAGE, b"\x01\0\0\0\x01\0", b"{}"] {
            assert_eq!(unframe(value), Err(FramingError::NoFrame));
            assert_eq!(message_in(value), value);
        }
    }

    #[test]
    fn numbers_that_are_negative_or_too_long_are_refused() {
        let numbers: [&[u8]; 5] = [
            b"\x01",
            b"\x02\x03",
            b"\x02\xff\xff\xff\xff\xff\x01",
            b"\x02\x80\x80\x80\x80\x80\x00",
            b"\x02\x80\x80\x80\x80\x10",
        ];
        for number in numbers {
            let value = [b"\0\0\0\0\x01", number].concat();
            assert_eq!(
                unframe(&value),
                Err(FramingError::UnreadableIndexes),
                "{number:?}"
            );
        }
    }
}
