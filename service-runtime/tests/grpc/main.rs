//! The gRPC server as callers meet it: tokens, limits, health, reflection, and its stop.

mod server;

use std::time::Duration;

use service_runtime::{
    grpc::{ErrorCode, GrpcConfig, ServiceIdentity, Verifier, serve},
    lifecycle::ShutdownTokens,
    telemetry::{metrics, propagation},
};
use taskmesh_proto::recurrence::v1::{
    self as pb, recurrence_service_client::RecurrenceServiceClient,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tonic::{Code, Request, service::Routes};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use tonic_types::StatusExt;

use server::{SERVICE, Server, answer_of, as_alice, auth, ended, message, reason};

#[tokio::test]
async fn call_without_token_is_refused_with_a_hint() {
    let server = Server::start(|_| {}).await;
    let refusal = server
        .validate(Request::new(message("ok")))
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::Unauthenticated);
    assert_eq!(reason(&refusal), "TOKEN_MISSING");
    assert!(refusal.message().contains("authorization: Bearer"));
}

#[tokio::test]
async fn handler_gets_user_service_and_trace() {
    let server = Server::start(|_| {}).await;
    let answer = server.validate(as_alice("ok")).await.unwrap();
    assert_eq!(answer.first.unwrap().recurrence_id, "alice/");
    assert!(answer.last.unwrap().recurrence_id.starts_with("00-"));

    let identity = ServiceIdentity::new("task-service", &auth()).unwrap();
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
    let call = async {
        server
            .validate(identity.request(&"alice".parse().unwrap(), message("ok")))
            .await
    };
    let answer = propagation::with_traceparent(Some(traceparent), call)
        .await
        .unwrap();
    assert_eq!(answer.first.unwrap().recurrence_id, "alice/task-service");
    let trace = answer.last.unwrap().recurrence_id;
    assert!(
        trace.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
        "{trace}"
    );
    assert!(
        !trace.contains("b7ad6b7169203331"),
        "the handler has a span of its own"
    );
}

#[tokio::test]
async fn call_ends_at_its_deadline() {
    let server = Server::start(|config| config.default_deadline_ms = 50).await;
    let refusal = server.validate(as_alice("wait")).await.unwrap_err();
    assert_eq!(refusal.code(), Code::DeadlineExceeded);
    assert_eq!(reason(&refusal), "DEADLINE_EXCEEDED");

    let mut request = as_alice("wait");
    request.set_timeout(Duration::from_millis(100));
    let refusal = server.validate(request).await.unwrap_err();
    assert_eq!(ErrorCode::of(&refusal), ErrorCode::DeadlineExceeded);
}

#[tokio::test]
async fn message_above_the_limit_is_refused() {
    let server = Server::start(|config| config.max_message_bytes = 1000).await;
    // A tag and a length of two bytes stand before the text.
    assert!(server.validate(as_alice(&"x".repeat(997))).await.is_ok());
    let refusal = server
        .validate(as_alice(&"x".repeat(998)))
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refusal), "MESSAGE_TOO_LARGE");
    assert!(refusal.message().contains("1000"), "{}", refusal.message());

    let server = Server::start(|_| {}).await;
    let refusal = server
        .validate(as_alice(&"x".repeat(8 << 20)))
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn panic_ends_one_call_as_internal_error() {
    let server = Server::start(|_| {}).await;
    let refusal = server.validate(as_alice("panic")).await.unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.message()),
        (Code::Internal, "internal error")
    );
    let info = refusal.get_details_error_info().unwrap();
    assert_eq!(info.metadata["trace_id"].len(), 32);
    assert!(server.validate(as_alice("ok")).await.is_ok());
}

#[tokio::test]
async fn message_of_an_internal_error_is_not_sent() {
    let server = Server::start(|_| {}).await;
    let refusal = server.validate(as_alice("leak")).await.unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.message()),
        (Code::Internal, "internal error")
    );
}

#[tokio::test]
async fn calls_above_the_limit_are_refused_with_retry_info() {
    let server = Server::start(|config| config.max_concurrent_calls = 1).await;
    let first = server.call_in_background(as_alice("wait"));
    let _began = server.began.acquire().await.unwrap();
    let refusal = server.validate(as_alice("ok")).await.unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refusal), "OVERLOADED");
    assert!(
        refusal
            .get_details_retry_info()
            .unwrap()
            .retry_delay
            .is_some()
    );
    assert_eq!(server.health("").await, ServingStatus::Serving);
    server.may_end.add_permits(1);
    assert!(answer_of(first).await.is_ok());
}

