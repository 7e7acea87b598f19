use prost_reflect::{FieldDescriptor, Value};
use taskmesh_proto::google::api::FieldBehavior;

use super::{Rules, comments::Comments, options::Options};

/// Options and comment of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldNotes {
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
}

impl FieldNotes {
    pub(super) fn of(field: &FieldDescriptor, options: &Options<'_>, comments: &Comments) -> Self {
        let set = field.options();
        let behaviors = options.list(&set, "google.api.field_behavior");
        let behaves = |as_: FieldBehavior| behaviors.contains(&Value::EnumNumber(as_.into()));
        let rules = options.message(&set, "buf.validate.field");
        Self {
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
        }
    }
}

/// Returns the first paragraph of a comment: what an agent needs. What follows is for people.
pub fn brief(comment: &str) -> &str {
    comment.split("\n\n").next().unwrap_or_default()
}
