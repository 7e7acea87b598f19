//! Table `records`: chosen ones, page by page.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    pg::Pg,
    sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};
use uuid::Uuid;

use super::record::{COLUMNS, StoredRecord};
use crate::domain::{
    filter::{Condition, IdField, Order, TextField, TimeField},
    record::Record,
};

/// A record is made after its event, or before it by as much as clocks differ.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::days(1);

/// Which records, and which of them first.
#[derive(Debug, Clone)]
pub struct RecordQuery {
    /// Whose records; everybody's if none.
    pub user_id: Option<UserId>,
    /// Those of them that this means.
    pub condition: Condition,
    /// Those that were made in this time, its end not included.
    pub between: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Those behind this place.
    pub after: Option<Place>,
    /// The last one first; else the first one.
    pub last_first: bool,
    /// So many.
    pub limit: i64,
}

/// A place in the order of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// When the record was made.
    pub record_time: DateTime<Utc>,
    /// Whose it is.
    pub user_id: UserId,
    /// Its place in the chain.
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

enum Value {
    Text(String),
    Time(DateTime<Utc>),
    Id(Uuid),
    Number(i64),
}

/// A statement that grows.
#[derive(Default)]
struct Statement {
    text: String,
    values: Vec<Value>,
}

impl Statement {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a value and its place in the text.
    fn bind(&mut self, value: Value) {
        self.values.push(value);
        let place = format!("${}", self.values.len());
        self.text.push_str(&place);
    }
}

/// Returns a page of records: those of one user in the order of the chain, everybody's in the order in which they were made.
pub async fn list(
    tx: &mut AsyncPgConnection,
    query: &RecordQuery,
) -> Result<Vec<Record>, DatabaseError> {
    let Statement { text, values } = statement(query);
    let mut statement = diesel::sql_query(text).into_boxed::<Pg>();
    for value in values {
        statement = match value {
            Value::Text(text) => statement.bind::<Text, _>(text),
            Value::Time(time) => statement.bind::<Timestamptz, _>(time),
            Value::Id(id) => statement.bind::<SqlUuid, _>(id),
            Value::Number(number) => statement.bind::<BigInt, _>(number),
        };
    }
    let rows: Vec<StoredRecord> = statement.load(tx).await?;
    rows.into_iter().map(StoredRecord::into_record).collect()
}

fn statement(query: &RecordQuery) -> Statement {
    let RecordQuery {
        user_id,
        condition,
        between,
        after,
        last_first,
        limit,
    } = query;
    let mut statement = Statement::default();
    statement.push(&format!("SELECT {COLUMNS} FROM records WHERE "));
    match user_id {
        Some(user_id) => {
            statement.push("user_id = ");
            statement.bind(Value::Text(user_id.to_string()));
        }
        None => statement.push("true"),
    }
    if let Some((start, end)) = between {
        statement.push(" AND record_time >= ");
        statement.bind(Value::Time(*start));
        statement.push(" AND record_time < ");
        statement.bind(Value::Time(*end));
    }
    if let Some(place) = after {
        let sign = if *last_first { " < " } else { " > " };
        match user_id {
            Some(_) => {
                statement.push(" AND sequence");
                statement.push(sign);
                statement.bind(Value::Number(place.sequence));
            }
            None => {
                statement.push(" AND (record_time, user_id, sequence)");
                statement.push(sign);
                statement.push("(");
                statement.bind(Value::Time(place.record_time));
                statement.push(", ");
                statement.bind(Value::Text(place.user_id.to_string()));
                statement.push(", ");
                statement.bind(Value::Number(place.sequence));
                statement.push(")");
            }
        }
    }
    statement.push(" AND ");
    push_condition(&mut statement, condition);
    let direction = if *last_first { " DESC" } else { "" };
    let order = match user_id {
        Some(_) => format!(" ORDER BY sequence{direction}"),
        None => {
            format!(" ORDER BY record_time{direction}, user_id{direction}, sequence{direction}")
        }
    };
    statement.push(&order);
    statement.push(" LIMIT ");
    statement.bind(Value::Number(*limit));
    statement
}

fn push_condition(statement: &mut Statement, condition: &Condition) {
    match condition {
        Condition::All(conditions) => push_joined(statement, conditions, " AND ", "true"),
        Condition::Any(conditions) => push_joined(statement, conditions, " OR ", "false"),
        Condition::Not(condition) => {
            // Of a field that is empty, nothing is true, so neither is its opposite: but it is not what was excluded.
            statement.push("NOT coalesce(");
            push_condition(statement, condition);
            statement.push(", false)");
        }
        Condition::Text(field, text) => {
            statement.push(text_column(*field));
            statement.push(" = ");
            statement.bind(Value::Text(text.clone()));
        }
        Condition::ActionBegins(beginning) => {
            statement.push("starts_with(action, ");
            statement.bind(Value::Text(beginning.clone()));
            statement.push(")");
        }
        Condition::Id(field, id) => {
            statement.push(match field {
                IdField::TaskId => "task_id = ",
                IdField::ReminderId => "reminder_id = ",
            });
            statement.bind(Value::Id(*id));
        }
        Condition::Time(field, order, time) => push_time(statement, *field, *order, *time),
    }
}

fn push_joined(statement: &mut Statement, conditions: &[Condition], join: &str, none: &str) {
    if conditions.is_empty() {
        statement.push(none);
        return;
    }
    statement.push("(");
    for (place, condition) in conditions.iter().enumerate() {
        if place > 0 {
            statement.push(join);
        }
        push_condition(statement, condition);
    }
    statement.push(")");
}

fn push_time(statement: &mut Statement, field: TimeField, order: Order, time: DateTime<Utc>) {
    let sign = match order {
        Order::Less => " < ",
        Order::LessOrEqual => " <= ",
        Order::Equal => " = ",
        Order::GreaterOrEqual => " >= ",
        Order::Greater => " > ",
    };
    let column = match field {
        TimeField::EventTime => "event_time",
        TimeField::RecordTime => "record_time",
    };
    statement.push("(");
    statement.push(column);
    statement.push(sign);
    statement.bind(Value::Time(time));
    // Leaves out the months before.
    let later = matches!(order, Order::Greater | Order::GreaterOrEqual | Order::Equal);
    if let (TimeField::EventTime, true, Some(earliest)) =
        (field, later, time.checked_sub_signed(CLOCKS_DIFFER))
    {
        statement.push(" AND record_time >= ");
        statement.bind(Value::Time(earliest));
    }
    statement.push(")");
}

fn text_column(field: TextField) -> &'static str {
    match field {
        TextField::Action => "action",
        TextField::EventType => "event_type",
        TextField::TraceId => "trace_id",
        TextField::OperationId => "operation_id",
        TextField::ActorUserId => "actor_user_id",
        TextField::ActorService => "actor_service",
        TextField::ActorClientId => "actor_client_id",
        TextField::ActorTokenId => "actor_token_id",
        TextField::ActorIpAddress => "actor_ip_address",
    }
}
