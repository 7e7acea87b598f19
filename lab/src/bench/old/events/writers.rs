use std::time::Duration;

use service_runtime::BoxError;

use super::{
    command::Arguments,
    latency::write,
    relayed::wait,
    stage::{Parts, Stage},
};
use crate::bench::old::{
    load::{Bounds, Outcome},
    report::{Bound, Line, Measure, Page},
};

/// How often both are measured, in turn, so that neither has the better time.
const ROUNDS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(2);
const MOST_PERCENT: f64 = 105.0;

/// Compares how long writers wait while a relay carries what they write with how long they wait without.
pub async fn measure(
    stage: &Stage,
    arguments: &Arguments,
    page: &mut Page,
) -> Result<(), BoxError> {
    let bounds = Bounds {
        warm_up: WARM_UP,
        measured: arguments.measured() / 2,
        most: usize::MAX,
    };
    let (mut with, mut without) = (Outcome::default(), Outcome::default());
    for round in 1..=ROUNDS {
        for relays in [false, true] {
            stage.clear().await?;
            let parts = Parts {
                relays,
                consumes: false,
            };
            let running = stage.start(parts).await?;
            let name = if relays {
                "with a relay"
            } else {
                "without a relay"
            };
            let name = format!("{name}, {round} of {ROUNDS}");
            let outcome = write(arguments.rate, bounds, &name, None).await?;
            if relays {
                wait(stage).await?;
                with.append(outcome);
            } else {
                without.append(outcome);
            }
            running.stop().await?;
        }
    }
    let rate = arguments.rate;
    let without = Line::of_outcome(format!("write without a relay, {rate} a second"), without);
    let with = Line::of_outcome(format!("write with a relay, {rate} a second"), with);
    let percent = 100.0 * with.p99_ms() / without.p99_ms();
    page.add(without);
    page.add(with);
    page.add(
        Line::of_value("write with a relay against without, p99", percent, "%")
            .goal(Measure::Value, Bound::AtMost(MOST_PERCENT)),
    );
    Ok(())
}
