use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use service_runtime::suggestion::did_you_mean;
use taskmesh_proto::common::v1::Redirect;

use super::{
    Reading,
    json::{Ignored, JsonFault, Limits, Names},
    place::Place,
    scalar::{Given, put_default, put_value},
    update_mask::{check_mask, is_written, mask_in, put_mask, refuse_blank},
    violation::{Violations, within},
    wire::{LENGTH_DELIMITED, close, open, put_key},
};
use crate::catalog::{Dialect, FieldPlan, Kind, MessageId, MessagePlan, Plans, Shape};

/// Types of what a `google.protobuf.Struct` and a `google.protobuf.ListValue` hold.
const NAME: &Kind = &Kind::String;
const VALUE: &Kind = &Kind::Value;

/// A field that an object names.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Named {
    /// Index among the fields of the message.
    pub(super) at: usize,
    /// Its value means that it is not given.
    pub(super) is_absent: bool,
    /// Its value is an empty string or an empty list.
    pub(super) is_blank: bool,
    /// Its value is part of the message.
    pub(super) is_set: bool,
}

/// Reads JSON values into a message on the wire and notes every violation, with the full path of its field.
pub(super) struct Reader<'a> {
    pub(super) plans: &'a Plans,
    pub(super) dialect: Dialect,
    /// What to do instead of giving an argument that is not known.
    pub(super) redirects: &'a [Redirect],
    pub(super) violations: Violations,
    pub(super) message: Vec<u8>,
    /// Fields that the body, or the message that is the body, names.
    pub(super) named: Vec<Named>,
    limits: Limits,
}

/// Type that a value is read as.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// The request.
    Request(MessageId),
    /// All of a field, of which a rival in the same oneof may be set already.
    Field(&'a FieldPlan, Option<&'a str>),
    /// One value of a field with this number; none in a packed list.
    Value(&'a Kind, Option<u32>),
}

