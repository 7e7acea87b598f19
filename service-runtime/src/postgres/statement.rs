//! SQL text built at run time, whose values are always bound.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    Expression, QueryResult, QueryableByName,
    deserialize::FromSqlRow,
    expression::QueryMetadata,
    pg::Pg,
    query_builder::{self, AstPass, BoxedSqlQuery, QueryFragment, QueryId, SqlQuery},
    query_dsl::CompatibleType,
    sql_types::{Array, BigInt, Date, SmallInt, Text, Timestamptz, Uuid as UuidType},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, methods::LoadQuery};
use uuid::Uuid;

use super::{
    AsFixed, DatabaseError,
    prepared::{Fixed, Plans, choose_plans},
};

type Query = BoxedSqlQuery<'static, Pg, SqlQuery>;

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
    pub fn load<R>(
        self,
        tx: &mut AsyncPgConnection,
    ) -> impl Future<Output = Result<Vec<R>, DatabaseError>> + Send
    where
        R: QueryableByName<Pg> + Send + 'static,
    {
        let is_fixed = self.is_fixed;
        load(self.into_query(), is_fixed, tx)
    }

    /// Executes the statement, which begins with `SELECT *`, with these columns instead, which are decoded by position: for each row
    /// that costs less than to look them up by name.
    pub fn select<S, T, R>(
        mut self,
        columns: S,
        tx: &mut AsyncPgConnection,
    ) -> impl Future<Output = Result<Vec<R>, DatabaseError>> + Send
    where
        S: Expression + QueryFragment<Pg> + Send + 'static,
        S::SqlType: CompatibleType<R, Pg, SqlType = T>,
        T: 'static,
        R: FromSqlRow<T, Pg> + Send + 'static,
        Pg: QueryMetadata<S::SqlType>,
    {
        if let Some(rest) = self.sql.strip_prefix("SELECT *") {
            self.sql = rest.to_owned();
        }
        let (is_fixed, rest) = (self.is_fixed, self.into_query());
        load(Select { columns, rest }, is_fixed, tx)
    }

    fn into_query(self) -> Query {
        let query = diesel::sql_query(self.sql).into_boxed::<Pg>();
        self.values
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
            })
    }
}

async fn load<Q, R>(
    query: Q,
    is_fixed: bool,
    tx: &mut AsyncPgConnection,
) -> Result<Vec<R>, DatabaseError>
where
    Q: QueryFragment<Pg> + LoadQuery<'static, AsyncPgConnection, R> + Send + 'static,
    Fixed<Q>: LoadQuery<'static, AsyncPgConnection, R> + 'static,
    R: Send,
{
    if is_fixed {
        return Ok(query.fixed().load(tx).await?);
    }
    // The best plan of a user's filter depends on its values.
    choose_plans(tx, Plans::OfValues).await?;
    let rows = query.load(tx).await?;
    // After an error the session may plan too often, which is no more than slow.
    choose_plans(tx, Plans::Kept).await?;
    Ok(rows)
}

/// Columns of a `SELECT`, and the text behind them.
struct Select<S> {
    columns: S,
    rest: Query,
}

impl<S: QueryFragment<Pg>> QueryFragment<Pg> for Select<S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        self.rest.walk_ast(out)
    }
}

impl<S> QueryId for Select<S> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S: Expression> query_builder::Query for Select<S> {
    type SqlType = S::SqlType;
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
