use super::*;
use crate::files::calendar::{component::cut, unfold::Lines};

/// The clocks of central Europe as programs define them.
const BERLIN: &str = "BEGIN:DAYLIGHT\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nDTSTART:19810329T020000\n\
    RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nBEGIN:STANDARD\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
    DTSTART:19961027T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n";
/// An hour more from 1 May to 15 September.
const OWN_RULES: &str = "BEGIN:DAYLIGHT\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0630\nDTSTART:20000501T020000\n\
    RRULE:FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1\nEND:DAYLIGHT\nBEGIN:STANDARD\nTZOFFSETFROM:+0630\nTZOFFSETTO:+0530\n\
    DTSTART:20000915T020000\nRRULE:FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=15\nEND:STANDARD\n";

fn constant(offset: &str) -> String {
    format!(
        "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\nEND:STANDARD\n"
    )
}

fn zone(name: &str, rest: &str) -> String {
    format!("BEGIN:VTIMEZONE\nTZID:{name}\n{rest}END:VTIMEZONE\n")
}

/// Reads a time of 2030 in a zone of a file, by a user in Madrid.
fn read(file: &str, name: &str, local: &str) -> Option<ZonedTime> {
    let lines = Lines::unfold(format!("BEGIN:VCALENDAR\n{file}").as_bytes()).unwrap();
    let cut = cut(&lines).unwrap();
    let definitions = Definitions::new(&cut);
    Zones::new(&definitions, 1, "Europe/Madrid").read(name, local.parse().unwrap())
}

fn instant(zoned: &ZonedTime) -> String {
    let instant = match (zoned.when, &zoned.zone) {
        (When::Instant(time), None) => time,
        (When::Local(time), Some(zone)) => {
            instant_of(time, &database().get(zone).unwrap()).unwrap()
        }
        other => panic!("{other:?}"),
    };
    instant.format("%Y-%m-%dT%H:%MZ").to_string()
}

