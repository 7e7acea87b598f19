use std::sync::Arc;

use super::{
    example::curl,
    fields::{link, meaning, type_of},
    html::{code, escape, paragraphs, table},
};
use crate::catalog::{Binding, Body, Catalog, FieldPlan, Plans, Rpc};

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
    let comment = rpcs.first().map(|rpc| catalog.service_comment(rpc));
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
    let plans = &catalog.plans;
    let input = &plans[rpc.input];
    let row = |field: &Arc<FieldPlan>| {
        [
            code(&field.name),
            place(binding, field).to_owned(),
            type_of(plans, field),
            if field.required { "yes" } else { "" }.to_owned(),
            meaning(field),
        ]
    };
    let rows: Vec<[String; 5]> = input.fields.iter().map(row).collect();
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
        answer = answer(plans, rpc, binding),
        tool = tool.unwrap_or_default(),
        example = escape(&curl(plans, base, rpc, binding)),
    )
}

/// Says where in an HTTP request a field stands.
fn place(binding: &Binding, field: &FieldPlan) -> &'static str {
    let mut path_fields = binding.path_fields.iter().flat_map(|path| path.first());
    if path_fields.any(|first| first.number == field.number) {
        return "path";
    }
    match &binding.body {
        Body::Whole => "body",
        Body::Field(body) if body.number == field.number => "body",
        Body::File(body) if body.number == field.number => "the body itself",
        _ => "query",
    }
}

fn answer(plans: &Plans, rpc: &Rpc, binding: &Binding) -> String {
    let what = match &binding.response_body {
        _ if binding.answers_with_file => "a file".to_owned(),
        Some(field) => type_of(plans, field),
        None => link(&plans[rpc.output].full_name),
    };
    match rpc.streams {
        true => format!("<p>Answers with a stream: {what}.</p>\n"),
        false => format!("<p>Answers with: {what}.</p>\n"),
    }
}
