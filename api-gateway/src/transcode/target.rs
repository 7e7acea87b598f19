use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{
    json::{JsonFault, Names},
    place::Place,
    reader::{Named, Read, Reader},
    scalar::Given,
    wire::{LENGTH_DELIMITED, Payload, close, open, put, put_key},
};
use crate::catalog::{Dialect, FieldPlan, Kind, MessageId, MessagePlan, Plans};

/// Type that a value is read as.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// Nothing: only its limits are checked.
    Ignored,
    /// The request.
    Request(MessageId),
    /// All of a field, of which a rival in the same oneof may be set already.
    Field(&'a FieldPlan, Option<&'a str>),
    /// One value of a field that is a list.
    Item(&'a FieldPlan),
}

/// Reads a value as a target.
struct Seed<'r, 'a, 'p>(&'r mut Reader<'a>, Target<'a>, &'p Place<'p>);

impl<'de> DeserializeSeed<'de> for Seed<'_, '_, '_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_, '_> {
    type Value = Read;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(self.0.scalar(self.1, Given::Null, self.2))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Read, E> {
        Ok(self.0.scalar(self.1, Given::Flag(flag), self.2))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Read, E> {
        Ok(self.0.scalar(self.1, Given::Whole(number.into()), self.2))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Read, E> {
        Ok(self.0.scalar(self.1, Given::Whole(number.into()), self.2))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Read, E> {
        Ok(self.0.scalar(self.1, Given::Number(number), self.2))
    }

    fn visit_str<E>(self, text: &str) -> Result<Read, E> {
        Ok(self.0.scalar(self.1, Given::Text(text), self.2))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Read, A::Error> {
        self.0.list(self.1, items, self.2)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Read, A::Error> {
        self.0.object(self.1, entries, self.2)
    }
}

impl<'a> Reader<'a> {
    /// Reads a JSON text.
    pub(super) fn text(
        &mut self,
        text: &[u8],
        target: Target<'a>,
        place: &Place<'_>,
    ) -> Result<Read, JsonFault> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let read = Seed(self, target, place).deserialize(&mut deserializer);
        let read = read.and_then(|read| deserializer.end().map(|()| read));
        read.map_err(|error| self.limits.fault(&error))
    }

    /// Reads the fields that an object names, those with null included.
    pub(super) fn fill<'de, A: MapAccess<'de>>(
        &mut self,
        plan: &'a MessagePlan,
        mut entries: A,
        place: &Place<'_>,
    ) -> Result<Vec<Named<'a>>, A::Error> {
        self.limits.enter()?;
        let (mut named, mut names) = (Vec::<Named<'a>>::new(), Names::default());
        while let Some(name) = self.limits.next_name(&mut entries, &mut names, place)? {
            let found = plan.field(&name).map(AsRef::as_ref);
            let offered = found.filter(|field| self.is_offered(field, place));
            let shown = offered.map_or(name.as_ref(), |field| &field.name);
            let inner = Place::Field(place, &name, shown);
            let is_again =
                |field: &FieldPlan| named.iter().any(|(it, _)| it.number == field.number);
            let Some(field) = offered.filter(|field| !is_again(field)) else {
                match (offered, found) {
                    (
                        Some(FieldPlan {
                            name, json_name, ..
                        }),
                        _,
                    ) => {
                        self.refuse(&inner, format!("is given twice, as {name} and {json_name}"));
                    }
                    (None, Some(field)) if field.call_control && !place.is_request() => {
                        let hint = "applies to the whole call; remove it from the items";
                        self.refuse(&inner, hint);
                    }
                    _ => self.unknown(plan, &name, place),
                }
                entries.next_value_seed(Seed(self, Target::Ignored, &inner))?;
                continue;
            };
            let mut set = named.iter().filter(|(_, read)| read.is_set);
            let rival = set.find(|(set, _)| field.oneof.is_some() && set.oneof == field.oneof);
            let rival = rival.map(|(rival, _)| rival.name.as_str());
            let begin = self.message.len();
            let read = entries.next_value_seed(Seed(self, Target::Field(field, rival), &inner))?;
            if self.dialect == Dialect::Tool && field.is_mask {
                // A tool derives its mask.
                self.message.truncate(begin);
            }
            named.push((field, read));
        }
        self.limits.leave();
        Ok(named)
    }

    /// Reads a value that is neither a list nor an object, or refuses one that is and must not be.
    fn scalar(&mut self, target: Target<'a>, given: Given<'_>, place: &Place<'_>) -> Read {
        let mut read = Read {
            is_blank: given == Given::Text(""),
            ..Read::default()
        };
        let put = match target {
            Target::Ignored => return read,
            Target::Request(_) => {
                let description = "must be a JSON object, in {}";
                self.violations.add("body", description);
                return read;
            }
            Target::Field(field, _) => {
                // For tools, an empty string means the same as null.
                read.is_absent =
                    given == Given::Null || (read.is_blank && self.dialect == Dialect::Tool);
                if read.is_absent || !self.may_set(target, place) {
                    return read;
                }
                match field.is_list {
                    true => Err("must be a list, in []".to_owned()),
                    false => self.put(field, given),
                }
            }
            Target::Item(field) => self.put(field, given),
        };
        read.is_set = put.map_err(|hint| self.refuse(place, hint)).is_ok();
        read
    }

    /// Tells whether a field may be set. What only the server sets is ignored.
    fn may_set(&mut self, target: Target<'a>, place: &Place<'_>) -> bool {
        match target {
            Target::Field(field, _) if field.output_only => false,
            Target::Field(_, Some(rival)) => {
                let hint = format!("cannot be given together with {rival}; give one of them");
                self.refuse(place, hint);
                false
            }
            _ => true,
        }
    }

    fn list<'de, A: SeqAccess<'de>>(
        &mut self,
        target: Target<'a>,
        mut items: A,
        place: &Place<'_>,
    ) -> Result<Read, A::Error> {
        let item = match target {
            Target::Field(field, _) if field.is_list && self.may_set(target, place) => {
                Target::Item(field)
            }
            _ => Target::Ignored,
        };
        self.limits.enter()?;
        let mut length = 0;
        while let Some(read) =
            items.next_element_seed(Seed(self, item, &Place::Item(place, length)))?
        {
            self.limits.check_length(length, place)?;
            if let (Target::Item(field), false) = (item, read.is_set) {
                // An item that cannot be read keeps its place, for the numbers of the items after it.
                let default = Payload::default_of(&field.kind);
                put(&mut self.message, field.number, default);
            }
            length += 1;
        }
        self.limits.leave();
        let read = match (item, target) {
            (Target::Item(_), _) => Read {
                is_set: true,
                ..Read::default()
            },
            (_, Target::Field(field, _)) if field.is_list => Read::default(),
            _ => self.scalar(target, Given::List, place),
        };
        Ok(Read {
            is_blank: length == 0,
            ..read
        })
    }

    fn object<'de, A: MapAccess<'de>>(
        &mut self,
        target: Target<'a>,
        entries: A,
        place: &Place<'_>,
    ) -> Result<Read, A::Error> {
        let (message, number) = match target {
            Target::Request(message) => (Some(message), None),
            Target::Field(field, _) if field.is_list => (None, None),
            Target::Field(field, _) | Target::Item(field) => match field.kind {
                Kind::Message(message) => (Some(message), Some(field.number)),
                _ => (None, None),
            },
            Target::Ignored => (None, None),
        };
        let Some(message) = message else {
            self.ignore_object(entries, place)?;
            return Ok(self.scalar(target, Given::Object, place));
        };
        if !self.may_set(target, place) {
            self.ignore_object(entries, place)?;
            return Ok(Read::default());
        }
        let begin = number.map(|number| {
            put_key(&mut self.message, number, LENGTH_DELIMITED);
            open(&mut self.message)
        });
        let plan = &self.plans[message];
        let named = self.fill(plan, entries, place)?;
        match (place, begin) {
            (Place::Body(_), _) => self.named = named,
            (Place::Item(..), Some(begin)) => self.mask_item(plan, &named, begin, place),
            _ => {}
        }
        if let Some(begin) = begin {
            close(&mut self.message, begin);
        }
        Ok(Read {
            is_set: true,
            ..Read::default()
        })
    }

    fn ignore_object<'de, A: MapAccess<'de>>(
        &mut self,
        mut entries: A,
        place: &Place<'_>,
    ) -> Result<(), A::Error> {
        self.limits.enter()?;
        let mut names = Names::default();
        while let Some(name) = self.limits.next_name(&mut entries, &mut names, place)? {
            let inner = Place::Field(place, &name, &name);
            entries.next_value_seed(Seed(self, Target::Ignored, &inner))?;
        }
        self.limits.leave();
        Ok(())
    }
}

/// Parses a small JSON text that is no message of the contract.
///
/// # Errors
///
/// Fails with the first fault found.
pub fn parse(text: &[u8]) -> Result<Value, JsonFault> {
    let plans = Plans::default();
    let mut reader = Reader::new(&plans, Dialect::Http);
    reader.text(text, Target::Ignored, &Place::Body(""))?;
    serde_json::from_slice(text).map_err(|error| reader.limits.fault(&error))
}
