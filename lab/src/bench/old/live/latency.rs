use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use service_runtime::BoxError;

use super::{
    command::{Arguments, Subject},
    crowd::{Crowd, Member},
    listeners::Listeners,
    timeline::{Timeline, Written},
};
use crate::bench::old::{
    load::{Bounds, Outcome, open_loop},
    progress::Progress,
    report::{Bound, Figures, Line, Measure, Page},
};

/// Several, so that changes of one task seldom wait for each other.
const TASKS: usize = 5;
const MOST_AT_ONCE: usize = 200;
/// How long messages may take to come after the last write.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What comes twice comes a moment later.
const AFTERMATH: Duration = Duration::from_millis(500);
const GOAL_P50_MS: f64 = 20.0;
const GOAL_P95_MS: f64 = 60.0;

/// The changes of all writers.
type Journal = Arc<Mutex<Vec<Written>>>;

/// Measures how long it takes from a write, and from its answer, to the message at each of its user's clients.
pub async fn measure(
    subject: &Subject<'_>,
    arguments: &Arguments,
    page: &mut Page,
) -> Result<(), BoxError> {
    let users = arguments.clients.div_ceil(arguments.clients_per_user);
    let crowd = Crowd::gather(subject, users, TASKS).await?;
    let measured = follow(subject, arguments, &crowd.members, page).await;
    crowd.disperse(subject).await?;
    measured
}

async fn follow(
    subject: &Subject<'_>,
    arguments: &Arguments,
    members: &[Member],
    page: &mut Page,
) -> Result<(), BoxError> {
    let each = arguments.clients_per_user;
    let tokens = members
        .iter()
        .flat_map(|member| std::iter::repeat_n(member.caller.token(), each));
    let mut listeners = Listeners::new();
    listeners
        .open(&subject.door, &tokens.collect::<Vec<_>>())
        .await?;

    let bounds = Bounds {
        warm_up: arguments.warm_up(),
        measured: arguments.measured(),
        most: usize::MAX,
    };
    let begun = Instant::now();
    let journal = Journal::default();
    let outcome = write(members, arguments.rate, bounds, &journal).await?;
    let written = std::mem::take(&mut *journal.lock().expect("no holder of this lock panics"));
    let timeline = collect(&mut listeners, written.len() * each).await;
    let (ended, why) = listeners.ended();
    if let Some(why) = why {
        return Err(format!("{ended} clients were cut off, the first one because: {why}").into());
    }

    let ways = timeline.ways(&written, each, begun + arguments.warm_up());
    let (rate, clients) = (arguments.rate, members.len() * each);
    let load = format!("{rate} changes a second, {clients} clients");
    page.add(Line::of_outcome(format!("UpdateTask, {load}"), outcome));
    let figures = Figures::of(format!("answer to message, {load}"), ways.from_answer);
    page.add(
        Line::of_figures(figures)
            .goal(Measure::P50Ms, Bound::AtMost(GOAL_P50_MS))
            .goal(Measure::P95Ms, Bound::AtMost(GOAL_P95_MS)),
    );
    let figures = Figures::of(format!("sending to message, {load}"), ways.from_sending);
    page.add(Line::of_figures(figures));
    page.add(none("messages that were lost", ways.lost));
    page.add(none("messages that came twice", ways.doubled));
    Ok(())
}

/// Makes so many changes a second to the tasks of all members in turn, and notes them.
pub async fn write(
    members: &[Member],
    rate: u32,
    bounds: Bounds,
    journal: &Journal,
) -> Result<Outcome, BoxError> {
    let members: Arc<[Member]> = members.into();
    let journal = Arc::clone(journal);
    let progress = Progress::new(format!("{rate} changes a second"), "changes", None);
    let call = move |number: usize| {
        let (members, journal) = (Arc::clone(&members), Arc::clone(&journal));
        async move {
            let user = number % members.len();
            let sent = Instant::now();
            let task = members[user].change(number / members.len(), number).await?;
            let written = Written {
                user,
                version: task.etag.parse()?,
                task: task.id,
                sent,
                answered: Instant::now(),
            };
            let mut journal = journal.lock().expect("no holder of this lock panics");
            journal.push(written);
            Ok(())
        }
    };
    open_loop(f64::from(rate), MOST_AT_ONCE, bounds, progress, call).await
}

/// Tells a count that should be 0.
pub fn none(name: &str, count: usize) -> Line {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let count = count as f64;
    Line::of_value(name, count, "").goal(Measure::Value, Bound::AtMost(0.0))
}

/// Waits until so many messages have come, and a moment longer.
async fn collect(listeners: &mut Listeners, expected: usize) -> Timeline {
    let mut timeline = Timeline::default();
    let begun = Instant::now();
    loop {
        timeline.add(listeners.arrived());
        if timeline.count() >= expected || begun.elapsed() > PATIENCE {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    tokio::time::sleep(AFTERMATH).await;
    timeline.add(listeners.arrived());
    timeline
}
