use prost_reflect::{DescriptorPool, DynamicMessage, Value};

use super::CatalogError;

/// Options that a contract must define, used or not.
const KNOWN: [&str; 11] = [
    "google.api.http",
    "google.api.field_behavior",
    "taskmesh.common.v1.tool",
    "taskmesh.common.v1.internal",
    "taskmesh.common.v1.live",
    "taskmesh.common.v1.call_control",
    "taskmesh.common.v1.example",
    "taskmesh.common.v1.tool_hidden",
    "taskmesh.common.v1.value_of",
    "taskmesh.common.v1.answer_media_types",
    "taskmesh.common.v1.media_types",
];

/// Reads the options of RPCs, messages and fields by the names of their extensions.
pub(super) struct Options<'a>(&'a DescriptorPool);

impl<'a> Options<'a> {
    pub(super) fn of(pool: &'a DescriptorPool) -> Result<Self, CatalogError> {
        let is_missing = |name: &&str| pool.get_extension_by_name(name).is_none();
        match KNOWN.into_iter().find(is_missing) {
            Some(name) => Err(CatalogError::MissingOption(name)),
            None => Ok(Self(pool)),
        }
    }

    /// Reports whether an option is set to true.
    pub(super) fn is_set(&self, options: &DynamicMessage, name: &str) -> bool {
        self.value(options, name) == Some(Value::Bool(true))
    }

    /// Returns the text of an option, unless it is empty.
    pub(super) fn text(&self, options: &DynamicMessage, name: &str) -> Option<String> {
        let value = self.value(options, name)?;
        let text = value.as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned)
    }

    /// Returns the values of an option that is a list.
    pub(super) fn list(&self, options: &DynamicMessage, name: &str) -> Vec<Value> {
        let value = self.value(options, name);
        let values = value.as_ref().and_then(Value::as_list);
        values.map_or_else(Vec::new, <[Value]>::to_vec)
    }

    /// Returns the texts of an option.
    pub(super) fn texts(&self, options: &DynamicMessage, name: &str) -> Vec<String> {
        let values = self.list(options, name);
        let texts = values.iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Returns the message that an option holds, if it is set.
    pub(super) fn message<M: prost::Message + Default>(
        &self,
        options: &DynamicMessage,
        name: &str,
    ) -> Option<M> {
        self.value(options, name)?.as_message()?.transcode_to().ok()
    }

    fn value(&self, options: &DynamicMessage, name: &str) -> Option<Value> {
        let extension = self.0.get_extension_by_name(name)?;
        let is_set = options.has_extension(&extension);
        is_set.then(|| options.get_extension(&extension).into_owned())
    }
}
