//! Lists of which all matches have something that few tasks have.

use diesel_async::AsyncPgConnection;
use service_runtime::postgres::DatabaseError;

use super::{
    super::{
        filter_condition::{Condition, asks_for_blocked, part_of_word},
        search,
        task_row::StoredTask,
    },
    Page, Scope,
    gather::{self, MOST_MATCHES},
};

/// Finds all matches behind the place where the page begins and returns the first ones, if the filter asks for a label, a text or
/// a state that few tasks have; none if it does not, or they are too many.
pub async fn all(
    tx: &mut AsyncPgConnection,
    page: &Page<'_>,
    scope: &Scope,
) -> Result<Option<Vec<StoredTask>>, DatabaseError> {
    let Condition {
        filter, user_id, ..
    } = page.condition;
    if let Some(label) = page.condition.label() {
        let query = search::label_token(label);
        let sizes = search::sizes(
            tx,
            user_id.as_ref(),
            std::slice::from_ref(&query),
            MOST_MATCHES + 1,
        )
        .await?;
        if sizes.iter().all(|size| *size <= MOST_MATCHES) {
            return gather::all(tx, page, scope, Some(query)).await;
        }
    }
    if let Some(part) = part_of_word(filter)
        && let Some(query) = search::containing(tx, user_id, &part, MOST_MATCHES).await?
    {
        return gather::all(tx, page, scope, Some(query)).await;
    }
    if asks_for_blocked(filter) {
        return gather::all(tx, page, scope, None).await;
    }
    Ok(None)
}
