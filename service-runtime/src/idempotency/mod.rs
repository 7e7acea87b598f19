//! Calls that may come again: each has its effect once, and the first answer is given to all of them (AIP-155).
//!
//! A call is remembered in the transaction that does what it asks for, so it is remembered if and only if it was done.

mod call;
#[cfg(all(test, feature = "testing"))]
mod plan_tests;

pub use call::{Call, IdempotencyConflict};

/// Response of a call, which is stored for its repetitions.
pub trait Response: Message + Default {}

impl<M: Message + Default> Response for M {}

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use openssl::sha::Sha256;
use prost::Message;
use uuid::Uuid;

use crate::{
    ids::UserId,
    postgres::{AsFixed, DatabaseError, schema::idempotency_keys},
};

/// Identity of a call: the id that the caller gave it, and the fingerprint of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
struct IdempotencyKey {
    request_id: Uuid,
    fingerprint: [u8; 32],
}

/// State of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// It has not been answered yet.
    New,
    /// It was answered like this.
    Answered(Vec<u8>),
    /// Its id was used for another call.
    Conflict,
}

impl IdempotencyKey {
    /// Takes the id of a call and what it asks for: the method's name and the message, without the id itself.
    fn new(request_id: Uuid, method: &str, message: &impl Message) -> Self {
        let mut hash = Sha256::new();
        hash.update(method.as_bytes());
        hash.update(&[0]);
        hash.update(&message.encode_to_vec());
        Self {
            request_id,
            fingerprint: hash.finish(),
        }
    }

    async fn find(
        &self,
        tx: &mut AsyncPgConnection,
        user_id: &UserId,
    ) -> Result<Known, DatabaseError> {
        let found: Option<(Vec<u8>, Vec<u8>)> = idempotency_keys::table
            .find((user_id.as_ref(), self.request_id))
            .select((idempotency_keys::fingerprint, idempotency_keys::answer))
            .first(tx)
            .await
            .optional()?;
        Ok(match found {
            None => Known::New,
            Some((fingerprint, answer)) if fingerprint == self.fingerprint => {
                Known::Answered(answer)
            }
            Some(_) => Known::Conflict,
        })
    }

    /// Takes the id for this call until the transaction ends, and finds out whether the call was answered before.
    ///
    /// Waits for another transaction that has the same id, so that a call never works on what the same call is changing.
    async fn claim(
        &self,
        tx: &mut AsyncPgConnection,
        user_id: &UserId,
    ) -> Result<Known, DatabaseError> {
        let claimed = diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::user_id.eq(user_id.as_ref()),
                idempotency_keys::request_id.eq(self.request_id),
                idempotency_keys::fingerprint.eq(self.fingerprint.as_slice()),
                // Other transactions see only the answer that is kept before this one ends.
                idempotency_keys::answer.eq(Vec::new()),
            ))
            .on_conflict_do_nothing()
            .execute(tx)
            .await?;
        match claimed {
            0 => self.find(tx, user_id).await,
            _ => Ok(Known::New),
        }
    }

    /// Keeps the answer to a call whose id is claimed.
    async fn keep(
        &self,
        tx: &mut AsyncPgConnection,
        user_id: &UserId,
        answer: &[u8],
    ) -> Result<(), DatabaseError> {
        diesel::update(idempotency_keys::table.find((user_id.as_ref(), self.request_id)))
            .set(idempotency_keys::answer.eq(answer))
            .fixed()
            .execute(tx)
            .await?;
        Ok(())
    }
}

/// Time for which an answer is kept at least, longer than any client retries.
pub(crate) const KEEP: TimeDelta = TimeDelta::days(7);
const MOST_ROWS_A_STATEMENT: i64 = 10_000;

/// Deletes answers that were given before a moment, up to 10 000 of them, and returns how many.
pub(crate) async fn delete_older(
    tx: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> Result<usize, DatabaseError> {
    let statement = "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_keys WHERE create_time < $1 LIMIT $2))";
    Ok(diesel::sql_query(statement)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(MOST_ROWS_A_STATEMENT)
        .fixed()
        .execute(tx)
        .await?)
}
