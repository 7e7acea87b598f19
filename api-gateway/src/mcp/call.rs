use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use service_runtime::grpc::Caller;

use super::error::tool_error;
use crate::{
    catalog::{Dialect, Rpc},
    error::Error,
    gateway::Gateway,
    metrics,
    transcode::{from_arguments, write},
};

/// Calls the RPC behind a tool. Whatever goes wrong is a result that a model can read and act on.
pub(super) async fn call(
    gateway: &Gateway,
    caller: &Caller,
    tool: &str,
    rpc: &Rpc,
    arguments: &JsonObject,
) -> CallToolResult {
    let (result, reason) = match answer(gateway, caller, rpc, arguments).await {
        Ok(result) => (result, String::new()),
        Err(error) => tool_error(&error),
    };
    metrics::tool_called(tool, &reason);
    result
}

async fn answer(
    gateway: &Gateway,
    caller: &Caller,
    rpc: &Rpc,
    arguments: &JsonObject,
) -> Result<CallToolResult, Error> {
    let notes = &gateway.catalog.notes;
    let message = from_arguments(notes, rpc, arguments).map_err(Error::InvalidFields)?;
    let answer = gateway.call(caller, rpc, message).await?;
    let json =
        write(notes, &answer, Dialect::Tool).map_err(|fault| Error::Internal(fault.into()))?;
    let mut result = CallToolResult::success(vec![ContentBlock::text(json.to_string())]);
    result.structured_content = Some(json);
    Ok(result)
}
