use diesel::{
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::DatabaseError;

/// A statement whose text is one of a few, so that each connection has it prepared and keeps it; without this, statements from
/// text and inserts of several rows are prepared each time.
#[derive(Debug, Clone, Copy)]
pub struct Fixed<Q>(Q);

/// Makes statements [`Fixed`].
pub trait AsFixed: Sized {
    /// Says that the text of this statement is one of a few: it has no part that depends on what a user asks for.
    fn fixed(self) -> Fixed<Self> {
        Fixed(self)
    }
}

impl<Q: QueryFragment<Pg>> AsFixed for Q {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Fixed<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Fixed<Q> {
    type QueryId = ();

    // It is known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Fixed<Q> {
    type SqlType = Q::SqlType;
}

/// Plans that the server makes of the statements of a session.
#[derive(Debug, Clone, Copy)]
pub(super) enum Plans {
    /// One for all values.
    Kept,
    /// One for the values of each execution.
    OfValues,
}

/// Chooses the plans of the statements to come.
pub(super) async fn choose_plans(
    connection: &mut AsyncPgConnection,
    plans: Plans,
) -> Result<(), DatabaseError> {
    let statement = match plans {
        Plans::Kept => "SET plan_cache_mode = force_generic_plan",
        Plans::OfValues => "SET plan_cache_mode = force_custom_plan",
    };
    diesel::sql_query(statement)
        .fixed()
        .execute(connection)
        .await?;
    Ok(())
}
