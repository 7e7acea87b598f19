use std::{collections::BTreeSet, fmt::Display, num::NonZeroU32};

use chrono::{DateTime, Utc};
use prost_types::{Any, Timestamp};
use taskmesh_proto::admin::v1 as pb;

use crate::{
    clock::{self, timestamp},
    dead_letters::{
        Choice, Content, DeadLetter, Filter, LetterName, MOST_PER_SECOND, Progress, Purged,
    },
    grpc::FieldViolation,
    kafka::framing::message_in,
};

/// How many letters can be chosen by name.
const MOST_NAMES: usize = 500;
const DEFAULT_PER_SECOND: u32 = 100;
/// How much is shown of what does not decode.
const BEGINNING: usize = 256;

pub(super) fn violation(field: &str, error: &impl Display) -> FieldViolation {
    FieldViolation::new(field, error.to_string())
}

/// Reads which letters are meant: exactly one of the two is given.
pub(super) fn choice(
    names: Vec<String>,
    filter: Option<pb::DeadLetterFilter>,
) -> Result<Choice, FieldViolation> {
    match (names.len(), filter) {
        (0, None) => Err(FieldViolation::new(
            "filter",
            "must be given, or names; an empty filter chooses all letters",
        )),
        (0, Some(chosen)) => Ok(Choice::Matching(self::filter(chosen)?)),
        (1..=MOST_NAMES, None) => {
            let read = |(place, name): (usize, &String)| {
                name.parse()
                    .map_err(|error| violation(&format!("names[{place}]"), &error))
            };
            let names: Result<BTreeSet<LetterName>, _> =
                names.iter().enumerate().map(read).collect();
            Ok(Choice::Names(names?))
        }
        (_, None) => Err(FieldViolation::new(
            "names",
            format!("must be {MOST_NAMES} at most: choose more by a filter"),
        )),
        (_, Some(_)) => Err(FieldViolation::new(
            "filter",
            "must be left out when names are given",
        )),
    }
}

pub(super) fn filter(filter: pb::DeadLetterFilter) -> Result<Filter, FieldViolation> {
    let pb::DeadLetterFilter {
        topic,
        key,
        r#type,
        event_id,
        reason,
        since_time,
        until_time,
    } = filter;
    Ok(Filter {
        topic: given("filter.topic", topic)?,
        group: None,
        key: given("filter.key", key)?,
        event_type: given("filter.type", r#type)?,
        event_id: given("filter.event_id", event_id)?,
        reason: given("filter.reason", reason)?,
        since: time("filter.since_time", since_time)?,
        until: time("filter.until_time", until_time)?,
    })
}

fn given(field: &str, text: String) -> Result<Option<String>, FieldViolation> {
    if text.contains('\0') {
        let wrong = "has the character U+0000, which no dead letter has; remove it";
        return Err(FieldViolation::new(field, wrong));
    }
    Ok((!text.is_empty()).then_some(text))
}

fn time(field: &str, time: Option<Timestamp>) -> Result<Option<DateTime<Utc>>, FieldViolation> {
    let wrong = || FieldViolation::new(field, "must be a time between the years 1 and 9999");
    time.map(|time| clock::from_timestamp(time).ok_or_else(wrong))
        .transpose()
}

pub(super) fn rate(per_second: i32) -> Result<NonZeroU32, FieldViolation> {
    let asked = match per_second {
        0 => Some(DEFAULT_PER_SECOND),
        asked => u32::try_from(asked).ok(),
    };
    asked
        .filter(|asked| *asked <= MOST_PER_SECOND)
        .and_then(NonZeroU32::new)
        .ok_or_else(|| {
            FieldViolation::new(
                "rate_per_second",
                format!(
                    "must be between 1 and {MOST_PER_SECOND}, or left out for {DEFAULT_PER_SECOND}"
                ),
            )
        })
}

/// Returns what a list says of a letter.
pub(super) fn brief(letter: &DeadLetter) -> pb::DeadLetter {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    pb::DeadLetter {
        name: letter.name().to_string(),
        record_time: letter.record_time().map(timestamp),
        key: String::from_utf8_lossy(letter.key()).into_owned(),
        r#type: text(letter.event_type()),
        event_id: text(letter.event_id()),
        attempts: letter.attempts().unwrap_or_default(),
        redrive_count: i32::try_from(letter.redrive_count()).unwrap_or(i32::MAX),
        reason: letter.reason().to_owned(),
        source_offset: letter.source_offset().unwrap_or_default(),
        headers: Vec::new(),
        content: None,
    }
}

/// Returns everything that a letter has.
pub(super) fn whole(letter: &DeadLetter) -> pb::DeadLetter {
    let header = |(key, value): (&str, std::borrow::Cow<'_, str>)| pb::DeadLetterHeader {
        key: key.to_owned(),
        value: value.into_owned(),
    };
    pb::DeadLetter {
        headers: letter.headers().into_iter().map(header).collect(),
        content: Some(content(letter)),
        ..brief(letter)
    }
}

fn content(letter: &DeadLetter) -> pb::dead_letter::Content {
    let value = letter.value();
    match letter.content() {
        Content::Event { message, .. } => pb::dead_letter::Content::Event(Any {
            type_url: format!("type.googleapis.com/{message}"),
            value: message_in(value).to_vec(),
        }),
        Content::Undecodable { message, error } => {
            pb::dead_letter::Content::Undecodable(pb::UndecodableValue {
                message,
                error,
                size: i64::try_from(value.len()).unwrap_or(i64::MAX),
                beginning: value[..value.len().min(BEGINNING)].to_vec(),
            })
        }
    }
}

impl From<Progress> for pb::RedriveDeadLettersResponse {
    fn from(progress: Progress) -> Self {
        let Progress { chosen, sent } = progress;
        Self {
            chosen_count: count(chosen),
            sent_count: count(sent),
        }
    }
}

impl From<Purged> for pb::PurgeDeadLettersResponse {
    fn from(purged: Purged) -> Self {
        let Purged { deleted, kept } = purged;
        Self {
            deleted_count: count(deleted),
            kept_count: count(kept),
        }
    }
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
