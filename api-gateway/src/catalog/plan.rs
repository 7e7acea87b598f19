//! Messages of the contract, compiled: all that requests, answers, schemas and documents need, without a look at the descriptors.

use std::{collections::HashMap, ops::Index, sync::Arc};

use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor, Value};
use taskmesh_proto::{
    buf::validate::{MessageRules, OneofRules},
    google::api::FieldBehavior,
};

use super::{Rules, comments::Comments, enum_plan::EnumPlan, options::Options};

/// Depth from which a query does not name the fields of a message.
const QUERY_DEPTH: usize = 4;

/// Compiled messages of a contract.
#[derive(Debug, Default)]
pub struct Plans {
    messages: Vec<MessagePlan>,
    ids: HashMap<String, MessageId>,
    /// Short words of enum values, by the name of a field that holds them and by their own full name.
    words: HashMap<String, HashMap<String, String>>,
}

/// Index of a message among the plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageId(usize);

/// Compiled message.
#[derive(Debug)]
pub struct MessagePlan {
    /// Full name.
    pub full_name: String,
    /// Comment before it.
    pub comment: String,
    /// Fields in the order of their numbers, which is the order of JSON and, as services write it, of the wire.
    pub fields: Vec<Arc<FieldPlan>>,
    /// Field that names what an update changes (AIP-134).
    pub update_mask: Option<Arc<FieldPlan>>,
    /// Sets of fields of which at most one may be given.
    pub exclusive: Vec<Vec<String>>,
    names: HashMap<String, usize>,
}

/// Compiled field.
#[derive(Debug)]
pub struct FieldPlan {
    /// Number on the wire.
    pub number: u32,
    /// Name in the contract and in answers.
    pub name: String,
    /// Name in camelCase, which requests may use.
    pub json_name: String,
    /// Type of its values.
    pub kind: Kind,
    /// It holds any number of values.
    pub is_list: bool,
    /// It names what an update changes.
    pub is_mask: bool,
    /// It holds one `google.api.HttpBody`.
    pub is_file: bool,
    /// Message in it, of which a query names the fields.
    inner: Option<MessageId>,
    /// The default value can be told from an absent one.
    pub has_presence: bool,
    /// Index of its oneof.
    pub oneof: Option<usize>,
    /// One field of its oneof must be set.
    pub in_required_oneof: bool,
    /// It is part of an update.
    pub in_update: bool,
    /// The field must be given.
    pub required: bool,
    /// Only the server sets the field; what a request says about it is ignored.
    pub output_only: bool,
    /// The field is never part of a response.
    pub input_only: bool,
    /// The field steers the call and is no value that an update writes.
    pub call_control: bool,
    /// The field is not offered to tools.
    pub tool_hidden: bool,
    /// The field of the same message that names the field whose value this one holds.
    pub value_of: Option<String>,
    /// A value to show in documentation.
    pub example: Option<String>,
    /// The media types that the file in the field may have.
    pub media_types: Vec<String>,
    /// The bounds of its values.
    pub rules: Rules,
    /// The comment before the field.
    pub comment: String,
    /// Name in JSON, with quotes and colon.
    pub label: String,
    /// JSON of an absent field in HTTP answers; empty if it is left out.
    pub absent: String,
}

/// The way from a message to one of its fields, or to a field of a message within it.
pub type FieldPath = Vec<Arc<FieldPlan>>;

/// Type of a value.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "named as in the contract")]
pub enum Kind {
    Bool,
    Int32,
    Int64,
    Double,
    String,
    Bytes,
    Enum(Arc<EnumPlan>),
    Message(MessageId),
    Timestamp,
    /// Names of fields, in requests only.
    FieldMask,
    /// Any JSON value, in answers only.
    Value,
    /// Type without a JSON form here, which the RPCs of a catalog do not use.
    Unsupported,
}

impl Plans {
    /// Compiles all messages.
    pub(super) fn compile(pool: &DescriptorPool, options: &Options, comments: &Comments) -> Self {
        let mut plans = Self::default();
        let messages: Vec<MessageDescriptor> = pool.all_messages().collect();
        for (at, message) in messages.iter().enumerate() {
            let name = message.full_name().to_owned();
            plans.ids.insert(name, MessageId(at));
        }
        for message in &messages {
            let message = plans.message(message, options, comments);
            for field in &message.fields {
                if let Kind::Enum(words) = &field.kind {
                    let known = plans.words.entry(field.name.clone()).or_default();
                    let words = words.values.iter();
                    known.extend(words.map(|value| (value.name.clone(), value.word.clone())));
                }
            }
            plans.messages.push(message);
        }
        plans
    }

