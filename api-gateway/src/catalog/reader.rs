use std::{collections::HashSet, sync::Arc};

use http::uri::PathAndQuery;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use taskmesh_proto::common::v1::{Live as LiveOption, Tool};

use super::{
    Binding, CatalogError, Kind, Live, MessageId, Plans, RouteTable, comments::Comments,
    http_rule::bindings, live::live, options::Options,
};

/// Prefix of the packages for operators, which are served over gRPC only.
const OPERATORS_PACKAGES: &str = "taskmesh.admin.";

/// Everything the gateway serves, read once from the descriptors.
#[derive(Debug)]
pub struct Catalog {
    /// The descriptors.
    pub pool: DescriptorPool,
    /// The comments in them.
    pub comments: Comments,
    /// The messages, compiled.
    pub plans: Plans,
    /// The exposed RPCs in the order of the contract.
    pub rpcs: Vec<Arc<Rpc>>,
    /// Their routes.
    pub routes: RouteTable,
}

/// One RPC that clients may call.
#[derive(Debug)]
pub struct Rpc {
    /// The RPC's descriptor.
    pub method: MethodDescriptor,
    /// Its request message.
    pub input: MessageId,
    /// Its answer message.
    pub output: MessageId,
    /// The path of the gRPC call, such as `/taskmesh.task.v1.TaskService/GetTask`.
    pub grpc_path: PathAndQuery,
    /// Service that answers: the second segment of the package, such as `task`.
    pub upstream: String,
    /// The comment before the RPC.
    pub description: String,
    /// The answer is a stream of messages.
    pub streams: bool,
    /// Fields that resume its stream, if it is a live one.
    pub live: Option<Live>,
    /// Its routes, the main one first.
    pub bindings: Vec<Binding>,
    /// Its tool, if it has one.
    pub tool: Option<Tool>,
    /// The media types of the file that it answers with; empty if it answers with something else.
    pub answer_media_types: Vec<String>,
}

impl Catalog {
    /// Reads an encoded `google.protobuf.FileDescriptorSet`.
    ///
    /// # Errors
    ///
    /// Fails if an RPC's options are wrong, with the name of the RPC and a hint.
    pub fn read(descriptor_set: &[u8]) -> Result<Self, CatalogError> {
        let pool = DescriptorPool::decode(descriptor_set)?;
        let options = Options::of(&pool)?;
        let comments = Comments::read(&pool);
        let plans = Plans::compile(&pool, &options, &comments);
        let mut rpcs = Vec::new();
        for service in pool.services() {
            for method in service.methods() {
                if let Some(rpc) = read_rpc(&method, &options, &comments, &plans)? {
                    rpcs.push(Arc::new(rpc));
                }
            }
        }
        check_tool_names(&rpcs)?;
        let routes = RouteTable::new(&rpcs)?;
        Ok(Self {
            pool,
            comments,
            plans,
            rpcs,
            routes,
        })
    }

    /// Returns the comment on the service of an RPC.
    pub fn service_comment(&self, rpc: &Rpc) -> &str {
        let service = rpc.method.parent_service();
        self.comments.at(&service.parent_file(), service.path())
    }

    /// Returns the RPCs that are tools.
    pub fn tools(&self) -> impl Iterator<Item = (&Arc<Rpc>, &Tool)> {
        let rpcs = self.rpcs.iter();
        rpcs.filter_map(|rpc| Some((rpc, rpc.tool.as_ref()?)))
    }
}

impl Rpc {
    /// Returns the full name, such as `taskmesh.task.v1.TaskService.GetTask`.
    pub fn full_name(&self) -> &str {
        self.method.full_name()
    }
}

