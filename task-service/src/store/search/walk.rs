use diesel::{
    QueryableByName,
    sql_types::{Bool, SmallInt, Uuid as UuidType},
};
use diesel_async::AsyncPgConnection;
use service_runtime::{ids::UserId, postgres::DatabaseError};
use uuid::Uuid;

use super::{
    super::Statement,
    alternative::Alternative,
    condition::Condition,
    meaning::MANY,
    stretch::{Asking, Stretch},
};
use crate::domain::TaskId;

/// How many tasks with the rarest word are asked one by one before what they are asked for is looked up at once.
const MOST_ASKED: i64 = 2_000;

/// The same for a word that may be many, each of which costs as much.
const MOST_ASKED_OF_MANY: i64 = 200;

/// How many tasks that fulfil the condition are looked up at once; if it is more, walking on finds them as soon.
const MOST_AT_ONCE: i64 = 5_000;

/// A walk along the postings of alternatives, for one search.
pub struct Walker<'a> {
    user_id: &'a UserId,
    condition: &'a dyn Condition,
    /// The tasks that fulfil the condition, once they were looked up; none if they are too many.
    few: Option<Option<Vec<Uuid>>>,
}

/// A match: how good it is, and which task. The better and newer, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct Found {
    /// How good it is.
    #[diesel(sql_type = SmallInt)]
    pub level: i16,
    /// The task.
    #[diesel(sql_type = UuidType)]
    pub task_id: TaskId,
}

impl<'a> Walker<'a> {
    /// Prepares walks.
    pub fn new(user_id: &'a UserId, condition: &'a dyn Condition) -> Self {
        Self {
            user_id,
            condition,
            few: None,
        }
    }

    /// Finds the best matches of an alternative that come after a place, the best first and of equally good ones the newest.
    /// The place of a level above all is before them all.
    #[tracing::instrument(name = "store.search.walk", level = "debug", skip_all)]
    pub async fn walk(
        &mut self,
        tx: &mut AsyncPgConnection,
        alternative: &Alternative,
        all: &[Alternative],
        after: Found,
        limit: usize,
    ) -> Result<Vec<Found>, DatabaseError> {
        let asked = match alternative.rarest.key_count() {
            0..=4 => MOST_ASKED,
            _ => MOST_ASKED_OF_MANY,
        };
        let stretches: Vec<Stretch> = alternative
            .steps(after.level, all)
            .into_iter()
            .map(|step| Stretch {
                user_id: self.user_id,
                condition: self.condition,
                before: if step.level == after.level {
                    after.task_id.as_uuid()
                } else {
                    Uuid::max()
                },
                limit: i64::try_from(limit).unwrap_or(i64::MAX),
                others: &alternative.others,
                step,
            })
            .collect();
        let mut found: Vec<Found> =
            match Stretch::first_of(&stretches, Asking::OneByOne(Some(asked))) {
                Some(statement) => statement.load(tx).await?,
                None => return Ok(Vec::new()),
            };
        // A size below many is exact, and perhaps all of these tasks were asked.
        if alternative.rarest.size >= MANY.min(asked) {
            for stretch in &stretches {
                let so_far = found
                    .iter()
                    .filter(|found| found.level >= stretch.step.level)
                    .count();
                if so_far >= limit {
                    break;
                }
                if self.is_longer(tx, stretch, asked).await? {
                    found.retain(|found| found.level != stretch.step.level);
                    found.extend(self.at_once(tx, stretch).await?);
                }
            }
        }
        found.sort_by(|one, other| other.cmp(one));
        found.truncate(limit);
        Ok(found)
    }

    async fn is_longer(
        &self,
        tx: &mut AsyncPgConnection,
        stretch: &Stretch<'_>,
        asked: i64,
    ) -> Result<bool, DatabaseError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Bool)]
            is_longer: bool,
        }
        let rows: Vec<Row> = stretch.is_longer(asked).load(tx).await?;
        Ok(rows.iter().any(|row| row.is_longer))
    }

    /// Finds the matches of a stretch of which many tasks do not match.
    async fn at_once(
        &mut self,
        tx: &mut AsyncPgConnection,
        stretch: &Stretch<'_>,
    ) -> Result<Vec<Found>, DatabaseError> {
        let asking = if stretch.others.iter().any(|other| other.size >= MANY) {
            Asking::WordsAtOnce
        } else if self.condition.is_broad() {
            Asking::OneByOne(None)
        } else {
            match self.few(tx).await? {
                Some(few) => Asking::Only(few.clone()),
                None => Asking::OneByOne(None),
            }
        };
        stretch.statement(asking).load(tx).await
    }

    async fn few(
        &mut self,
        tx: &mut AsyncPgConnection,
    ) -> Result<&Option<Vec<Uuid>>, DatabaseError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = UuidType)]
            id: Uuid,
        }
        if self.few.is_none() {
            let rows: Vec<Row> = matching(self.user_id, self.condition).load(tx).await?;
            let are_few = i64::try_from(rows.len()).is_ok_and(|count| count <= MOST_AT_ONCE);
            self.few = Some(are_few.then(|| rows.into_iter().map(|row| row.id).collect()));
        }
        Ok(self.few.get_or_insert_default())
    }
}

/// Finds the tasks that fulfil a condition, or one more than may be looked up at once.
pub(super) fn matching(user_id: &UserId, condition: &dyn Condition) -> Statement {
    let mut statement = Statement::default();
    statement
        .push("SELECT t.id FROM tasks t WHERE t.user_id = ")
        .bind(user_id.as_ref());
    condition.write(&mut statement);
    statement.push(" LIMIT ").bind(MOST_AT_ONCE + 1);
    statement
}
