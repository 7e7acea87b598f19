use diesel::{
    QueryableByName,
    sql_types::{BigInt, SmallInt, Uuid as UuidType},
};
use diesel_async::AsyncPgConnection;
use service_runtime::postgres::DatabaseError;
use uuid::Uuid;

use super::{
    super::{Statement, filter_condition::Condition},
    tsquery::{Levels, TsQuery},
};
use crate::domain::TaskId;

/// Levels of matches: all words in the title, a word in the title, a label, the description.
pub const LEVELS: i16 = 4;

/// The best level: those of complete words are above those of an unfinished one.
pub const BEST_LEVEL: i16 = 2 * LEVELS;

/// Level of no match.
const NO_LEVEL: i16 = 0;

/// Number of the newest tasks that show whether the best matches are frequent.
const SAMPLE: usize = 200;

/// Largest number of the newest tasks that are read before the index.
const MAX_NEWEST: usize = 6_000;

/// Number of matches from which ranking them takes longer than reading the newest tasks.
const MANY_MATCHES: i64 = 3_000;

/// Number of the best matches that are compared with the filter before it is evaluated for all of them at once.
const MAX_CANDIDATES: i64 = 2_000;

/// Match of a search. The better and newer, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct Found {
    /// Level, from 1.
    #[diesel(sql_type = SmallInt)]
    pub level: i16,
    /// Task.
    #[diesel(sql_type = UuidType)]
    pub task_id: TaskId,
}

/// Tasks to find.
#[derive(Debug)]
pub struct Matching<'a> {
    /// Conditions of their words.
    pub levels: &'a Levels,
    /// Number that is added to their level.
    pub base: i16,
    /// Condition that their documents do not fulfil.
    pub except: Option<&'a TsQuery>,
    /// Condition of the tasks.
    pub condition: &'a Condition,
    /// Includes deleted tasks.
    pub show_deleted: bool,
    /// Last match before them.
    pub after: Found,
    /// Maximum number.
    pub limit: usize,
}

/// Finds the best matches, and of equally good ones the newest.
#[tracing::instrument(name = "store.search.find", level = "debug", skip_all)]
pub async fn find(
    tx: &mut AsyncPgConnection,
    matching: &Matching<'_>,
) -> Result<Vec<Found>, DatabaseError> {
    if let Some(found) = find_newest(tx, matching).await? {
        return Ok(found);
    }
    let mut found: Vec<Found> = matching.among_best().load(tx).await?;
    let has_more = found
        .iter()
        .position(|found| found.level == NO_LEVEL)
        .map(|place| found.swap_remove(place));
    if has_more.is_some() && found.len() < matching.limit {
        found = matching.among_all().load(tx).await?;
    }
    found.sort_by(|one, other| other.cmp(one));
    Ok(found)
}

/// Finds a full page of the best level among the newest tasks, if such matches are frequent there. What the index has of a frequent word
/// is long, and all of it would have to be ranked.
async fn find_newest(
    tx: &mut AsyncPgConnection,
    matching: &Matching<'_>,
) -> Result<Option<Vec<Found>>, DatabaseError> {
    if matching.after.level < matching.best_level() {
        return Ok(None);
    }
    let is_full = |found: &Vec<Found>| found.len() >= matching.limit;
    let found: Vec<Found> = matching.among_newest(SAMPLE).load(tx).await?;
    if is_full(&found) {
        return Ok(Some(found));
    }
    // With a quarter more than it takes if the rest is like the sample.
    if found.len() * MAX_NEWEST * 4 < SAMPLE * matching.limit * 5 {
        return Ok(None);
    }
    let user_id = matching.condition.user_id.as_ref();
    let all = std::slice::from_ref(&matching.levels.all);
    if sizes(tx, user_id, all, MANY_MATCHES).await? != [MANY_MATCHES] {
        return Ok(None);
    }
    let found: Vec<Found> = matching.among_newest(MAX_NEWEST).load(tx).await?;
    Ok(Some(found).filter(is_full))
}

