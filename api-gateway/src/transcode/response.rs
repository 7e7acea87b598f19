use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use super::wire::{
    AnswerFault, Fields, LENGTH_DELIMITED, NOT_ON_WIRE, Payload, decode, in_order, text_field,
};
use crate::catalog::{Dialect, FieldPlan, Kind, MessageId, MessagePlan, Plans};

/// Depth to which messages may be nested.
const MAX_DEPTH: usize = 100;

/// Returns the JSON body of an HTTP answer: the whole message, or the field that the route names.
///
/// # Errors
///
/// Fails if the answer has no JSON form.
pub fn response_body(
    plans: &Plans,
    message: MessageId,
    wire: &[u8],
    field: Option<&FieldPlan>,
) -> Result<Vec<u8>, AnswerFault> {
    let plan = &plans[message];
    let Some(field) = field else {
        return write(plans, message, wire, Dialect::Http);
    };
    let mut writer = Writer::new(plans, Dialect::Http);
    let mut values = in_order(plan, wire)?;
    values.retain(|(at, _)| plan.fields[*at].number == field.number);
    writer.field(field, &values, None)?;
    Ok(writer.json)
}

/// Writes a message as JSON, with the contract's own field names.
///
/// Over HTTP, every field that is not optional is there, also when it is empty, so that a client need not know defaults.
/// For tools, empty fields are left out, because a model pays for every word; but the lists of the answer itself are there,
/// so that "none" can be told from "not answered".
///
/// # Errors
///
/// Fails if the answer has no JSON form.
pub fn write(
    plans: &Plans,
    message: MessageId,
    wire: &[u8],
    dialect: Dialect,
) -> Result<Vec<u8>, AnswerFault> {
    let mut writer = Writer::new(plans, dialect);
    // JSON has the names of the fields, too.
    writer.json.reserve(wire.len() * 2);
    writer.message(&plans[message], wire)?;
    Ok(writer.json)
}

pub(super) struct Writer<'a> {
    pub(super) plans: &'a Plans,
    dialect: Dialect,
    depth: usize,
    pub(super) json: Vec<u8>,
}

pub(super) type Written<T = ()> = Result<T, AnswerFault>;

impl<'a> Writer<'a> {
    fn new(plans: &'a Plans, dialect: Dialect) -> Self {
        Self {
            plans,
            dialect,
            depth: 0,
            json: Vec::new(),
        }
    }

    fn message(&mut self, plan: &MessagePlan, wire: &[u8]) -> Written {
        if self.depth == MAX_DEPTH {
            return Err(AnswerFault("messages are nested too deeply"));
        }
        self.depth += 1;
        let values = in_order(plan, wire)?;
        let mut rest = &values[..];
        self.json.push(b'{');
        let begin = self.json.len();
        for (at, field) in plan.fields.iter().enumerate() {
            let count = rest.iter().take_while(|(of, _)| *of == at).count();
            let (values, others) = rest.split_at(count);
            rest = others;
            if !self.is_offered(field) {
                continue;
            }
            if values.is_empty() {
                self.absent(field, begin);
            } else {
                self.named(plan, field, values, wire, begin)?;
            }
        }
        self.json.push(b'}');
        self.depth -= 1;
        Ok(())
    }

