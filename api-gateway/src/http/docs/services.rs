use prost_reflect::FieldDescriptor;

use super::{
    example::curl,
    fields::{meaning, type_of},
    html::{code, escape, paragraphs, table},
};
use crate::{
    catalog::{Binding, Body, Catalog, Rpc},
    http::reply::answers_with_file,
};

/// Returns the services in the order of the contract, each with its RPCs.
pub(super) fn services(catalog: &Catalog) -> Vec<(String, Vec<&Rpc>)> {
    let mut services: Vec<(String, Vec<&Rpc>)> = Vec::new();
    for rpc in &catalog.rpcs {
        let name = rpc.method.parent_service().name().to_owned();
        match services.last_mut() {
            Some((last, rpcs)) if *last == name => rpcs.push(rpc),
            _ => services.push((name, vec![rpc])),
        }
    }
    services
}

/// Writes the section of one service.
pub(super) fn service_section(catalog: &Catalog, base: &str, name: &str, rpcs: &[&Rpc]) -> String {
    let comment = rpcs.first().map(|rpc| {
        catalog
            .notes
            .comment(rpc.method.parent_service().full_name())
    });
    let rpcs: String = rpcs
        .iter()
        .map(|rpc| rpc_section(catalog, base, rpc))
        .collect();
    format!(
        "<section id=\"{name}\">\n<h2>{}</h2>\n{}{rpcs}</section>\n",
        escape(name),
        paragraphs(comment.unwrap_or_default()),
    )
}

fn rpc_section(catalog: &Catalog, base: &str, rpc: &Rpc) -> String {
    let Some(binding) = rpc.bindings.first() else {
        return String::new();
    };
    let routes: String = rpc
        .bindings
        .iter()
        .map(|binding| {
            format!(
                "<p class=\"route\"><b>{}</b> {}</p>\n",
                binding.method,
                code(binding.path())
            )
        })
        .collect();
    let row = |field: FieldDescriptor| {
        let required = catalog.notes.field(&field).required;
        [
            code(field.name()),
            place(binding, &field).to_owned(),
            type_of(&field),
            if required { "yes" } else { "" }.to_owned(),
            meaning(&catalog.notes, &field),
        ]
    };
    let rows: Vec<[String; 5]> = rpc.method.input().fields().map(row).collect();
    let fields = table(["Field", "In", "Type", "Required", "Meaning"], &rows);
    let tool = rpc.tool.as_ref().map(|tool| {
        format!(
            "<p>For agents: the tool <a href=\"#tool-{0}\">{0}</a>.</p>\n",
            tool.name
        )
    });
    format!(
        "<section id=\"{full_name}\">\n<h3>{name}</h3>\n{routes}{description}{fields}{answer}{tool}<pre>{example}</pre>\n</section>\n",
        full_name = rpc.full_name(),
        name = escape(rpc.method.name()),
        description = paragraphs(&rpc.description),
        answer = answer(rpc, binding),
        tool = tool.unwrap_or_default(),
        example = escape(&curl(&catalog.notes, base, rpc, binding)),
    )
}

/// Says where in an HTTP request a field stands.
fn place(binding: &Binding, field: &FieldDescriptor) -> &'static str {
    if binding
        .path_fields
        .iter()
        .any(|path| path.first() == Some(field))
    {
        return "path";
    }
    match &binding.body {
        Body::Whole => "body",
        Body::Field(body) if body == field => "body",
        Body::File(body) if body == field => "the body itself",
        _ => "query",
    }
}

fn answer(rpc: &Rpc, binding: &Binding) -> String {
    let output = rpc.method.output();
    let what = match &binding.response_body {
        _ if answers_with_file(&output, binding) => "a file".to_owned(),
        Some(field) => type_of(field),
        None => format!(
            "<a href=\"#{}\">{}</a>",
            output.full_name(),
            escape(output.name())
        ),
    };
    match rpc.streams {
        true => format!("<p>Answers with a stream: {what}.</p>\n"),
        false => format!("<p>Answers with: {what}.</p>\n"),
    }
}
