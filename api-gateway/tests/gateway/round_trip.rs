//! Generated messages of every type: answers can be read back by another implementation of the JSON mapping, and what that one writes
//! is read as the same message.

use api_gateway::{
    catalog::{Body, Catalog, Dialect, FieldPlan},
    transcode::{HttpInput, read_http, write},
};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use serde_json::json;

use crate::{
    support::fixture::{CONTRACT, LIBRARY},
    transcode::plain,
};

/// Messages of each type.
const ROUNDS: usize = 40;

/// Choices that are the same in every run.
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Returns the JSON of a message that has a form of its own; none for other messages.
    fn well_known(&mut self, message: &MessageDescriptor) -> Option<serde_json::Value> {
        let times = [
            "0001-01-01T00:00:00Z",
            "2026-12-01T09:00:00.120Z",
            "9999-12-31T23:59:59.999999999Z",
        ];
        let values = [
            json!(null),
            json!(-1.5),
            json!("x\"\n"),
            json!([true, {"a": []}]),
            json!({"b": {}, "a": "é"}),
        ];
        Some(
            match message.full_name().strip_prefix("google.protobuf.")? {
                "Timestamp" => self.one(&times).into(),
                _ => values[self.below(values.len())].clone(),
            },
        )
    }

    /// Fills some of the fields of a message that are wanted.
    fn message(
        &mut self,
        of: &MessageDescriptor,
        wanted: &dyn Fn(&FieldDescriptor) -> bool,
    ) -> DynamicMessage {
        if let Some(json) = self.well_known(of) {
            return DynamicMessage::deserialize(of.clone(), json).unwrap();
        }
        let mut message = DynamicMessage::new(of.clone());
        let density = 1 + self.below(3);
        for field in of.fields().filter(wanted) {
            // No field of the contracts holds one.
            let is_any = matches!(field.kind(), Kind::Message(inner) if inner.name() == "Any");
            if is_any || self.below(density) > 0 {
                continue;
            }
            let length = self.below(3);
            let value = match field.kind() {
                kind if field.is_list() => {
                    Value::List((0..length).map(|_| self.value(&kind, wanted)).collect())
                }
                kind => self.value(&kind, wanted),
            };
            message.set_field(&field, value);
        }
        message
    }

    fn value(&mut self, kind: &Kind, wanted: &dyn Fn(&FieldDescriptor) -> bool) -> Value {
        let number = self.one(&[0, 1, -1, i64::MIN, i64::MAX]);
        match kind {
            Kind::Bool => Value::Bool(number > 0),
            Kind::String => {
                Value::String(self.one(&["", "text", "\"\\\u{1}\u{2028}é😀"]).to_owned())
            }
            Kind::Bytes => Value::Bytes(vec![0xFB, 0xFF].into()),
            Kind::Double => {
                Value::F64(self.one(&[0.0, -2.5, 1e300, f64::INFINITY, f64::NEG_INFINITY]))
            }
            Kind::Int32 => Value::I32(number as i32),
            Kind::Int64 => Value::I64(number),
            Kind::Enum(values) => {
                let at = self.below(values.values().len());
                Value::EnumNumber(values.values().nth(at).unwrap().number())
            }
            Kind::Message(message) => Value::Message(self.message(message, wanted)),
            other => unreachable!("{other:?}"),
        }
    }
}

fn decoded(of: &MessageDescriptor, wire: &[u8]) -> serde_json::Value {
    plain(&DynamicMessage::decode(of.clone(), wire).unwrap())
}

fn plan<'a>(catalog: &'a Catalog, field: &FieldDescriptor) -> &'a FieldPlan {
    let message = &catalog.plans[catalog.plans.id(field.parent_message())];
    message.field(field.name()).unwrap()
}

fn check_answers(catalog: &Catalog) -> usize {
    let mut choices = Choices(0x9E37_79B9_7F4A_7C15);
    let mut reached = Vec::new();
    for rpc in &catalog.rpcs {
        catalog.plans.reach(rpc.output, &mut reached);
    }
    let names = reached.iter().map(|id| &catalog.plans[*id].full_name);
    let messages = names.map(|name| catalog.pool.get_message_by_name(name).unwrap());
    let messages: Vec<MessageDescriptor> = messages.collect();
    let wanted = |field: &FieldDescriptor| !plan(catalog, field).input_only;
    for of in messages
        .iter()
        .flat_map(|of| std::iter::repeat_n(of, ROUNDS))
    {
        let message = choices.message(of, &wanted);
        let wire = message.encode_to_vec();
        let json = write(&catalog.plans, catalog.plans.id(of), &wire, Dialect::Http).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let read = DynamicMessage::deserialize(of.clone(), json).unwrap();
        assert_eq!(plain(&read), decoded(of, &wire), "{}", of.full_name());
    }
    messages.len()
}

fn check_requests(catalog: &Catalog) -> usize {
    let mut choices = Choices(0x1234_5678_9ABC_DEF1);
    let wanted = |field: &FieldDescriptor| {
        !plan(catalog, field).output_only && field.name() != "update_mask"
    };
    let rpcs = catalog
        .rpcs
        .iter()
        .filter_map(|rpc| Some((rpc, rpc.bindings.first()?)));
    let rpcs = rpcs.filter(|(_, binding)| {
        matches!(binding.body, Body::Whole) && binding.path_fields.is_empty()
    });
    // The mask of an update and of each item of a batch is derived from what is given.
    let rpcs: Vec<_> = rpcs
        .filter(|(rpc, _)| !rpc.method.name().contains("Update"))
        .collect();
    for (rpc, binding) in rpcs.iter().flat_map(|rpc| std::iter::repeat_n(rpc, ROUNDS)) {
        let message = choices.message(&rpc.method.input(), &wanted);
        let expected = plain(&message);
        let body = expected.to_string();
        let input = HttpInput {
            body: Some(body.as_bytes()),
            ..HttpInput::default()
        };
        let reading = read_http(&catalog.plans, rpc, binding, input).unwrap();
        let is_missing = |text: &str| text.starts_with("is required");
        let mut violations = reading.violations.iter();
        assert!(
            violations.all(|violation| is_missing(&violation.description)),
            "{:?}",
            reading.violations
        );
        assert_eq!(
            decoded(&rpc.method.input(), &reading.message),
            expected,
            "{}",
            rpc.full_name()
        );
    }
    rpcs.len()
}

#[test]
fn generated_answers_can_be_read_back() {
    assert!(check_answers(&CONTRACT) > 40);
    assert!(check_answers(&LIBRARY) > 4);
}

#[test]
fn generated_requests_are_read_as_they_were_written() {
    assert!(check_requests(&CONTRACT) > 5);
    assert_eq!(check_requests(&LIBRARY), 1);
}
