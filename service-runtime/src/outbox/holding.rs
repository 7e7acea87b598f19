use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use chrono::TimeDelta;
use tokio::time::Instant;
use tracing::info;
use uuid::Uuid;

use super::{
    link::Link,
    position::Position,
    store::{self, Entry},
};
use crate::{backoff::Backoff, postgres::DatabaseError};

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));

/// One lane that the relay owns.
#[derive(Debug)]
struct Lane {
    epoch: i64,
    /// How often its position was written down in this epoch.
    step: i64,
    position: Position,
    /// Whether the position says more than the one that is written down.
    is_ahead: bool,
    /// Whether events were acknowledged since; if not, a new owner would find the same.
    has_sent: bool,
    failures: u32,
    retry_at: Option<Instant>,
    /// The oldest event that has failed waits since then.
    waits_since: Option<Instant>,
}

/// The lanes that a relay owns, under a lease.
#[derive(Debug)]
pub(super) struct Holding {
    relay: Uuid,
    lease: Duration,
    renew_every: Duration,
    renew_at: Instant,
    /// Until then no other relay can own the lanes.
    valid_until: Instant,
    lanes: BTreeMap<i16, Lane>,
    /// Whether the server may have died since the positions were read or reached.
    is_in_doubt: bool,
}

impl Holding {
    pub(super) fn new(relay: Uuid, lease: Duration, renew_every: Duration) -> Self {
        let now = Instant::now();
        Self {
            relay,
            lease,
            renew_every,
            renew_at: now,
            valid_until: now,
            lanes: BTreeMap::new(),
            is_in_doubt: false,
        }
    }

    /// Returns when the lease is to be renewed.
    pub(super) fn renew_at(&self) -> Instant {
        self.renew_at
    }

    /// Returns until when no other relay can own the lanes.
    pub(super) fn valid_until(&self) -> Instant {
        self.valid_until
    }

    /// Has the lease renewed and the lanes shared at the first occasion after a while.
    pub(super) fn renew_in(&mut self, wait: Duration) {
        self.renew_at = Instant::now() + wait;
    }

    /// Has the positions read again before anything else, because the connection was lost and with it perhaps the server.
    ///
    /// A server that dies forgets which transactions had begun, and gives their numbers to others. A position that it has not written
    /// down would take the events of those for sent.
    pub(super) fn doubt(&mut self) {
        self.is_in_doubt = true;
        self.renew_in(Duration::ZERO);
    }

    /// Returns how many lanes these are.
    pub(super) fn count(&self) -> usize {
        self.lanes.len()
    }

    /// Returns the epochs of those of these lanes that are owned.
    pub(super) fn epochs(&self, lanes: &HashSet<i16>) -> BTreeMap<i16, i64> {
        let owned = self.lanes.iter();
        owned
            .filter(|(number, _)| lanes.contains(number))
            .map(|(number, lane)| (*number, lane.epoch))
            .collect()
    }

    /// Returns whether this relay does what only one should do.
    pub(super) fn is_first(&self) -> bool {
        self.lanes.contains_key(&0)
    }

    /// Renews the lease. Lanes that others have taken are gone then, and new ones are where their last owner has left them.
    ///
    /// Only a relay that has nothing under way may give lanes to others.
    pub(super) async fn renew(
        &mut self,
        link: &mut Link,
        may_give: bool,
    ) -> Result<(), DatabaseError> {
        // The database begins the lease later than this.
        let asked = Instant::now();
        let lease = TimeDelta::from_std(self.lease).unwrap_or(TimeDelta::MAX);
        let connection = link.open().await?;
        let share = store::share(connection, self.relay, lease, may_give).await?;
        let owned: HashMap<i16, i64> = share.lanes.into_iter().zip(share.epochs).collect();
        let count = self.lanes.len();
        self.lanes
            .retain(|number, lane| owned.get(number) == Some(&lane.epoch));
        let unknown: Vec<i16> = owned
            .keys()
            .copied()
            .filter(|number| self.is_in_doubt || !self.lanes.contains_key(number))
            .collect();
        if !unknown.is_empty() {
            for (number, position) in store::list(connection, &unknown).await? {
                let epoch = owned[&number];
                match self.lanes.get_mut(&number) {
                    Some(lane) => lane.go_back_to(position),
                    None => drop(self.lanes.insert(number, Lane::new(epoch, position))),
                }
            }
        }
        self.is_in_doubt = false;
        if self.lanes.len() != count {
            info!("relays {} lanes, was {count}", self.lanes.len());
        }
        self.valid_until = asked + self.lease;
        // A share that is not full yet waits for others to give; they say so.
        self.renew_at = asked + self.renew_every;
        Ok(())
    }

