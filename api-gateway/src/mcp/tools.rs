use std::{collections::HashMap, sync::Arc};

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::json;

use service_runtime::suggestion::nearest;
use taskmesh_proto::common::v1::Tool as ToolOptions;

use crate::{
    catalog::{
        Catalog, CatalogError, MessageId, Rpc, Schema, SchemaTarget, SchemaWriter, SharedSchemas,
        brief,
    },
    transcode::{CLEAR, clearable_fields},
};

/// The tools on offer, in the order of the contract.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    list: Vec<Tool>,
    rpcs: HashMap<String, Arc<Rpc>>,
}

impl Tools {
    /// Builds the tools from the contract's options.
    ///
    /// # Errors
    ///
    /// Fails if a message has no schema that every model takes: because it contains itself, or uses the name `clear`.
    pub fn new(catalog: &Catalog) -> Result<Self, CatalogError> {
        let mut tools = Self::default();
        for (rpc, option) in catalog.tools() {
            tools.list.push(tool(catalog, rpc, option)?);
            tools.rpcs.insert(option.name.clone(), Arc::clone(rpc));
        }
        Ok(tools)
    }

    /// Returns all tools.
    pub fn list(&self) -> &[Tool] {
        &self.list
    }

    /// Finds a tool by its name.
    pub fn find(&self, name: &str) -> Option<&Tool> {
        self.list.iter().find(|tool| tool.name == name)
    }

    /// Returns the RPC behind a tool.
    pub fn rpc(&self, name: &str) -> Option<&Arc<Rpc>> {
        self.rpcs.get(name)
    }

    /// Returns the tool that takes a field of an RPC's request which the RPC's own tool does not: one that works on the same
    /// things, because it requires the same.
    pub fn taking_instead(&self, rpc: &Rpc, field: &str) -> Option<&str> {
        let own = self.find(&rpc.tool.as_ref()?.name)?;
        let takes = |tool: &Tool| tool.input_schema["properties"].get(field).is_some();
        rpc.method.input().get_field_by_name(field)?;
        if takes(own) {
            return None;
        }
        let required = |tool: &Tool| tool.input_schema.get("required").cloned();
        let other = self
            .list
            .iter()
            .find(|tool| takes(tool) && required(tool) == required(own));
        other.map(|tool| tool.name.as_ref())
    }

    /// Returns the name of the tool that is probably meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.list.iter().map(|tool| tool.name.as_ref()))
    }
}

fn tool(catalog: &Catalog, rpc: &Rpc, option: &ToolOptions) -> Result<Tool, CatalogError> {
    let annotations = ToolAnnotations::new()
        .read_only(option.read_only)
        .destructive(option.destructive)
        .idempotent(option.idempotent)
        .open_world(false);
    let input = input_schema(catalog, rpc)?;
    let output = output_schema(catalog, rpc)?;
    let description = brief(&rpc.description).to_owned();
    Ok(Tool::new(option.name.clone(), description, Arc::new(input))
        .with_title(option.title.clone())
        .with_raw_output_schema(Arc::new(output))
        .with_annotations(annotations))
}

fn input_schema(catalog: &Catalog, rpc: &Rpc) -> Result<Schema, CatalogError> {
    let plans = &catalog.plans;
    let shared = described(catalog, rpc, |_, other| Some(other.input));
    let mut writer = SchemaWriter::new(plans, SchemaTarget::ToolInput).referring_to(shared);
    let mut schema = writer.message(rpc.input, |_| true);
    check(&writer, rpc)?;
    let clearable = clearable_fields(plans, rpc);
    let properties = schema
        .get_mut("properties")
        .and_then(|value| value.as_object_mut());
    if let (Some(properties), false) = (properties, clearable.is_empty()) {
        if properties.contains_key(CLEAR) {
            return Err(CatalogError::rpc(
                rpc.full_name(),
                "is a tool that updates, so its request cannot have a field named clear",
            ));
        }
        let names: Vec<&str> = clearable.iter().map(|field| field.name.as_str()).collect();
        properties.insert(
            CLEAR.to_owned(),
            json!({
                "type": "array",
                "items": {"type": "string", "enum": names},
                "description": "Names of the fields to clear.",
            }),
        );
    }
    Ok(schema)
}

/// Returns the schema of a tool's result. A result of several tools is described by the one that reads it.
fn output_schema(catalog: &Catalog, rpc: &Rpc) -> Result<Schema, CatalogError> {
    let shared = described(catalog, rpc, |tool, other| {
        tool.read_only.then_some(other.output)
    });
    let mut writer =
        SchemaWriter::new(&catalog.plans, SchemaTarget::ToolOutput).referring_to(shared);
    if let Some(schema) = writer.answer_of_another_tool(rpc.output) {
        return Ok(schema);
    }
    let schema = writer.message(rpc.output, |_| true);
    check(&writer, rpc)?;
    Ok(schema)
}

/// Returns the messages that other tools than this one describe.
fn described(
    catalog: &Catalog,
    rpc: &Rpc,
    message: impl Fn(&ToolOptions, &Rpc) -> Option<MessageId>,
) -> SharedSchemas {
    let mut shared = SharedSchemas::new();
    for (other, tool) in catalog.tools() {
        if other.full_name() != rpc.full_name()
            && let Some(message) = message(tool, other)
        {
            let described = shared.entry(message);
            described.or_insert_with(|| tool.name.clone());
        }
    }
    shared
}

fn check(writer: &SchemaWriter<'_>, rpc: &Rpc) -> Result<(), CatalogError> {
    match writer.recursion() {
        None => Ok(()),
        Some(message) => Err(CatalogError::rpc(
            rpc.full_name(),
            format!("is a tool, so its messages cannot contain themselves, as {message} does"),
        )),
    }
}
