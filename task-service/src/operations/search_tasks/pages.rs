use service_runtime::postgres::{AsyncPgConnection, DatabaseError};

use super::{Reader, meaning::QueryMeaning};
use crate::{
    operations::filtering,
    store::{
        Statement,
        search::{self, Alternative, Condition, Found, LEVELS, Walker},
    },
};

/// What is asked of a task besides its words.
pub struct Asked<'a> {
    /// The filter.
    pub filter: &'a filtering::ResolvedFilter,
    /// Whether deleted tasks are found, too.
    pub show_deleted: bool,
}

impl Condition for Asked<'_> {
    fn write(&self, statement: &mut Statement) {
        if !self.show_deleted {
            statement.push(" AND t.delete_time IS NULL");
        }
        self.filter.condition.write(statement);
    }

    fn is_broad(&self) -> bool {
        self.filter.condition.filter.terms().is_empty()
    }
}

/// Finds the best matches that come after a place.
pub async fn find(
    tx: &mut AsyncPgConnection,
    reader: Reader<'_>,
    asked: &Asked<'_>,
    meaning: &mut QueryMeaning,
    after: Found,
    limit: usize,
) -> Result<Vec<Found>, DatabaseError> {
    let mut walker = Walker::new(reader.user_id, asked);
    let mut found = Vec::new();
    if after.level > LEVELS {
        let complete: Vec<Alternative> = alternatives(meaning);
        for alternative in complete
            .iter()
            .filter(|alternative| alternative.is_complete())
        {
            found.extend(
                walker
                    .walk(tx, alternative, &complete, after, limit)
                    .await?,
            );
        }
        first_of(&mut found, limit);
    }
    if found.len() < limit {
        // Only now does it matter what the last word may become.
        meaning.complete(tx, reader).await?;
        let all = alternatives(meaning);
        for alternative in all.iter().filter(|alternative| !alternative.is_complete()) {
            found.extend(walker.walk(tx, alternative, &all, after, limit).await?);
        }
        first_of(&mut found, limit);
    }
    Ok(found)
}

fn alternatives(meaning: &QueryMeaning) -> Vec<Alternative> {
    meaning
        .branches
        .iter()
        .flat_map(search::alternatives)
        .collect()
}

fn first_of(found: &mut Vec<Found>, limit: usize) {
    found.sort_by(|one, other| other.cmp(one));
    found.dedup();
    found.truncate(limit);
}
