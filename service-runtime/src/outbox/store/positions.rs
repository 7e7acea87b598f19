use std::collections::HashSet;

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Nullable, SmallInt, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    outbox::position::{Position, UnderWay},
    postgres::{AsFixed, DatabaseError},
};

/// The position of a lane, as its owner writes it down.
#[derive(Debug, Clone)]
pub(in crate::outbox) struct Entry {
    pub lane: i16,
    pub epoch: i64,
    pub step: i64,
    pub position: Position,
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = SmallInt)]
    lane: i16,
    #[diesel(sql_type = Text)]
    seen: String,
    #[diesel(sql_type = Nullable<Text>)]
    upto: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    after: Option<i64>,
}

/// Returns how far lanes are.
pub(in crate::outbox) async fn list(
    connection: &mut AsyncPgConnection,
    lanes: &[i16],
) -> Result<Vec<(i16, Position)>, DatabaseError> {
    let places: Vec<Place> = diesel::sql_query(
        "SELECT lane, seen::text AS seen, upto::text AS upto, after FROM outbox_places WHERE lane = ANY ($1)",
    )
    .bind::<Array<SmallInt>, _>(lanes)
    .fixed()
    .load(connection)
    .await?;
    let position = |place: Place| {
        let under_way = place
            .upto
            .zip(place.after)
            .map(|(upto, after)| UnderWay { upto, after });
        let seen = place.seen;
        (place.lane, Position { seen, under_way })
    };
    Ok(places.into_iter().map(position).collect())
}

/// Writes down how far lanes are; returns those that the relay still owns, and leaves the others as they are.
///
/// Does not wait for the disk: if the server dies, events are sent again, and until then writers have it for themselves.
pub(in crate::outbox) async fn insert(
    connection: &mut AsyncPgConnection,
    entries: &[Entry],
) -> Result<HashSet<i16>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Lane {
        #[diesel(sql_type = SmallInt)]
        lane: i16,
    }
    let under_way = |entry: &Entry| entry.position.under_way.clone();
    let lanes: Vec<i16> = entries.iter().map(|entry| entry.lane).collect();
    let epochs: Vec<i64> = entries.iter().map(|entry| entry.epoch).collect();
    let steps: Vec<i64> = entries.iter().map(|entry| entry.step).collect();
    let seen: Vec<&str> = entries
        .iter()
        .map(|entry| entry.position.seen.as_str())
        .collect();
    let upto: Vec<Option<String>> = entries
        .iter()
        .map(|entry| under_way(entry).map(|under_way| under_way.upto))
        .collect();
    let after: Vec<Option<i64>> = entries
        .iter()
        .map(|entry| under_way(entry).map(|under_way| under_way.after))
        .collect();
    let kept: Vec<Lane> = diesel::sql_query(
        "INSERT INTO outbox_positions (lane, epoch, step, seen, upto, after) \
         SELECT lane, epoch, step, seen::pg_snapshot, upto::pg_snapshot, after \
         FROM unnest($1, $2, $3, $4, $5, $6) AS entry (lane, epoch, step, seen, upto, after) \
         JOIN outbox_lanes USING (lane, epoch) \
         CROSS JOIN (SELECT set_config('synchronous_commit', 'off', true)) AS in_haste \
         RETURNING lane",
    )
    .bind::<Array<SmallInt>, _>(lanes)
    .bind::<Array<BigInt>, _>(epochs)
    .bind::<Array<BigInt>, _>(steps)
    .bind::<Array<Text>, _>(seen)
    .bind::<Array<Nullable<Text>>, _>(upto)
    .bind::<Array<Nullable<BigInt>>, _>(after)
    .fixed()
    .load(connection)
    .await?;
    Ok(kept.into_iter().map(|row| row.lane).collect())
}