#[test]
fn names_match_without_case() {
    for (name, zone) in [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("EUROPE/BERLIN", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("India Standard Time", "Asia/Calcutta"),
        (
            "/freeassociation.sourceforge.net/Europe/Berlin",
            "Europe/Berlin",
        ),
        ("/example.org/20260101_1/europe/berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("GMT+0100", "Etc/GMT-1"),
        ("gmt-5", "Etc/GMT+5"),
        ("UTC+11:00", "Etc/GMT-11"),
        ("+0530", "Asia/Kolkata"),
        ("GMT-0330", "America/St_Johns"),
        ("Etc/GMT-1", "Etc/GMT-1"),
    ] {
        let zoned = read("", name, "2030-01-07T09:00:00").unwrap_or_else(|| panic!("{name}"));
        assert_eq!(zoned.zone.as_deref(), Some(zone), "{name}");
    }
    for name in [
        "",
        "Mars/Olympus",
        "GMT+99",
        "GMT+",
        "Customized Time Zone",
        "+1:2:3",
    ] {
        assert_eq!(read("", name, "2030-01-07T09:00:00"), None, "{name}");
    }
}

#[test]
fn definition_of_file_counts() {
    for (definition, winter, summer, zone) in [
        (
            constant("+1100"),
            "2030-01-06T22:00Z",
            "2030-07-06T22:00Z",
            "Etc/GMT-11",
        ),
        (
            constant("+0530"),
            "2030-01-07T03:30Z",
            "2030-07-07T03:30Z",
            "Asia/Kolkata",
        ),
        (
            constant("-0800"),
            "2030-01-07T17:00Z",
            "2030-07-07T17:00Z",
            "Etc/GMT+8",
        ),
        (
            BERLIN.to_owned(),
            "2030-01-07T08:00Z",
            "2030-07-07T07:00Z",
            "Europe/Madrid",
        ),
    ] {
        // A VTIMEZONE counts even if it has the name of a known zone.
        for name in ["Mine", "Europe/Athens", "GMT+0300", "Customized Time Zone"] {
            let file = self::zone(name, &definition);
            for (local, expected) in [
                ("2030-01-07T09:00:00", winter),
                ("2030-07-07T09:00:00", summer),
            ] {
                let zoned = read(&file, &name.to_uppercase(), local).unwrap();
                assert_eq!(instant(&zoned), expected, "{name} {definition}");
                assert_eq!(zoned.zone.as_deref(), Some(zone), "{name} {definition}");
                assert_eq!(zoned.difference, None);
            }
        }
    }
}

#[test]
fn names_decide_between_zones_with_the_same_rules() {
    for (name, rest, expected) in [
        ("Europe/Vienna", BERLIN.to_owned(), "Europe/Vienna"),
        ("Mine", format!("X-LIC-LOCATION:Europe/Vienna\n{BERLIN}"), "Europe/Vienna"),
        ("W. Europe Standard Time", BERLIN.to_owned(), "Europe/Berlin"),
        // Half of the rules, or none, say less than the name.
        (
            "Europe/Vienna",
            "BEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZOFFSETFROM:+0200\n\
             TZOFFSETTO:+0100\nEND:STANDARD\n"
                .to_owned(),
            "Europe/Vienna",
        ),
        ("Mine", "X-LIC-LOCATION:Europe/Vienna\n".to_owned(), "Europe/Vienna"),
        ("Mine", "X-MICROSOFT-CDO-TZID:4\n".to_owned(), "Europe/Berlin"),
    ] {
        let zoned = read(&zone(name, &rest), name, "2030-01-07T09:00:00").unwrap();
        assert_eq!(zoned.zone.as_deref(), Some(expected), "{name} {rest}");
    }
}

#[test]
fn rules_that_no_zone_has_give_the_right_instants() {
    let file = zone("Mine", OWN_RULES);
    for (local, expected) in [
        ("2030-04-30T12:00:00", "2030-04-30T06:30Z"),
        ("2030-05-01T01:59:00", "2030-04-30T20:29Z"),
        // Skipped: as much later as the clocks are put forward.
        ("2030-05-01T02:30:00", "2030-04-30T21:00Z"),
        ("2030-05-01T03:00:00", "2030-04-30T20:30Z"),
        ("2030-07-01T12:00:00", "2030-07-01T05:30Z"),
        // Shown twice: the first time.
        ("2030-09-15T01:30:00", "2030-09-14T19:00Z"),
        ("2030-09-15T02:00:00", "2030-09-14T20:30Z"),
        ("2030-12-01T12:00:00", "2030-12-01T06:30Z"),
    ] {
        let zoned = read(&file, "mine", local).unwrap();
        assert_eq!(instant(&zoned), expected, "{local}");
        assert!(zoned.difference.is_some(), "{local}");
    }
}

#[test]
fn rules_are_read_in_all_their_forms() {
    let offset_of = |observance: &str, local: &str| {
        let file = format!(
            "{}BEGIN:DAYLIGHT\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n{observance}END:DAYLIGHT\n",
            "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\n"
        );
        let zoned = read(&zone("Mine", &file), "Mine", local).unwrap();
        instant(&zoned)
    };
    let noon = |observance: &str| offset_of(observance, "2030-06-30T12:00:00");
    let (before, after) = ("2030-06-30T11:00Z", "2030-06-30T10:00Z");
    for (observance, expected) in [
        ("DTSTART:20300601T020000\n", after),
        ("DTSTART:20300701T020000\n", before),
        (
            "DTSTART:20300701T020000\nRDATE:20300601T020000,20310601T020000\n",
            after,
        ),
        (
            "DTSTART:20200630T130000\nRRULE:FREQ=YEARLY;UNTIL=20250101T000000Z\n",
            after,
        ),
        ("DTSTART:20300630T110000\nRRULE:FREQ=YEARLY\n", after),
        (
            "DTSTART:20300623T020000\nRRULE:FREQ=YEARLY;BYMONTH=6;BYDAY=SU;BYSETPOS=-2\n",
            after,
        ),
        (
            "DTSTART:20300630T020000\nRRULE:FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=-1\n",
            after,
        ),
        (
            "DTSTART:20300630T020000\nRRULE:FREQ=YEARLY;BYMONTH=6;BYDAY=SU;BYMONTHDAY=24,25,26,27,28,29,30\n",
            after,
        ),
    ] {
        assert_eq!(noon(observance), expected, "{observance}");
    }
}

#[test]
fn two_calendars_define_one_name_in_two_ways() {
    let file = format!(
        "{}END:VCALENDAR\nBEGIN:VCALENDAR\n{}",
        zone("Mine", &constant("+1100")),
        zone("Mine", &constant("-0300"))
    );
    let lines = Lines::unfold(format!("BEGIN:VCALENDAR\n{file}").as_bytes()).unwrap();
    let cut = cut(&lines).unwrap();
    let definitions = Definitions::new(&cut);
    let local = "2030-01-07T09:00:00".parse().unwrap();
    for (calendar, expected) in [(1, "Etc/GMT-11"), (2, "Etc/GMT+3"), (3, "Etc/GMT-11")] {
        let zones = Zones::new(&definitions, calendar, "UTC");
        let zoned = zones.read("Mine", local).unwrap();
        assert_eq!(zoned.zone.as_deref(), Some(expected));
    }
}

#[test]
fn definition_that_no_zone_needs_is_ignored() {
    let observance = |start: &str, rule: &str| {
        format!(
            "BEGIN:STANDARD\nDTSTART:{start}\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;{rule}\nEND:STANDARD\n"
        )
    };
    let plain = observance("19700101T000000", "BYMONTH=1;BYMONTHDAY=1");
    let days = "31,".repeat(1_000) + "31";
    let many_days = observance("19700101T000000", &format!("BYMONTH=2;BYMONTHDAY={days}"));
    for (rest, is_read) in [
        (plain.clone(), true),
        (plain.repeat(501), false),
        (many_days, false),
        (
            observance("00010101T000000", "COUNT=9;BYMONTH=1;BYMONTHDAY=1"),
            false,
        ),
    ] {
        let read = read(&zone("Own", &rest), "Own", "2030-06-01T09:00:00");
        assert_eq!(read.is_some(), is_read, "{}", rest.len());
    }
}
