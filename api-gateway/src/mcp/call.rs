use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use service_runtime::grpc::Caller;

use super::{Tools, error::tool_error};
use crate::{
    catalog::{Dialect, Rpc},
    error::Error,
    gateway::Gateway,
    metrics,
    transcode::{read_arguments, write},
};

/// Calls the RPC behind a tool. Whatever goes wrong is a result that a model can read and act on.
pub(super) async fn call(
    gateway: &Gateway,
    tools: &Tools,
    caller: &Caller,
    tool: &str,
    rpc: &Rpc,
    arguments: &JsonObject,
) -> CallToolResult {
    let answered = answer(gateway, tools, caller, rpc, arguments).await;
    let (result, reason) = match answered {
        Ok(result) => (result, String::new()),
        Err(error) => tool_error(error),
    };
    metrics::tool_called(tool, &reason);
    result
}

/// Names the tool that takes an argument which this one does not.
fn with_other_tools(error: Error, tools: &Tools, rpc: &Rpc) -> Error {
    let mut violations = error.0.violations;
    for violation in &mut violations {
        if let Some(tool) = tools.taking_instead(rpc, &violation.field) {
            violation.description = format!("is not accepted by this tool; use {tool}");
        }
    }
    Error::fields(violations)
}

async fn answer(
    gateway: &Gateway,
    tools: &Tools,
    caller: &Caller,
    rpc: &Rpc,
    arguments: &JsonObject,
) -> Result<CallToolResult, Error> {
    let plans = &gateway.catalog.plans;
    let reading = read_arguments(plans, rpc, arguments);
    let message = gateway.require_complete(caller, rpc, reading).await;
    let message = message.map_err(|error| with_other_tools(error, tools, rpc))?;
    let answer = gateway.upstreams.call(caller, rpc, message.into()).await?;
    let json = write(plans, rpc.output, &answer, Dialect::Tool)?;
    let json = String::from_utf8(json).map_err(Error::internal)?;
    // The protocol library takes structured content as a tree only.
    let tree = serde_json::from_str(&json).map_err(Error::internal)?;
    let mut result = CallToolResult::success(vec![ContentBlock::text(json)]);
    result.structured_content = Some(tree);
    Ok(result)
}
