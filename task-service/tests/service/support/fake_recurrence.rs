//! A recurrence-service that knows a few rules by heart.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use jiff::{Span, Timestamp, tz::TimeZone};
use service_runtime::grpc::{ApiError, ErrorCode, FieldViolation, status};
use taskmesh_proto::recurrence::v1::{
    self as pb,
    recurrence_service_server::{RecurrenceService, RecurrenceServiceServer},
};
use tokio::{
    net::TcpListener,
    sync::{Notify, OwnedRwLockWriteGuard, RwLock},
    task::JoinSet,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, async_trait, transport::Server};

/// A rule that the fake does not answer about.
pub const UNANSWERED: &str = "FREQ=DAILY;COUNT=503";

pub struct FakeRecurrence {
    pub url: String,
    questions: Questions,
    asked: Arc<Notify>,
    gate: Arc<RwLock<()>>,
    fails: Arc<AtomicBool>,
    _server: JoinSet<()>,
}

type Questions = Arc<Mutex<Vec<pb::ValidateRuleRequest>>>;

impl FakeRecurrence {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let questions = Questions::default();
        let (asked, gate) = (Arc::new(Notify::new()), Arc::new(RwLock::new(())));
        let fails = Arc::new(AtomicBool::new(false));
        let answers = Answers {
            questions: questions.clone(),
            asked: asked.clone(),
            gate: gate.clone(),
            fails: fails.clone(),
        };
        let service = RecurrenceServiceServer::new(answers);
        let mut server = JoinSet::new();
        server.spawn(async {
            let incoming = TcpListenerStream::new(listener);
            let server = Server::builder().add_service(service);
            server.serve_with_incoming(incoming).await.unwrap();
        });
        Self {
            url,
            questions,
            asked,
            gate,
            fails,
            _server: server,
        }
    }

    /// Returns what it was asked so far.
    pub fn questions(&self) -> Vec<pb::ValidateRuleRequest> {
        self.questions.lock().unwrap().clone()
    }

    /// Answers all questions with UNAVAILABLE from now on.
    pub fn fail(&self) {
        self.fails.store(true, Ordering::SeqCst);
    }

    /// Answers nothing until the guard is dropped.
    pub async fn hold(&self) -> OwnedRwLockWriteGuard<()> {
        self.gate.clone().write_owned().await
    }

    /// Waits for the next question.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }
}

struct Answers {
    questions: Questions,
    asked: Arc<Notify>,
    gate: Arc<RwLock<()>>,
    fails: Arc<AtomicBool>,
}

#[async_trait]
impl RecurrenceService for Answers {
    /// Begins a series at its start, with BYDAY a day later, with BYMONTHDAY on the last day of the month.
    async fn validate_rule(
        &self,
        request: Request<pb::ValidateRuleRequest>,
    ) -> Result<Response<pb::ValidateRuleResponse>, Status> {
        assert!(request.metadata().contains_key("authorization"));
        let question = request.into_inner();
        self.questions.lock().unwrap().push(question.clone());
        self.asked.notify_one();
        let _open = self.gate.read().await;
        if question.recurrence_rule == UNANSWERED || self.fails.load(Ordering::SeqCst) {
            return Err(Status::unavailable("gone fishing"));
        }
        let known = [
            "FREQ=DAILY",
            "FREQ=WEEKLY",
            "FREQ=WEEKLY;BYDAY=TH",
            "FREQ=MONTHLY",
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "FREQ=DAILY;BYHOUR=9;BYMINUTE=0",
        ];
        if !known.contains(&question.recurrence_rule.as_str()) {
            return Err(status(&NoRule));
        }
        let start = question.start_time.unwrap();
        let days = i64::from(question.recurrence_rule.contains("BYDAY"));
        let zone = TimeZone::get(&question.time_zone).unwrap();
        let start = Timestamp::new(start.seconds, start.nanos)
            .unwrap()
            .to_zoned(zone);
        let first = match question.recurrence_rule.contains("BYMONTHDAY") {
            true => start.last_of_month().unwrap(),
            false => start.checked_add(Span::new().days(days)).unwrap(),
        };
        let first = pb::Occurrence {
            recurrence_id: first.datetime().to_string(),
            time: Some(prost_types::Timestamp {
                seconds: first.timestamp().as_second(),
                nanos: 0,
            }),
        };
        Ok(Response::new(pb::ValidateRuleResponse {
            first: Some(first),
            last: None,
        }))
    }

    async fn preview_occurrences(
        &self,
        _: Request<pb::PreviewOccurrencesRequest>,
    ) -> Result<Response<pb::PreviewOccurrencesResponse>, Status> {
        unreachable!("the task-service previews nothing")
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no rule")]
struct NoRule;

impl ApiError for NoRule {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidArgument
    }

    fn reason(&self) -> &'static str {
        "INVALID_FIELD"
    }

    fn violations(&self) -> Vec<FieldViolation> {
        vec![FieldViolation::new(
            "recurrence_rule",
            "is no rule that the fake knows",
        )]
    }
}
