//! What calls ask for, from protobuf.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use prost_types::Timestamp;
use serde::{Deserialize, Serialize};
use service_runtime::{clock::from_timestamp, grpc::FieldViolation, page, time_zone::TimeZone};
use taskmesh_proto::audit::v1 as pb;
use uuid::Uuid;

use crate::{
    domain::{activity::Period, filter::RecordFilter, hash::Hasher},
    error::Error,
    operations::RecordFormat,
    store::record_page::Place,
};

const LONGEST_DAYS: i64 = 366;
/// A history is often wanted as a whole.
const LARGEST_HISTORY: i32 = 1_000;
const USUAL_HISTORY: i32 = 100;

/// The place in a page token, with what the list was asked for.
#[derive(Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) record_time_us: i64,
    pub(super) user_id: String,
    pub(super) sequence: i64,
    pub(super) question: String,
}

pub(super) struct ListRecords {
    pub(super) whose: String,
    pub(super) filter: String,
    pub(super) condition: RecordFilter,
    pub(super) before: Option<Place>,
    pub(super) size: i64,
}

pub(super) struct GetTaskHistory {
    pub(super) whose: String,
    pub(super) task_id: Uuid,
    pub(super) before: Option<i64>,
    pub(super) size: i64,
}

pub(super) struct ExportRecords {
    pub(super) whose: String,
    pub(super) format: RecordFormat,
    pub(super) between: (DateTime<Utc>, DateTime<Utc>),
    pub(super) filter: String,
    pub(super) condition: RecordFilter,
}

pub(super) struct GetActivityReport {
    pub(super) whose: String,
    pub(super) period: Period,
}

/// Tells questions apart in page tokens, without repeating them there.
pub(super) fn question(whose: &str, filter: &str) -> String {
    let hash = Hasher::new("page token").text(whose).text(filter).finish();
    hash.to_string()[..16].to_owned()
}

/// What is answered to who asks for everybody's where only one user's makes sense.
pub(super) fn one_user_only() -> Error {
    let cure = "must be one user here, or empty for yourself";
    Error::InvalidFields(vec![FieldViolation::new("user_id", cure)])
}

/// Collects what is wrong with a request.
#[derive(Default)]
struct Wrong(Vec<FieldViolation>);

impl Wrong {
    fn taken<T>(&mut self, value: Result<T, FieldViolation>) -> Option<T> {
        value.map_err(|violation| self.0.push(violation)).ok()
    }

    fn error(self) -> Error {
        Error::InvalidFields(self.0)
    }
}

impl TryFrom<pb::ListRecordsRequest> for ListRecords {
    type Error = Error;

    fn try_from(message: pb::ListRecordsRequest) -> Result<Self, Error> {
        let pb::ListRecordsRequest {
            filter,
            page_size,
            page_token,
            user_id: whose,
        } = message;
        let mut wrong = Wrong::default();
        let condition = wrong.taken(condition(&filter));
        let size = wrong.taken(page::size(page_size));
        let before = wrong.taken(place(&page_token, &question(&whose, &filter)));
        match (condition, size, before) {
            (Some(condition), Some(size), Some(before)) => Ok(Self {
                whose,
                filter,
                condition,
                before,
                size,
            }),
            _ => Err(wrong.error()),
        }
    }
}

impl TryFrom<pb::GetTaskHistoryRequest> for GetTaskHistory {
    type Error = Error;

    fn try_from(message: pb::GetTaskHistoryRequest) -> Result<Self, Error> {
        let pb::GetTaskHistoryRequest {
            task_id,
            page_size,
            page_token,
            user_id: whose,
        } = message;
        let mut wrong = Wrong::default();
        let size = wrong.taken(page::size_within(page_size, USUAL_HISTORY, LARGEST_HISTORY));
        let id = wrong.taken(task_id.parse::<Uuid>().map_err(|_| {
            FieldViolation::new(
                "task_id",
                "must be the id of a task, such as 01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60",
            )
        }));
        let asked = question(&whose, &id.unwrap_or_default().to_string());
        let before = wrong.taken(place(&page_token, &asked));
        match (id, size, before) {
            (Some(task_id), Some(size), Some(before)) => Ok(Self {
                whose,
                task_id,
                before: before.map(|place| place.sequence),
                size,
            }),
            _ => Err(wrong.error()),
        }
    }
}

impl TryFrom<pb::ExportRecordsRequest> for ExportRecords {
    type Error = Error;

