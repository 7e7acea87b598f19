//! JSON Schema (2020-12) of messages, for OpenAPI and for tools.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{
    Catalog, EnumPlan, FieldPlan, Kind, MessageId, Plans, brief,
    message_forms::{differs, restrict, steering},
    schema_forms::{Schema, allow_null, typed},
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
    plans: &'a Plans,
    target: SchemaTarget,
    for_requests: bool,
    /// The names of components by the full names of their types.
    names: HashMap<String, String>,
    answered: Vec<MessageId>,
    steering: HashSet<(MessageId, u32)>,
    in_component: bool,
    /// The types that were referred to, each with whether its schema is for requests.
    referenced: IndexMap<String, (Kind, bool)>,
    within: Vec<MessageId>,
    recursion: Option<MessageId>,
    shared: SharedSchemas,
}

/// Messages that the schema of another tool describes, with the name of that tool.
pub type SharedSchemas = HashMap<MessageId, String>;

/// The bounds that help a model; the others stand in the descriptions.
const IN_TOOLS: [&str; 4] = ["minimum", "maximum", "minItems", "maxItems"];

impl<'a> SchemaWriter<'a> {
    /// Creates a writer for one consumer.
    pub fn new(plans: &'a Plans, target: SchemaTarget) -> Self {
        Self {
            plans,
            target,
            for_requests: target == SchemaTarget::ToolInput,
            names: HashMap::new(),
            answered: Vec::new(),
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
    pub fn of_catalog(mut self, catalog: &Catalog, names: HashMap<String, String>) -> Self {
        self.names = names;
        for rpc in &catalog.rpcs {
            self.plans.reach(rpc.output, &mut self.answered);
            steering(self.plans, rpc.input, &mut self.steering);
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

    /// Returns the name of the component of a type.
    pub fn name(&self, full_name: &str) -> String {
        let name = self.names.get(full_name);
        name.map_or(full_name, String::as_str).to_owned()
    }

    /// Returns the schemas of all types that were referred to, in the order of their first use.
    pub fn components(&mut self) -> Schema {
        let mut components = Schema::new();
        self.in_component = true;
        let mut next = 0;
        while let Some((name, referenced)) = self.referenced.get_index(next) {
            let (name, (kind, for_requests)) = (name.clone(), referenced.clone());
            self.for_requests = for_requests;
            let schema = match &kind {
                Kind::Enum(enumeration) => self.enumeration(enumeration),
                Kind::Message(message) => self.message(*message, |_| true),
                _ => Schema::new(),
            };
            components.insert(name, schema.into());
            next += 1;
        }
        components
    }

    /// Returns the name of a message that contains itself, if one was met where types stand in place.
    pub fn recursion(&self) -> Option<&str> {
        let message = self.recursion?;
        Some(&self.plans[message].full_name)
    }

    /// Writes the schema of a message with those of its fields that `keep` wants.
    pub fn message(&mut self, message: MessageId, keep: impl Fn(&FieldPlan) -> bool) -> Schema {
        let plan = &self.plans[message];
        let is_wanted = |field: &&Arc<FieldPlan>| {
            // The fields that an agent changes follow from the arguments that it gives.
            let is_derived = self.target == SchemaTarget::ToolInput && field.is_mask;
            let steers_call = self.in_component
                && self.for_requests
                && self.steering.contains(&(message, field.number));
            keep(field) && self.is_offered(field) && !is_derived && !steers_call
        };
        let mut properties = Schema::new();
        let mut required = Vec::new();
        for field in plan.fields.iter().filter(is_wanted).collect::<Vec<_>>() {
            let mut schema = self.field(field);
            let is_required = self.is_required(field);
            if self.may_be_null(field) && !is_required {
                allow_null(&mut schema);
            }
            properties.insert(field.name.clone(), schema.into());
            if is_required {
                required.push(field.name.clone());
            }
        }
        let mut schema = Schema::new();
        schema.insert("type".to_owned(), "object".into());
        if self.target == SchemaTarget::OpenApi {
            describe(&mut schema, &plan.comment);
        }
        schema.insert("properties".to_owned(), properties.into());
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        if self.for_requests {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
        if self.target == SchemaTarget::OpenApi {
            restrict(&mut schema, plan, self.for_requests);
        }
        schema
    }

    /// An answer has every field that does not track presence, also with its default value.
    fn is_required(&self, field: &FieldPlan) -> bool {
        match self.target {
            SchemaTarget::ToolOutput => false,
            SchemaTarget::OpenApi if !self.for_requests => {
                !field.has_presence || field.rules.required
            }
            SchemaTarget::ToolInput | SchemaTarget::OpenApi => field.required,
        }
    }

    /// In a request, null stands for a field that is not given; in an update it empties the field.
    fn may_be_null(&self, field: &FieldPlan) -> bool {
        self.target == SchemaTarget::OpenApi
            && self.for_requests
            && !field.in_required_oneof
            && !(field.in_update && field.rules.refuses_empty())
    }

    /// Writes the schema of a field, its comment included.
    pub fn field(&mut self, field: &FieldPlan) -> Schema {
        let mut schema = self.shape(field);
        match self.target {
            SchemaTarget::ToolOutput => {}
            // The same fields are described by another tool.
            SchemaTarget::ToolInput if self.is_described_elsewhere() => {}
            SchemaTarget::ToolInput => {
                let mut words = with_example(field);
                if let Kind::Message(message) = field.kind
                    && let Some(tool) = self.shared.get(&message)
                {
                    words.push_str(&format!(" Fields as in {tool}."));
                }
                describe(&mut schema, &words);
            }
            SchemaTarget::OpenApi => {
                describe(&mut schema, &field.comment);
                if let Some(example) = &field.example {
                    schema.insert("examples".to_owned(), json!([typed(field, example)]));
                }
                if field.output_only {
                    schema.insert("readOnly".to_owned(), true.into());
                }
            }
        }
        schema
    }

    fn is_offered(&self, field: &FieldPlan) -> bool {
        match self.target {
            SchemaTarget::OpenApi => self.for_requests || !field.input_only,
            SchemaTarget::ToolInput => {
                // Fields that steer the call belong to the whole call, not to the items of a batch.
                let steers_item = field.call_control && !self.within.is_empty();
                !field.output_only && !field.tool_hidden && !steers_item
            }
            SchemaTarget::ToolOutput => !field.input_only && !field.tool_hidden,
        }
    }

    /// Writes the schema of a field's value, without words.
    pub fn shape(&mut self, field: &FieldPlan) -> Schema {
        let mut schema = self.kind(&field.kind);
        if field.is_list {
            schema = object(json!({"type": "array", "items": schema}));
        }
        let rules = &field.rules;
        match self.target {
            SchemaTarget::ToolOutput => {}
            SchemaTarget::ToolInput => {
                let helpful = rules.value.iter();
                let helpful = helpful.filter(|(keyword, _)| IN_TOOLS.contains(&keyword.as_str()));
                schema.extend(helpful.map(|(keyword, value)| (keyword.clone(), value.clone())));
            }
            SchemaTarget::OpenApi => {
                schema.extend(
                    match self.for_requests && field.in_update && rules.refuses_empty() {
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

    fn kind(&mut self, kind: &Kind) -> Schema {
        let open_api = self.target == SchemaTarget::OpenApi;
        object(match kind {
            Kind::Bool => json!({"type": "boolean"}),
            Kind::String => json!({"type": "string"}),
            Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
            Kind::Double => json!({"type": "number"}),
            Kind::Int32 if open_api => json!({"type": "integer", "format": "int32"}),
            Kind::Int64 if open_api => json!({"type": "string", "format": "int64"}),
            // JSON numbers lose digits beyond 53 bits, so answers carry these as strings.
            Kind::Int64 if self.target == SchemaTarget::ToolOutput => json!({"type": "string"}),
            Kind::Int32 | Kind::Int64 => json!({"type": "integer"}),
            Kind::Enum(_) | Kind::Message(_) if open_api => self.refer(kind),
            Kind::Enum(enumeration) => return self.enumeration(enumeration),
            Kind::Message(message) => return self.inline(*message),
            // A model sees the form from the value.
            Kind::Timestamp if self.target != SchemaTarget::ToolOutput => {
                json!({"type": "string", "format": "date-time"})
            }
            Kind::Timestamp | Kind::FieldMask => json!({"type": "string"}),
            Kind::Value => json!({}),
            Kind::Unsupported => json!({"type": "object"}),
        })
    }

    fn inline(&mut self, message: MessageId) -> Schema {
        if let Some(schema) = self.answer_of_another_tool(message) {
            return schema;
        }
        if self.within.contains(&message) {
            self.recursion = Some(message);
            return Schema::new();
        }
        self.within.push(message);
        let schema = self.message(message, |_| true);
        self.within.pop();
        schema
    }

    /// Returns a schema that says which tool's answer a message is, if another tool's schema describes it.
    pub fn answer_of_another_tool(&self, message: MessageId) -> Option<Schema> {
        let tool = match self.target {
            SchemaTarget::ToolOutput => self.shared.get(&message)?,
            _ => return None,
        };
        let description = format!("Same as the result of {tool}.");
        Some(object(
            json!({"type": "object", "description": description}),
        ))
    }

    fn is_described_elsewhere(&self) -> bool {
        let mut within = self.within.iter();
        within.any(|message| self.shared.contains_key(message))
    }

    /// Refers to a message or an enum among the components.
    pub fn refer(&mut self, kind: &Kind) -> Value {
        let (mut name, mut answered, mut apart) = (String::new(), false, false);
        match kind {
            Kind::Enum(enumeration) => name = self.name(&enumeration.full_name),
            Kind::Message(message) => {
                let plan = &self.plans[*message];
                name = self.name(&plan.full_name);
                answered = self.answered.contains(message);
                apart = self.for_requests && answered && differs(plan);
            }
            _ => {}
        }
        if apart {
            name.push_str("Input");
        }
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        let for_requests = apart || (self.for_requests && !answered);
        let referenced = self.referenced.entry(name);
        referenced.or_insert_with(|| (kind.clone(), for_requests));
        reference
    }

    fn enumeration(&self, enumeration: &EnumPlan) -> Schema {
        let values = enumeration.values.iter();
        if self.target != SchemaTarget::OpenApi {
            // Tools are not offered the value that means "not stated".
            let stated = values.filter(|value| value.number != 0);
            let words: Vec<&str> = stated.map(|value| value.word.as_str()).collect();
            return object(json!({"type": "string", "enum": words}));
        }
        let mut description = enumeration.comment.clone();
        for value in values.clone() {
            description.push_str(&format!("\n- `{}`: {}", value.name, value.comment));
        }
        let names: Vec<&str> = values.map(|value| value.name.as_str()).collect();
        let mut schema = object(json!({"type": "string", "enum": names}));
        describe(&mut schema, &description);
        schema
    }
}

fn describe(schema: &mut Schema, description: &str) {
    if !description.is_empty() {
        schema.insert("description".to_owned(), description.into());
    }
}

fn with_example(field: &FieldPlan) -> String {
    match &field.example {
        Some(example) => format!("{} Example: {example}", brief(&field.comment)),
        None => brief(&field.comment).to_owned(),
    }
}

fn object(value: Value) -> Schema {
    match value {
        Value::Object(schema) => schema,
        _ => Schema::new(),
    }
}
