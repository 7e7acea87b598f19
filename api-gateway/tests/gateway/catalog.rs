//! What the catalog reads from contracts, right and wrong ones.

use crate::support::fixture::{CONTRACT, LIBRARY, catalog_of};
use api_gateway::{
    catalog::{Catalog, Found},
    mcp::Tools,
};
use http::Method;
use prost_reflect::FileDescriptor;

fn found(catalog: &Catalog, method: &str, path: &str) -> String {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    match catalog.routes.find(&method, path) {
        Found::Route(route) => format!("{} {:?}", route.rpc.method.name(), route.path_values),
        Found::OtherMethods(methods) => format!("only {methods:?}"),
        Found::Nothing { nearest } => format!("nothing, nearest {}", nearest.unwrap_or_default()),
    }
}

#[test]
fn a_request_line_finds_its_rpc() {
    let find = |method, path| found(&LIBRARY, method, path);
    assert_eq!(
        find("GET", "/v1/shelves/1/books/2"),
        r#"GetBook ["shelves/1/books/2"]"#
    );
    assert_eq!(find("GET", "/v1/books/7"), r#"GetBook ["7"]"#);
    assert_eq!(find("HEAD", "/v1/books"), "ListBooks []");
    assert_eq!(find("POST", "/v1/books:move"), "MoveBook []");
    assert_eq!(find("DELETE", "/v1/books"), "only [GET, HEAD, OPTIONS]");
}

#[test]
fn what_is_for_operators_has_no_route_and_no_tool() {
    let is_for_operators = |name: &str| name.starts_with("taskmesh.admin.");
    let declared = CONTRACT.pool.services();
    assert!(
        declared
            .into_iter()
            .any(|service| is_for_operators(service.full_name()))
    );
    assert!(
        CONTRACT
            .rpcs
            .iter()
            .all(|rpc| !is_for_operators(rpc.full_name()))
    );
    let head = HEAD.replace("fixture.wrong.v1", "taskmesh.admin.wrong.v1");
    let rule = "option (google.api.http) = {get: \"/v1\"};";
    let refusal = catalog_of(&format!(
        "{head} service S {{ rpc R(M) returns (M) {{ {rule} }} }}"
    ));
    assert_eq!(
        refusal.unwrap_err().to_string(),
        "taskmesh.admin.wrong.v1.S.R: is for operators, so it cannot have an HTTP rule or a tool"
    );
}

#[test]
fn verbs_on_collections_and_on_single_things_do_not_clash() {
    let find = |method, path| found(&CONTRACT, method, path);
    for (method, path, expected) in [
        ("GET", "/v1/tasks", "ListTasks []"),
        ("GET", "/v1/tasks:search", "SearchTasks []"),
        ("GET", "/v1/tasks:export", "ExportTasks []"),
        ("POST", "/v1/tasks:import", "ImportTasks []"),
        ("POST", "/v1/tasks:batchCreate", "BatchCreateTasks []"),
        ("GET", "/v1/tasks/7", r#"GetTask ["7"]"#),
        ("GET", "/v1/tasks/search", r#"GetTask ["search"]"#),
        (
            "POST",
            "/v1/tasks/7:setRecurrence",
            r#"SetRecurrence ["7"]"#,
        ),
        ("POST", "/v1/tasks/7:tag", r#"TagTask ["7"]"#),
        ("POST", "/v1/operations/7:undo", r#"UndoOperation ["7"]"#),
        ("GET", "/v1/context", "GetContext []"),
        ("PATCH", "/v1/savedFilters/7", r#"UpdateSavedFilter ["7"]"#),
        ("POST", "/v1/tasks:search", "only [GET, HEAD, OPTIONS]"),
        ("GET", "/v1/tasks/7:tag", "only [POST, OPTIONS]"),
    ] {
        assert_eq!(find(method, path), expected, "{method} {path}");
    }
    let find = |method, path| found(&LIBRARY, method, path);
    assert_eq!(find("GET", "/v1/books/7:read"), r#"ReadBook ["7"]"#);
    assert_eq!(
        find("GET", "/v1/shelves/1/books/2:read"),
        r#"ReadShelf ["shelves/1/books/2"]"#
    );
    assert_eq!(find("GET", "/v1/shelves:read"), r#"ReadShelf ["shelves"]"#);
    assert_eq!(find("POST", "/v1/books/7/pages:copy"), r#"ScanPage ["7"]"#);
}

#[test]
fn a_path_that_does_not_exist_finds_the_nearest() {
    let find = |method, path| found(&CONTRACT, method, path);
    assert_eq!(find("GET", "/v1/task"), "nothing, nearest GET /v1/tasks");
    assert_eq!(find("GET", "/v1/tasks/"), "nothing, nearest GET /v1/tasks");
    assert_eq!(
        find("POST", "/v1/tasks/7:complet"),
        "nothing, nearest POST /v1/tasks/{task_id}:complete"
    );
    assert_eq!(find("GET", "/nowhere/near/anything"), "nothing, nearest ");
}

#[test]
fn everything_in_contract_has_a_comment() {
    // That an RPC without a route is marked internal is checked when the catalog is read.
    let (pool, comments) = (&CONTRACT.pool, &CONTRACT.comments);
    let ours = |name: &str| name.starts_with("taskmesh.");
    let mut missing: Vec<String> = Vec::new();
    let mut check = |name: &str, file: &FileDescriptor, path: &[i32]| {
        if comments.at(file, path).is_empty() {
            missing.push(name.to_owned());
        }
    };
    for message in pool.all_messages().filter(|m| ours(m.full_name())) {
        if message.is_map_entry() {
            continue;
        }
        let file = message.parent_file();
        check(message.full_name(), &file, message.path());
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            check(oneof.full_name(), &file, oneof.path());
        }
        for field in message.fields() {
            check(field.full_name(), &file, field.path());
        }
    }
    for enumeration in pool.all_enums().filter(|e| ours(e.full_name())) {
        let file = enumeration.parent_file();
        check(enumeration.full_name(), &file, enumeration.path());
        for value in enumeration.values() {
            check(value.full_name(), &file, value.path());
        }
    }
    for service in pool.services() {
        let file = service.parent_file();
        check(service.full_name(), &file, service.path());
        for method in service.methods() {
            check(method.full_name(), &file, method.path());
        }
    }
    assert!(missing.is_empty(), "without a comment: {missing:?}");
}

const HEAD: &str = r#"
    syntax = "proto3";
    package fixture.wrong.v1;
    import "google/api/annotations.proto";
    import "google/api/field_behavior.proto";
    import "google/api/httpbody.proto";
    import "google/protobuf/any.proto";
    import "google/protobuf/duration.proto";
    import "google/protobuf/field_mask.proto";
    import "google/protobuf/struct.proto";
    import "google/protobuf/wrappers.proto";
    import "taskmesh/common/v1/options.proto";
    message M { string id = 1; M inner = 2; repeated string list = 3; }
"#;

fn fault(rpcs: &str) -> String {
    let catalog = catalog_of(&format!("{HEAD} service S {{ {rpcs} }}"));
    match catalog {
        Err(error) => error.to_string(),
        Ok(catalog) => Tools::new(&catalog).unwrap_err().to_string(),
    }
}

#[test]
fn wrong_rule_fails_start_with_rpc_and_cure() {
    let get = |path: &str| format!("option (google.api.http) = {{get: \"{path}\"}};");
    let rpc = |options: &str| fault(&format!("rpc R(M) returns (M) {{ {options} }}"));
    let tool = |name: &str| {
        format!("option (taskmesh.common.v1.tool) = {{name: \"{name}\" title: \"T\"}};")
    };
    let faults = [
        rpc(""),
        rpc(&get("v1")),
        rpc(&get("/v1/{name}")),
        rpc(&get("/v1/{inner}")),
        rpc(&get("/v1/{list}")),
        rpc("option (google.api.http) = {get: \"/v1\" body: \"*\"};"),
        rpc("option (google.api.http) = {post: \"/v1\" body: \"name\"};"),
        rpc("option (google.api.http) = {post: \"/v1\" response_body: \"name\"};"),
        rpc("option (google.api.http) = {body: \"*\"};"),
        rpc("option (google.api.http) = {custom: {kind: \"A B\" path: \"/v1\"}};"),
        rpc(
            "option (google.api.http) = {get: \"/v1\" additional_bindings {get: \"/v2\" additional_bindings {get: \"/v3\"}}};",
        ),
        rpc(&format!(
            "{} option (taskmesh.common.v1.internal) = true;",
            get("/v1")
        )),
        rpc(&format!("{} {}", get("/v1"), tool("Add-Task"))),
        rpc(&format!("{} {}", get("/v1"), tool("recursive"))),
        fault(&format!("rpc R(stream M) returns (M) {{ {} }}", get("/v1"))),
        fault(&format!(
            "rpc R(M) returns (stream M) {{ {} {} }}",
            get("/v1"),
            tool("streaming")
        )),
        fault(&format!(
            "rpc R(M) returns (google.api.HttpBody) {{ {} {} }}",
            get("/v1"),
            tool("filing")
        )),
        fault(&format!(
            "rpc A(M) returns (M) {{ {} }} rpc B(M) returns (M) {{ {} }}",
            get("/v1/{id}"),
            get("/v1/*")
        )),
        fault(&format!(
            "rpc A(M) returns (M) {{ {} {} }} rpc B(M) returns (M) {{ {} {} }}",
            get("/v1/a"),
            tool("same"),
            get("/v1/b"),
            tool("same")
        )),
    ];
    insta::assert_snapshot!(faults.join("\n"), @r#"
    fixture.wrong.v1.S.R: has no google.api.http rule; give it one or mark it taskmesh.common.v1.internal
    fixture.wrong.v1.S.R: path template "v1" must begin with /
    fixture.wrong.v1.S.R: {name} is not a field of fixture.wrong.v1.M
    fixture.wrong.v1.S.R: {inner} is a list or a message, which a path cannot hold
    fixture.wrong.v1.S.R: {list} is a list or a message, which a path cannot hold
    fixture.wrong.v1.S.R: GET /v1 cannot have a body
    fixture.wrong.v1.S.R: body "name" is not a field of fixture.wrong.v1.M
    fixture.wrong.v1.S.R: response_body "name" is not a field of fixture.wrong.v1.M
    fixture.wrong.v1.S.R: the rule has no method and path
    fixture.wrong.v1.S.R: custom kind "A B" is not an HTTP method
    fixture.wrong.v1.S.R: additional_bindings cannot have additional_bindings
    fixture.wrong.v1.S.R: is internal, so it cannot have an HTTP rule or a tool
    fixture.wrong.v1.S.R: the tool's name must be 1 to 40 lower-case letters and underscores
    fixture.wrong.v1.S.R: is a tool, so its messages cannot contain themselves, as fixture.wrong.v1.M does
    fixture.wrong.v1.S.R: streams its requests, which no route carries; mark it internal
    fixture.wrong.v1.S.R: streams, so it cannot be a tool
    fixture.wrong.v1.S.R: carries a file, so it cannot be a tool
    fixture.wrong.v1.S.A: GET /v1/{id} is also a route of fixture.wrong.v1.S.B
    fixture.wrong.v1.S.B: another RPC is already the tool same
    "#);
}

#[test]
fn type_without_json_form_fails_start() {
    let rpc = "option (google.api.http) = {post: \"/v1\" body: \"*\"};";
    for (field, is_answer) in [
        ("map<string, string> f", false),
        ("google.protobuf.Struct f", true),
        ("google.protobuf.Any f", true),
        ("repeated google.protobuf.Duration f", true),
        ("google.protobuf.BoolValue f", false),
        ("uint64 f", true),
        ("repeated float f", false),
        ("google.protobuf.Value f", false),
        ("google.protobuf.FieldMask f", true),
    ] {
        let (input, output) = if is_answer {
            ("M", "Outer")
        } else {
            ("Outer", "M")
        };
        let fault = fault(&format!(
            "rpc R({input}) returns ({output}) {{ {rpc} }} }}
            message Outer {{ Inner inner = 1; }} message Inner {{ {field} = 1;"
        ));
        let start = "fixture.wrong.v1.S.R: fixture.wrong.v1.Inner.f has a type that has no JSON";
        assert!(fault.starts_with(start), "{field}: {fault}");
    }
}
