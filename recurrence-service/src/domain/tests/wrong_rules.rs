//! Rules that are none, and the words that help.

use super::fixtures::lines;
use crate::domain::RecurrenceRule;

#[test]
fn invalid_rule_is_refused_with_part_and_fix() {
    for line in lines(include_str!("cases/wrong_rules.txt")) {
        let (text, words) = line.split_once(" | ").unwrap();
        let text = &text.replace("\\n", "\n");
        let message = text.parse::<RecurrenceRule>().unwrap_err().to_string();
        for word in words.split(" | ") {
            assert!(message.contains(word), "{text:?} got: {message}");
        }
    }
}

#[test]
fn common_spellings_of_rules_are_accepted() {
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
