use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use super::wire::{Fields, Payload, WireFault, in_order, text_field};
use crate::catalog::{Dialect, FieldPlan, Kind, MessageId, MessagePlan, Plans, Shape};

/// Depth to which messages may be nested.
const MAX_DEPTH: usize = 100;

/// An answer that cannot be written as JSON: a fault of the service that sent it.
#[derive(Debug, thiserror::Error)]
pub enum AnswerFault {
    /// A value has no JSON form, such as a time beyond the year 9999.
    #[error("the answer has no JSON form: {0}")]
    Form(&'static str),
    /// The answer does not follow the wire format.
    #[error("the answer cannot be read: {0}")]
    Wire(#[from] WireFault),
    /// The JSON cannot be written.
    #[error("the answer cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Returns the JSON body of an HTTP answer: the whole message, or the field with this number that the route names.
///
/// # Errors
///
/// Fails if the answer has no JSON form.
pub fn response_body(
    plans: &Plans,
    message: MessageId,
    wire: &[u8],
    field: Option<u32>,
) -> Result<Vec<u8>, AnswerFault> {
    let plan = &plans[message];
    let field = field.and_then(|number| plan.by_number(number));
    let Some(field) = field.map(|at| &plan.fields[at]) else {
        return write(plans, message, wire, Dialect::Http);
    };
    let mut writer = Writer::new(plans, Dialect::Http);
    let wire = in_order(plan, wire)?;
    let mut fields = Fields::of(&wire);
    let found = loop {
        match fields.next_field()? {
            Some((number, _)) if number != field.number => {}
            found => break found,
        }
    };
    match found {
        Some((_, first)) => writer.field(field, first, &mut fields, None)?,
        None => writer.default(field)?,
    };
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
            return Err(AnswerFault::Form("messages are nested too deeply"));
        }
        self.depth += 1;
        let begin = self.json.len();
        if !self.fields(plan, wire)? {
            self.json.truncate(begin);
            self.fields(plan, &in_order(plan, wire)?)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Writes the fields in one pass over the wire. Returns false if they are not in the order of their numbers, each once.
    fn fields(&mut self, plan: &MessagePlan, wire: &[u8]) -> Written<bool> {
        self.json.push(b'{');
        let begin = self.json.len();
        let mut written = 0;
        let mut oneofs = 0_u64;
        let mut fields = Fields::of(wire);
        while let Some((number, payload)) = fields.next_field()? {
            let Some(at) = plan.by_number(number) else {
                continue;
            };
            if at < written {
                return Ok(false);
            }
            self.absent(&plan.fields[written..at], begin);
            let field = &plan.fields[at];
            if let Some(oneof) = field.oneof {
                let bit = 1_u64.checked_shl(oneof as u32).unwrap_or_default();
                if oneofs & bit != 0 {
                    return Ok(false);
                }
                oneofs |= bit;
            }
            self.named(plan, field, payload, &mut fields, wire, begin)?;
            written = at + 1;
        }
        self.absent(&plan.fields[written..], begin);
        self.json.push(b'}');
        Ok(true)
    }

    /// Writes a field with its name, if it is shown.
    fn named(
        &mut self,
        plan: &MessagePlan,
        field: &FieldPlan,
        first: Payload<'_>,
        rest: &mut Fields<'_>,
        message: &[u8],
        begin: usize,
    ) -> Written {
        if !self.is_offered(field) {
            while rest.next_of(field.number)?.is_some() {}
            return Ok(());
        }
        let before = self.json.len();
        self.comma(begin);
        self.json.extend_from_slice(field.label.as_bytes());
        let is_tool = self.dialect == Dialect::Tool;
        let naming = field.notes.value_of.as_deref().filter(|_| is_tool);
        let naming = naming.and_then(|name| plan.by_name(name));
        let naming = naming.map(|at| text_field(message, plan.fields[at].number));
        let is_empty = is_tool
            && !field.has_presence
            && field.shape == Shape::Single
            && is_default(&field.kind, first);
        if !self.field(field, first, rest, naming)? || is_empty {
            self.json.truncate(before);
        }
        Ok(())
    }

    /// Writes fields that are not on the wire.
    fn absent(&mut self, fields: &[FieldPlan], begin: usize) {
        for field in fields {
            let json = match self.dialect {
                Dialect::Http => field.absent.as_str(),
                Dialect::Tool if self.depth == 1 && matches!(field.shape, Shape::List(_)) => {
                    field.absent.as_str()
                }
                Dialect::Tool => "",
            };
            if !json.is_empty() && self.is_offered(field) {
                self.comma(begin);
                self.json.extend_from_slice(json.as_bytes());
            }
        }
    }

    fn is_offered(&self, field: &FieldPlan) -> bool {
        let is_hidden = self.dialect == Dialect::Tool && field.notes.tool_hidden;
        !is_hidden && !field.notes.input_only
    }

    /// Writes the value of a field and takes its further items off the wire. Returns false for what a tool has no word for: an enum
    /// value that is not stated or newer than this gateway.
    fn field(
        &mut self,
        field: &FieldPlan,
        first: Payload<'_>,
        rest: &mut Fields<'_>,
        naming: Option<&str>,
    ) -> Written<bool> {
        match &field.shape {
            Shape::Single => self.value(&field.kind, first, naming),
            Shape::List(_) => self.list(field, first, rest).map(|()| true),
            Shape::Map(key) => self.map(field, key, first, rest).map(|()| true),
        }
    }

    fn default(&mut self, field: &FieldPlan) -> Written<bool> {
        match field.absent.strip_prefix(&field.label) {
            Some(json) => {
                self.json.extend_from_slice(json.as_bytes());
                Ok(true)
            }
            None => self.value(&field.kind, Payload::default_of(&field.kind), None),
        }
    }

    fn list(&mut self, field: &FieldPlan, first: Payload<'_>, rest: &mut Fields<'_>) -> Written {
        self.json.push(b'[');
        let begin = self.json.len();
        let mut next = Some(first);
        while let Some(payload) = next {
            match payload {
                Payload::Bytes(packed) if field.kind.is_packable() => {
                    let mut packed = Fields::of(packed);
                    while let Some(payload) = packed.next_packed(&field.kind)? {
                        self.item(&field.kind, payload, begin)?;
                    }
                }
                payload => self.item(&field.kind, payload, begin)?,
            }
            next = rest.next_of(field.number)?;
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

    fn map(
        &mut self,
        field: &FieldPlan,
        key: &Kind,
        first: Payload<'_>,
        rest: &mut Fields<'_>,
    ) -> Written {
        let mut entries = BTreeMap::new();
        let mut next = Some(first);
        while let Some(payload) = next {
            let Payload::Bytes(entry) = payload else {
                return Err(WireFault.into());
            };
            let (mut name, mut value) =
                (Payload::default_of(key), Payload::default_of(&field.kind));
            let mut entry = Fields::of(entry);
            while let Some((number, payload)) = entry.next_field()? {
                match number {
                    1 => name = payload,
                    2 => value = payload,
                    _ => {}
                }
            }
            let order = match name {
                Payload::Bytes(text) => (0, text),
                number => (integer(key, number)?, &[][..]),
            };
            entries.insert(order, (name, value));
            next = rest.next_of(field.number)?;
        }
        self.json.push(b'{');
        let begin = self.json.len();
        for (name, value) in entries.into_values() {
            let before = self.json.len();
            self.comma(begin);
            match (key, name) {
                (_, Payload::Bytes(name)) => self.json(utf8(name)?)?,
                (Kind::Bool, flag) => write!(self.json, "\"{}\"", flag.bits() != Some(0))?,
                _ => write!(self.json, "\"{}\"", integer(key, name)?)?,
            }
            self.json.push(b':');
            if !self.value(&field.kind, value, None)? {
                self.json.truncate(before);
            }
        }
        self.json.push(b'}');
        Ok(())
    }

    pub(super) fn value(
        &mut self,
        kind: &Kind,
        payload: Payload<'_>,
        naming: Option<&str>,
    ) -> Written<bool> {
        if payload.wire_type() != kind.wire_type() {
            return Err(WireFault.into());
        }
        match (kind, payload) {
            (Kind::String, Payload::Bytes(text)) => self.json(utf8(text)?)?,
            (Kind::Bytes, Payload::Bytes(bytes)) => self.json(STANDARD.encode(bytes))?,
            (Kind::Message(id), Payload::Bytes(message)) => {
                self.message(&self.plans[*id], message)?;
            }
            (_, Payload::Bytes(message)) => self.well_known(kind, message, naming)?,
            (Kind::Bool, flag) => self.json(flag.bits() != Some(0))?,
            (Kind::Enum(values), Payload::Varint(number)) => {
                let number = number as i32;
                match (values.by_number(number), self.dialect) {
                    (Some(value), Dialect::Http) => self.json(&value.name)?,
                    (None, Dialect::Http) => self.json(number)?,
                    (Some(value), Dialect::Tool) if number != 0 => self.json(&value.word)?,
                    (_, Dialect::Tool) => return Ok(false),
                }
            }
            (Kind::Float, Payload::Fixed32(bits)) => self.float(f32::from_bits(bits).into())?,
            (Kind::Double, Payload::Fixed64(bits)) => self.float(f64::from_bits(bits))?,
            // JSON numbers lose digits beyond 53 bits.
            _ if kind.has_64_bits() => write!(self.json, "\"{}\"", integer(kind, payload)?)?,
            _ => write!(self.json, "{}", integer(kind, payload)?)?,
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
        Ok(serde_json::to_writer(&mut self.json, &value).map_err(io::Error::from)?)
    }

    /// Writes a comma, unless the object or list has only begun.
    pub(super) fn comma(&mut self, begin: usize) {
        if self.json.len() > begin {
            self.json.push(b',');
        }
    }
}

fn utf8(text: &[u8]) -> Written<&str> {
    str::from_utf8(text).map_err(|_| AnswerFault::Form("a text is not UTF-8"))
}

/// Returns the value of a number.
fn integer(kind: &Kind, payload: Payload<'_>) -> Result<i128, WireFault> {
    let bits = payload.bits().ok_or(WireFault)?;
    Ok(match kind {
        Kind::Int32 | Kind::Sfixed32 => (bits as i32).into(),
        Kind::Int64 | Kind::Sfixed64 => (bits as i64).into(),
        Kind::Uint32 | Kind::Fixed32 => (bits as u32).into(),
        Kind::Sint32 => (((bits as u32 >> 1) as i32) ^ -((bits & 1) as i32)).into(),
        Kind::Sint64 => (((bits >> 1) as i64) ^ -((bits & 1) as i64)).into(),
        _ => bits.into(),
    })
}

fn is_default(kind: &Kind, payload: Payload<'_>) -> bool {
    match (kind, payload) {
        (Kind::Float, Payload::Fixed32(bits)) => f32::from_bits(bits) == 0.0,
        (Kind::Double, Payload::Fixed64(bits)) => f64::from_bits(bits) == 0.0,
        (kind, payload) => payload == Payload::default_of(kind),
    }
}
