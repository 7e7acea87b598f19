//! Wire format of protobuf.

use prost::encoding::encode_varint;

use crate::catalog::{Kind, MessagePlan};

/// Wire type of texts, bytes, messages and packed lists.
pub(super) const LENGTH_DELIMITED: u32 = 2;

/// An answer that cannot be written as JSON: a fault of the service that sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer has no JSON form: {0}")]
pub struct AnswerFault(pub(super) &'static str);

/// Fault of a message that does not follow the wire format.
pub(super) const NOT_ON_WIRE: AnswerFault = AnswerFault("it does not follow the wire format");

/// Value of a field as it is on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

impl<'a> Payload<'a> {
    /// Returns a text, bytes or message.
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn wire_type(self) -> u32 {
        match self {
            Self::Varint(_) => 0,
            Self::Fixed64(_) => 1,
            Self::Bytes(_) => LENGTH_DELIMITED,
            Self::Fixed32(_) => 5,
        }
    }

    /// Returns the value of an absent field.
    pub(super) fn default_of(kind: &Kind) -> Self {
        match kind.wire_type() {
            0 => Self::Varint(0),
            1 => Self::Fixed64(0),
            _ => Self::Bytes(&[]),
        }
    }
}

/// Fields of a message, as they follow each other on the wire.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Returns the fields of a message.
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// Returns the number and value of the next field; none at the end.
    #[inline]
    pub fn next_field(&mut self) -> Result<Option<(u32, Payload<'a>)>, AnswerFault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = u32::try_from(self.varint()?).map_err(|_| NOT_ON_WIRE)?;
        let payload = self.payload(key & 7)?;
        match key >> 3 {
            0 => Err(NOT_ON_WIRE),
            number => Ok(Some((number, payload))),
        }
    }

    /// Returns the next value of a packed list; none at its end.
    pub(super) fn next_packed(&mut self, kind: &Kind) -> Result<Option<Payload<'a>>, AnswerFault> {
        match self.rest {
            [] => Ok(None),
            _ => self.payload(kind.wire_type()).map(Some),
        }
    }

    #[inline]
    fn payload(&mut self, wire_type: u32) -> Result<Payload<'a>, AnswerFault> {
        Ok(match wire_type {
            0 => Payload::Varint(self.varint()?),
            1 => Payload::Fixed64(u64::from_le_bytes(self.fixed()?)),
            LENGTH_DELIMITED => {
                let length = usize::try_from(self.varint()?).map_err(|_| NOT_ON_WIRE)?;
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or(NOT_ON_WIRE)?;
                self.rest = rest;
                Payload::Bytes(bytes)
            }
            5 => Payload::Fixed32(u32::from_le_bytes(self.fixed()?)),
            _ => return Err(NOT_ON_WIRE),
        })
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], AnswerFault> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(NOT_ON_WIRE)?;
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, AnswerFault> {
        match self.rest {
            [byte @ 0..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => prost::encoding::decode_varint(&mut self.rest).map_err(|_| NOT_ON_WIRE),
        }
    }
}

/// Returns the last value of a text, bytes or message field; none if it is absent.
pub fn bytes_field(message: &[u8], number: u32) -> Option<&[u8]> {
    let mut found = None;
    let mut fields = Fields::of(message);
    while let Ok(Some((at, payload))) = fields.next_field() {
        if at == number {
            found = payload.bytes();
        }
    }
    found
}

/// Returns the last value of a text field; empty if it is absent.
pub fn text_field(message: &[u8], number: u32) -> &str {
    let bytes = bytes_field(message, number).unwrap_or_default();
    str::from_utf8(bytes).unwrap_or_default()
}

/// Appends a text, bytes or message field.
pub fn put_bytes(message: &mut Vec<u8>, number: u32, value: &[u8]) {
    put_key(message, number, LENGTH_DELIMITED);
    put_length_delimited(message, value);
}

pub(super) fn put_length_delimited(message: &mut Vec<u8>, value: &[u8]) {
    encode_varint(value.len() as u64, message);
    message.extend_from_slice(value);
}

pub(super) fn put_key(message: &mut Vec<u8>, number: u32, wire_type: u32) {
    encode_varint(u64::from(number << 3 | wire_type), message);
}

/// Appends a field.
pub fn put(message: &mut Vec<u8>, number: u32, payload: Payload<'_>) {
    put_key(message, number, payload.wire_type());
    match payload {
        Payload::Varint(value) => encode_varint(value, message),
        Payload::Fixed64(value) => message.extend_from_slice(&value.to_le_bytes()),
        Payload::Fixed32(value) => message.extend_from_slice(&value.to_le_bytes()),
        Payload::Bytes(value) => put_length_delimited(message, value),
    }
}

/// Removes a field, the parts of which would otherwise become one with a later one.
pub(super) fn remove(message: &mut Vec<u8>, number: u32) {
    if bytes_field(message, number).is_some() {
        let mut others = Vec::with_capacity(message.len());
        let mut fields = Fields::of(message);
        while let Ok(Some((other, payload))) = fields.next_field() {
            if other != number {
                put(&mut others, other, payload);
            }
        }
        *message = others;
    }
}

/// Begins a value whose length is not known yet; returns where it begins.
pub(super) fn open(message: &mut Vec<u8>) -> usize {
    message.push(0);
    message.len()
}

/// Ends a value that began there, and writes its length before it.
pub(super) fn close(message: &mut Vec<u8>, begin: usize) {
    let length = message.len() - begin;
    match u8::try_from(length) {
        Ok(length @ 0..0x80) => message[begin - 1] = length,
        _ => {
            let mut prefix = Vec::with_capacity(5);
            encode_varint(length as u64, &mut prefix);
            message.splice(begin - 1..begin, prefix);
        }
    }
}

/// Returns the values of a message in the order of its fields, each with the index of its field; of a oneof those of the last field
/// only.
pub(super) fn in_order<'a>(
    plan: &MessagePlan,
    message: &'a [u8],
) -> Result<Vec<(usize, Payload<'a>)>, AnswerFault> {
    let mut values: Vec<(usize, Payload<'a>)> = Vec::with_capacity(plan.fields.len());
    let mut fields = Fields::of(message);
    while let Some((number, payload)) = fields.next_field()? {
        let Some(at) = plan.by_number(number) else {
            continue;
        };
        let oneof = plan.fields[at].oneof;
        if oneof.is_some() {
            values.retain(|(other, _)| *other == at || plan.fields[*other].oneof != oneof);
        }
        values.push((at, payload));
    }
    values.sort_by_key(|(at, _)| *at);
    Ok(values)
}

/// Reads a message that has a JSON form of its own.
pub(super) fn decode<M: prost::Message + Default>(message: &[u8]) -> Result<M, AnswerFault> {
    M::decode(message).map_err(|_| NOT_ON_WIRE)
}
