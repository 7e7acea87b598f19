//! The state of the broker that all connections share.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::{
    group::Group,
    store::{CommittedOffset, Store, StoreError},
    topics::Topics,
};

/// Offsets of one group by topic and partition.
pub type GroupOffsets = BTreeMap<(String, i32), CommittedOffset>;

/// The broker.
pub struct Node {
    /// Address that clients connect to.
    pub address: SocketAddr,
    pub store: Store,
    topics: Mutex<Topics>,
    groups: Mutex<HashMap<String, Group>>,
    offsets: Mutex<BTreeMap<String, GroupOffsets>>,
    /// Notifies waiting fetches about new records.
    pub appended: watch::Sender<()>,
}

impl Node {
    /// Loads the state from the storage.
    pub fn load(address: SocketAddr, store: Store) -> Result<Self, StoreError> {
        let mut offsets: BTreeMap<String, GroupOffsets> = BTreeMap::new();
        for (group, topic, partition, offset) in store.offsets()? {
            let group = offsets.entry(group).or_default();
            group.insert((topic, partition), offset);
        }
        Ok(Self {
            address,
            topics: Mutex::new(Topics::load(&store)?),
            store,
            groups: Mutex::default(),
            offsets: Mutex::new(offsets),
            appended: watch::channel(()).0,
        })
    }

    /// Locks the topics. No holder awaits anything.
    pub fn topics(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the groups. No holder awaits anything.
    pub fn groups(&self) -> MutexGuard<'_, HashMap<String, Group>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the committed offsets by group. No holder awaits anything.
    pub fn offsets(&self) -> MutexGuard<'_, BTreeMap<String, GroupOffsets>> {
        self.offsets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
