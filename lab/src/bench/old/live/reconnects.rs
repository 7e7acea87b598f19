use std::{sync::Arc, time::Duration};

use crate::checker::{Evidence, Tally, check};
use service_runtime::BoxError;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

use super::{
    command::{Arguments, Subject},
    crowd::{Crowd, Member},
    latency::{none, write},
};
use crate::{
    bench::old::{
        data::Rng,
        load::Bounds,
        report::{Bound, Line, Measure, Page},
    },
    live_client::{FeedCounts, Follower, LiveClient, Shown},
};

const USERS: usize = 50;
const CLIENTS_PER_USER: usize = 2;
const TASKS: usize = 20;
/// How long the last messages may take after the last write.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Longer than anything is measured.
const FOR_EVER: Duration = Duration::from_secs(24 * 3_600);
/// How long a client waits that was not let in.
const PAUSE: Duration = Duration::from_millis(100);

/// Cuts clients off at random moments while changes are made, lets them go on behind their resume tokens, and compares what each
/// shows in the end with the list of its user's tasks.
pub async fn measure(
    subject: &Subject<'_>,
    arguments: &Arguments,
    page: &mut Page,
) -> Result<(), BoxError> {
    let crowd = Crowd::gather(subject, USERS, TASKS).await?;
    let measured = cut_off(subject, arguments, &crowd.members, page).await;
    crowd.disperse(subject).await?;
    measured
}

async fn cut_off(
    subject: &Subject<'_>,
    arguments: &Arguments,
    members: &[Member],
    page: &mut Page,
) -> Result<(), BoxError> {
    let clients = USERS * CLIENTS_PER_USER;
    let bounds = Bounds {
        warm_up: Duration::ZERO,
        measured: arguments.measured(),
        most: usize::MAX,
    };
    let mut travelling = JoinSet::new();
    let mut followers = Vec::with_capacity(clients);
    for number in 0..clients {
        let follower = Follower::new(format!("client {number}"));
        followers.push(follower.clone());
        let traveller = Traveller {
            follower,
            door: subject.door.clone(),
            token: members[number / CLIENTS_PER_USER].caller.token().to_owned(),
            cuts: cuts(arguments, number, clients),
        };
        travelling.spawn(traveller.travel());
    }
    let outcome = write(members, arguments.rate, bounds, &Arc::default()).await?;

    let mut lists = Vec::with_capacity(members.len());
    for member in members {
        lists.push(member.list().await?);
    }
    wait(&followers, &lists).await;
    if let Some(ended) = travelling.try_join_next() {
        return Err(ended?);
    }
    drop(travelling);

    let mut evidence = Evidence::default();
    for (number, follower) in followers.iter().enumerate() {
        let list = &lists[number / CLIENTS_PER_USER];
        follower.look(|view| view.add_evidence(&mut evidence, list));
    }
    let violations = check(&evidence);
    if let Some(first) = violations.first() {
        eprintln!("{first}");
    }
    let tally = Tally::of(&violations);
    let feed_counts = followers.iter().map(Follower::counts).sum::<FeedCounts>();
    page.add(Line::of_outcome(
        format!("UpdateTask, {clients} clients that are cut off"),
        outcome,
    ));
    for (name, count) in [
        ("changes that were told", feed_counts.changes),
        ("clients that had to begin anew", feed_counts.resyncs),
    ] {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        page.add(Line::of_value(name, count as f64, ""));
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    page.add(
        Line::of_value(
            "reconnects behind a resume token",
            feed_counts.resumed as f64,
            "",
        )
        .goal(Measure::Value, Bound::AtLeast(arguments.reconnects as f64)),
    );
    page.add(none("gaps in what clients were told", tally.lost));
    page.add(none("changes that were told twice", tally.doubled));
    page.add(none(
        "changes that were told late or of nothing",
        tally.inverted + tally.unfounded,
    ));
    Ok(())
}

/// Draws the moments at which a client is cut off, so that all clients together are as often as they should; not before they have begun.
fn cuts(arguments: &Arguments, number: usize, clients: usize) -> Vec<Duration> {
    let more = usize::from(number < arguments.reconnects % clients);
    let count = arguments.reconnects / clients + more;
    let mut rng = Rng::of_part(1, 1, number as u64);
    let mut moments: Vec<Duration> = (0..count)
        .map(|_| arguments.measured().mul_f64(0.1 + 0.9 * rng.unit()))
        .collect();
    moments.sort_unstable();
    moments
}

/// A client that is cut off now and then.
struct Traveller {
    follower: Follower,
    door: LiveClient,
    token: String,
    cuts: Vec<Duration>,
}

impl Traveller {
    /// Follows the feed for ever; returns only what coming back cannot mend.
    async fn travel(self) -> BoxError {
        let begun = Instant::now();
        for cut in &self.cuts {
            if let Err(error) = self.stay(begun + *cut).await {
                return error;
            }
        }
        loop {
            if let Err(error) = self.stay(begun + FOR_EVER).await {
                return error;
            }
        }
    }

    /// Follows the feed until a moment, or shortly after it: who is not connected cannot be cut off.
    async fn stay(&self, until: Instant) -> Result<(), BoxError> {
        loop {
            let end = match self.follower.open(&self.door, &self.token).await {
                Ok(socket) => match timeout_at(until, self.follower.listen(socket)).await {
                    Ok(end) => end,
                    Err(_) => return Ok(()),
                },
                Err(end) => end,
            };
            if end.is_final() {
                return Err(end.into());
            }
            sleep(PAUSE).await;
        }
    }
}

/// Waits until all clients show what is listed, or too long.
async fn wait(followers: &[Follower], lists: &[Vec<Shown>]) {
    let deadline = Instant::now() + PATIENCE;
    let is_there = |number: usize| {
        let list = &lists[number / CLIENTS_PER_USER];
        followers[number].look(|view| view.shows(list))
    };
    while !(0..followers.len()).all(is_there) && Instant::now() < deadline {
        sleep(LOOK_EVERY).await;
    }
}
