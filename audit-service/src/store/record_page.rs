//! Table `records`: chosen ones, page by page.

use chrono::{DateTime, TimeDelta, Utc};
use service_runtime::{
    filter::{Field, Kind, Now, Test},
    ids::UserId,
    postgres::{
        AsyncPgConnection, DatabaseError, Statement,
        filter::{push, push_text, push_time},
    },
    time_zone::TimeZone,
};
use uuid::Uuid;

use super::record::{COLUMNS, StoredRecord};
use crate::domain::{
    filter::{RecordField, RecordFilter},
    record::Record,
};

/// Maximum clock skew between services: a record is made at most this long before the time of its event.
const CLOCK_SKEW: TimeDelta = TimeDelta::days(1);

#[derive(Debug, Clone, Default)]
pub struct RecordQuery {
    /// User; none for the records of all users.
    pub user_id: Option<UserId>,
    /// Task; none for the records of all tasks and others.
    pub task_id: Option<Uuid>,
    pub condition: RecordFilter,
    /// Half-open range of record times.
    pub between: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Position after which the page starts.
    pub after: Option<Place>,
    /// Newest first; else oldest first.
    pub last_first: bool,
    pub limit: i64,
}

/// Position in the order of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub record_time: DateTime<Utc>,
    pub user_id: UserId,
    pub sequence: i64,
}

impl From<&Record> for Place {
    fn from(record: &Record) -> Self {
        Self {
            record_time: record.record_time,
            user_id: record.entry.user_id.clone(),
            sequence: record.sequence,
        }
    }
}

/// Returns a page of records: of one user in the order of the chain, of all users in the order of their times.
pub async fn list(
    tx: &mut AsyncPgConnection,
    query: &RecordQuery,
) -> Result<Vec<Record>, DatabaseError> {
    let rows: Vec<StoredRecord> = statement(query).load(tx).await?;
    rows.into_iter().map(StoredRecord::into_record).collect()
}

fn statement(query: &RecordQuery) -> Statement {
    let RecordQuery {
        user_id,
        task_id,
        condition,
        between,
        after,
        last_first,
        limit,
    } = query;
    // Only a filter makes a text of its own.
    let mut statement = match condition.terms().is_empty() {
        true => Statement::fixed(),
        false => Statement::default(),
    };
    statement
        .push("SELECT ")
        .push(COLUMNS)
        .push(" FROM records WHERE ");
    match user_id {
        Some(user_id) => statement.push("user_id = ").bind(user_id.as_ref()),
        None => statement.push("true"),
    };
    if let Some(task_id) = task_id {
        statement.push(" AND task_id = ").bind(*task_id);
    }
    if let Some((start, end)) = between {
        statement.push(" AND record_time >= ").bind(*start);
        statement.push(" AND record_time < ").bind(*end);
    }
    if let Some(place) = after {
        let sign = if *last_first { " < " } else { " > " };
        match user_id {
            Some(_) => {
                statement.push(" AND sequence").push(sign);
                statement.bind(place.sequence);
            }
            None => {
                statement.push(" AND (record_time, user_id, sequence)");
                statement.push(sign).push("(").bind(place.record_time);
                statement.push(", ").bind(place.user_id.as_ref());
                statement.push(", ").bind(place.sequence).push(")");
            }
        }
    }
    for term in condition.terms() {
        statement.push(" AND ");
        push(&mut statement, term, &mut push_test);
    }
    let direction = if *last_first { " DESC" } else { "" };
    let order = match user_id {
        Some(_) => format!(" ORDER BY sequence{direction}"),
        None => {
            format!(" ORDER BY record_time{direction}, user_id{direction}, sequence{direction}")
        }
    };
    statement.push(&order).push(" LIMIT ").bind(*limit);
    statement
}

fn push_test(statement: &mut Statement, test: &Test<RecordField>) {
    let column = test.field().word().replace('.', "_");
    match test {
        Test::Text(_, pattern) => push_text(statement, &column, pattern),
        Test::Time(field, comparison, moment) => {
            // Times of records are absolute, so the current time does not matter.
            let point = moment.resolve(&Now::new(DateTime::UNIX_EPOCH, &TimeZone::utc()));
            push_time(statement, &column, *comparison, point);
            if *field == RecordField::EventTime {
                // Leaves out the partitions of earlier months.
                for (comparison, time) in point.bounds(*comparison) {
                    if comparison.is_bounded_below() {
                        let earliest = time - CLOCK_SKEW;
                        statement.push(" AND record_time >= ").bind(earliest);
                    }
                }
            }
        }
        Test::Id(_, id) => {
            statement.push(&column).push(" = ").bind(*id);
        }
        Test::Present(field) if field.kind() == Kind::Text => {
            statement.push(&column).push(" <> ''");
        }
        // No field of a record has another kind.
        Test::Present(_) | Test::Choice(..) | Test::Name(..) | Test::Flag(_) => {
            statement.push(&column).push(" IS NOT NULL");
        }
    }
}
