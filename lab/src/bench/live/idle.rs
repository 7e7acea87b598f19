use std::time::Duration;

use service_runtime::BoxError;
use tokio::time::sleep;

use super::{crowd::Crowd, listeners::Listeners};
use crate::{
    bench::{
        load::number,
        mesh::{Mesh, resident_bytes},
        report::{Measure, Report, Row, step},
    },
    live_client::LiveClient,
};

/// Number of streams of each user, below the limit.
const STREAMS: usize = 50;
/// Share of the clients that connect first, so that memory that all clients share does not count.
const FIRST: usize = 20;
const GOAL_BYTES: f64 = 20_000.0;

/// Measures the memory that idle clients take in the processes of the mesh.
pub async fn measure(
    mesh: &Mesh<'_>,
    gateway: &LiveClient,
    processes: &[String],
    clients: usize,
    seconds: u64,
    report: &mut Report,
) -> Result<(), BoxError> {
    let memory = || -> Result<f64, BoxError> {
        let each = processes.iter().map(|process| resident_bytes(process));
        Ok(number(each.sum::<Result<u64, BoxError>>()?))
    };
    let first = clients.div_ceil(FIRST);
    let crowd = Crowd::create(mesh, (first + clients).div_ceil(STREAMS), 0).await?;
    let members = crowd.members.iter();
    let tokens: Vec<&str> = members
        .flat_map(|member| std::iter::repeat_n(member.caller.bearer.token.as_str(), STREAMS))
        .collect();
    let mut listeners = Listeners::new();
    listeners.open(gateway, &tokens[..first]).await?;
    step(format!("waits {seconds} s"));
    sleep(Duration::from_secs(seconds)).await;
    let before = memory()?;
    listeners
        .open(gateway, &tokens[first..first + clients])
        .await?;
    let connected = memory()?;
    step(format!("waits {seconds} s"));
    sleep(Duration::from_secs(seconds)).await;
    let after = memory()?;
    let each = |then: f64| (then - before) / number(clients);
    let name = format!("memory of each of {clients} clients");
    report.add(Row::value(
        format!("{name}, just connected"),
        each(connected),
        "bytes",
    ));
    let row = Row::value(format!("{name}, idle"), each(after), "bytes");
    report.add(row.at_most(Measure::Figure, GOAL_BYTES));
    report.add(Row::none(
        "lost connections of idle clients",
        listeners.ends().len(),
    ));
    Ok(())
}
