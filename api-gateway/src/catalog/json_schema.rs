//! JSON Schema (2020-12) of messages, for OpenAPI and for tools.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Value, json};

use super::{
    Catalog, Dialect, FieldNotes, Notes, brief, enum_words, is_update_mask,
    message_forms::{differs, in_required_oneof, reach, restrict, steering},
    schema_forms::{Schema, allow_null, typed, well_known},
};

/// Consumer of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaTarget {
    /// OpenAPI: types refer to `#/components/schemas`.
    OpenApi,
    /// Arguments of a tool: types are inline, without what a caller cannot set.
    ToolInput,
    /// Result of a tool: the same without descriptions, because every model pays for each of them.
    ToolOutput,
}

/// Writes schemas, and remembers the types that they refer to.
pub struct SchemaWriter<'a> {
    notes: &'a Notes,
    target: SchemaTarget,
    for_requests: bool,
    answered: HashSet<String>,
    steering: HashSet<String>,
    in_component: bool,
    referenced: IndexMap<String, Referenced>,
    within: Vec<String>,
    recursion: Option<String>,
    shared: SharedSchemas,
}

/// A type that was referred to.
#[derive(Clone)]
struct Referenced {
    kind: Kind,
    for_requests: bool,
}

/// Messages that the schema of another tool describes, by full name, with the name of that tool.
pub type SharedSchemas = HashMap<String, String>;

/// The bounds that help a model; the others stand in the descriptions.
const IN_TOOLS: [&str; 4] = ["minimum", "maximum", "minItems", "maxItems"];

impl<'a> SchemaWriter<'a> {
    /// Creates a writer for one consumer.
    pub fn new(notes: &'a Notes, target: SchemaTarget) -> Self {
        Self {
            notes,
            target,
            for_requests: target == SchemaTarget::ToolInput,
            answered: HashSet::new(),
            steering: HashSet::new(),
            in_component: false,
            referenced: IndexMap::new(),
            within: Vec::new(),
            recursion: None,
            shared: SharedSchemas::new(),
        }
    }

    /// Reads from a catalog which messages are part of answers, and what steers a whole call and not an item of it. A message that a
    /// request and an answer have in common has two schemas if the two differ.
    #[must_use]
    pub fn of_catalog(mut self, catalog: &Catalog) -> Self {
        for rpc in &catalog.rpcs {
            reach(&rpc.method.output(), &mut self.answered);
            steering(&rpc.method.input(), self.notes, &mut self.steering);
        }
        self
    }

    /// Writes what follows for requests, or for answers.
    pub fn for_requests(&mut self, for_requests: bool) {
        self.for_requests = for_requests;
    }

    /// Refers to the tools that describe a message already, in words, because no reference leads from one tool's schema to
    /// another's and a model pays for each of them.
    #[must_use]
    pub fn referring_to(mut self, shared: SharedSchemas) -> Self {
        self.shared = shared;
        self
    }

    /// Returns the schemas of all types that were referred to, in the order of their first use.
    pub fn components(&mut self) -> Schema {
        let mut components = Schema::new();
        self.in_component = true;
        let mut next = 0;
        while let Some((name, referenced)) = self.referenced.get_index(next) {
            let (name, referenced) = (name.clone(), referenced.clone());
            self.for_requests = referenced.for_requests;
            let schema = match &referenced.kind {
                Kind::Enum(enumeration) => self.enumeration(enumeration),
                Kind::Message(message) => self.message(message, |_| true),
                _ => Schema::new(),
            };
            components.insert(name, schema.into());
            next += 1;
        }
        components
    }

    /// Returns the name of a message that contains itself, if one was met where types stand in place.
    pub fn recursion(&self) -> Option<&str> {
        self.recursion.as_deref()
    }

