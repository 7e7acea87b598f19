//! SQL text built at run time, whose values are always bound.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    QueryableByName,
    pg::Pg,
    sql_types::{Array, BigInt, Date, SmallInt, Text, Timestamptz, Uuid as UuidType},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    AsFixed, DatabaseError,
    prepared::{Plans, choose_plans},
};

/// SQL statement with its bound values.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    sql: String,
    values: Vec<Value>,
    is_fixed: bool,
}

/// Bound value: `$1`, `$2` and so on.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// Array of texts.
    Texts(Vec<String>),
    /// UUID.
    Uuid(Uuid),
    /// Array of UUIDs.
    Uuids(Vec<Uuid>),
    /// Time.
    Time(DateTime<Utc>),
    /// Date.
    Date(NaiveDate),
    /// Small integer.
    Small(i16),
    /// Array of small integers.
    Smalls(Vec<i16>),
    /// Big integer.
    Big(i64),
}

impl Statement {
    /// Appends SQL, which never contains user input.
    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Appends a placeholder for a value; equal values are sent once.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        let value = value.into();
        let known = self.values.iter().position(|other| *other == value);
        let index = known.unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        self.sql.push_str(&format!("${}", index + 1));
        self
    }

    /// Starts a statement that has one of a few texts, so its plan is worth keeping.
    pub fn fixed() -> Self {
        Self {
            is_fixed: true,
            ..Self::default()
        }
    }

    /// Returns the statement that shows the plan of this one.
    #[cfg(feature = "testing")]
    pub fn explained(mut self) -> Self {
        self.sql.insert_str(0, "EXPLAIN ");
        self
    }

    /// Executes the statement and returns its rows.
    pub async fn load<T>(self, tx: &mut AsyncPgConnection) -> Result<Vec<T>, DatabaseError>
    where
        T: QueryableByName<Pg> + Send + 'static,
    {
        let query = diesel::sql_query(self.sql).into_boxed::<Pg>();
        let query = self
            .values
            .into_iter()
            .fold(query, |query, value| match value {
                Value::Text(text) => query.bind::<Text, _>(text),
                Value::Texts(texts) => query.bind::<Array<Text>, _>(texts),
                Value::Uuid(id) => query.bind::<UuidType, _>(id),
                Value::Uuids(ids) => query.bind::<Array<UuidType>, _>(ids),
                Value::Time(time) => query.bind::<Timestamptz, _>(time),
                Value::Date(date) => query.bind::<Date, _>(date),
                Value::Small(number) => query.bind::<SmallInt, _>(number),
                Value::Smalls(numbers) => query.bind::<Array<SmallInt>, _>(numbers),
                Value::Big(number) => query.bind::<BigInt, _>(number),
            });
        if self.is_fixed {
            return Ok(query.fixed().load(tx).await?);
        }
        // The best plan of a user's filter depends on its values.
        choose_plans(tx, Plans::OfValues).await?;
        let rows = query.load(tx).await?;
        // After an error the session may plan too often, which is no more than slow.
        choose_plans(tx, Plans::Kept).await?;
        Ok(rows)
    }
}

macro_rules! values {
    ($($kind:ident: $type:ty;)*) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$kind(value)
            }
        })*
    };
}

values! {
    Text: String;
    Texts: Vec<String>;
    Uuid: Uuid;
    Uuids: Vec<Uuid>;
    Time: DateTime<Utc>;
    Date: NaiveDate;
    Small: i16;
    Smalls: Vec<i16>;
    Big: i64;
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
