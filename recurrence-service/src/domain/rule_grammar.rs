//! From the text of a rule to its parts: which names there are, each once, none empty.

use super::rule_error::{MAX_BYTES, excerpt};
use super::rule_parts::{
    by_day, frequency, signed_number, time_number, until, weekday, whole_number,
};
use super::{Ending, Parts, RuleError};
use service_runtime::suggestion::did_you_mean_or_list;

/// The parts that a rule can have.
const NAMES: [&str; 14] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYDAY",
    "BYMONTH",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYHOUR",
    "BYMINUTE",
    "BYSECOND",
    "BYSETPOS",
];

/// The values of a rule's parts, by their places in [`NAMES`].
struct Values<'a>([Option<&'a str>; NAMES.len()]);

/// Reads a rule; an `RRULE:` in front, lower case and a semicolon at the end are accepted.
pub(super) fn parse(text: &str) -> Result<Parts, RuleError> {
    check_characters(text)?;
    let text = text.to_ascii_uppercase();
    let body = text.strip_prefix("RRULE:").unwrap_or(&text);
    let body = body.strip_suffix(';').unwrap_or(body);
    if body.is_empty() {
        return Err(RuleError::Empty);
    }
    let values = Values::read(body)?;

    Ok(Parts {
        frequency: frequency(values.get("FREQ").ok_or(RuleError::NoFrequency)?)?,
        interval: match values.get("INTERVAL") {
            Some(value) => whole_number("INTERVAL", value, 1000)?,
            None => 1,
        },
        ending: ending(&values)?,
        week_start: values
            .get("WKST")
            .map(|value| weekday("WKST", value))
            .transpose()?,
        months: values.list("BYMONTH", |part, value| whole_number(part, value, 12))?,
        week_numbers: values.list("BYWEEKNO", |part, value| signed_number(part, value, 53))?,
        year_days: values.list("BYYEARDAY", |part, value| signed_number(part, value, 366))?,
        month_days: values.list("BYMONTHDAY", |part, value| signed_number(part, value, 31))?,
        days: values.list("BYDAY", by_day)?,
        hours: values.list("BYHOUR", |part, value| time_number(part, value, 23))?,
        minutes: values.list("BYMINUTE", |part, value| time_number(part, value, 59))?,
        seconds: values.list("BYSECOND", |part, value| time_number(part, value, 59))?,
        positions: values.list("BYSETPOS", |part, value| signed_number(part, value, 366))?,
    })
}

/// Lets through only text that is safe to take apart by bytes and to repeat in an error message.
fn check_characters(text: &str) -> Result<(), RuleError> {
    if text.len() > MAX_BYTES {
        return Err(RuleError::TooLong(text.len()));
    }
    if text.contains(['\n', '\r']) {
        return Err(RuleError::LineBreak);
    }
    match text.chars().position(|c| !c.is_ascii_graphic()) {
        Some(position) => Err(RuleError::ForeignCharacter(position + 1)),
        None => Ok(()),
    }
}

fn ending(values: &Values<'_>) -> Result<Ending, RuleError> {
    match (values.get("COUNT"), values.get("UNTIL")) {
        (None, None) => Ok(Ending::Never),
        (Some(count), None) => Ok(Ending::Count(
            usize::try_from(whole_number("COUNT", count, 1000)?).unwrap_or(usize::MAX),
        )),
        (None, Some(moment)) => Ok(Ending::Until(until(moment)?)),
        (Some(_), Some(_)) => Err(RuleError::CountAndUntil),
    }
}

impl<'a> Values<'a> {
    fn read(body: &'a str) -> Result<Self, RuleError> {
        let mut values = [None; NAMES.len()];
        for part in body.split(';') {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| RuleError::NotAPart(excerpt(part)))?;
            let place = NAMES
                .iter()
                .position(|known| *known == name)
                .ok_or_else(|| unknown_part(name))?;
            if value.is_empty() {
                return Err(RuleError::EmptyValue(NAMES[place]));
            }
            if values[place].replace(value).is_some() {
                return Err(RuleError::Repeated(NAMES[place]));
            }
        }
        Ok(Self(values))
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        NAMES
            .iter()
            .zip(self.0)
            .find_map(|(known, value)| value.filter(|_| *known == name))
    }

    fn list<T>(
        &self,
        name: &'static str,
        read: impl Fn(&'static str, &str) -> Result<T, RuleError>,
    ) -> Result<Vec<T>, RuleError> {
        self.get(name)
            .into_iter()
            .flat_map(|list| list.split(','))
            .map(|value| read(name, value))
            .collect()
    }
}

fn unknown_part(name: &str) -> RuleError {
    RuleError::UnknownPart {
        name: excerpt(name),
        cure: did_you_mean_or_list(name, &NAMES),
    }
}
