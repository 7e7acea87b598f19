//! Lists of which all matches have something that few tasks have.

use diesel_async::AsyncPgConnection;
use service_runtime::postgres::DatabaseError;

use super::{
    super::{
        filter_condition::{Condition, asks_for_blocked, part_of_word},
        search,
    },
    Page, Scope,
    gather::{self, MOST_MATCHES},
};
use crate::domain::Place;

/// Finds all matches behind the place where the page begins and returns the first ones, if the filter asks for a label, a text or
/// a state that few tasks have; none if it does not, or they are too many.
pub async fn all(
    tx: &mut AsyncPgConnection,
    page: &Page<'_>,
    scope: &Scope,
) -> Result<Option<Vec<Place>>, DatabaseError> {
    let Condition {
        filter, user_id, ..
    } = page.condition;
    if let Some(label) = page.condition.label() {
        let words = vec![search::label_word(label)];
        if search::size(tx, user_id, &words, MOST_MATCHES).await? <= MOST_MATCHES {
            return gather::all(tx, page, scope, Some(words)).await;
        }
    }
    if let Some(part) = part_of_word(filter)
        && let Some(words) = search::containing(tx, user_id, &part, MOST_MATCHES).await?
    {
        return gather::all(tx, page, scope, Some(words)).await;
    }
    if asks_for_blocked(filter) {
        return gather::all(tx, page, scope, None).await;
    }
    Ok(None)
}
