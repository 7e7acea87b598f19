//! Rules that are none, and the words that help.

use crate::domain::{RecurrenceRule, RuleError};

/// Returns why a rule is refused.
pub(super) fn refused(text: &str) -> RuleError {
    match text.parse::<RecurrenceRule>() {
        Ok(_) => panic!("{text} was accepted"),
        Err(error) => error,
    }
}

/// Rule, what its error must say.
const WRONG: [(&str, &[&str]); 54] = [
    ("", &["empty", "FREQ=WEEKLY"]),
    ("RRULE:", &["empty"]),
    (";", &["empty"]),
    ("DAILY", &["\"DAILY\"", "NAME=VALUE"]),
    ("every day", &["position 6", "without spaces"]),
    (" FREQ=DAILY", &["position 1"]),
    ("FREQ=DAILY\nRRULE:FREQ=WEEKLY", &["line break"]),
    ("FREQ=DAILY;BYDAY=MÖ", &["position 19"]),
    ("INTERVAL=2", &["no FREQ", "FREQ=DAILY"]),
    ("FREQ=", &["FREQ without a value"]),
    ("FREQ=DALY", &["FREQ=DALY", "did you mean DAILY?"]),
    ("FREQ=MONTLY", &["did you mean MONTHLY?"]),
    (
        "FREQ=SOMETIMES",
        &["use one of DAILY, WEEKLY, MONTHLY, YEARLY"],
    ),
    ("FREQ=SECONDLY", &["FREQ=SECONDLY", "use DAILY"]),
    ("FREQ=MINUTELY", &["FREQ=MINUTELY", "use DAILY"]),
    ("FREQ=HOURLY", &["FREQ=HOURLY", "use DAILY"]),
    ("FREQ=DAILY;FOO=1", &["\"FOO\"", "FREQ, INTERVAL"]),
    ("FREQ=DAILY;INTERVALL=2", &["did you mean INTERVAL?"]),
    ("FREQ=DAILY;X-FOO=1", &["\"X-FOO\""]),
    ("X-FOO:FREQ=DAILY", &["\"X-FOO:FREQ\""]),
    ("FREQ=DAILY;;COUNT=3", &["\"\"", "semicolon"]),
    ("FREQ=DAILY;COUNT=3;COUNT=4", &["COUNT", "twice"]),
    ("FREQ=DAILY;COUNT=0", &["COUNT", "1 to 1000"]),
    ("FREQ=DAILY;COUNT=1001", &["COUNT", "1 to 1000"]),
    ("FREQ=DAILY;COUNT=-1", &["COUNT", "1 to 1000"]),
    ("FREQ=DAILY;COUNT=99999999999999999999", &["COUNT"]),
    ("FREQ=DAILY;INTERVAL=0", &["INTERVAL", "1 to 1000"]),
    ("FREQ=DAILY;INTERVAL=+2", &["INTERVAL", "whole number"]),
    ("FREQ=DAILY;INTERVAL=1.5", &["INTERVAL"]),
    (
        "FREQ=DAILY;COUNT=3;UNTIL=20300101",
        &["COUNT and UNTIL", "keep one"],
    ),
    ("FREQ=DAILY;UNTIL=2030-01-01", &["UNTIL", "20301231"]),
    ("FREQ=DAILY;UNTIL=20300230", &["UNTIL"]),
    ("FREQ=DAILY;UNTIL=20300101T250000", &["UNTIL"]),
    ("FREQ=DAILY;UNTIL=20300101T120000+0100", &["UNTIL"]),
    ("FREQ=DAILY;BYHOUR=24", &["BYHOUR", "0 to 23"]),
    ("FREQ=DAILY;BYHOUR=-1", &["BYHOUR", "0 to 23"]),
    ("FREQ=DAILY;BYHOUR=9,", &["BYHOUR", "0 to 23"]),
    ("FREQ=DAILY;BYHOUR=", &["BYHOUR without a value"]),
    ("FREQ=DAILY;BYMINUTE=60", &["BYMINUTE", "0 to 59"]),
    ("FREQ=DAILY;BYSECOND=60", &["BYSECOND", "0 to 59"]),
    (
        "FREQ=DAILY;BYHOUR=8,9,10,11,12;BYMINUTE=0,15,30,45,50",
        &["25 times a day", "at most 24"],
    ),
    ("FREQ=WEEKLY;BYDAY=MON", &["\"MON\"", "did you mean MO?"]),
    ("FREQ=WEEKLY;BYDAY=MO,", &["BYDAY", "use one of MO"]),
    ("FREQ=WEEKLY;BYDAY=1MO", &["BYDAY with a number", "WEEKLY"]),
    ("FREQ=MONTHLY;BYDAY=0MO", &["BYDAY", "\"0\""]),
    ("FREQ=MONTHLY;BYDAY=6MO", &["BYDAY", "1 to 5"]),
    ("FREQ=YEARLY;BYDAY=54MO", &["BYDAY", "1 to 53"]),
    ("FREQ=YEARLY;BYWEEKNO=2;BYDAY=1MO", &["BYWEEKNO", "remove"]),
    ("FREQ=MONTHLY;BYWEEKNO=2", &["BYWEEKNO", "FREQ=YEARLY"]),
    ("FREQ=MONTHLY;BYYEARDAY=2", &["BYYEARDAY", "FREQ=YEARLY"]),
    ("FREQ=WEEKLY;BYMONTHDAY=2", &["BYMONTHDAY", "FREQ=MONTHLY"]),
    ("FREQ=MONTHLY;BYMONTHDAY=32", &["BYMONTHDAY", "-31"]),
    ("FREQ=MONTHLY;BYSETPOS=1", &["BYSETPOS", "BYDAY"]),
    ("FREQ=MONTHLY;BYMONTH=JAN", &["BYMONTH", "1 to 12"]),
];

#[test]
fn a_wrong_rule_is_refused_with_the_part_and_the_cure() {
    for (text, words) in WRONG {
        let message = refused(text).to_string();
        for word in words {
            assert!(message.contains(word), "{text:?} got: {message}");
        }
    }
}

#[test]
fn a_rule_is_accepted_in_the_ways_people_write_it() {
    for text in [
        "FREQ=DAILY",
        "RRULE:FREQ=DAILY",
        "rrule:freq=daily;interval=2;",
        "INTERVAL=2;FREQ=WEEKLY",
        "FREQ=MONTHLY;BYMONTHDAY=+01,-1",
        "FREQ=MONTHLY;BYDAY=+1MO,-5SU",
        "FREQ=YEARLY;BYDAY=-53TH",
        "FREQ=WEEKLY;BYDAY=MO,MO",
        "FREQ=DAILY;COUNT=1000",
        "FREQ=DAILY;UNTIL=20300101T120000Z",
        "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0",
        "FREQ=DAILY;BYHOUR=09,9,9",
        "FREQ=DAILY;BYHOUR=9,17;BYSETPOS=-1",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23",
    ] {
        if let Err(error) = text.parse::<RecurrenceRule>() {
            panic!("{text}: {error}");
        }
    }
}
