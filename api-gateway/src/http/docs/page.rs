use rmcp::model::Tool;
use url::Url;

use super::{
    html::escape,
    services::{service_section, services},
    tools::tools,
    types::types,
};
use crate::{
    catalog::Catalog,
    http::{document::Document, openapi::INTRODUCTION},
};

const STYLE: &str = include_str!("style.css");
const INTRODUCTION_HTML: &str = include_str!("introduction.html");

/// Writes the page.
pub(in crate::http) fn docs(catalog: &Catalog, offered: &[Tool], public_url: &Url) -> Document {
    let base = public_url.as_str().trim_end_matches('/');
    let services = services(catalog);
    let sections: String = services
        .iter()
        .map(|(name, rpcs)| service_section(catalog, base, name, rpcs))
        .collect();
    let contents: String = services
        .iter()
        .map(|(name, rpcs)| {
            let rpcs = rpcs
                .iter()
                .map(|rpc| link(rpc.full_name(), rpc.method.name()));
            format!("<b>{}</b>\n{}", link(name, name), rpcs.collect::<String>())
        })
        .collect();
    let tool_links: String = offered
        .iter()
        .map(|tool| link(&format!("tool-{}", tool.name), &tool.name))
        .collect();
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Taskmesh API</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <nav>\n{contents}<b>{types_link}</b>\n<b>{tools_link}</b>\n{tool_links}</nav>\n<main>\n\
         <h1>Taskmesh API</h1>\n<p>{introduction}</p>\n{conventions}{sections}\
         <section id=\"types\">\n<h2>Types</h2>\n{types}</section>\n\
         <section id=\"tools\">\n<h2>Tools</h2>\n<p>Agents reach these over the Model Context Protocol at <code>{base}/mcp</code>.</p>\n{tools}</section>\n\
         </main>\n</body>\n</html>\n",
        types_link = link("types", "Types"),
        tools_link = link("tools", "Tools"),
        introduction = escape(INTRODUCTION),
        conventions = INTRODUCTION_HTML.replace("{base}", &escape(base)),
        types = types(catalog),
        tools = tools(offered),
    );
    Document::page(page, STYLE)
}

fn link(id: &str, text: &str) -> String {
    format!("<a href=\"#{id}\">{}</a>\n", escape(text))
}
