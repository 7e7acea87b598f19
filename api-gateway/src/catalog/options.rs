use prost_reflect::{
    DescriptorPool, ExtensionDescriptor, FieldDescriptor, MethodDescriptor, Value,
};
use taskmesh_proto::{
    common::v1::{Live, Tool},
    google::api::{FieldBehavior, HttpRule},
};

use super::{
    CatalogError,
    rules::{RuleOptions, Rules, decoded},
};

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

    pub(super) fn http_rule(&self, method: &MethodDescriptor) -> Option<HttpRule> {
        decoded(&method.options(), &self.http)
    }

    pub(super) fn is_internal(&self, method: &MethodDescriptor) -> bool {
        method.options().get_extension(&self.internal).as_bool() == Some(true)
    }

    /// Returns the field with the resume token, if the RPC is a live stream.
    pub(super) fn resume_field(&self, method: &MethodDescriptor) -> Option<String> {
        let live: Option<Live> = decoded(&method.options(), &self.live);
        live.map(|live| live.resume_field)
    }

    pub(super) fn tool(&self, method: &MethodDescriptor) -> Option<Tool> {
        decoded(&method.options(), &self.tool)
    }

    pub(super) fn behaves(&self, field: &FieldDescriptor, behavior: FieldBehavior) -> bool {
        let options = field.options();
        let behaviors = options.get_extension(&self.field_behavior);
        let behaviors = behaviors.as_list().unwrap_or_default();
        behaviors.contains(&Value::EnumNumber(behavior.into()))
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

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_list().unwrap_or_default().iter();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
