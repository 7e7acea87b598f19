//! Consumer with a configurable order of steps, which can crash after any of them.

use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::postgres::{Database, DatabaseError};
use taskmesh_proto::topics::TASK_REMINDERS;
use uuid::Uuid;

/// Step of the processing of a record; each is its own commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Applies the effect, unless the inbox contains the event.
    Effect,
    /// Inserts the event into the inbox.
    Inbox,
    EffectAndInbox,
    /// Commits the offset.
    Offset,
}

/// Correct order: a redelivery finds its event in the inbox.
pub const RIGHT: &[Step] = &[Step::EffectAndInbox, Step::Offset];
/// A crash in between loses the effect.
pub const OFFSET_BEFORE_EFFECT: &[Step] = &[Step::Offset, Step::EffectAndInbox];
/// A crash in between doubles the effect.
pub const EFFECT_BEFORE_INBOX: &[Step] = &[Step::Effect, Step::Inbox, Step::Offset];

/// Consumes a topic with one record, crashes after this many steps, and restarts.
pub async fn crash_and_restart(database: &Database, steps: &[Step], after: usize, event: Uuid) {
    let mut committed = false;
    for run in [&steps[..after], steps] {
        if committed {
            break;
        }
        for step in run {
            committed |= *step == Step::Offset;
            perform(database, *step, event).await;
        }
    }
}

async fn perform(database: &Database, step: Step, event: Uuid) {
    database
        .transaction("step", async |tx| {
            match step {
                Step::Effect if is_in_inbox(tx, event).await? => {}
                Step::Effect => apply_effect(tx, event).await?,
                Step::Inbox => {
                    insert_into_inbox(tx, event).await?;
                }
                Step::EffectAndInbox if insert_into_inbox(tx, event).await? => {
                    apply_effect(tx, event).await?
                }
                Step::EffectAndInbox | Step::Offset => {}
            }
            Ok::<(), DatabaseError>(())
        })
        .await
        .unwrap();
}

async fn apply_effect(tx: &mut AsyncPgConnection, event: Uuid) -> Result<(), DatabaseError> {
    diesel::sql_query("INSERT INTO effects (record_key, event_id, version) VALUES ($1, $2, $3)")
        .bind::<Text, _>("a")
        .bind::<SqlUuid, _>(event)
        .bind::<BigInt, _>(1)
        .execute(tx)
        .await?;
    Ok(())
}

/// Inserts an event into the inbox; returns whether it is new.
async fn insert_into_inbox(tx: &mut AsyncPgConnection, event: Uuid) -> Result<bool, DatabaseError> {
    let rows = diesel::sql_query(
        "INSERT INTO inbox (topic, event_id, digest) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(TASK_REMINDERS.name)
    .bind::<SqlUuid, _>(event)
    .execute(tx)
    .await?;
    Ok(rows == 1)
}

async fn is_in_inbox(tx: &mut AsyncPgConnection, event: Uuid) -> Result<bool, DatabaseError> {
    let found = diesel::sql_query("SELECT FROM inbox WHERE topic = $1 AND event_id = $2")
        .bind::<Text, _>(TASK_REMINDERS.name)
        .bind::<SqlUuid, _>(event)
        .execute(tx)
        .await?;
    Ok(found == 1)
}
