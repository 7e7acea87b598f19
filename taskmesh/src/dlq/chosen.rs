use chrono::{DateTime, Utc};
use clap::Args;
use service_runtime::{
    clock::Clock,
    dead_letters::{Choice, Filter, LetterName},
};

use crate::duration;

/// What dead letters must be.
#[derive(Debug, Clone, Default, Args)]
pub struct Filters {
    /// Source topic, such as `task-events`.
    #[arg(long)]
    topic: Option<String>,
    /// Consumer group that could not process the record, such as `notification-service`.
    #[arg(long)]
    group: Option<String>,
    /// Key of the record.
    #[arg(long)]
    key: Option<String>,
    /// Event type, by its full name or the last part of it, such as `TaskCompleted`.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Id of the event.
    #[arg(long)]
    event_id: Option<String>,
    /// Substring of the reason, ignoring case.
    #[arg(long)]
    reason: Option<String>,
    /// Earliest record time: an RFC 3339 time, or a duration before now such as 90s, 15m, 1h or 30d.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<DateTime<Utc>>,
    /// Latest record time, exclusive: an RFC 3339 time, or a duration before now.
    #[arg(long, visible_alias = "before", value_name = "TIME", value_parser = parse_time)]
    until: Option<DateTime<Utc>>,
}

/// Which dead letters are meant: by name, by filters, or all.
#[derive(Debug, Clone, Args)]
pub struct Chosen {
    /// Names of dead letters, as printed by `list`.
    names: Vec<LetterName>,
    #[command(flatten)]
    filters: Filters,
    /// Select all dead letters.
    #[arg(long)]
    all: bool,
}

/// No letters, or two kinds of choice at once.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    #[error(
        "no dead letters are selected; give names, filters such as --topic or --reason, or --all"
    )]
    Nothing,
    #[error("names, filters and --all exclude each other; give only one of them")]
    Several,
}

impl From<Filters> for Filter {
    fn from(filters: Filters) -> Self {
        let Filters {
            topic,
            group,
            key,
            event_type,
            event_id,
            reason,
            since,
            until,
        } = filters;
        Self {
            topic,
            group,
            key,
            event_type,
            event_id,
            reason,
            since,
            until,
        }
    }
}

impl Chosen {
    /// Returns the choice, if it is one.
    pub fn into_choice(self) -> Result<Choice, ChoiceError> {
        let Self {
            names,
            filters,
            all,
        } = self;
        let filter = Filter::from(filters);
        match (names.is_empty(), filter.is_empty(), all) {
            (true, true, false) => Err(ChoiceError::Nothing),
            (false, true, false) => Ok(Choice::Names(names.into_iter().collect())),
            (true, false, false) | (true, true, true) => Ok(Choice::Matching(filter)),
            _ => Err(ChoiceError::Several),
        }
    }
}

fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let wrong = || "is not a time; use an RFC 3339 time such as 2030-01-31T09:00:00Z, or a duration such as 15m, 1h or 30d";
    let ago = duration::parse(text).map_err(|_| wrong())?;
    Ok(Clock::system().now() - ago)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct CommandLine {
        #[command(flatten)]
        chosen: Chosen,
    }

    fn choice(arguments: &[&str]) -> Result<Choice, ChoiceError> {
        let arguments = ["dlq"].iter().chain(arguments);
        CommandLine::try_parse_from(arguments)
            .unwrap()
            .chosen
            .into_choice()
    }

    #[test]
    fn letters_are_chosen_by_name_or_by_filter_or_all_at_once_and_never_by_accident() {
        let name = "task-events.notification-service.dlt/2/17";
        assert_eq!(
            choice(&[name]),
            Ok(Choice::Names([name.parse().unwrap()].into()))
        );
        assert_eq!(choice(&["--all"]), Ok(Choice::Matching(Filter::default())));
        let keyed = Filter {
            key: Some("a".to_owned()),
            ..Filter::default()
        };
        assert_eq!(choice(&["--key", "a"]), Ok(Choice::Matching(keyed)));
        assert_eq!(choice(&[]), Err(ChoiceError::Nothing));
        assert_eq!(choice(&[name, "--all"]), Err(ChoiceError::Several));
        assert_eq!(choice(&["--all", "--key", "a"]), Err(ChoiceError::Several));
    }

    #[test]
    fn times_are_absolute_or_ago() {
        let time = parse_time("2030-01-31T10:00:00+01:00").unwrap();
        assert_eq!(time.to_rfc3339(), "2030-01-31T09:00:00+00:00");
        let hour = Clock::system().now() - parse_time("1h").unwrap();
        assert!((3599..=3601).contains(&hour.num_seconds()), "{hour}");
        assert!(parse_time("yesterday").unwrap_err().contains("1h"));
    }
}
