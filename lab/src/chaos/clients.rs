//! Live clients that reconnect at another gateway, and so at another replica, whenever they are disconnected.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand::Rng;
use serde::Serialize;
use service_runtime::BoxError;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    fault::seeded_rng,
    mesh::Mesh,
    users::{USERS, Users},
};
use crate::{
    checker::Evidence,
    live_client::{FeedCounts, Follower, LiveClient, Shown},
};

/// Number of clients: more than users, so that some users have several.
const CLIENTS: usize = 12;
/// Time after which a client changes the gateway voluntarily.
const STAY_MS: std::ops::Range<u64> = 3_000..15_000;
const RECONNECT_DELAY: Duration = Duration::from_millis(100);
/// First stream of the seeded generator that the clients use.
const STREAM: u64 = 2_000;

/// Running clients; dropping them drops their connections.
pub struct Clients {
    /// User and follower of each client.
    followers: Vec<(String, Follower)>,
    settled: CancellationToken,
    refused: Arc<Mutex<BTreeMap<String, u64>>>,
    _tasks: JoinSet<()>,
}

/// Counters of all clients.
#[derive(Debug, Default, Serialize)]
pub struct LiveCounts {
    pub clients: usize,
    #[serde(flatten)]
    pub feeds: FeedCounts,
    /// Number of final errors by message.
    pub refused: BTreeMap<String, u64>,
}

impl Clients {
    pub fn start(seed: u64, mesh: &Mesh) -> Result<Self, BoxError> {
        let [first, second] = mesh.gateway_urls.each_ref().map(LiveClient::new);
        let gateways = [first?, second?];
        let settled = CancellationToken::new();
        let refused: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let mut followers = Vec::with_capacity(CLIENTS);
        let mut tasks = JoinSet::new();
        for number in 0..CLIENTS {
            let user = number % USERS;
            let follower = Follower::new(format!("client {number}"));
            followers.push((Users::name(user), follower.clone()));
            let token = Users::bearer(user, &mesh.users_secret)?.token;
            let mut rng = seeded_rng(seed, STREAM + u64::try_from(number)?);
            let (gateways, settled) = (gateways.clone(), settled.clone());
            let refused = Arc::clone(&refused);
            tasks.spawn(async move {
                for gateway in gateways.iter().cycle().skip(number) {
                    let stay = Duration::from_millis(rng.random_range(STAY_MS));
                    let mut follow = std::pin::pin!(follower.follow(gateway, &token));
                    let end = match timeout(stay, &mut follow).await {
                        Ok(end) => Some(end),
                        Err(_) if settled.is_cancelled() => Some(follow.await),
                        Err(_) => None,
                    };
                    if let Some(end) = end.filter(|end| end.is_final()) {
                        let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
                        *refused.entry(end.to_string()).or_default() += 1;
                    }
                    sleep(RECONNECT_DELAY).await;
                }
            });
        }
        Ok(Self {
            followers,
            settled,
            refused,
            _tasks: tasks,
        })
    }

    /// Ends the voluntary changes of the gateway.
    pub fn settle(&self) {
        self.settled.cancel();
    }

    /// Describes the clients that do not show the final tasks yet, if there are any.
    pub fn unfinished(&self, tasks: &HashMap<String, Vec<Shown>>) -> Option<String> {
        let mut behind = self
            .followers
            .iter()
            .filter(|(user, follower)| !follower.look(|view| view.shows(tasks_of(user, tasks))));
        let (user, _) = behind.next()?;
        let count = 1 + behind.count();
        Some(format!(
            "{count} live clients are behind, the first is of {user}"
        ))
    }

    pub fn add_evidence(&self, evidence: &mut Evidence, tasks: &HashMap<String, Vec<Shown>>) {
        for (user, follower) in &self.followers {
            follower.look(|view| view.add_evidence(evidence, tasks_of(user, tasks)));
        }
    }

    pub fn counts(&self) -> LiveCounts {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        LiveCounts {
            clients: self.followers.len(),
            feeds: self.followers.iter().map(|(_, one)| one.counts()).sum(),
            refused: refused.clone(),
        }
    }
}

fn tasks_of<'a>(user: &str, tasks: &'a HashMap<String, Vec<Shown>>) -> &'a [Shown] {
    tasks.get(user).map_or(&[], Vec::as_slice)
}
