//! The examples of RFC 5545, section 3.8.5.3, as far as a task can repeat that way.

use super::fixtures::{cases, listed, local, series};

#[test]
fn examples_have_their_dates() {
    for [text, start, expected] in cases(include_str!("cases/rfc_5545.txt")) {
        let series = series(text, "America/New_York", &format!("{start}T09:00:00"));
        let is_endless = expected.ends_with(" ...");
        let expected = at_nine(expected.trim_end_matches(" ..."));
        let count = expected.len() + usize::from(!is_endless);
        let dates = series.occurrences().take(count).map(|date| date.local);
        assert_eq!(dates.collect::<Vec<_>>(), expected, "{text}");
        let last = expected.last().filter(|_| !is_endless);
        assert_eq!(
            series.last().map(|last| last.local).as_ref(),
            last,
            "the last of {text}"
        );
    }
}

#[test]
fn wall_time_stays_when_summer_time_ends() {
    let times: Vec<_> = series("FREQ=DAILY", "America/New_York", "1997-10-25T09:00:00")
        .occurrences()
        .take(2)
        .map(|date| date.time.to_rfc3339())
        .collect();
    assert_eq!(
        times,
        ["1997-10-25T13:00:00+00:00", "1997-10-26T14:00:00+00:00"]
    );
}

#[test]
fn every_twenty_minutes_of_the_working_day() {
    let text = "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40";
    let series = series(text, "America/New_York", "1997-09-02T09:00:00");
    let mut expected = Vec::new();
    for day in [2, 3] {
        for hour in 9..17 {
            for minute in [0, 20, 40] {
                expected.push(local(&format!("1997-09-{day:02}T{hour:02}:{minute:02}:00")));
            }
        }
    }
    let occurrences = series.occurrences().take(expected.len());
    let locals: Vec<_> = occurrences.map(|occurrence| occurrence.local).collect();
    assert_eq!(locals, expected);
}

fn at_nine(dates: &str) -> Vec<chrono::NaiveDateTime> {
    let nine = local("2000-01-01T09:00:00").time();
    listed(dates)
        .into_iter()
        .map(|date| date.and_time(nine))
        .collect()
}
