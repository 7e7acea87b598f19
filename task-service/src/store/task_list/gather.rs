//! All matches at once, where they are few.

use diesel_async::AsyncPgConnection;
use service_runtime::postgres::DatabaseError;

use super::{
    super::{
        Statement,
        search::{self, TsQuery},
        task_row::StoredTask,
    },
    Page, Scope, column, keyset, row,
};

/// Maximum number of matches that are sorted.
pub const MOST_MATCHES: i64 = 1_000;

/// Finds all matches behind the place where the page begins, only among those whose documents fulfil a condition if there is one, and
/// returns the first ones; or none if they are too many.
pub async fn all(
    tx: &mut AsyncPgConnection,
    page: &Page<'_>,
    scope: &Scope,
    words: Option<TsQuery>,
) -> Result<Option<Vec<StoredTask>>, DatabaseError> {
    let rows = row::load(tx, statement(page, scope, words)).await?;
    let are_few = rows
        .first()
        .is_none_or(|(.., count)| *count <= MOST_MATCHES);
    Ok(are_few.then(|| rows.into_iter().map(|(task, ..)| task).collect()))
}

/// Writes the search for matches, only among the tasks whose documents fulfil a condition if there is one.
pub fn statement(page: &Page, scope: &Scope, words: Option<TsQuery>) -> Statement {
    let mut statement = Statement::default();
    statement.push("SELECT * FROM (SELECT t.*, TRUE AS matches, count(*) OVER () AS number ");
    statement.push("FROM (SELECT * FROM tasks t WHERE ");
    scope.write(&mut statement, page);
    statement.push(" AND t.list_class = ANY (");
    statement.bind(scope.classes.clone()).push(")");
    if let Some(words) = words {
        // As an array they are looked up first, and then the tasks by their ids.
        statement.push(" AND t.id = ANY (ARRAY(SELECT task_id FROM ");
        search::push_documents(
            &mut statement,
            page.condition.user_id.as_ref(),
            |statement| {
                search::push_query(statement, &words);
            },
        );
        statement.push("))");
    }
    page.condition.write(&mut statement);
    if let Some(place) = page.after {
        statement.push(" AND ");
        let (keys, values) = (page.order.keys(), place.keys.as_slice());
        keyset::write(&mut statement, keys, values, place.id, false);
    }
    statement.push(" LIMIT ").bind(MOST_MATCHES + 1);
    statement.push(") t) tasks ");
    statement.push(&column::order_of_gathered(page.order.keys()));
    statement.push(" LIMIT ").bind(page.limit);
    statement
}