    /// Writes a field with its name.
    fn named(
        &mut self,
        plan: &MessagePlan,
        field: &FieldPlan,
        values: &[(usize, Payload<'_>)],
        message: &[u8],
        begin: usize,
    ) -> Written {
        let before = self.json.len();
        self.comma(begin);
        self.json.extend_from_slice(field.label.as_bytes());
        let is_tool = self.dialect == Dialect::Tool;
        let naming = field.value_of.as_deref().filter(|_| is_tool);
        let naming = naming.and_then(|name| plan.field(name));
        let naming = naming.map(|named| text_field(message, named.number));
        if !self.field(field, values, naming)? {
            self.json.truncate(before);
        }
        Ok(())
    }

    /// Writes a field that is not on the wire, if it is shown.
    fn absent(&mut self, field: &FieldPlan, begin: usize) {
        let is_shown = self.dialect == Dialect::Http || (self.depth == 1 && field.is_list);
        if is_shown && !field.absent.is_empty() {
            self.comma(begin);
            self.json.extend_from_slice(field.absent.as_bytes());
        }
    }

    fn is_offered(&self, field: &FieldPlan) -> bool {
        let is_hidden = self.dialect == Dialect::Tool && field.tool_hidden;
        !is_hidden && !field.input_only
    }

    /// Writes the value of a field. Returns false for what a tool has no word for: an enum value that is not stated or newer than this
    /// gateway.
    fn field(
        &mut self,
        field: &FieldPlan,
        values: &[(usize, Payload<'_>)],
        naming: Option<&str>,
    ) -> Written<bool> {
        let mut payloads = values.iter().map(|(_, payload)| *payload);
        if field.is_list {
            return self.list(&field.kind, payloads).map(|()| true);
        }
        match (&field.kind, values) {
            // The parts of a message may follow each other.
            (Kind::Message(_), [_, _, ..]) => {
                let parts: Vec<&[u8]> = payloads.filter_map(Payload::bytes).collect();
                self.value(&field.kind, Payload::Bytes(&parts.concat()), naming)
            }
            (kind, _) => {
                let last = payloads.next_back();
                let value = last.unwrap_or_else(|| Payload::default_of(kind));
                self.value(kind, value, naming)
            }
        }
    }

    fn list<'p>(&mut self, kind: &Kind, values: impl Iterator<Item = Payload<'p>>) -> Written {
        self.json.push(b'[');
        let begin = self.json.len();
        for payload in values {
            match payload {
                Payload::Bytes(packed) if kind.wire_type() != LENGTH_DELIMITED => {
                    let mut packed = Fields::of(packed);
                    while let Some(payload) = packed.next_packed(kind)? {
                        self.item(kind, payload, begin)?;
                    }
                }
                payload => self.item(kind, payload, begin)?,
            }
        }
        self.json.push(b']');
        Ok(())
    }

    fn item(&mut self, kind: &Kind, payload: Payload<'_>, begin: usize) -> Written {
        let before = self.json.len();
        self.comma(begin);
        if !self.value(kind, payload, None)? {
            self.json.truncate(before);
        }
        Ok(())
    }

    pub(super) fn value(
        &mut self,
        kind: &Kind,
        payload: Payload<'_>,
        naming: Option<&str>,
    ) -> Written<bool> {
        match (kind, payload) {
            (Kind::String, Payload::Bytes(text)) => self.json(utf8(text)?)?,
            (Kind::Bytes, Payload::Bytes(bytes)) => self.json(STANDARD.encode(bytes))?,
            (Kind::Message(id), Payload::Bytes(message)) => {
                self.message(&self.plans[*id], message)?;
            }
            (Kind::Timestamp, Payload::Bytes(time)) => self.timestamp(decode(time)?)?,
            (Kind::Value, Payload::Bytes(value)) => self.any(&decode(value)?, naming)?,
            (Kind::Bool, Payload::Varint(flag)) => self.json(flag != 0)?,
            (Kind::Enum(values), Payload::Varint(number)) => {
                let number = number as i32;
                match (values.by_number(number), self.dialect) {
                    (Some(value), Dialect::Http) => self.json(&value.name)?,
                    (None, Dialect::Http) => self.json(number)?,
                    (Some(value), Dialect::Tool) if number != 0 => self.json(&value.word)?,
                    (_, Dialect::Tool) => return Ok(false),
                }
            }
            (Kind::Double, Payload::Fixed64(bits)) => self.float(f64::from_bits(bits))?,
            (Kind::Int32, Payload::Varint(bits)) => self.json(bits as i32)?,
            // JSON numbers lose digits beyond 53 bits.
            (Kind::Int64, Payload::Varint(bits)) => self.json(format_args!("{}", bits as i64))?,
            _ => return Err(NOT_ON_WIRE),
        }
        Ok(true)
    }

    fn float(&mut self, value: f64) -> Written {
        match value {
            value if value.is_nan() => self.json("NaN"),
            f64::INFINITY => self.json("Infinity"),
            f64::NEG_INFINITY => self.json("-Infinity"),
            value => self.json(value),
        }
    }

    pub(super) fn json(&mut self, value: impl Serialize) -> Written {
        let written = serde_json::to_writer(&mut self.json, &value);
        written.map_err(|_| AnswerFault("a value cannot be written"))
    }

    /// Writes a comma, unless the object or list has only begun.
    pub(super) fn comma(&mut self, begin: usize) {
        if self.json.len() > begin {
            self.json.push(b',');
        }
    }
}

fn utf8(text: &[u8]) -> Written<&str> {
    str::from_utf8(text).map_err(|_| AnswerFault("a text is not UTF-8"))
}
