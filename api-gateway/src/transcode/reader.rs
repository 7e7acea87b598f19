use std::collections::HashMap;

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value,
};
use serde_json::{Map, Value as Json};

use service_runtime::suggestion::did_you_mean;
use taskmesh_proto::common::v1::Redirect;

use super::{
    enumeration::enumeration,
    scalar::{flag, scalar},
    update_mask::{check_mask, is_written, mask_field, refuse_blank, set_mask},
    violation::{Violations, within},
    well_known::well_known,
};
use crate::catalog::{Dialect, Notes, is_update_mask, is_well_known};

/// A field that an object names.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) field: FieldDescriptor,
    /// Its value means that it is not given.
    pub(super) absent: bool,
    /// Its value is an empty string or an empty list.
    pub(super) blank: bool,
}

/// Reads JSON values into messages and notes every fault, with the full path of its field.
pub(super) struct Reader<'a> {
    pub(super) notes: &'a Notes,
    pub(super) dialect: Dialect,
    /// What to do instead of giving an argument that is not known.
    pub(super) redirects: &'a [Redirect],
    pub(super) faults: Violations,
}

impl<'a> Reader<'a> {
    pub(super) fn new(notes: &'a Notes, dialect: Dialect) -> Self {
        Self {
            notes,
            dialect,
            redirects: &[],
            faults: Violations::default(),
        }
    }

    /// Fills a message from an object. Returns the fields that the object names, those with null included.
    pub(super) fn fill(
        &mut self,
        message: &mut DynamicMessage,
        object: &Map<String, Json>,
        at: &str,
    ) -> Vec<Named> {
        let descriptor = message.descriptor();
        let mut named: Vec<Named> = Vec::new();
        for (name, json) in object {
            let field = match self.find(&descriptor, name) {
                Some(field) if self.is_offered(&field, at) => field,
                Some(field) if self.notes.field(&field).call_control && !at.is_empty() => {
                    let cure = "applies to the whole call; remove it from the items";
                    self.faults.add(within(at, name), cure);
                    continue;
                }
                _ => {
                    self.unknown(&descriptor, name, at);
                    continue;
                }
            };
            if named.iter().any(|named| named.field == field) {
                let both = format!(
                    "is given twice, as {} and {}",
                    field.name(),
                    field.json_name()
                );
                self.faults.add(within(at, field.name()), both);
                continue;
            }
            self.set(message, &field, json, at);
            named.push(Named {
                absent: self.is_absent(&field, json),
                blank: is_blank(json),
                field,
            });
        }
        named
    }

    /// Sets one field. Null and, for tools, an empty string mean absent; what only the server sets is ignored.
    pub(super) fn set(
        &mut self,
        message: &mut DynamicMessage,
        field: &FieldDescriptor,
        json: &Json,
        at: &str,
    ) {
        let path = within(at, field.name());
        if self.notes.field(field).output_only || self.is_absent(field, json) {
            return;
        }
        if let Some(other) = rival(message, field) {
            let fault = format!("cannot be given together with {other}; give one of them");
            self.faults.add(path, fault);
            return;
        }
        if let Some(value) = self.field_value(field, json, &path) {
            message.set_field(field, value);
        }
    }

    /// Tells whether a value means that the field is not given.
    fn is_absent(&self, field: &FieldDescriptor, json: &Json) -> bool {
        match json {
            Json::Null => !is_json_value(&field.kind()) || field.is_list() || field.is_map(),
            Json::String(text) => self.dialect == Dialect::Tool && text.is_empty(),
            _ => false,
        }
    }

    /// Tells whether a caller may name a field here. Tools derive masks, are not offered what is hidden from them, and
    /// steer whole calls only.
    fn is_offered(&self, field: &FieldDescriptor, at: &str) -> bool {
        let notes = self.notes.field(field);
        let only_whole = notes.call_control || is_update_mask(field);
        match self.dialect {
            Dialect::Http => true,
            Dialect::Tool => !notes.tool_hidden && (at.is_empty() || !only_whole),
        }
    }

    fn find(&self, message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
        let field = message.get_field_by_name(name);
        field.or_else(|| message.get_field_by_json_name(name))
    }

    fn unknown(&mut self, message: &MessageDescriptor, name: &str, at: &str) {
        if self.faults.is_full() {
            return;
        }
        if let Some(redirect) = self
            .redirects
            .iter()
            .find(|redirect| is_about(redirect, name))
        {
            let description = format!("is not accepted by this tool; {}", redirect.hint);
            self.faults.add(within(at, name), description);
            return;
        }
        let names: Vec<String> = message
            .fields()
            .filter(|field| !self.notes.field(field).output_only && self.is_offered(field, at))
            .filter(|field| self.dialect == Dialect::Http || !is_update_mask(field))
            .map(|field| field.name().to_owned())
            .collect();
        let hint = did_you_mean(name, names.iter().map(String::as_str));
        let hint = match hint.is_empty() && !names.is_empty() {
            true => format!("; known are {}", names.join(", ")),
            false => hint,
        };
        self.faults
            .add(within(at, name), format!("is not a known field{hint}"));
    }

