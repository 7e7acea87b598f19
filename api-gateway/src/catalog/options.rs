use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, MethodDescriptor,
    ReflectMessage, Value,
};

use super::{
    CatalogError,
    rules::{RuleOptions, Rules},
};

/// How an RPC appears as a tool, as its option says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOption {
    /// The tool's name, `^[a-z_]{1,40}$`.
    pub name: String,
    /// A short title for people.
    pub title: String,
    /// Whether calling it changes nothing.
    pub read_only: bool,
    /// Whether calling it again with the same arguments has no further effect.
    pub idempotent: bool,
    /// Whether it may remove or overwrite what was there.
    pub destructive: bool,
    /// What to do instead of giving an argument that the tool does not take.
    pub redirects: Vec<Redirect>,
}

/// Arguments that agents expect of a tool which does not take them, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The arguments.
    pub arguments: Vec<String>,
    /// What to do instead.
    pub hint: String,
}

impl Redirect {
    /// Tells whether this is about an argument of that name, whatever its spelling.
    pub fn names(&self, argument: &str) -> bool {
        let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
        let argument = plain(argument);
        self.arguments.iter().any(|name| plain(name) == argument)
    }

    fn of(message: &DynamicMessage) -> Self {
        let arguments = message.get_field_by_name("arguments");
        let arguments = arguments.as_deref().and_then(Value::as_list);
        let arguments = arguments.unwrap_or_default().iter();
        Self {
            arguments: arguments
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            hint: text(message, "hint"),
        }
    }
}

/// The options that the gateway reads, looked up once: on RPCs and on fields.
pub(super) struct Options {
    http: ExtensionDescriptor,
    tool: ExtensionDescriptor,
    internal: ExtensionDescriptor,
    live: ExtensionDescriptor,
    field_behavior: ExtensionDescriptor,
    call_control: ExtensionDescriptor,
    example: ExtensionDescriptor,
    tool_hidden: ExtensionDescriptor,
    value_of: ExtensionDescriptor,
    answer_media_types: ExtensionDescriptor,
    media_types: ExtensionDescriptor,
    /// The bounds of values.
    pub(super) rules: RuleOptions,
}

impl Options {
    pub(super) fn find(pool: &DescriptorPool) -> Result<Self, CatalogError> {
        let find = |name| {
            pool.get_extension_by_name(name)
                .ok_or(CatalogError::MissingOption(name))
        };
        Ok(Self {
            http: find("google.api.http")?,
            tool: find("taskmesh.common.v1.tool")?,
            internal: find("taskmesh.common.v1.internal")?,
            live: find("taskmesh.common.v1.live")?,
            field_behavior: find("google.api.field_behavior")?,
            call_control: find("taskmesh.common.v1.call_control")?,
            example: find("taskmesh.common.v1.example")?,
            tool_hidden: find("taskmesh.common.v1.tool_hidden")?,
            value_of: find("taskmesh.common.v1.value_of")?,
            answer_media_types: find("taskmesh.common.v1.answer_media_types")?,
            media_types: find("taskmesh.common.v1.media_types")?,
            rules: RuleOptions::find(pool),
        })
    }

    pub(super) fn http_rule(&self, method: &MethodDescriptor) -> Option<DynamicMessage> {
        let options = method.options();
        options
            .has_extension(&self.http)
            .then(|| options.get_extension(&self.http).as_message().cloned())
            .flatten()
    }

    pub(super) fn is_internal(&self, method: &MethodDescriptor) -> bool {
        method.options().get_extension(&self.internal).as_bool() == Some(true)
    }

    /// Returns the field by which a live stream is taken up again, if the RPC is one.
    pub(super) fn resume_field(&self, method: &MethodDescriptor) -> Option<String> {
        let options = method.options();
        if !options.has_extension(&self.live) {
            return None;
        }
        let value = options.get_extension(&self.live);
        Some(text(value.as_message()?, "resume_field"))
    }

