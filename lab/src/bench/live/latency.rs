use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use service_runtime::BoxError;
use tokio::time::sleep;

use super::{
    crowd::{Crowd, Written},
    listeners::{Arrival, Listeners},
};
use crate::{
    bench::{
        load::{Bounds, Outcome},
        mesh::Mesh,
        report::{Measure, Report, Row},
    },
    live_client::LiveClient,
};

/// Number of tasks of each user, so that changes of one task seldom wait for each other.
const TASKS: usize = 5;
/// Time that the last messages may take.
const TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);
/// Time after the last message in which duplicates would arrive.
const SETTLE_TIME: Duration = Duration::from_millis(500);
const GOAL_P50_MS: f64 = 20.0;
const GOAL_P95_MS: f64 = 60.0;

/// Delays of messages, and numbers of lost and repeated ones.
#[derive(Debug, Default)]
struct Delivery {
    from_answer: Outcome,
    from_sending: Outcome,
    lost: u64,
    doubled: u64,
}

/// Measures the time from a write, and from its answer, to the message at each client of its user.
pub async fn measure(
    mesh: &Mesh<'_>,
    gateway: &LiveClient,
    (users, per_user): (usize, usize),
    rate: u32,
    bounds: Bounds,
    report: &mut Report,
) -> Result<(), BoxError> {
    let crowd = Crowd::create(mesh, users, TASKS).await?;
    let members = crowd.members.iter();
    let tokens: Vec<&str> = members
        .flat_map(|member| std::iter::repeat_n(member.caller.bearer.token.as_str(), per_user))
        .collect();
    let mut listeners = Listeners::new();
    listeners.open(gateway, &tokens).await?;
    let from = Instant::now() + Duration::from_secs(bounds.warm_up);
    let (outcome, written) = crowd.write(rate, bounds).await?;
    let mut arrivals = Vec::new();
    let end = Instant::now() + TIMEOUT;
    while arrivals.len() < written.len() * per_user && Instant::now() < end {
        sleep(POLL).await;
        arrivals.extend(listeners.arrived());
    }
    sleep(SETTLE_TIME).await;
    arrivals.extend(listeners.arrived());
    if let [first, ..] = listeners.ends().as_slice() {
        return Err(format!("a client lost its connection: {first}").into());
    }
    let delivery = Delivery::of(arrivals, &written, per_user, from);
    crowd.remove(mesh).await?;

    let load = format!("{rate} changes per second, {} clients", users * per_user);
    report.add(Row::load(format!("UpdateTask, {load}"), &outcome));
    report.add(
        Row::latency(format!("answer to message, {load}"), &delivery.from_answer)
            .at_most(Measure::P50, GOAL_P50_MS)
            .at_most(Measure::P95, GOAL_P95_MS),
    );
    report.add(Row::latency(
        format!("sending to message, {load}"),
        &delivery.from_sending,
    ));
    report.add(Row::none("lost messages", delivery.lost));
    report.add(Row::none("doubled messages", delivery.doubled));
    Ok(())
}

impl Delivery {
    /// Compares the arrivals with the changes at each client of the user; delays of changes sent before `from` do not count.
    fn of(arrivals: Vec<Arrival>, written: &[Written], per_user: usize, from: Instant) -> Self {
        let mut times: HashMap<(usize, String, i64), Vec<Instant>> = HashMap::new();
        for arrival in arrivals {
            let key = (arrival.client, arrival.task, arrival.version);
            times.entry(key).or_default().push(arrival.time);
        }
        let mut delivery = Self::default();
        for change in written {
            for client in change.user * per_user..(change.user + 1) * per_user {
                let key = (client, change.task.clone(), change.version);
                let [time, repeated @ ..] = times.get(&key).map_or(&[][..], Vec::as_slice) else {
                    delivery.lost += 1;
                    continue;
                };
                delivery.doubled += repeated.len() as u64;
                if change.sent >= from {
                    // A message may arrive before the answer.
                    let delay = time.saturating_duration_since(change.answered);
                    delivery.from_answer.record(delay);
                    delivery.from_sending.record(*time - change.sent);
                }
            }
        }
        delivery
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_followed_to_each_client_of_its_user() {
        let start = Instant::now();
        let at = |milliseconds: u64| start + Duration::from_millis(milliseconds);
        let written = |version, sent| Written {
            user: 1,
            task: "a".to_owned(),
            version,
            sent: at(sent),
            answered: at(sent + 2),
        };
        let arrivals = [(2, 2, 15), (3, 2, 11), (2, 3, 25), (2, 3, 26), (0, 2, 15)];
        let arrivals = arrivals.map(|(client, version, time)| Arrival {
            client,
            task: "a".to_owned(),
            version,
            time: at(time),
        });
        let written = [written(2, 10), written(3, 20)];
        let delivery = Delivery::of(arrivals.into(), &written, 2, at(10));
        let (answer, sending) = (
            delivery.from_answer.latency(),
            delivery.from_sending.latency(),
        );
        assert_eq!((answer.count, sending.count), (3, 3));
        assert!((2.9..3.1).contains(&answer.max) && (4.9..5.1).contains(&sending.max));
        assert_eq!((delivery.lost, delivery.doubled), (1, 1));
    }
}
