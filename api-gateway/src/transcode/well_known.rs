use std::{io::Write, ops::RangeInclusive};

use chrono::{DateTime, SecondsFormat};
use prost::Message;
use prost_types::{FieldMask, ListValue, Struct, Timestamp, value::Kind as Any};

use super::{
    response::{AnswerFault, Writer, Written},
    wire::{Fields, Payload, WireFault},
};
use crate::catalog::Kind;

/// Seconds that a timestamp can have: from the year 1 to 9999.
const TIMESTAMPS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const LONGEST_DURATION: u64 = 315_576_000_000;

impl Writer<'_> {
    /// Writes a message that has a JSON form of its own.
    pub(super) fn well_known(
        &mut self,
        kind: &Kind,
        message: &[u8],
        naming: Option<&str>,
    ) -> Written {
        match kind {
            Kind::Timestamp => self.timestamp(decode(message)?),
            Kind::Duration => {
                let duration: prost_types::Duration = decode(message)?;
                let (seconds, nanos) = (duration.seconds.unsigned_abs(), duration.nanos);
                if seconds > LONGEST_DURATION || nanos.unsigned_abs() > 999_999_999 {
                    return Err(AnswerFault::Form("duration out of range"));
                }
                Ok(write!(self.json, "\"{duration}\"")?)
            }
            Kind::FieldMask => {
                let paths = decode::<FieldMask>(message)?.paths;
                let paths: Option<Vec<_>> = paths.iter().map(|path| camel_case(path)).collect();
                let fault = AnswerFault::Form("a path of a field mask is not in snake_case");
                self.json(paths.ok_or(fault)?.join(","))
            }
            Kind::Struct => self.object(&decode(message)?, naming),
            Kind::ListValue => self.values(&decode::<ListValue>(message)?.values, naming),
            Kind::Value => self.any(&decode(message)?, naming),
            Kind::Wrapper(kind) => {
                let mut value = Payload::default_of(kind);
                let mut fields = Fields::of(message);
                while let Some((number, payload)) = fields.next_field()? {
                    if number == 1 {
                        value = payload;
                    }
                }
                self.value(kind, value, None).map(drop)
            }
            _ => Err(WireFault.into()),
        }
    }

    fn timestamp(&mut self, mut time: Timestamp) -> Written {
        if !TIMESTAMPS.contains(&time.seconds) {
            return Err(AnswerFault::Form("timestamp out of range"));
        }
        time.normalize();
        let nanos = time.nanos.try_into().unwrap_or_default();
        let time = DateTime::from_timestamp(time.seconds, nanos);
        let time = time.ok_or(AnswerFault::Form("timestamp out of range"))?;
        let text = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        self.json.push(b'"');
        self.json.extend_from_slice(text.as_bytes());
        self.json.push(b'"');
        Ok(())
    }

    /// Writes a JSON value. Texts that are full names of enum values of the field become their short words.
    fn any(&mut self, value: &prost_types::Value, field: Option<&str>) -> Written {
        match &value.kind {
            None | Some(Any::NullValue(_)) => self.json(()),
            Some(Any::BoolValue(value)) => self.json(value),
            Some(Any::NumberValue(number)) if number.is_finite() => self.json(number),
            Some(Any::NumberValue(_)) => Err(AnswerFault::Form("number is not finite")),
            Some(Any::StringValue(text)) => {
                let word = field.and_then(|field| self.plans.word(field, text));
                self.json(word.unwrap_or(text))
            }
            Some(Any::ListValue(list)) => self.values(&list.values, field),
            Some(Any::StructValue(object)) => self.object(object, field),
        }
    }

    fn values(&mut self, values: &[prost_types::Value], field: Option<&str>) -> Written {
        self.json.push(b'[');
        let begin = self.json.len();
        for value in values {
            self.comma(begin);
            self.any(value, field)?;
        }
        self.json.push(b']');
        Ok(())
    }

    fn object(&mut self, object: &Struct, field: Option<&str>) -> Written {
        self.json.push(b'{');
        let begin = self.json.len();
        for (name, value) in &object.fields {
            self.comma(begin);
            self.json(name)?;
            self.json.push(b':');
            self.any(value, field.and(Some(name)))?;
        }
        self.json.push(b'}');
        Ok(())
    }
}

fn decode<M: Message + Default>(message: &[u8]) -> Result<M, WireFault> {
    M::decode(message).map_err(|_| WireFault)
}

/// Returns a path of a field mask as JSON has it; none if it could not be read back.
fn camel_case(path: &str) -> Option<String> {
    let mut camel = String::with_capacity(path.len());
    let mut letters = path.chars();
    while let Some(letter) = letters.next() {
        let is_upper = letter == '_';
        let letter = if is_upper { letters.next()? } else { letter };
        match letter {
            'A'..='Z' => return None,
            'a'..='z' if is_upper => camel.push(letter.to_ascii_uppercase()),
            _ if is_upper => return None,
            letter => camel.push(letter),
        }
    }
    Some(camel)
}
