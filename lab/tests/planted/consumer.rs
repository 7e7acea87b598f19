//! A consumer whose steps can be put in any order, and that can die after any of them.

use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::postgres::{Database, DatabaseError};
use taskmesh_proto::topics::TASK_REMINDERS;
use uuid::Uuid;

/// What a consumer does with a record; each step is a commit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Has the effect, unless the inbox knows the event.
    Effect,
    /// Puts the event into the inbox.
    Inbox,
    /// Both at once.
    EffectAndInbox,
    /// Tells the broker that the record need not come again.
    Offset,
}

/// As it is right: what dies in between is delivered again, and known.
pub const RIGHT: &[Step] = &[Step::EffectAndInbox, Step::Offset];
/// What dies in between never has its effect.
pub const OFFSET_BEFORE_EFFECT: &[Step] = &[Step::Offset, Step::EffectAndInbox];
/// What dies in between has its effect twice.
pub const EFFECT_BEFORE_INBOX: &[Step] = &[Step::Effect, Step::Inbox, Step::Offset];

/// Consumes a topic that holds one record, dies after so many steps, and comes back.
pub async fn die_and_come_back(database: &Database, steps: &[Step], after: usize, event: Uuid) {
    let mut committed = false;
    for life in [&steps[..after], steps] {
        if committed {
            break;
        }
        for step in life {
            committed |= *step == Step::Offset;
            take(database, *step, event).await;
        }
    }
}

async fn take(database: &Database, step: Step, event: Uuid) {
    database
        .transaction("step", async |tx| {
            match step {
                Step::Effect if is_known(tx, event).await? => {}
                Step::Effect => have_effect(tx, event).await?,
                Step::Inbox => {
                    note(tx, event).await?;
                }
                Step::EffectAndInbox if note(tx, event).await? => have_effect(tx, event).await?,
                Step::EffectAndInbox | Step::Offset => {}
            }
            Ok::<(), DatabaseError>(())
        })
        .await
        .unwrap();
}

async fn have_effect(tx: &mut AsyncPgConnection, event: Uuid) -> Result<(), DatabaseError> {
    diesel::sql_query("INSERT INTO effects (record_key, event_id, version) VALUES ($1, $2, $3)")
        .bind::<Text, _>("a")
        .bind::<SqlUuid, _>(event)
        .bind::<BigInt, _>(1)
        .execute(tx)
        .await?;
    Ok(())
}

/// Puts an event into the inbox; returns whether it is new there.
async fn note(tx: &mut AsyncPgConnection, event: Uuid) -> Result<bool, DatabaseError> {
    let rows = diesel::sql_query(
        "INSERT INTO inbox (topic, event_id, digest) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(TASK_REMINDERS.name)
    .bind::<SqlUuid, _>(event)
    .execute(tx)
    .await?;
    Ok(rows == 1)
}

async fn is_known(tx: &mut AsyncPgConnection, event: Uuid) -> Result<bool, DatabaseError> {
    let found = diesel::sql_query("SELECT FROM inbox WHERE topic = $1 AND event_id = $2")
        .bind::<Text, _>(TASK_REMINDERS.name)
        .bind::<SqlUuid, _>(event)
        .execute(tx)
        .await?;
    Ok(found == 1)
}
