use service_runtime::BoxError;

use super::{
    command::{Arguments, Subject},
    crowd::Crowd,
    latency::none,
    listeners::Listeners,
};
use crate::bench::old::{
    process,
    progress::Progress,
    report::{Bound, Line, Measure, Page},
};

/// How many streams each user has: fewer than one may have.
const STREAMS: usize = 50;
/// Before memory is looked at, one in so many of the clients is connected, so that what all of them share is there.
const FIRST: usize = 20;
const GOAL_BYTES: f64 = 20_000.0;

/// Measures how much memory clients take that nothing is told.
pub async fn measure(
    subject: &Subject<'_>,
    arguments: &Arguments,
    page: &mut Page,
) -> Result<(), BoxError> {
    let processes = match arguments.process.as_slice() {
        [] => vec![process::in_folder(subject.connection.data_dir())?],
        given => given.to_vec(),
    };
    let memory = || -> Result<u64, BoxError> {
        let each = processes.iter();
        each.map(|process| process::resident(&process.to_string()))
            .sum()
    };
    let first = arguments.idle.div_ceil(FIRST);
    let users = (first + arguments.idle).div_ceil(STREAMS);
    let crowd = Crowd::gather(subject, users, 0).await?;
    let members = crowd.members.iter();
    let tokens: Vec<&str> = members
        .flat_map(|member| std::iter::repeat_n(member.caller.token(), STREAMS))
        .collect();
    let mut listeners = Listeners::new();
    listeners.open(&subject.door, &tokens[..first]).await?;
    wait(arguments, "the first of them idle").await;
    let before = memory()?;
    let all = first + arguments.idle;
    listeners.open(&subject.door, &tokens[first..all]).await?;
    let connected = memory()?;
    wait(arguments, "all of them idle").await;
    let after = memory()?;
    let (ended, why) = listeners.ended();
    if let Some(why) = why {
        eprintln!("{ended} clients were cut off, the first one because: {why}");
    }

    let idle = arguments.idle;
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
    let each = |then: u64| (then as f64 - before as f64) / idle as f64;
    page.add(Line::of_value(
        format!("memory of each of {idle} clients, just connected"),
        each(connected),
        "bytes",
    ));
    page.add(
        Line::of_value(
            format!("memory of each of {idle} clients, idle"),
            each(after),
            "bytes",
        )
        .goal(Measure::Value, Bound::AtMost(GOAL_BYTES)),
    );
    page.add(none("idle clients that were cut off", ended));
    Ok(())
}

async fn wait(arguments: &Arguments, label: &str) {
    let progress = Progress::new(label, "waits", Some(1));
    let idle = tokio::time::sleep(arguments.idle_time());
    progress.watch(idle).await;
}