    /// Writes the schema of a message with those of its fields that `keep` wants.
    pub fn message(
        &mut self,
        message: &MessageDescriptor,
        keep: impl Fn(&FieldDescriptor) -> bool,
    ) -> Schema {
        let notes = self.notes;
        let fields = message.fields().filter(|field| keep(field));
        // The fields that an agent changes follow from the arguments that it gives.
        let derived = |field: &FieldDescriptor| {
            self.target == SchemaTarget::ToolInput && is_update_mask(field)
        };
        let steers = |field: &FieldDescriptor| {
            self.in_component && self.for_requests && self.steering.contains(field.full_name())
        };
        let fields = fields.filter(|field| {
            self.is_offered(notes.field(field)) && !derived(field) && !steers(field)
        });
        let mut properties = Schema::new();
        let mut required = Vec::new();
        for field in fields.collect::<Vec<_>>() {
            let mut schema = self.field(&field);
            let is_required = self.is_required(&field);
            if self.may_be_null(&field) && !is_required {
                allow_null(&mut schema);
            }
            properties.insert(field.name().to_owned(), schema.into());
            if is_required {
                required.push(field.name().to_owned());
            }
        }
        let mut schema = Schema::new();
        schema.insert("type".to_owned(), "object".into());
        if self.target == SchemaTarget::OpenApi {
            describe(&mut schema, notes.comment(message.full_name()));
        }
        schema.insert("properties".to_owned(), properties.into());
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        if self.for_requests {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
        if self.target == SchemaTarget::OpenApi {
            restrict(&mut schema, message, notes, self.for_requests);
        }
        schema
    }

    /// An answer has every field that does not track presence, also with its default value.
    fn is_required(&self, field: &FieldDescriptor) -> bool {
        let notes = self.notes.field(field);
        match self.target {
            SchemaTarget::ToolOutput => false,
            SchemaTarget::OpenApi if !self.for_requests => {
                !field.supports_presence() || notes.rules.required
            }
            SchemaTarget::ToolInput | SchemaTarget::OpenApi => notes.required,
        }
    }

    /// In a request, null stands for a field that is not given; in an update it empties the field.
    fn may_be_null(&self, field: &FieldDescriptor) -> bool {
        self.target == SchemaTarget::OpenApi
            && self.for_requests
            && !in_required_oneof(field, self.notes)
            && !(is_updated(field) && self.notes.field(field).rules.refuses_empty())
    }

    /// Writes the schema of a field, its comment included.
    pub fn field(&mut self, field: &FieldDescriptor) -> Schema {
        let mut schema = self.shape(field);
        let notes = self.notes.field(field);
        match self.target {
            SchemaTarget::ToolOutput => {}
            // The same fields are described by another tool.
            SchemaTarget::ToolInput if self.is_described_elsewhere() => {}
            SchemaTarget::ToolInput => {
                let mut words = with_example(notes);
                if let Some(tool) = self.describing_tool(field) {
                    words.push_str(&format!(" Fields as in {tool}."));
                }
                describe(&mut schema, &words);
            }
            SchemaTarget::OpenApi => {
                describe(&mut schema, &notes.comment);
                if let Some(example) = &notes.example {
                    schema.insert("examples".to_owned(), json!([typed(field, example)]));
                }
                if notes.output_only {
                    schema.insert("readOnly".to_owned(), true.into());
                }
            }
        }
        schema
    }

    fn is_offered(&self, notes: &FieldNotes) -> bool {
        match self.target {
            SchemaTarget::OpenApi => self.for_requests || !notes.input_only,
            SchemaTarget::ToolInput => {
                // Fields that steer the call belong to the whole call, not to the items of a batch.
                let steers_item = notes.call_control && !self.within.is_empty();
                !notes.output_only && !notes.tool_hidden && !steers_item
            }
            SchemaTarget::ToolOutput => !notes.input_only && !notes.tool_hidden,
        }
    }

    /// Writes the schema of a field's value, without words.
    pub fn shape(&mut self, field: &FieldDescriptor) -> Schema {
        let mut schema = self.unbounded(field);
        let rules = &self.notes.field(field).rules;
        match self.target {
            SchemaTarget::ToolOutput => {}
            SchemaTarget::ToolInput => {
                let helpful = rules.value.iter();
                let helpful = helpful.filter(|(keyword, _)| IN_TOOLS.contains(&keyword.as_str()));
                schema.extend(helpful.map(|(keyword, value)| (keyword.clone(), value.clone())));
            }
            SchemaTarget::OpenApi => {
                schema.extend(
                    match self.for_requests && is_updated(field) && rules.refuses_empty() {
                        true => rules.value.clone(),
                        false => rules.value_or_default(),
                    },
                );
                if let Some(items) = schema.get_mut("items").and_then(Value::as_object_mut) {
                    items.extend(rules.items.clone());
                }
            }
        }
        schema
    }

    fn unbounded(&mut self, field: &FieldDescriptor) -> Schema {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let values = self.kind(&entry.map_entry_value_field().kind());
                object(json!({"type": "object", "additionalProperties": values}))
            }
            kind if field.is_list() => {
                let items = self.kind(&kind);
                object(json!({"type": "array", "items": items}))
            }
            kind => self.kind(&kind),
        }
    }

    fn kind(&mut self, kind: &Kind) -> Schema {
        let open_api = self.target == SchemaTarget::OpenApi;
        object(match kind {
            Kind::Bool => json!({"type": "boolean"}),
            Kind::String => json!({"type": "string"}),
            Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
            Kind::Float | Kind::Double => json!({"type": "number"}),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 if open_api => {
                json!({"type": "integer", "format": "int32"})
            }
            Kind::Uint32 | Kind::Fixed32 if open_api => {
                json!({"type": "integer", "minimum": 0, "maximum": u32::MAX})
            }
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Uint32 | Kind::Fixed32 => {
                json!({"type": "integer"})
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 if open_api => {
                json!({"type": "string", "format": "int64"})
            }
            Kind::Uint64 | Kind::Fixed64 if open_api => {
                json!({"type": "string", "format": "uint64"})
            }
            // JSON numbers lose digits beyond 53 bits, so answers carry these as strings.
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
                let input = self.target == SchemaTarget::ToolInput;
                json!({"type": if input { "integer" } else { "string" }})
            }
            Kind::Enum(enumeration) if open_api => self.refer(enumeration.full_name(), kind),
            Kind::Enum(enumeration) => return self.enumeration(enumeration),
            Kind::Message(message) => return self.message_or_well_known(message, kind),
        })
    }

    fn message_or_well_known(&mut self, message: &MessageDescriptor, kind: &Kind) -> Schema {
        if let Some(schema) = well_known(message) {
            let mut schema = object(schema);
            if self.target == SchemaTarget::ToolOutput {
                // A model sees the form from the value.
                schema.shift_remove("format");
            }
            return schema;
        }
        if self.target == SchemaTarget::OpenApi {
            return object(self.refer(message.full_name(), kind));
        }
        if let Some(schema) = self.answer_of_another_tool(message) {
            return schema;
        }
        let name = message.full_name().to_owned();
        if self.within.contains(&name) {
            self.recursion = Some(name);
            return Schema::new();
        }
        self.within.push(name);
        let schema = self.message(message, |_| true);
        self.within.pop();
        schema
    }

    /// Returns a schema that says which tool's answer a message is, if another tool's schema describes it.
    pub fn answer_of_another_tool(&self, message: &MessageDescriptor) -> Option<Schema> {
        let tool = match self.target {
            SchemaTarget::ToolOutput => self.shared.get(message.full_name())?,
            _ => return None,
        };
        let description = format!("Same as the result of {tool}.");
        Some(object(
            json!({"type": "object", "description": description}),
        ))
    }

    fn describing_tool(&self, field: &FieldDescriptor) -> Option<&String> {
        let kind = field.kind();
        self.shared.get(kind.as_message()?.full_name())
    }

    fn is_described_elsewhere(&self) -> bool {
        let mut within = self.within.iter();
        within.any(|message| self.shared.contains_key(message))
    }

    /// Refers to a type among the components.
    pub fn refer(&mut self, name: &str, kind: &Kind) -> Value {
        let answered = self.answered.contains(name);
        let apart = self.for_requests && answered && kind.as_message().is_some_and(differs);
        let name = match apart {
            true => format!("{name}Input"),
            false => name.to_owned(),
        };
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        self.referenced.entry(name).or_insert_with(|| Referenced {
            kind: kind.clone(),
            for_requests: apart || (self.for_requests && !answered),
        });
        reference
    }

    fn enumeration(&self, enumeration: &EnumDescriptor) -> Schema {
        let open_api = self.target == SchemaTarget::OpenApi;
        let dialect = if open_api {
            Dialect::Http
        } else {
            Dialect::Tool
        };
        let words = enum_words(enumeration, dialect);
        let names: Vec<&str> = words.iter().map(|word| word.word.as_str()).collect();
        let mut schema = object(json!({"type": "string", "enum": names}));
        if open_api {
            let mut description = self.notes.comment(enumeration.full_name()).to_owned();
            for word in &words {
                let comment = self.notes.comment(&word.full_name);
                description.push_str(&format!("\n- `{}`: {comment}", word.word));
            }
            describe(&mut schema, &description);
        }
        schema
    }
}

/// Tells whether a field is part of an update.
fn is_updated(field: &FieldDescriptor) -> bool {
    field
        .parent_message()
        .fields()
        .any(|field| is_update_mask(&field))
}

fn describe(schema: &mut Schema, description: &str) {
    if !description.is_empty() {
        schema.insert("description".to_owned(), description.into());
    }
}

fn with_example(notes: &FieldNotes) -> String {
    match &notes.example {
        Some(example) => format!("{} Example: {example}", brief(&notes.comment)),
        None => brief(&notes.comment).to_owned(),
    }
}

fn object(value: Value) -> Schema {
    match value {
        Value::Object(schema) => schema,
        _ => Schema::new(),
    }
}