fn read_rpc(
    method: &MethodDescriptor,
    options: &Options,
    comments: &Comments,
    plans: &Plans,
) -> Result<Option<Rpc>, CatalogError> {
    let fault = |fault: &str| CatalogError::rpc(method.full_name(), fault);
    let set = method.options();
    let rule = options.message(&set, "google.api.http");
    let tool: Option<Tool> = options.message(&set, "taskmesh.common.v1.tool");
    let service = method.parent_service();
    let unexposed = if options.is_set(&set, "taskmesh.common.v1.internal") {
        Some("is internal, so it cannot have an HTTP rule or a tool")
    } else if service.package_name().starts_with(OPERATORS_PACKAGES) {
        Some("is for operators, so it cannot have an HTTP rule or a tool")
    } else {
        None
    };
    if let Some(refusal) = unexposed {
        return match (rule, tool) {
            (None, None) => Ok(None),
            _ => Err(fault(refusal)),
        };
    }
    let rule = rule.ok_or_else(|| {
        fault("has no google.api.http rule; give it one or mark it taskmesh.common.v1.internal")
    })?;
    if method.is_client_streaming() {
        return Err(fault(
            "streams its requests, which no route carries; mark it internal",
        ));
    }
    let (input, output) = (plans.id(&method.input()), plans.id(&method.output()));
    if let Some(tool) = &tool {
        check_tool(tool).map_err(fault)?;
        let takes_file = plans[input].fields.iter().any(|field| field.is_file);
        if method.is_server_streaming() {
            return Err(fault("streams, so it cannot be a tool"));
        }
        if takes_file || plans[output].is_file() {
            return Err(fault("carries a file, so it cannot be a tool"));
        }
    }
    check_types(plans, input, &Kind::Value).map_err(|what| fault(&what))?;
    check_types(plans, output, &Kind::FieldMask).map_err(|what| fault(&what))?;
    let upstream = service.package_name().split('.').nth(1);
    let upstream = upstream.ok_or_else(|| fault("its package has no second segment"))?;
    let grpc_path = format!("/{}/{}", service.full_name(), method.name());
    let bindings = bindings(&rule, plans, input, output).map_err(|what| fault(&what))?;
    let live = options
        .message(&set, "taskmesh.common.v1.live")
        .map(|option: LiveOption| live(method, plans, &bindings, &option.resume_field))
        .transpose()
        .map_err(|what| fault(&what))?;
    Ok(Some(Rpc {
        grpc_path: PathAndQuery::try_from(grpc_path)
            .map_err(|_| fault("its name cannot be part of a path"))?,
        streams: method.is_server_streaming(),
        upstream: upstream.to_owned(),
        description: comments.at(&method.parent_file(), method.path()).to_owned(),
        live,
        bindings,
        input,
        output,
        method: method.clone(),
        tool,
        answer_media_types: options.texts(&set, "taskmesh.common.v1.answer_media_types"),
    }))
}

fn check_tool(tool: &Tool) -> Result<(), &'static str> {
    let letters = |c: char| c.is_ascii_lowercase() || c == '_';
    if !(1..=40).contains(&tool.name.len()) || !tool.name.chars().all(letters) {
        return Err("the tool's name must be 1 to 40 lower-case letters and underscores");
    }
    if tool.title.is_empty() {
        return Err("the tool needs a title");
    }
    if tool.read_only && tool.destructive {
        return Err("the tool cannot be read_only and destructive");
    }
    Ok(())
}

/// Checks that JSON can hold a request or an answer, in which fields of one more type cannot be.
fn check_types(plans: &Plans, message: MessageId, refused: &Kind) -> Result<(), String> {
    let mut reached = Vec::new();
    plans.reach(message, &mut reached);
    let reached = reached.into_iter().map(|message| &plans[message]);
    for message in reached.filter(|message| !message.is_file()) {
        let mut fields = message.fields.iter();
        let wrong = fields.find(|field| field.kind == Kind::Unsupported || field.kind == *refused);
        if let Some(field) = wrong {
            return Err(format!(
                "{}.{} has a type that has no JSON form here; use a bool, int32, int64, double, string, bytes, enum, message or google.protobuf.Timestamp",
                message.full_name, field.name
            ));
        }
    }
    Ok(())
}

fn check_tool_names(rpcs: &[Arc<Rpc>]) -> Result<(), CatalogError> {
    let mut names = HashSet::new();
    for rpc in rpcs {
        if let Some(tool) = &rpc.tool
            && !names.insert(&tool.name)
        {
            let fault = format!("another RPC is already the tool {}", tool.name);
            return Err(CatalogError::rpc(rpc.full_name(), fault));
        }
    }
    Ok(())
}
