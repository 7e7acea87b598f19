//! SQL that is put together as it goes, its values always bound and never written into the text.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    QueryableByName,
    pg::Pg,
    sql_types::{Array, BigInt, Date, SmallInt, Text, Timestamptz, Uuid as UuidType},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::postgres::{AsFixed, DatabaseError};
use uuid::Uuid;

/// A statement in the making.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    sql: String,
    values: Vec<Value>,
    is_fixed: bool,
}

/// A value that stands in a statement as `$1`, `$2` and so on.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// An id.
    Uuid(Uuid),
    /// Several ids.
    Uuids(Vec<Uuid>),
    /// A moment.
    Time(DateTime<Utc>),
    /// A date.
    Date(NaiveDate),
    /// A small number.
    Small(i16),
    /// Several small numbers.
    Smalls(Vec<i16>),
    /// A number.
    Big(i64),
}

impl Statement {
    /// Adds SQL, which never contains what a user wrote.
    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds a value; equal ones are sent once.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        let value = value.into();
        let known = self.values.iter().position(|other| *other == value);
        let place = known.unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        self.sql.push_str(&format!("${}", place + 1));
        self
    }

    /// Begins a statement whose text is one of a few, whatever is asked for.
    pub fn fixed() -> Self {
        Self {
            is_fixed: true,
            ..Self::default()
        }
    }

    /// Returns the statement that shows the plan of this one.
    #[cfg(test)]
    pub fn explained(mut self) -> Self {
        self.sql.insert_str(0, "EXPLAIN ");
        self
    }

    /// Runs the statement and reads its rows.
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
        let rows = match self.is_fixed {
            true => query.fixed().load(tx).await,
            false => query.load(tx).await,
        };
        Ok(rows?)
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
