use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};
use service_runtime::BoxError;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

use super::crowd::Crowd;
use crate::{
    bench::{
        load::{Bounds, number},
        mesh::Mesh,
        report::{Measure, Report, Row},
    },
    checker::{Evidence, Tally, check},
    live_client::{End, FeedCounts, Follower, LiveClient},
};

const USERS: usize = 50;
const CLIENTS_PER_USER: usize = 2;
const TASKS: usize = 20;
/// Time that the last messages may take.
const TIMEOUT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(100);
/// Delay after a refused connection, whose snapshot may have been too much for the mesh.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// Time beyond the end of every run.
const FOREVER: Duration = Duration::from_secs(24 * 3_600);

/// Disconnects clients at random moments during changes, and compares their final tasks with the lists of their users.
pub async fn measure(
    mesh: &Mesh<'_>,
    gateway: &LiveClient,
    reconnects: usize,
    rate: u32,
    bounds: Bounds,
    report: &mut Report,
) -> Result<(), BoxError> {
    let crowd = Crowd::create(mesh, USERS, TASKS).await?;
    let clients = USERS * CLIENTS_PER_USER;
    let mut rng = StdRng::seed_from_u64(1);
    let mut running = JoinSet::new();
    let mut followers = Vec::with_capacity(clients);
    for client in 0..clients {
        let follower = Follower::new(format!("client {client}"));
        followers.push(follower.clone());
        // The first tenth of the time is for the snapshots.
        let cuts = (client..reconnects).step_by(clients);
        let cuts =
            cuts.map(|_| Duration::from_secs(bounds.seconds).mul_f64(rng.random_range(0.1..1.0)));
        let token = crowd.members[client / CLIENTS_PER_USER]
            .caller
            .bearer
            .token
            .clone();
        running.spawn(follow(follower, gateway.clone(), token, cuts.collect()));
    }
    let measured = Bounds {
        warm_up: 0,
        ..bounds
    };
    let (outcome, _) = crowd.write(rate, measured).await?;
    let mut lists = Vec::with_capacity(USERS);
    for member in &*crowd.members {
        lists.push(member.list().await?);
    }
    let clients_and_lists = || {
        let lists = lists.iter().flat_map(|list| [list; CLIENTS_PER_USER]);
        followers.iter().zip(lists)
    };
    let end = Instant::now() + TIMEOUT;
    while !clients_and_lists().all(|(follower, list)| follower.look(|view| view.shows(list)))
        && Instant::now() < end
    {
        sleep(POLL).await;
    }
    if let Some(end) = running.try_join_next() {
        return Err(format!("a client was refused: {}", end?).into());
    }
    drop(running);
    let mut evidence = Evidence::default();
    for (follower, list) in clients_and_lists() {
        follower.look(|view| view.add_evidence(&mut evidence, list));
    }
    crowd.remove(mesh).await?;
    let violations = check(&evidence);
    if let Some(first) = violations.first() {
        eprintln!("  {first}");
    }
    let tally = Tally::of(&violations);
    let counts: FeedCounts = followers.iter().map(Follower::counts).sum();
    report.add(Row::load(
        format!("UpdateTask, {clients} clients that reconnect"),
        &outcome,
    ));
    report.add(Row::value("received changes", number(counts.changes), ""));
    report.add(Row::value("resyncs", number(counts.resyncs), ""));
    report.add(
        Row::value("resumed connections", number(counts.resumed), "")
            .at_least(Measure::Figure, number(reconnects)),
    );
    report.add(Row::none("lost changes", tally.lost));
    report.add(Row::none("doubled changes", tally.doubled));
    let wrong = tally.inverted + tally.unfounded;
    report.add(Row::none("changes out of order or without a write", wrong));
    Ok(())
}

/// Follows the feed and drops the connection at these times; returns an end that a retry would repeat.
async fn follow(
    follower: Follower,
    gateway: LiveClient,
    token: String,
    mut cuts: Vec<Duration>,
) -> End {
    let begin = Instant::now();
    cuts.sort_unstable();
    cuts.push(FOREVER);
    for cut in cuts {
        // A client that is not connected at the time of the cut connects first.
        loop {
            let end = match follower.open(&gateway, &token).await {
                Ok(socket) => match timeout_at(begin + cut, follower.listen(socket)).await {
                    Ok(end) => end,
                    Err(_) => break,
                },
                Err(end) => end,
            };
            if end.is_final() {
                return end;
            }
            sleep(RETRY_DELAY).await;
        }
    }
    std::future::pending().await
}
