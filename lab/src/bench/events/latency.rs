use service_runtime::BoxError;

use super::{follower::Follower, service};
use crate::bench::{
    load::Bounds,
    mesh::connect,
    report::{Measure, Report, Row, step},
    servers::Servers,
};

const GOAL_P50_MS: f64 = 15.0;
const GOAL_P99_MS: f64 = 50.0;
/// Goal with a cluster, which acknowledges each event on several brokers.
const GOAL_P99_OF_CLUSTER_MS: f64 = 100.0;

/// Measures the time from the answer to a commit until the effect in a consumer is visible.
pub async fn measure(
    servers: &Servers,
    rate: u32,
    bounds: Bounds,
    report: &mut Report,
) -> Result<(), BoxError> {
    service::prepare(servers).await?;
    let (running, database) = service::start(servers, true).await?;
    let follower = Follower::default();
    let following = tokio::spawn(
        follower
            .clone()
            .follow(connect(&servers.database_url).await?),
    );
    // Until the consumer has its partitions.
    follower.committed(service::change(&database, "first").await?);
    follower.finish().await?;
    step(format!("{rate} events per second"));
    let committed = |follower: &Follower| {
        let follower = follower.clone();
        move |id| follower.committed(id)
    };
    let warm_up = Bounds {
        seconds: bounds.warm_up.max(1),
        warm_up: 0,
    };
    service::write(&database, rate, warm_up, committed(&follower)).await?;
    follower.finish().await?;
    let measured = Bounds {
        warm_up: 0,
        ..bounds
    };
    let writes = service::write(&database, rate, measured, committed(&follower)).await?;
    let effects = follower.finish().await?;
    following.abort();
    running.stop().await?;
    report.add(Row::load(format!("write, {rate} per second"), &writes));
    let row = Row::latency(format!("commit to effect, {rate} per second"), &effects);
    report.add(match servers.has_own_broker() {
        true => row
            .at_most(Measure::P50, GOAL_P50_MS)
            .at_most(Measure::P99, GOAL_P99_MS),
        false => row.at_most(Measure::P99, GOAL_P99_OF_CLUSTER_MS),
    });
    let doubled = "SELECT count(*) - count(DISTINCT event_id) FROM events_bench.effects";
    let doubled: i64 = servers.client.query_one(doubled, &[]).await?.get(0);
    report.add(Row::none("doubled effects", doubled));
    Ok(())
}
