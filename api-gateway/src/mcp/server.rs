use std::{borrow::Cow, sync::Arc};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, Implementation,
        ListToolsResult, PaginatedRequestParams, ProtocolVersion, ServerCapabilities, ServerConfig,
        Tool,
    },
    service::RequestContext,
};
use service_runtime::{
    grpc::{Caller, deadline},
    telemetry::propagation::{self, TraceContext},
};
use tokio::time::Instant;

use super::{Tools, call::call, client_info, params};
use crate::{gateway::Gateway, http::requested_deadline};

const INSTRUCTIONS: &str = "Call get_context first: it tells the time, the user's time zone, the names in use and the limits. \
    Times are RFC 3339 with an offset, such as 2026-12-01T09:00:00+01:00. Leave out what is not asked for; null \
    means the same. An update changes only the fields that are given; to empty one, name it in clear. Give each call that \
    writes a new UUID as request_id and, if no answer comes, repeat it with the same one: it happens once. A write answers \
    with an operation_id, which undo takes back. Fields without a value are left out of answers. Errors say which field is wrong and \
    what to do next.";

/// The revisions that are served: stateless ones, and those before them that know structured results.
const REVISIONS: &[ProtocolVersion] = &[
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];

/// Answers MCP requests.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) gateway: Arc<Gateway>,
    pub(super) tools: Arc<Tools>,
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let implementation =
            Implementation::new("taskmesh", env!("CARGO_PKG_VERSION")).with_title("Taskmesh");
        ServerConfig::new(capabilities)
            .with_server_info(implementation)
            .with_instructions(INSTRUCTIONS)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(REVISIONS)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tools.find(name).cloned()
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.list().to_vec()))
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        Err(params::refusal(&request))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.as_ref();
        let Some(rpc) = self.tools.rpc(name) else {
            let nearest = self.tools.nearest(name);
            let hint = nearest.map(|nearest| format!("; did you mean {nearest}?"));
            let message = format!("tool {name} does not exist{}", hint.unwrap_or_default());
            return Err(ErrorData::invalid_params(message, None));
        };
        let parts = context.extensions.get::<http::request::Parts>();
        let Some((parts, caller)) =
            parts.and_then(|parts| Some((parts, parts.extensions.get::<Caller>()?)))
        else {
            return Err(ErrorData::internal_error("internal error", None));
        };
        let client = context.meta.client_info();
        let client = client.as_ref().map(client_info::product);
        let caller = match client.or_else(|| client_info::of_session(&parts.headers)) {
            Some(client) => caller.clone().calling_itself(&client),
            None => caller.clone(),
        };
        let asked = requested_deadline(&parts.headers)
            .map_err(|error| ErrorData::invalid_params(error.to_string(), None))?;
        let deadline = Instant::now() + self.gateway.requests.deadline(asked);
        let arguments = request.arguments.unwrap_or_default();
        let call = call(&self.gateway, &self.tools, &caller, name, rpc, &arguments);
        let call = deadline::with_deadline(deadline, call);
        // The protocol library answers in a task of its own, where the trace must be taken up again.
        let result = match parts.extensions.get::<TraceContext>() {
            Some(trace) => propagation::with_context(*trace, call).await,
            None => call.await,
        };
        Ok(result.into())
    }
}