    /// Returns the index of a message of the same contract.
    pub fn id(&self, message: &MessageDescriptor) -> MessageId {
        self.ids[message.full_name()]
    }

    /// Returns the short word for an enum value that fields of this name hold, given its full name.
    pub fn word(&self, field: &str, value: &str) -> Option<&str> {
        let words = self.words.get(field)?;
        words.get(value).map(String::as_str)
    }

    /// Finds a field by its dotted name, such as `filter.state`; every part may be in snake_case or camelCase.
    pub fn path(&self, message: MessageId, name: &str) -> Option<FieldPath> {
        let mut path = FieldPath::new();
        let mut within = Some(message);
        for part in name.split('.') {
            let plan = &self[within?];
            let field = plan.field(part)?;
            within = field.inner;
            path.push(Arc::clone(field));
        }
        Some(path)
    }

    /// Collects a field, or the fields of the message in it, with the dotted names by which a query gives them.
    pub fn in_query<'a>(
        &'a self,
        field: &'a FieldPlan,
        name: String,
        found: &mut Vec<(String, &'a FieldPlan)>,
    ) {
        match field.kind {
            Kind::Message(_) if field.is_list || name.matches('.').count() + 1 == QUERY_DEPTH => {}
            Kind::Message(message) => {
                for inner in &self[message].fields {
                    self.in_query(inner, format!("{name}.{}", inner.name), found);
                }
            }
            _ => found.push((name, field)),
        }
    }

    /// Collects a message and all messages in it.
    pub fn reach(&self, message: MessageId, reached: &mut Vec<MessageId>) {
        if !reached.contains(&message) {
            reached.push(message);
            for field in &self[message].fields {
                if let Kind::Message(inner) = field.kind {
                    self.reach(inner, reached);
                }
            }
        }
    }

    fn message(
        &self,
        message: &MessageDescriptor,
        options: &Options,
        comments: &Comments,
    ) -> MessagePlan {
        let fields = message.fields();
        let mut fields: Vec<FieldPlan> = fields
            .map(|field| self.field(&field, options, comments))
            .collect();
        let is_update = fields.iter().any(|field| field.is_mask);
        let mut names = HashMap::new();
        for (at, field) in fields.iter_mut().enumerate() {
            field.in_update = is_update;
            names.insert(field.name.clone(), at);
        }
        for (at, field) in fields.iter().enumerate() {
            names.entry(field.json_name.clone()).or_insert(at);
        }
        let fields: Vec<Arc<FieldPlan>> = fields.into_iter().map(Arc::new).collect();
        let rules = options.message(&message.options(), "buf.validate.message");
        let rules: MessageRules = rules.unwrap_or_default();
        let comment = comments.at(&message.parent_file(), message.path());
        MessagePlan {
            full_name: message.full_name().to_owned(),
            comment: comment.to_owned(),
            update_mask: fields.iter().find(|field| field.is_mask).cloned(),
            fields,
            exclusive: rules.oneof.into_iter().map(|set| set.fields).collect(),
            names,
        }
    }

