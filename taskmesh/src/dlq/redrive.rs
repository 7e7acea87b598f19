use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use clap::builder::{RangedI64ValueParser, TypedValueParser};
use service_runtime::{
    BoxError,
    dead_letters::{Choice, DeadLetterOffice, MOST_PER_SECOND, Progress},
};

use super::format::letters;

/// Interval between progress messages.
const INTERVAL: Duration = Duration::from_secs(1);

/// Returns what reads how many letters are sent in a second.
pub fn rate() -> impl TypedValueParser<Value = u32> {
    RangedI64ValueParser::<u32>::new().range(1..=i64::from(MOST_PER_SECOND))
}

/// Sends letters back and tells of it.
pub async fn run(
    office: &DeadLetterOffice,
    choice: Choice,
    rate: u32,
    is_dry_run: bool,
) -> Result<(), BoxError> {
    let rate = NonZeroU32::new(rate).ok_or("--rate must be at least 1")?;
    let mut redrive = office.redrive(choice, rate, is_dry_run)?;
    let mut result = Progress::default();
    let mut told = Instant::now();
    while let Some(progress) = redrive.next().await? {
        result = progress;
        if told.elapsed() >= INTERVAL {
            told = Instant::now();
            match is_dry_run {
                true => eprintln!("found {}", letters(progress.chosen)),
                false => eprintln!("published {}", letters(progress.sent)),
            }
        }
    }
    match is_dry_run {
        true => println!("would publish {} again", letters(result.chosen)),
        false => println!(
            "published {} again; they stay in the dead-letter topics until they are purged",
            letters(result.sent)
        ),
    }
    Ok(())
}