    /// Returns the lanes that may have something to send that this snapshot sees, those at one position together.
    ///
    /// What has failed comes last, for if it fails again, what is behind it in the batch is not sent.
    pub(super) fn behind(&self, snapshot: &str) -> Vec<(Position, Vec<i16>)> {
        let now = Instant::now();
        let mut groups: HashMap<(u32, Position), Vec<i16>> = HashMap::new();
        for (number, lane) in &self.lanes {
            let is_there = lane.position.under_way.is_none() && lane.position.seen == snapshot;
            if !is_there && lane.retry_at.is_none_or(|retry_at| retry_at <= now) {
                let group = (lane.failures, lane.position.clone());
                groups.entry(group).or_default().push(*number);
            }
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|((failures, _), _)| *failures);
        groups
            .into_iter()
            .map(|((_, position), lanes)| (position, lanes))
            .collect()
    }

    /// Moves a lane, to be written down.
    pub(super) fn advance(&mut self, number: i16, position: Position, has_sent: bool) {
        if let Some(lane) = self.lanes.get_mut(&number) {
            lane.is_ahead |= lane.position != position;
            lane.position = position;
            lane.has_sent |= has_sent;
            lane.failures = 0;
            lane.retry_at = None;
            lane.waits_since = None;
        }
    }

    /// Lets a lane wait before it is tried again, longer each time; returns how often it has failed in a row.
    pub(super) fn fail(&mut self, number: i16, since: Instant) -> u32 {
        let Some(lane) = self.lanes.get_mut(&number) else {
            return 0;
        };
        lane.failures += 1;
        lane.retry_at = Some(Instant::now() + BACKOFF.delay(lane.failures));
        lane.waits_since = Some(since);
        lane.failures
    }

    /// Returns how long the oldest event waits that has failed.
    pub(super) fn oldest_age(&self) -> Duration {
        let since = self.lanes.values().filter_map(|lane| lane.waits_since);
        since.min().map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Returns when the first of the lanes that have failed is tried again.
    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.lanes.values().filter_map(|lane| lane.retry_at).min()
    }

    /// Writes down how far the lanes are that have sent something since, or all lanes; forgets those that belong to others by now.
    pub(super) async fn write_down(
        &mut self,
        link: &mut Link,
        all: bool,
    ) -> Result<(), DatabaseError> {
        let mut entries = Vec::new();
        for (number, lane) in &mut self.lanes {
            if lane.has_sent || (all && lane.is_ahead) {
                lane.step += 1;
                entries.push(Entry {
                    lane: *number,
                    epoch: lane.epoch,
                    step: lane.step,
                    position: lane.position.clone(),
                });
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        let kept = store::insert(link.open().await?, &entries).await?;
        for Entry { lane: number, .. } in entries {
            if !kept.contains(&number) {
                self.lanes.remove(&number);
            } else if let Some(lane) = self.lanes.get_mut(&number) {
                lane.is_ahead = false;
                lane.has_sent = false;
            }
        }
        Ok(())
    }
}

impl Lane {
    fn new(epoch: i64, position: Position) -> Self {
        Self {
            epoch,
            step: 0,
            position,
            is_ahead: false,
            has_sent: false,
            failures: 0,
            retry_at: None,
            waits_since: None,
        }
    }

    /// Takes the position that is written down; what the broker has had since is sent again, under the same ids.
    fn go_back_to(&mut self, position: Position) {
        self.position = position;
        self.is_ahead = false;
        self.has_sent = false;
    }
}