#[tokio::test]
async fn health_needs_no_token_and_has_each_service() {
    let server = Server::start(|_| {}).await;
    assert_eq!(server.health("").await, ServingStatus::Serving);
    assert_eq!(server.health(SERVICE).await, ServingStatus::Serving);
    let request = HealthCheckRequest {
        service: "taskmesh.task.v1.TaskService".to_owned(),
    };
    let mut client = HealthClient::new(server.channel.clone());
    assert_eq!(
        client.check(request).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn reflection_needs_no_token_and_lists_services() {
    let server = Server::start(|_| {}).await;
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(server.channel.clone());
    let answers = client
        .server_reflection_info(tokio_stream::once(request))
        .await
        .unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let names: Vec<_> = list
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    assert!(names.contains(&SERVICE.to_owned()), "{names:?}");
    assert!(
        !names.contains(&"taskmesh.task.v1.TaskService".to_owned()),
        "{names:?}"
    );
}

#[tokio::test]
async fn unknown_service_and_method_have_different_reasons() {
    let server = Server::start(|_| {}).await;
    for (path, expected) in [
        ("/taskmesh.task.v1.TaskService/GetTask", "SERVICE_UNKNOWN"),
        (
            "/taskmesh.recurrence.v1.RecurrenceService/Guess",
            "UNIMPLEMENTED",
        ),
    ] {
        let mut grpc = tonic::client::Grpc::new(server.channel.clone());
        grpc.ready().await.unwrap();
        let codec =
            tonic_prost::ProstCodec::<pb::ValidateRuleRequest, pb::ValidateRuleResponse>::default();
        let refusal = grpc
            .unary(as_alice("ok"), path.parse().unwrap(), codec)
            .await
            .unwrap_err();
        assert_eq!(refusal.code(), Code::Unimplemented);
        assert_eq!(reason(&refusal), expected);
    }
}

#[tokio::test]
async fn graceful_shutdown_finishes_calls_in_flight() {
    let server = Server::start(|_| {}).await;
    let call = server.call_in_background(as_alice("wait"));
    let _began = server.began.acquire().await.unwrap();
    server.shutdown.soft.cancel();
    server.may_end.add_permits(1);
    assert!(answer_of(call).await.is_ok());
    ended(server.tasks).await;

    let mut client = RecurrenceServiceClient::new(server.channel);
    let refusal = client.validate_rule(as_alice("ok")).await.unwrap_err();
    assert_eq!(refusal.code(), Code::Unavailable);
}

#[tokio::test]
async fn idle_connection_does_not_delay_shutdown() {
    let server = Server::start(|_| {}).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    // The preface of HTTP/2 and empty settings; what the server answers is never read.
    let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    silent.write_all(hello).await.unwrap();
    server.validate(as_alice("ok")).await.unwrap();
    server.shutdown.soft.cancel();
    ended(server.tasks).await;
}

#[tokio::test]
async fn shutdown_ends_health_streams_with_not_serving() {
    let server = Server::start(|_| {}).await;
    let mut client = HealthClient::new(server.channel.clone());
    let watch = client.watch(HealthCheckRequest::default()).await.unwrap();
    let mut watch = watch.into_inner();
    let first = watch.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    server.shutdown.soft.cancel();
    let end = loop {
        match watch.message().await {
            Ok(Some(update)) => assert_eq!(update.status(), ServingStatus::NotServing),
            Ok(None) => panic!("the stream ended without a status"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), Code::Unavailable);
    ended(server.tasks).await;
}

#[tokio::test]
async fn dropped_call_is_counted_as_cancelled() {
    metrics::init().unwrap();
    let server = Server::start(|_| {}).await;
    server.validate(as_alice("ok")).await.unwrap();
    let call = server.call_in_background(as_alice("wait"));
    let _began = server.began.acquire().await.unwrap();
    drop(call);
    for code in ["OK", "CANCELLED"] {
        let labels =
            format!("rpc_method=\"{SERVICE}/ValidateRule\",rpc_response_status_code=\"{code}\"");
        let line = format!("rpc_server_calls_total{{{labels}}}");
        let counted = async {
            while !metrics::render().contains(&line) {
                tokio::task::yield_now().await;
            }
        };
        let counted = tokio::time::timeout(Duration::from_secs(5), counted).await;
        assert!(counted.is_ok(), "{line} is not in {}", metrics::render());
    }
}

#[tokio::test]
async fn hard_shutdown_ends_calls_as_unavailable() {
    let server = Server::start(|_| {}).await;
    let call = server.call_in_background(as_alice("wait"));
    let _began = server.began.acquire().await.unwrap();
    server.shutdown.soft.cancel();
    server.shutdown.hard.cancel();
    let refusal = answer_of(call).await.unwrap_err();
    assert_eq!(refusal.code(), Code::Unavailable);
    assert_eq!(reason(&refusal), "STOPPING");
    ended(server.tasks).await;
}

#[tokio::test]
async fn invalid_setting_is_named() {
    let mut config = GrpcConfig::at("127.0.0.1:0".parse().unwrap());
    config.max_message_bytes = 5 << 20;
    let listener = TcpListener::bind(config.address).await.unwrap();
    let verifier = Verifier::new(&auth()).unwrap();
    let shutdown = ShutdownTokens::default();
    let server = serve(listener, config, Routes::default(), verifier, shutdown).await;
    let refusal = server.err().unwrap().to_string();
    assert_eq!(
        refusal,
        "grpc.max_message_bytes: must be between 1 and 4194304"
    );
}
