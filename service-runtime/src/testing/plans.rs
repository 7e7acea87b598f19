//! The plans of the statements that the code under test sends, as PostgreSQL executes them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use diesel_async::AsyncPgConnection;
use futures::{StreamExt, stream::poll_fn};
use serde_json::Value;
use tokio_postgres::{AsyncMessage, NoTls};

use crate::BoxError;

/// The most rows that one node of a plan may read or discard: more than any statement of a service needs, far fewer than the tables of
/// these tests have.
const MAX_ROWS: f64 = 5_000.0;
/// The most rows that are read because an index is lossy: a BRIN index names ranges of 128 pages.
const MAX_RECHECKED_ROWS: f64 = 20_000.0;
/// One plan for all values, as PostgreSQL chooses for statements that are prepared and executed often; every executed plan, those
/// of functions and foreign keys included, is reported to the client.
const SETTINGS: &str = "-c plan_cache_mode=force_generic_plan -c session_preload_libraries=auto_explain \
    -c auto_explain.log_min_duration=0 -c auto_explain.log_analyze=on -c auto_explain.log_timing=off \
    -c auto_explain.log_nested_statements=on -c auto_explain.log_format=json -c auto_explain.log_level=notice";

/// The plans that were executed on the connections of one pool. Nothing is timed: plans are compared by indexes and rows.
#[derive(Debug, Clone, Default)]
pub struct Plans(Arc<Mutex<Vec<Value>>>);

impl Plans {
    /// Opens a connection that records its plans.
    #[expect(
        clippy::disallowed_methods,
        reason = "the task ends with the connection that it drives"
    )]
    pub(crate) async fn connect(
        &self,
        config: &tokio_postgres::Config,
    ) -> Result<AsyncPgConnection, BoxError> {
        let options = config.get_options().unwrap_or_default();
        let mut config = config.clone();
        config.options(format!("{options} {SETTINGS}"));
        let (client, mut connection) = config.connect(NoTls).await.map_err(|error| {
            format!("{error:?}: the tests of plans need a superuser and the module auto_explain of PostgreSQL (contrib)")
        })?;
        let plans = self.clone();
        tokio::spawn(async move {
            let mut messages = poll_fn(move |context| connection.poll_message(context));
            while let Some(Ok(message)) = messages.next().await {
                if let AsyncMessage::Notice(notice) = message {
                    plans.record(notice.message());
                }
            }
        });
        Ok(AsyncPgConnection::try_from(client).await?)
    }

    /// Returns the indexes that were read since the last call.
    ///
    /// # Panics
    ///
    /// Panics if nothing was executed, if a table was read without an index, or if more rows were read than a statement of a
    /// service needs.
    pub fn take_indexes(&self) -> BTreeSet<String> {
        let plans = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        assert!(!plans.is_empty(), "no statement was executed");
        let mut indexes = BTreeSet::new();
        for plan in &plans {
            if let Err(fault) = read_node(&plan["Plan"], &mut indexes) {
                panic!("{fault}:\n{plan:#}");
            }
        }
        indexes
    }

    /// Adds the plan in a message of `auto_explain`; other messages are none of the test's business.
    fn record(&self, message: &str) {
        if let Some((_, plan)) = message.split_once("plan:\n") {
            let plan = serde_json::from_str(plan).expect("auto_explain writes JSON");
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(plan);
        }
    }
}

/// Adds the indexes that a node and its children read.
fn read_node(node: &Value, indexes: &mut BTreeSet<String>) -> Result<(), String> {
    let table = node["Relation Name"].as_str().unwrap_or_default();
    if node["Node Type"] == "Seq Scan" {
        return Err(format!("{table} is read without an index"));
    }
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let loops = number("Actual Loops");
    let rows = (number("Actual Rows") + number("Rows Removed by Filter")) * loops;
    let rechecked = number("Rows Removed by Index Recheck") * loops;
    if rows > MAX_ROWS || rechecked > MAX_RECHECKED_ROWS {
        return Err(format!("{} rows of {table} are read", rows + rechecked));
    }
    indexes.extend(node["Index Name"].as_str().map(str::to_owned));
    node["Plans"]
        .as_array()
        .into_iter()
        .flatten()
        .try_for_each(|child| read_node(child, indexes))
}