impl Matching<'_> {
    fn best_level(&self) -> i16 {
        self.base + LEVELS
    }

    /// Makes the statement that reads the newest tasks and keeps those of the best level.
    pub(super) fn among_newest(&self, number: usize) -> Statement {
        let mut statement = self.statement();
        let user_id = self.condition.user_id.as_ref();
        statement
            .push("SELECT ")
            .bind(self.best_level())
            .push("::smallint AS level, task_id FROM (SELECT task_id, words FROM search_documents WHERE user_id = ")
            .bind(user_id);
        if self.after.level == self.best_level() {
            statement
                .push(" AND task_id < ")
                .bind(self.after.task_id.as_uuid());
        }
        statement
            .push(" ORDER BY task_id DESC LIMIT ")
            .bind(i64::try_from(number).unwrap_or(i64::MAX))
            .push(") newest CROSS JOIN LATERAL (SELECT FROM tasks t WHERE t.user_id = ")
            .bind(user_id)
            .push(" AND t.id = task_id");
        self.push_condition(&mut statement);
        statement.push(" OFFSET 0) t WHERE words @@ ");
        push_query(&mut statement, &self.levels.title);
        // The words that a match must not have.
        statement.push(" AND words @@ ");
        push_query(&mut statement, &self.levels.all);
        if let Some(except) = self.except {
            statement.push(" AND NOT words @@ ");
            push_query(&mut statement, except);
        }
        statement
            .push(" ORDER BY task_id DESC LIMIT ")
            .bind(self.limit());
        statement
    }

    /// Begins a statement, which has one of a few texts unless there is a filter.
    fn statement(&self) -> Statement {
        match self.condition.filter.terms() {
            [] => Statement::fixed(),
            _ => Statement::default(),
        }
    }

    /// Makes the statement that looks up the tasks of the best matches one by one until there are enough. One row more, without a
    /// level, says that there are other matches.
    pub(super) fn among_best(&self) -> Statement {
        let mut statement = self.statement();
        statement.push("WITH best AS MATERIALIZED (");
        self.push_ranked(&mut statement);
        statement
            .push(" ORDER BY level DESC, task_id DESC LIMIT ")
            .bind(MAX_CANDIDATES)
            .push(") (SELECT level, task_id FROM best CROSS JOIN LATERAL (SELECT FROM tasks t WHERE t.user_id = ")
            .bind(self.condition.user_id.as_ref())
            .push(" AND t.id = task_id");
        self.push_condition(&mut statement);
        statement
            .push(" OFFSET 0) t LIMIT ")
            .bind(self.limit())
            .push(") UNION ALL SELECT ")
            .bind(NO_LEVEL)
            .push(", ")
            .bind(Uuid::nil())
            .push(" FROM best HAVING count(*) = ")
            .bind(MAX_CANDIDATES);
        statement
    }

    /// Makes the statement that reads all tasks that fulfil the condition, and joins all matches with them.
    pub(super) fn among_all(&self) -> Statement {
        let mut statement = Statement::default();
        statement
            .push("WITH t AS MATERIALIZED (SELECT t.id FROM tasks t WHERE t.user_id = ")
            .bind(self.condition.user_id.as_ref());
        self.push_condition(&mut statement);
        statement.push(") SELECT level, task_id FROM (");
        self.push_ranked(&mut statement);
        statement
            .push(") ranked JOIN t ON t.id = task_id ORDER BY level DESC, task_id DESC LIMIT ")
            .bind(self.limit());
        statement
    }

    /// Appends the matches with their levels. With OFFSET a level is computed once for each.
    fn push_ranked(&self, statement: &mut Statement) {
        let Levels {
            all,
            title,
            partly_title,
            label,
        } = self.levels;
        let mut conditions = vec![(title, LEVELS)];
        if partly_title != title {
            conditions.push((partly_title, 3));
        }
        conditions.extend(label.as_ref().map(|label| (label, 2)));
        statement.push("SELECT level, task_id FROM (SELECT task_id, (CASE");
        for (query, level) in conditions {
            statement.push(" WHEN words @@ ");
            push_query(statement, query);
            statement.push(" THEN ").bind(self.base + level);
        }
        statement
            .push(" ELSE ")
            .bind(self.base + 1)
            .push(" END)::smallint AS level FROM ");
        push_documents(statement, self.condition.user_id.as_ref(), |statement| {
            push_query(statement, all)
        });
        if let Some(except) = self.except {
            statement.push(" AND NOT words @@ ");
            push_query(statement, except);
        }
        let Found { level, task_id } = self.after;
        statement.push(" OFFSET 0) ranked WHERE (level, task_id) < (");
        statement
            .bind(level)
            .push(", ")
            .bind(task_id.as_uuid())
            .push(")");
    }

    fn push_condition(&self, statement: &mut Statement) {
        if !self.show_deleted {
            statement.push(" AND t.delete_time IS NULL");
        }
        self.condition.write(statement);
    }

    fn limit(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX)
    }
}

/// Counts the tasks that fulfil each of some conditions, up to so many.
#[tracing::instrument(name = "store.search.sizes", level = "debug", skip_all)]
pub async fn sizes(
    tx: &mut AsyncPgConnection,
    user_id: &str,
    queries: &[TsQuery],
    most: i64,
) -> Result<Vec<i64>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        size: i64,
    }
    let rows: Vec<Row> = sizing(user_id, queries, most).load(tx).await?;
    Ok(rows.into_iter().map(|row| row.size).collect())
}

pub(super) fn sizing(user_id: &str, queries: &[TsQuery], most: i64) -> Statement {
    let queries: Vec<String> = queries
        .iter()
        .map(|query| query.as_ref().to_owned())
        .collect();
    let mut statement = Statement::fixed();
    statement.push("SELECT (SELECT count(*) FROM (SELECT FROM ");
    push_documents(&mut statement, user_id, |statement| {
        statement.push("given.query::tsquery");
    });
    statement
        .push(" LIMIT ")
        .bind(most)
        .push(") counted) AS size FROM unnest(")
        .bind(queries)
        .push(") WITH ORDINALITY given(query, place) ORDER BY place");
    statement
}

/// Appends the documents of a user that fulfil a condition, and a WHERE clause.
///
/// The tokens have the key of the user. With OFFSET the planner finds them by these, instead of reading all documents of the user.
pub fn push_documents(
    statement: &mut Statement,
    user_id: &str,
    query: impl FnOnce(&mut Statement),
) {
    statement.push("(SELECT user_id, task_id, words FROM search_documents WHERE words @@ ");
    query(statement);
    statement
        .push(" OFFSET 0) d WHERE d.user_id = ")
        .bind(user_id);
}

/// Appends a condition. As a sub-select it is read once, not for each document.
pub fn push_query(statement: &mut Statement, query: &TsQuery) {
    statement
        .push("(SELECT ")
        .bind(query.as_ref())
        .push("::tsquery)");
}