    fn try_from(message: pb::ExportRecordsRequest) -> Result<Self, Error> {
        let pb::ExportRecordsRequest {
            format,
            start_time,
            end_time,
            filter,
            user_id: whose,
        } = message;
        let mut wrong = Wrong::default();
        let format = wrong.taken(match pb::RecordFormat::try_from(format) {
            Ok(pb::RecordFormat::Unspecified | pb::RecordFormat::Ndjson) => {
                Ok(RecordFormat::Ndjson)
            }
            Ok(pb::RecordFormat::Csv) => Ok(RecordFormat::Csv),
            Err(_) => Err(FieldViolation::new(
                "format",
                "must be NDJSON or CSV, or left out for NDJSON",
            )),
        });
        let condition = wrong.taken(condition(&filter));
        let start = wrong.taken(moment("start_time", start_time));
        let end = wrong.taken(moment("end_time", end_time));
        let between = match (start, end) {
            (Some(start), Some(end)) => wrong.taken(range(start, end)),
            _ => None,
        };
        match (format, condition, between) {
            (Some(format), Some(condition), Some(between)) => Ok(Self {
                whose,
                format,
                between,
                filter,
                condition,
            }),
            _ => Err(wrong.error()),
        }
    }
}

impl TryFrom<pb::GetActivityReportRequest> for GetActivityReport {
    type Error = Error;

    fn try_from(message: pb::GetActivityReportRequest) -> Result<Self, Error> {
        let pb::GetActivityReportRequest {
            start_date,
            end_date,
            time_zone,
            user_id: whose,
        } = message;
        let mut wrong = Wrong::default();
        let start = wrong.taken(date("start_date", &start_date));
        let end = wrong.taken(date("end_date", &end_date));
        let zone = wrong.taken(match time_zone.as_str() {
            "" => Ok(TimeZone::utc()),
            name => TimeZone::parse(name)
                .map_err(|error| FieldViolation::new("time_zone", error.to_string())),
        });
        if let (Some(start), Some(end)) = (start, end)
            && !(0..=LONGEST_DAYS).contains(&(end - start).num_days())
        {
            wrong.0.push(FieldViolation::new(
                "end_date",
                format!("must be the same day as start_date or up to {LONGEST_DAYS} days later"),
            ));
        }
        match (start, end, zone) {
            (Some(start), Some(end), Some(zone)) if wrong.0.is_empty() => Ok(Self {
                whose,
                period: Period { start, end, zone },
            }),
            _ => Err(wrong.error()),
        }
    }
}

fn condition(filter: &str) -> Result<RecordFilter, FieldViolation> {
    RecordFilter::parse(filter).map_err(|error| FieldViolation::new("filter", error.to_string()))
}

fn place(token: &str, question: &str) -> Result<Option<Place>, FieldViolation> {
    if token.is_empty() {
        return Ok(None);
    }
    page::decode::<Token>(token)
        .ok()
        .filter(|token| token.question == question)
        .and_then(|token| {
            Some(Place {
                record_time: DateTime::from_timestamp_micros(token.record_time_us)
                    .filter(|time| (1..=9_999).contains(&time.year()))?,
                user_id: token.user_id.parse().ok()?,
                sequence: token.sequence,
            })
        })
        .map(Some)
        .ok_or_else(|| {
            FieldViolation::new(
                "page_token",
                "must be the next_page_token of the previous response, with the same other fields",
            )
        })
}

fn moment(field: &str, time: Option<Timestamp>) -> Result<DateTime<Utc>, FieldViolation> {
    time.and_then(from_timestamp).ok_or_else(|| {
        FieldViolation::new(
            field,
            "must be given, as a time with its offset such as 2026-12-01T00:00:00Z",
        )
    })
}

fn range(
    start: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), FieldViolation> {
    let length = end - start;
    if length <= TimeDelta::zero() || length > TimeDelta::days(LONGEST_DAYS) {
        return Err(FieldViolation::new(
            "end_time",
            format!(
                "must be later than start_time, by {LONGEST_DAYS} days at most; export longer ranges in parts"
            ),
        ));
    }
    Ok((start, end))
}

fn date(field: &str, text: &str) -> Result<NaiveDate, FieldViolation> {
    text.parse()
        .ok()
        .filter(|date: &NaiveDate| (1..=9_999).contains(&date.year()))
        .ok_or_else(|| FieldViolation::new(field, "must be a date such as 2026-12-01"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_size_above_maximum_is_lowered() {
        for (page_size, records, history) in [
            (0, 50, 100),
            (1, 1, 1),
            (500, 500, 500),
            (501, 500, 501),
            (1_000, 500, 1_000),
            (1_001, 500, 1_000),
            (i32::MAX, 500, 1_000),
        ] {
            let list = ListRecords::try_from(pb::ListRecordsRequest {
                page_size,
                ..pb::ListRecordsRequest::default()
            });
            let of_task = GetTaskHistory::try_from(history_request(page_size));
            let sizes = (list.unwrap().size, of_task.unwrap().size);
            assert_eq!(sizes, (records, history), "{page_size}");
        }
        for page_size in [-1, i32::MIN] {
            assert!(GetTaskHistory::try_from(history_request(page_size)).is_err());
        }
    }

    fn history_request(page_size: i32) -> pb::GetTaskHistoryRequest {
        pb::GetTaskHistoryRequest {
            task_id: Uuid::from_u128(1).to_string(),
            page_size,
            ..pb::GetTaskHistoryRequest::default()
        }
    }
}
