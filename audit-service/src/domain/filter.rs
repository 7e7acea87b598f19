//! Fields of records in filters.

use service_runtime::filter::{Field, Filter, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordField {
    TaskId,
    ReminderId,
    Action,
    EventType,
    TraceId,
    OperationId,
    ActorUserId,
    ActorService,
    ActorClientId,
    ActorTokenId,
    ActorIpAddress,
    EventTime,
    RecordTime,
}

pub type RecordFilter = Filter<RecordField>;

impl Field for RecordField {
    const ALL: &'static [Self] = &[
        Self::TaskId,
        Self::ReminderId,
        Self::Action,
        Self::EventType,
        Self::TraceId,
        Self::OperationId,
        Self::ActorUserId,
        Self::ActorService,
        Self::ActorClientId,
        Self::ActorTokenId,
        Self::ActorIpAddress,
        Self::EventTime,
        Self::RecordTime,
    ];
    const MAX_LENGTH: usize = 1_000;
    const MAX_TESTS: usize = 50;
    const MAX_DEPTH: usize = 10;

    fn word(self) -> &'static str {
        match self {
            Self::TaskId => "task_id",
            Self::ReminderId => "reminder_id",
            Self::Action => "action",
            Self::EventType => "event_type",
            Self::TraceId => "trace_id",
            Self::OperationId => "operation_id",
            Self::ActorUserId => "actor.user_id",
            Self::ActorService => "actor.service",
            Self::ActorClientId => "actor.client_id",
            Self::ActorTokenId => "actor.token_id",
            Self::ActorIpAddress => "actor.ip_address",
            Self::EventTime => "event_time",
            Self::RecordTime => "record_time",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::TaskId | Self::ReminderId => Kind::Id,
            Self::EventTime | Self::RecordTime => Kind::Instant,
            _ => Kind::Text,
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::TaskId => "task_id = \"01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60\"",
            Self::ReminderId => "reminder_id = \"01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60\"",
            Self::Action => "action = \"task.*\"",
            Self::EventType => "event_type = \"taskmesh.task.v1.TaskCompleted\"",
            Self::TraceId => "trace_id = \"4bf92f3577b34da6a3ce929d0e0e4736\"",
            Self::OperationId => "operation_id = \"01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60\"",
            Self::ActorUserId => "actor.user_id = \"alice\"",
            Self::ActorService => "actor.service = \"recurrence-service\"",
            Self::ActorClientId => "actor.client_id = \"chat\"",
            Self::ActorTokenId => "actor.token_id = \"token-1\"",
            Self::ActorIpAddress => "actor.ip_address = \"192.0.2.1\"",
            Self::EventTime => "event_time >= \"2026-12-01T09:00:00+01:00\"",
            Self::RecordTime => "record_time >= \"2026-12-01T09:00:00+01:00\"",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_compare_values_of_their_types() {
        for filter in [
            "action = \"task.*\" AND event_time>=\"2025-12-01T09:00:00+01:00\"",
            "NOT task_id:* OR task_id = 01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60",
            "actor.user_id:alice trace_id != 7",
        ] {
            RecordFilter::parse(filter).unwrap();
        }
        for (filter, expected) in [
            ("title = x", "expected a field (task_id, reminder_id"),
            ("actor.user = x", "did you mean actor.user_id?"),
            ("action < x", "=, != or : after action"),
            ("task_id = 7", "a UUID: task_id = \"01939d2c"),
            ("event_time > tomorrow", "an RFC 3339 time with its offset"),
            (
                "record_time = 2026-12-01",
                "an RFC 3339 time with its offset",
            ),
        ] {
            let error = RecordFilter::parse(filter).unwrap_err().to_string();
            assert!(error.contains(expected), "{filter}: {error}");
        }
    }

    #[test]
    fn long_or_deep_filter_is_refused() {
        for (filter, expected) in [
            ("(".repeat(11), "10 levels or fewer"),
            (
                vec!["action = x"; 51].join(" OR "),
                "50 conditions or fewer",
            ),
            ("x".repeat(1_001), "1000 or fewer"),
        ] {
            let error = RecordFilter::parse(&filter).unwrap_err().to_string();
            assert!(error.ends_with(expected), "{error}");
        }
    }
}