    fn field_value(&mut self, field: &FieldDescriptor, json: &Json, path: &str) -> Option<Value> {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => self.map(&entry, json, path),
            kind if field.is_list() => self.list(&kind, json, path),
            kind => self.value(&kind, json, path),
        }
    }

    fn list(&mut self, kind: &Kind, json: &Json, path: &str) -> Option<Value> {
        let Some(items) = json.as_array() else {
            self.faults.add(path, "must be a list, in []");
            return None;
        };
        let items = items.iter().enumerate();
        // An item that cannot be read keeps its place, for the numbers of the items after it.
        let values = items.map(|(at, item)| {
            let value = self.value(kind, item, &format!("{path}[{at}]"));
            value.unwrap_or_else(|| Value::default_value(kind))
        });
        Some(Value::List(values.collect()))
    }

    fn map(&mut self, entry: &MessageDescriptor, json: &Json, path: &str) -> Option<Value> {
        let Some(object) = json.as_object() else {
            self.faults.add(path, "must be an object, in {}");
            return None;
        };
        let (key_kind, value_kind) = (
            entry.map_entry_key_field().kind(),
            entry.map_entry_value_field().kind(),
        );
        let mut map = HashMap::new();
        for (name, json) in object {
            let path = format!("{path}[\"{name}\"]");
            let key = match (&key_kind, name.as_str()) {
                (Kind::Bool, "true") => Ok(MapKey::Bool(true)),
                (Kind::Bool, "false") => Ok(MapKey::Bool(false)),
                (Kind::Bool, _) => Err("has a key that must be true or false".to_owned()),
                (kind, name) => scalar(kind, &Json::from(name)).and_then(|key| {
                    key.into_map_key()
                        .ok_or_else(|| "has an invalid key".to_owned())
                }),
            };
            match key {
                Ok(key) => {
                    if let Some(value) = self.value(&value_kind, json, &path) {
                        map.insert(key, value);
                    }
                }
                Err(cure) => self.faults.add(path, cure),
            }
        }
        Some(Value::Map(map))
    }

    pub(super) fn value(&mut self, kind: &Kind, json: &Json, path: &str) -> Option<Value> {
        let read = match kind {
            _ if json.is_null() && !is_json_value(kind) => {
                Err("cannot be null here; leave it out".to_owned())
            }
            Kind::Bool if self.dialect == Dialect::Tool => flag(json),
            Kind::Enum(descriptor) => enumeration(descriptor, json, self.dialect),
            Kind::Message(descriptor) if is_well_known(descriptor) => well_known(descriptor, json),
            Kind::Message(descriptor) => match json.as_object() {
                Some(object) => {
                    let mut message = DynamicMessage::new(descriptor.clone());
                    let named = self.fill(&mut message, object, path);
                    if is_item(path) {
                        self.mask_item(&mut message, &named, path);
                    }
                    Ok(Value::Message(message))
                }
                None => Err("must be an object, in {}".to_owned()),
            },
            kind => scalar(kind, json),
        };
        read.map_err(|cure| self.faults.add(path, cure)).ok()
    }

    /// Gives an update that is an item of a batch its mask: the fields that are present in the item. What is required says which
    /// thing is meant, as the path does where an update stands alone.
    fn mask_item(&mut self, message: &mut DynamicMessage, named: &[Named], at: &str) {
        let item = message.descriptor();
        let Some(mask) = mask_field(&item) else {
            return;
        };
        if message.has_field(&mask) {
            check_mask(message, &mask, &item, at, &mut self.faults);
            return;
        }
        let notes = self.notes;
        let written = named.iter().filter(|named| {
            is_written(notes, None, &named.field) && !notes.field(&named.field).required
        });
        let mut names = Vec::new();
        for named in written {
            if self.dialect == Dialect::Tool && named.blank {
                refuse_blank(&mut self.faults, &named.field, false, at);
            } else if self.dialect == Dialect::Http || !named.absent {
                // Over HTTP, null empties the field.
                names.push(named.field.name().to_owned());
            }
        }
        set_mask(message, &mask, names);
    }
}

/// Reports whether a redirect is for an argument of this name, whatever its spelling.
fn is_about(redirect: &Redirect, argument: &str) -> bool {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let argument = plain(argument);
    let mut arguments = redirect.arguments.iter();
    arguments.any(|name| plain(name) == argument)
}

/// Tells whether a value says neither what a field should be nor plainly that it should be empty.
fn is_blank(json: &Json) -> bool {
    json.as_str().is_some_and(str::is_empty) || json.as_array().is_some_and(Vec::is_empty)
}

/// The path of an item of a list ends in its number.
fn is_item(path: &str) -> bool {
    path.ends_with(']')
}

/// Only a `google.protobuf.Value` can hold null.
fn is_json_value(kind: &Kind) -> bool {
    kind.as_message()
        .is_some_and(|message| message.full_name() == "google.protobuf.Value")
}

/// Returns the field of the same oneof that is already set.
fn rival(message: &DynamicMessage, field: &FieldDescriptor) -> Option<String> {
    let oneof = field.containing_oneof()?;
    let rival = oneof
        .fields()
        .find(|other| other != field && message.has_field(other))?;
    Some(rival.name().to_owned())
}
