//! Conversion of requests.

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
    store::record_page::{Place, RecordQuery},
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

/// Returns a digest that binds page tokens to a request.
pub(super) fn question(whose: &str, filter: &str) -> String {
    let hash = Hasher::new("page token").text(whose).text(filter).finish();
    hash.to_string()[..16].to_owned()
}

/// Returns the error of a request for all users where only one makes sense.
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

    /// Returns the request if nothing is wrong with it.
    fn none<T>(self, request: T) -> Result<T, Error> {
        match self.0.is_empty() {
            true => Ok(request),
            false => Err(Error::InvalidFields(self.0)),
        }
    }
}

/// Reads the selection, still of all users, and the digest that binds page tokens to the request.
pub(super) fn list(message: &pb::ListRecordsRequest) -> Result<(RecordQuery, String), Error> {
    let pb::ListRecordsRequest {
        filter,
        page_size,
        page_token,
        user_id: whose,
    } = message;
    let mut wrong = Wrong::default();
    let question = question(whose, filter);
    let condition = wrong.taken(condition(filter));
    let limit = wrong.taken(page::size(*page_size));
    let after = wrong.taken(place(page_token, &question));
    let query = RecordQuery {
        condition: condition.unwrap_or_default(),
        after: after.flatten(),
        last_first: true,
        limit: limit.unwrap_or_default(),
        ..RecordQuery::default()
    };
    wrong.none((query, question))
}

/// Reads the selection, still of all users, and the digest that binds page tokens to the request.
pub(super) fn history(message: &pb::GetTaskHistoryRequest) -> Result<(RecordQuery, String), Error> {
    let pb::GetTaskHistoryRequest {
        task_id,
        page_size,
        page_token,
        user_id: whose,
    } = message;
    let mut wrong = Wrong::default();
    let limit = wrong.taken(page::size_within(
        *page_size,
        USUAL_HISTORY,
        LARGEST_HISTORY,
    ));
    let task_id = wrong.taken(task_id.parse::<Uuid>().map_err(|_| {
        FieldViolation::new(
            "task_id",
            "must be the id of a task, such as 01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60",
        )
    }));
    let question = question(whose, &task_id.unwrap_or_default().to_string());
    let after = wrong.taken(place(page_token, &question));
    let query = RecordQuery {
        task_id,
        after: after.flatten(),
        last_first: true,
        limit: limit.unwrap_or_default(),
        ..RecordQuery::default()
    };
    wrong.none((query, question))
}

/// Reads the format and the selection, still of all users.
pub(super) fn export(
    message: &pb::ExportRecordsRequest,
) -> Result<(RecordFormat, RecordQuery), Error> {
    let pb::ExportRecordsRequest {
        format,
        start_time,
        end_time,
        filter,
        user_id: _,
    } = message;
    let mut wrong = Wrong::default();
    let format = wrong.taken(match pb::RecordFormat::try_from(*format) {
        Ok(pb::RecordFormat::Unspecified | pb::RecordFormat::Ndjson) => Ok(RecordFormat::Ndjson),
        Ok(pb::RecordFormat::Csv) => Ok(RecordFormat::Csv),
        Err(_) => Err(FieldViolation::new(
            "format",
            "must be NDJSON or CSV, or left out for NDJSON",
        )),
    });
    let condition = wrong.taken(condition(filter));
    let start = wrong.taken(moment("start_time", *start_time));
    let end = wrong.taken(moment("end_time", *end_time));
    let between = start
        .zip(end)
        .and_then(|(start, end)| wrong.taken(range(start, end)));
    let query = RecordQuery {
        condition: condition.unwrap_or_default(),
        between,
        ..RecordQuery::default()
    };
    wrong.none((format.unwrap_or(RecordFormat::Ndjson), query))
}

pub(super) fn period(message: &pb::GetActivityReportRequest) -> Result<Period, Error> {
    let pb::GetActivityReportRequest {
        start_date,
        end_date,
        time_zone,
        user_id: _,
    } = message;
    let mut wrong = Wrong::default();
    let start = wrong.taken(date("start_date", start_date));
    let end = wrong.taken(date("end_date", end_date));
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
    wrong.none(Period {
        start: start.unwrap_or_default(),
        end: end.unwrap_or_default(),
        zone: zone.unwrap_or_else(TimeZone::utc),
    })
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
            let request = pb::ListRecordsRequest {
                page_size,
                ..pb::ListRecordsRequest::default()
            };
            let of_task = super::history(&history_request(page_size)).unwrap();
            let sizes = (list(&request).unwrap().0.limit, of_task.0.limit);
            assert_eq!(sizes, (records, history), "{page_size}");
        }
        for page_size in [-1, i32::MIN] {
            assert!(super::history(&history_request(page_size)).is_err());
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
