//! The schemas of all tools: every large provider accepts them, they fit a model's budget, and they tell the truth about
//! what tools take and answer.

use api_gateway::{catalog::Catalog, mcp::Tools};
use serde_json::Value;

mod answers;
mod arguments;
mod budget;
mod providers;
mod redirects;
mod wrong_types;

fn contract() -> Catalog {
    Catalog::read(taskmesh_proto::FILE_DESCRIPTOR_SET).unwrap()
}

/// Returns the tools as `tools/list` sends them.
fn listed(catalog: &Catalog) -> Vec<Value> {
    let tools = Tools::new(catalog).unwrap();
    let tools = tools.list().iter().map(serde_json::to_value);
    tools.map(Result::unwrap).collect()
}