impl<'a> Reader<'a> {
    /// Creates a reader for values that a parser without limits of ours has read.
    pub(super) fn new(plans: &'a Plans, dialect: Dialect) -> Self {
        Self {
            plans,
            dialect,
            redirects: &[],
            violations: Violations::default(),
            message: Vec::new(),
            named: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Creates a reader for JSON texts of HTTP requests.
    pub(super) fn of_text(plans: &'a Plans) -> Self {
        Self {
            limits: Limits::of_text(),
            ..Self::new(plans, Dialect::Http)
        }
    }

    /// Reads a JSON text, or passes over it if there is no target.
    pub(super) fn text(
        &mut self,
        text: &[u8],
        target: Option<Target<'a>>,
        place: &Place<'_>,
    ) -> Result<Named, JsonFault> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let read = match target {
            Some(target) => Seed(self, target, place).deserialize(&mut deserializer),
            None => Ignored(&mut self.limits, place)
                .deserialize(&mut deserializer)
                .map(|_| Named::default()),
        };
        let read = read.and_then(|read| deserializer.end().map(|()| read));
        read.map_err(|error| self.limits.fault(&error))
    }

    /// Returns the message with the violations.
    pub(super) fn finish(self) -> Reading {
        self.violations.of(self.message)
    }

    /// Reads the fields that an object names, those with null included.
    pub(super) fn fill<'de, A: MapAccess<'de>>(
        &mut self,
        plan: &'a MessagePlan,
        mut entries: A,
        place: &Place<'_>,
    ) -> Result<Vec<Named>, A::Error> {
        self.limits.enter()?;
        let (mut named, mut names) = (Vec::<Named>::new(), Names::default());
        while let Some(name) = self.limits.next_name(&mut entries, &mut names, place)? {
            let found = plan.by_name(&name);
            let found = found.filter(|at| self.is_offered(plan, *at, place));
            let shown = found.map_or(name.as_ref(), |at| &plan.fields[at].name);
            let inner = Place::Field(place, &name, shown);
            let is_again = found.is_some_and(|at| named.iter().any(|named| named.at == at));
            let Some(at) = found.filter(|_| !is_again) else {
                match plan.by_name(&name).map(|at| &plan.fields[at]) {
                    Some(field) if is_again => {
                        let (name, other) = (&field.name, &field.json_name);
                        self.refuse(&inner, format!("is given twice, as {name} and {other}"));
                    }
                    Some(field) if field.notes.call_control && !place.is_request() => {
                        self.refuse(
                            &inner,
                            "applies to the whole call; remove it from the items",
                        );
                    }
                    _ => self.unknown(plan, &name, place),
                }
                entries.next_value_seed(Ignored(&mut self.limits, &inner))?;
                continue;
            };
            let field = &plan.fields[at];
            let mut set = named.iter().filter(|named| named.is_set);
            let rival =
                set.find(|set| field.oneof.is_some() && plan.fields[set.at].oneof == field.oneof);
            let rival = rival.map(|rival| plan.fields[rival.at].name.as_str());
            let begin = self.message.len();
            let read = entries.next_value_seed(Seed(self, Target::Field(field, rival), &inner))?;
            if self.dialect == Dialect::Tool && plan.update_mask == Some(at) {
                // A tool derives its mask.
                self.message.truncate(begin);
            }
            named.push(Named { at, ..read });
        }
        self.limits.leave();
        Ok(named)
    }

    /// Tells whether a caller may name a field here. Tools derive masks, are not offered what is hidden from them, and
    /// steer whole calls only.
    fn is_offered(&self, plan: &MessagePlan, at: usize, place: &Place<'_>) -> bool {
        let notes = &plan.fields[at].notes;
        let only_whole = notes.call_control || plan.update_mask == Some(at);
        match self.dialect {
            Dialect::Http => true,
            Dialect::Tool => !notes.tool_hidden && (place.is_request() || !only_whole),
        }
    }

    fn unknown(&mut self, plan: &MessagePlan, name: &str, place: &Place<'_>) {
        if self.violations.is_full() {
            return;
        }
        let inner = Place::Field(place, name, name);
        let mut redirects = self.redirects.iter();
        if let Some(redirect) = redirects.find(|redirect| is_about(redirect, name)) {
            let description = format!("is not accepted by this tool; {}", redirect.hint);
            return self.refuse(&inner, description);
        }
        let is_named = |(at, field): &(usize, &FieldPlan)| {
            let is_derived = self.dialect == Dialect::Tool && plan.update_mask == Some(*at);
            !field.notes.output_only && self.is_offered(plan, *at, place) && !is_derived
        };
        let fields = plan.fields.iter().enumerate().filter(is_named);
        let names: Vec<&str> = fields.map(|(_, field)| field.name.as_str()).collect();
        let hint = did_you_mean(name, names.iter().copied());
        let hint = match hint.is_empty() && !names.is_empty() {
            true => format!("; known are {}", names.join(", ")),
            false => hint,
        };
        self.refuse(&inner, format!("is not a known field{hint}"));
    }

    pub(super) fn refuse(&mut self, place: &Place<'_>, description: impl Into<String>) {
        if !self.violations.is_full() {
            self.violations.add(place.in_request(), description);
        }
    }

    /// Reads a value that is neither a list nor an object, or refuses one that is and must not be.
    fn scalar(&mut self, target: Target<'a>, given: Given<'_>, place: &Place<'_>) -> Named {
        let mut read = Named {
            is_blank: given == Given::Text(""),
            ..Named::default()
        };
        let cure = match target {
            Target::Request(_) => {
                let description = "must be a JSON object, in {}";
                self.violations.add("body", description);
                return read;
            }
            Target::Field(field, _) => {
                read.is_absent = self.is_absent(field, given);
                if read.is_absent || !self.may_set(target, place) {
                    return read;
                }
                match field.shape {
                    Shape::Single => self.put(&field.kind, Some(field.number), given),
                    Shape::List(_) => Err("must be a list, in []".to_owned()),
                    Shape::Map(_) => Err("must be an object, in {}".to_owned()),
                }
            }
            Target::Value(kind, number) => self.put(kind, number, given),
        };
        read.is_set = cure.map_err(|cure| self.refuse(place, cure)).is_ok();
        read
    }

    /// Appends a value, with the number of its field unless it is part of a packed list.
    pub(super) fn put(
        &mut self,
        kind: &Kind,
        number: Option<u32>,
        given: Given<'_>,
    ) -> Result<(), String> {
        let begin = self.message.len();
        if let Some(number) = number {
            put_key(&mut self.message, number, kind.wire_type());
        }
        let put = put_value(&mut self.message, kind, given, self.dialect);
        put.inspect_err(|_| self.message.truncate(begin))
    }

    /// Tells whether a value means that the field is not given: null and, for tools, an empty string.
    fn is_absent(&self, field: &FieldPlan, given: Given<'_>) -> bool {
        match given {
            Given::Null => field.kind != Kind::Value || field.shape != Shape::Single,
            Given::Text("") => self.dialect == Dialect::Tool,
            _ => false,
        }
    }

    /// Tells whether a field may be set. What only the server sets is ignored.
    fn may_set(&mut self, target: Target<'a>, place: &Place<'_>) -> bool {
        match target {
            Target::Field(field, _) if field.notes.output_only => false,
            Target::Field(_, Some(rival)) => {
                let cure = format!("cannot be given together with {rival}; give one of them");
                self.refuse(place, cure);
                false
            }
            _ => true,
        }
    }

    fn list<'de, A: SeqAccess<'de>>(
        &mut self,
        target: Target<'a>,
        items: A,
        place: &Place<'_>,
    ) -> Result<Named, A::Error> {
        let (kind, number, is_list) = match target {
            Target::Field(field, _) if field.shape == Shape::Single => {
                let kind = &field.kind;
                let is_list = matches!(kind, Kind::ListValue | Kind::Value);
                (kind, Some(field.number), is_list)
            }
            Target::Field(field, _) => {
                let is_list = matches!(field.shape, Shape::List(_));
                (&field.kind, Some(field.number), is_list)
            }
            Target::Value(kind, number) => {
                let is_list = matches!(kind, Kind::ListValue | Kind::Value);
                (kind, number, is_list)
            }
            Target::Request(_) => (NAME, None, false),
        };
        let mut read = Named::default();
        let length = if !is_list {
            let length = Ignored(&mut self.limits, place).visit_seq(items)?;
            read = self.scalar(target, Given::List, place);
            length
        } else if !self.may_set(target, place) {
            Ignored(&mut self.limits, place).visit_seq(items)?
        } else if let Target::Field(
            FieldPlan {
                shape: Shape::List(is_packed),
                number,
                ..
            },
            _,
        ) = target
        {
            read.is_set = true;
            self.items(kind, *number, *is_packed, items, place)?
        } else {
            read.is_set = true;
            let begins = self.begin(kind, number, 6);
            let length = self.items(VALUE, 1, false, items, place)?;
            self.end(begins);
            length
        };
        read.is_blank = length == 0;
        Ok(read)
    }

    fn object<'de, A: MapAccess<'de>>(
        &mut self,
        target: Target<'a>,
        entries: A,
        place: &Place<'_>,
    ) -> Result<Named, A::Error> {
        let read = Named {
            is_set: true,
            ..Named::default()
        };
        let (kind, number, shape) = match target {
            Target::Request(message) => {
                self.named = self.fill(&self.plans[message], entries, place)?;
                return Ok(read);
            }
            Target::Field(field, _) => (&field.kind, Some(field.number), &field.shape),
            Target::Value(kind, number) => (kind, number, &Shape::Single),
        };
        let is_object = match shape {
            Shape::Single => matches!(kind, Kind::Message(_) | Kind::Struct | Kind::Value),
            Shape::List(_) => false,
            Shape::Map(_) => true,
        };
        if !is_object || !self.may_set(target, place) {
            Ignored(&mut self.limits, place).visit_map(entries)?;
            return Ok(match is_object {
                true => Named::default(),
                false => self.scalar(target, Given::Object, place),
            });
        }
        if let (Shape::Map(key), Some(number)) = (shape, number) {
            self.map(key, kind, number, entries, place)?;
            return Ok(read);
        }
        let begins = self.begin(kind, number, 5);
        match kind {
            Kind::Message(message) => self.message(&self.plans[*message], entries, place)?,
            _ => self.map(NAME, VALUE, 1, entries, place)?,
        }
        self.end(begins);
        Ok(read)
    }

    /// Begins a message; a list or object that is a `google.protobuf.Value` is in a message of its own with this number.
    fn begin(&mut self, kind: &Kind, number: Option<u32>, within_value: u32) -> [Option<usize>; 2] {
        if let Some(number) = number {
            put_key(&mut self.message, number, LENGTH_DELIMITED);
        }
        let outer = open(&mut self.message);
        let inner = (*kind == Kind::Value).then(|| {
            put_key(&mut self.message, within_value, LENGTH_DELIMITED);
            open(&mut self.message)
        });
        [inner, Some(outer)]
    }

    fn end(&mut self, begins: [Option<usize>; 2]) {
        for begin in begins.into_iter().flatten() {
            close(&mut self.message, begin);
        }
    }

    fn message<'de, A: MapAccess<'de>>(
        &mut self,
        plan: &'a MessagePlan,
        entries: A,
        place: &Place<'_>,
    ) -> Result<(), A::Error> {
        let begin = self.message.len();
        let named = self.fill(plan, entries, place)?;
        if place.is_element() {
            self.mask_item(plan, &named, begin, place);
        } else if matches!(place, Place::Body(_)) {
            self.named = named;
        }
        Ok(())
    }

    fn items<'de, A: SeqAccess<'de>>(
        &mut self,
        kind: &'a Kind,
        number: u32,
        is_packed: bool,
        mut items: A,
        place: &Place<'_>,
    ) -> Result<usize, A::Error> {
        self.limits.enter()?;
        let packed = is_packed.then(|| {
            put_key(&mut self.message, number, LENGTH_DELIMITED);
            open(&mut self.message)
        });
        let target = Target::Value(kind, (!is_packed).then_some(number));
        let mut length = 0;
        while let Some(read) =
            items.next_element_seed(Seed(self, target, &Place::Item(place, length)))?
        {
            self.limits.check_length(length, place)?;
            if !read.is_set {
                // An item that cannot be read keeps its place, for the numbers of the items after it.
                if !is_packed {
                    put_key(&mut self.message, number, kind.wire_type());
                }
                put_default(&mut self.message, kind);
            }
            length += 1;
        }
        if let Some(begin) = packed {
            close(&mut self.message, begin);
        }
        self.limits.leave();
        Ok(length)
    }

    fn map<'de, A: MapAccess<'de>>(
        &mut self,
        key: &Kind,
        value: &'a Kind,
        number: u32,
        mut entries: A,
        place: &Place<'_>,
    ) -> Result<(), A::Error> {
        self.limits.enter()?;
        let mut names = Names::default();
        while let Some(name) = self.limits.next_name(&mut entries, &mut names, place)? {
            let inner = Place::Entry(place, &name);
            let given = match (key, name.as_ref()) {
                (Kind::Bool, "true") => Given::Flag(true),
                (Kind::Bool, "false") => Given::Flag(false),
                (_, name) => Given::Text(name),
            };
            let before = self.message.len();
            put_key(&mut self.message, number, LENGTH_DELIMITED);
            let begin = open(&mut self.message);
            let is_set = match self.put(key, Some(1), given) {
                Ok(()) => {
                    let seed = Seed(self, Target::Value(value, Some(2)), &inner);
                    entries.next_value_seed(seed)?.is_set
                }
                Err(cure) => {
                    let cure = match key {
                        Kind::Bool => "has a key that must be true or false".to_owned(),
                        _ => cure,
                    };
                    self.refuse(&inner, cure);
                    entries.next_value_seed(Ignored(&mut self.limits, &inner))?;
                    false
                }
            };
            match is_set {
                true => close(&mut self.message, begin),
                false => self.message.truncate(before),
            }
        }
        self.limits.leave();
        Ok(())
    }

    /// Gives an update that is an item of a batch its mask: the fields that are present in the item. What is required says which
    /// thing is meant, as the path does where an update stands alone.
    fn mask_item(&mut self, plan: &MessagePlan, named: &[Named], begin: usize, place: &Place<'_>) {
        let Some(mask) = plan.update_mask.map(|at| &plan.fields[at]) else {
            return;
        };
        if let Some(paths) = mask_in(&self.message[begin..], mask) {
            return check_mask(
                &paths,
                mask,
                plan,
                &place.in_request(),
                &mut self.violations,
            );
        }
        let mut names = Vec::new();
        for named in named {
            let field = &plan.fields[named.at];
            if !is_written(None, field) || field.notes.required {
                continue;
            }
            if self.dialect == Dialect::Tool && named.is_blank {
                let path = within(&place.in_request(), &field.name);
                refuse_blank(&mut self.violations, field, false, path);
            } else if self.dialect == Dialect::Http || !named.is_absent {
                // Over HTTP, null empties the field.
                names.push(field.name.clone());
            }
        }
        put_mask(&mut self.message, mask, names);
    }
}

/// Reads a value as a target.
struct Seed<'r, 'a, 'p>(&'r mut Reader<'a>, Target<'a>, &'p Place<'p>);

impl<'de> DeserializeSeed<'de> for Seed<'_, '_, '_> {
    type Value = Named;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Named, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_, '_> {
    type Value = Named;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Named, E> {
        Ok(self.0.scalar(self.1, Given::Null, self.2))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Named, E> {
        Ok(self.0.scalar(self.1, Given::Flag(flag), self.2))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Named, E> {
        Ok(self.0.scalar(self.1, Given::Whole(number.into()), self.2))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Named, E> {
        Ok(self.0.scalar(self.1, Given::Whole(number.into()), self.2))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Named, E> {
        Ok(self.0.scalar(self.1, Given::Number(number), self.2))
    }

    fn visit_str<E>(self, text: &str) -> Result<Named, E> {
        Ok(self.0.scalar(self.1, Given::Text(text), self.2))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Named, A::Error> {
        self.0.list(self.1, items, self.2)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Named, A::Error> {
        self.0.object(self.1, entries, self.2)
    }
}

/// Reports whether a redirect is for an argument of this name, whatever its spelling.
fn is_about(redirect: &Redirect, argument: &str) -> bool {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let argument = plain(argument);
    let mut arguments = redirect.arguments.iter();
    arguments.any(|name| plain(name) == argument)
}