    pub(super) fn tool(&self, method: &MethodDescriptor) -> Option<ToolOption> {
        let options = method.options();
        if !options.has_extension(&self.tool) {
            return None;
        }
        let value = options.get_extension(&self.tool);
        let tool = value.as_message()?;
        Some(ToolOption {
            name: text(tool, "name"),
            title: text(tool, "title"),
            read_only: flag(tool, "read_only"),
            idempotent: flag(tool, "idempotent"),
            destructive: flag(tool, "destructive"),
            redirects: redirects(tool),
        })
    }

    /// Returns the names of the field's behaviours, such as `REQUIRED`.
    pub(super) fn behaviors(&self, field: &FieldDescriptor) -> Vec<String> {
        let kind = self.field_behavior.kind();
        let Some(behavior) = kind.as_enum() else {
            return Vec::new();
        };
        let options = field.options();
        let values = options.get_extension(&self.field_behavior);
        let numbers = values.as_list().unwrap_or_default();
        numbers
            .iter()
            .filter_map(Value::as_enum_number)
            .filter_map(|number| Some(behavior.get_value(number)?.name().to_owned()))
            .collect()
    }

    pub(super) fn is_call_control(&self, field: &FieldDescriptor) -> bool {
        field.options().get_extension(&self.call_control).as_bool() == Some(true)
    }

    pub(super) fn is_tool_hidden(&self, field: &FieldDescriptor) -> bool {
        field.options().get_extension(&self.tool_hidden).as_bool() == Some(true)
    }

    /// Returns the media types of the file that an RPC answers with.
    pub(super) fn answer_media_types(&self, method: &MethodDescriptor) -> Vec<String> {
        texts(&method.options().get_extension(&self.answer_media_types))
    }

    /// Returns the media types that the file in a field may have.
    pub(super) fn media_types(&self, field: &FieldDescriptor) -> Vec<String> {
        texts(&field.options().get_extension(&self.media_types))
    }

    /// Returns the bounds of a field's values.
    pub(super) fn rules(&self, field: &FieldDescriptor) -> Rules {
        self.rules.field(&field.options())
    }

    pub(super) fn example(&self, field: &FieldDescriptor) -> Option<String> {
        stated(field, &self.example)
    }

    /// Returns the name of the field that names the field whose value this one holds.
    pub(super) fn value_of(&self, field: &FieldDescriptor) -> Option<String> {
        stated(field, &self.value_of)
    }
}

/// Returns the text of a field's option, unless it is empty.
fn stated(field: &FieldDescriptor, option: &ExtensionDescriptor) -> Option<String> {
    let options = field.options();
    let text = options.get_extension(option);
    text.as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Returns a string field of an option message; empty if the option's definition lacks it.
pub(super) fn text(message: &DynamicMessage, field: &str) -> String {
    let value = message.get_field_by_name(field);
    value
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn redirects(tool: &DynamicMessage) -> Vec<Redirect> {
    let redirects = tool.get_field_by_name("redirects");
    let redirects = redirects.as_deref().and_then(Value::as_list);
    let redirects = redirects.unwrap_or_default().iter();
    redirects
        .filter_map(Value::as_message)
        .map(Redirect::of)
        .collect()
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_list().unwrap_or_default().iter();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn flag(message: &DynamicMessage, field: &str) -> bool {
    let value = message.get_field_by_name(field);
    value.and_then(|value| value.as_bool()).unwrap_or_default()
}

/// Returns the string field of an option message that is set among those of a oneof.
pub(super) fn chosen(message: &DynamicMessage, oneof: &str) -> Option<(String, Value)> {
    let descriptor = message.descriptor();
    let oneof = descriptor.oneofs().find(|found| found.name() == oneof)?;
    let field = oneof.fields().find(|field| message.has_field(field))?;
    Some((
        field.name().to_owned(),
        message.get_field(&field).into_owned(),
    ))
}
