use std::ops::RangeInclusive;

use chrono::{DateTime, SecondsFormat};
use prost_types::{Struct, Timestamp, value::Kind as Any};

use super::{
    response::{Writer, Written},
    wire::AnswerFault,
};

/// Seconds that a timestamp can have: from the year 1 to 9999.
const TIMESTAMPS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl Writer<'_> {
    /// Writes a time.
    pub(super) fn timestamp(&mut self, mut time: Timestamp) -> Written {
        if !TIMESTAMPS.contains(&time.seconds) {
            return Err(AnswerFault("timestamp out of range"));
        }
        time.normalize();
        let nanos = time.nanos.try_into().unwrap_or_default();
        let time = DateTime::from_timestamp(time.seconds, nanos);
        let time = time.ok_or(AnswerFault("timestamp out of range"))?;
        let text = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        self.json.push(b'"');
        self.json.extend_from_slice(text.as_bytes());
        self.json.push(b'"');
        Ok(())
    }

    /// Writes a JSON value. Texts that are full names of enum values of the field become their short words.
    pub(super) fn any(&mut self, value: &prost_types::Value, field: Option<&str>) -> Written {
        match &value.kind {
            None | Some(Any::NullValue(_)) => self.json(()),
            Some(Any::BoolValue(value)) => self.json(value),
            Some(Any::NumberValue(number)) if number.is_finite() => self.json(number),
            Some(Any::NumberValue(_)) => Err(AnswerFault("number is not finite")),
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
