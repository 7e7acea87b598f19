use std::{collections::HashMap, sync::Arc};

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::json;

use crate::{
    catalog::{Catalog, CatalogError, Notes, Purpose, Rpc, Schema, SchemaWriter, ToolOption},
    transcode::{clearable_fields, nearest},
};

const CLEAR: &str = "clear";

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
            tools.list.push(tool(&catalog.notes, rpc, option)?);
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

    /// Returns the name of the tool that is probably meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.list.iter().map(|tool| tool.name.as_ref()))
    }
}

fn tool(notes: &Notes, rpc: &Rpc, option: &ToolOption) -> Result<Tool, CatalogError> {
    let annotations = ToolAnnotations::new()
        .read_only(option.read_only)
        .destructive(option.destructive)
        .idempotent(option.idempotent)
        .open_world(false);
    let input = input_schema(notes, rpc)?;
    let output = output_schema(notes, rpc)?;
    let description = rpc.description.clone();
    Ok(Tool::new(option.name.clone(), description, Arc::new(input))
        .with_title(option.title.clone())
        .with_raw_output_schema(Arc::new(output))
        .with_annotations(annotations))
}

fn input_schema(notes: &Notes, rpc: &Rpc) -> Result<Schema, CatalogError> {
    let input = rpc.method.input();
    let mut writer = SchemaWriter::new(notes, Purpose::ToolInput);
    // What is updated shows from the arguments that are given.
    let mut schema = writer.message(&input, |field| field.name() != "update_mask");
    check(&writer, rpc)?;
    let clearable = clearable_fields(notes, rpc);
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
        let names: Vec<&str> = clearable.iter().map(|field| field.name()).collect();
        properties.insert(
            CLEAR.to_owned(),
            json!({
                "type": "array",
                "items": {"type": "string", "enum": names},
                "description": "The names of fields to empty.",
            }),
        );
    }
    Ok(schema)
}

fn output_schema(notes: &Notes, rpc: &Rpc) -> Result<Schema, CatalogError> {
    let mut writer = SchemaWriter::new(notes, Purpose::ToolOutput);
    let schema = writer.message(&rpc.method.output(), |_| true);
    check(&writer, rpc)?;
    Ok(schema)
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
