//! Clients of the live feed that never give up: cut off, they come back at another gateway, behind which is another replica.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::checker::Evidence;
use serde::Serialize;
use service_runtime::{BoxError, ids::UserId};
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    dice::Dice,
    load::TOKEN_TTL,
    tables::TaskRow,
    users::{USERS, Users},
};
use crate::live_client::{Door, Follower, Shown, Travels};
use taskmesh::token;

/// More than there are users, so that some users have several.
const CLIENTS: usize = 12;
/// How long a client stays at a gateway of its own will.
const STAY_MS: std::ops::Range<u64> = 3_000..15_000;
/// How long it waits before it comes back.
const PAUSE: Duration = Duration::from_millis(100);
/// What the purposes of the clients' dice begin with.
const PURPOSE: u64 = 2_000;

/// All clients; dropping them cuts their connections.
pub struct Watchers {
    clients: Vec<Client>,
    settled: CancellationToken,
    refused: Refused,
    _travelling: JoinSet<()>,
}

/// How often clients were refused, by what they were told.
type Refused = Arc<Mutex<BTreeMap<String, u64>>>;

/// What the clients have gone through.
#[derive(Debug, Default, Serialize)]
pub struct LiveCounts {
    pub clients: usize,
    #[serde(flatten)]
    pub travels: Travels,
    /// Sockets that were not opened, or closed as if the client had done something wrong.
    pub refused: BTreeMap<String, u64>,
}

struct Client {
    user: String,
    follower: Follower,
}

impl Watchers {
    /// Connects clients to these gateways in turn.
    pub fn start(seed: u64, gateways: &[Url], secret: &str) -> Result<Self, BoxError> {
        let doors: Vec<Door> = gateways.iter().map(Door::new).collect::<Result<_, _>>()?;
        let settled = CancellationToken::new();
        let refused = Refused::default();
        let mut clients = Vec::with_capacity(CLIENTS);
        let mut travelling = JoinSet::new();
        for number in 0..CLIENTS {
            let user = Users::name(number % USERS);
            let follower = Follower::new(format!("client {number}"));
            let traveller = Traveller {
                token: token::mint(secret.to_owned(), &user.parse::<UserId>()?, &[], TOKEN_TTL)?,
                doors: doors.clone(),
                dice: Dice::new(seed, PURPOSE + u64::try_from(number)?),
                follower: follower.clone(),
                settled: settled.clone(),
                refused: Arc::clone(&refused),
            };
            travelling.spawn(traveller.travel(number));
            clients.push(Client { user, follower });
        }
        Ok(Self {
            clients,
            settled,
            refused,
            _travelling: travelling,
        })
    }

    /// Has the clients stay where they are, for as long as they are let.
    pub fn settle(&self) {
        self.settled.cancel();
    }

    /// Tells which client does not show its user's tasks as they are, if there is one.
    pub fn behind(&self, tasks: &[TaskRow]) -> Option<String> {
        let mut behind = self.clients.iter().filter(|client| {
            let tasks = tasks_of(&client.user, tasks);
            !client.follower.look(|view| view.shows(&tasks))
        });
        let first = behind.next()?;
        let user = &first.user;
        Some(format!(
            "{} live clients do not show everything, the first one that of {user}",
            1 + behind.count()
        ))
    }

    /// Adds what the clients were told and show.
    pub fn add_evidence(&self, evidence: &mut Evidence, tasks: &[TaskRow]) {
        for Client { user, follower } in &self.clients {
            let tasks = tasks_of(user, tasks);
            follower.look(|view| view.add_evidence(evidence, &tasks));
        }
    }

    /// Returns what the clients have gone through.
    pub fn counts(&self) -> LiveCounts {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        LiveCounts {
            clients: self.clients.len(),
            travels: Travels::sum(self.clients.iter().map(|client| client.follower.travels())),
            refused: refused.clone(),
        }
    }
}

fn tasks_of(user: &str, tasks: &[TaskRow]) -> Vec<Shown> {
    let tasks = tasks.iter().filter(|task| task.user_id == user);
    let shown = tasks.map(|task| Shown {
        id: task.id.clone(),
        version: task.version,
        title: task.title.clone(),
        is_deleted: task.is_deleted,
    });
    shown.collect()
}

struct Traveller {
    token: String,
    doors: Vec<Door>,
    dice: Dice,
    follower: Follower,
    settled: CancellationToken,
    refused: Refused,
}

impl Traveller {
    async fn travel(mut self, mut next: usize) {
        loop {
            let door = &self.doors[next % self.doors.len()];
            let stay = self.dice.milliseconds(STAY_MS);
            let leave = async {
                tokio::select! {
                    () = sleep(stay) => {}
                    () = self.settled.cancelled() => std::future::pending().await,
                }
            };
            tokio::select! {
                end = self.follower.follow(door, &self.token) => {
                    if end.is_final() {
                        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                        *refused.entry(end.to_string()).or_default() += 1;
                    }
                }
                () = leave => {}
            }
            next += 1;
            sleep(PAUSE).await;
        }
    }
}