    fn field(&self, field: &FieldDescriptor, options: &Options, comments: &Comments) -> FieldPlan {
        let kind = match field.is_map() {
            true => Kind::Unsupported,
            false => self.kind(&field.kind(), comments),
        };
        let label = format!("\"{}\":", field.name());
        let absent = match field.supports_presence() {
            true => String::new(),
            false if field.is_list() => format!("{label}[]"),
            false => format!("{label}{}", kind.default_json()),
        };
        let message = field.kind();
        let message = message.as_message().filter(|_| !field.is_list());
        let oneof = field.containing_oneof();
        let set = field.options();
        let behaviors = options.list(&set, "google.api.field_behavior");
        let behaves = |wanted: FieldBehavior| behaviors.contains(&Value::EnumNumber(wanted.into()));
        let rules = options.message(&set, "buf.validate.field");
        FieldPlan {
            is_mask: field.name() == "update_mask" && kind == Kind::FieldMask && !field.is_list(),
            is_file: message.is_some_and(|message| message.full_name() == FILE),
            inner: message.map(|message| self.id(message)),
            number: field.number(),
            name: field.name().to_owned(),
            json_name: field.json_name().to_owned(),
            has_presence: field.supports_presence(),
            in_required_oneof: oneof.as_ref().is_some_and(|oneof| {
                let rules = options.message(&oneof.options(), "buf.validate.oneof");
                rules.is_some_and(|rules: OneofRules| rules.required())
            }),
            in_update: false,
            oneof: oneof
                .and_then(|oneof| field.parent_message().oneofs().position(|it| it == oneof)),
            required: behaves(FieldBehavior::Required),
            output_only: behaves(FieldBehavior::OutputOnly),
            input_only: behaves(FieldBehavior::InputOnly),
            call_control: options.is_set(&set, "taskmesh.common.v1.call_control"),
            tool_hidden: options.is_set(&set, "taskmesh.common.v1.tool_hidden"),
            value_of: options.text(&set, "taskmesh.common.v1.value_of"),
            example: options.text(&set, "taskmesh.common.v1.example"),
            media_types: options.texts(&set, "taskmesh.common.v1.media_types"),
            rules: rules.map_or_else(Rules::default, |rules| Rules::of(&rules)),
            comment: comments.at(&field.parent_file(), field.path()).to_owned(),
            is_list: field.is_list(),
            absent,
            label,
            kind,
        }
    }

    fn kind(&self, kind: &prost_reflect::Kind, comments: &Comments) -> Kind {
        use prost_reflect::Kind as Described;
        match kind {
            Described::Bool => Kind::Bool,
            Described::Int32 => Kind::Int32,
            Described::Int64 => Kind::Int64,
            Described::Double => Kind::Double,
            Described::String => Kind::String,
            Described::Bytes => Kind::Bytes,
            Described::Enum(values) => Kind::Enum(Arc::new(EnumPlan::of(values, comments))),
            Described::Message(message) => {
                match message.full_name().strip_prefix("google.protobuf.") {
                    Some("Timestamp") => Kind::Timestamp,
                    Some("FieldMask") => Kind::FieldMask,
                    Some("Value") => Kind::Value,
                    None | Some("Empty") => Kind::Message(self.id(message)),
                    Some(_) => Kind::Unsupported,
                }
            }
            _ => Kind::Unsupported,
        }
    }
}

/// A file of its own type, which travels as it is and not as JSON.
const FILE: &str = "google.api.HttpBody";

impl Index<MessageId> for Plans {
    type Output = MessagePlan;

    fn index(&self, id: MessageId) -> &MessagePlan {
        &self.messages[id.0]
    }
}

impl MessagePlan {
    /// Reports whether it is a `google.api.HttpBody`.
    pub fn is_file(&self) -> bool {
        self.full_name == FILE
    }

    /// Returns a field by its name, in snake_case or camelCase.
    pub fn field(&self, name: &str) -> Option<&Arc<FieldPlan>> {
        self.names.get(name).map(|at| &self.fields[*at])
    }

    /// Returns the index of a field by its number.
    pub fn by_number(&self, number: u32) -> Option<usize> {
        // Numbers begin with 1 and mostly have no gaps.
        let at = (number as usize).wrapping_sub(1);
        match self.fields.get(at) {
            Some(field) if field.number == number => Some(at),
            _ => {
                let found = self
                    .fields
                    .binary_search_by_key(&number, |field| field.number);
                found.ok()
            }
        }
    }
}

impl Kind {
    /// Returns the wire type of one value.
    pub fn wire_type(&self) -> u32 {
        match self {
            Self::Bool | Self::Int32 | Self::Int64 | Self::Enum(_) => 0,
            Self::Double => 1,
            _ => 2,
        }
    }

    fn default_json(&self) -> String {
        match self {
            Self::Bool => "false".to_owned(),
            Self::Double => "0.0".to_owned(),
            Self::String | Self::Bytes => "\"\"".to_owned(),
            Self::Int64 => "\"0\"".to_owned(),
            Self::Enum(values) => match values.by_number(0) {
                Some(value) => format!("\"{}\"", value.name),
                None => "0".to_owned(),
            },
            _ => "0".to_owned(),
        }
    }
}

/// Returns the last part of a full name.
pub fn short_name(full_name: &str) -> &str {
    full_name.rsplit('.').next().unwrap_or(full_name)
}
