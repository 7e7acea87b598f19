//! Files that are too large or made to take long.

use std::time::Duration;

use super::{
    contents::InvalidFile,
    tests::{read_text, refusal},
    *,
};

#[test]
fn what_is_too_much_is_refused_quickly() {
    let many_lines = "{\"title\":\"x\"}\n".repeat(5_001);
    let many_rows = format!("title\n{}", "x\n".repeat(5_001));
    let many_todos = "BEGIN:VTODO\nSUMMARY:x\nEND:VTODO\n".repeat(5_001);
    let unfinished = "BEGIN:VTODO\n".repeat(300_000);
    for (format, text) in [
        (Format::Ndjson, &many_lines),
        (Format::Csv, &many_rows),
        (Format::Calendar, &many_todos),
        (Format::Calendar, &unfinished),
    ] {
        assert_eq!(
            quickly(|| read_text(format, text)).unwrap_err(),
            InvalidFile::TooManyTasks
        );
    }
    let large = vec![b'x'; 4_000_001];
    assert!(refusal(Format::Csv, &large).starts_with("has 4000001 bytes"));
}

#[test]
fn a_line_of_a_megabyte_is_one_loss() {
    let long = "x".repeat(1_000_000);
    for (format, text) in [
        (
            Format::Ndjson,
            format!("{{\"title\":\"{long}\"}}\n{{\"title\":\"b\"}}\n"),
        ),
        (Format::Csv, format!("title\n\"{long}\"\nb\n")),
        (
            Format::Calendar,
            format!("BEGIN:VTODO\nSUMMARY:{long}\nEND:VTODO\nBEGIN:VTODO\nSUMMARY:b\nEND:VTODO\n"),
        ),
    ] {
        let contents = quickly(|| read_text(format, &text)).unwrap();
        assert_eq!(contents.failed.len(), 1, "{format:?}");
        assert_eq!(contents.tasks.len(), 1, "{format:?}");
        assert_eq!(contents.tasks[0].title, "b");
    }
}

#[test]
fn hostile_files_are_read_quickly() {
    let deep_json = format!("{{\"title\":{}", "[".repeat(400_000));
    let many_fields: String = (0..60_000).map(|n| format!("\"f{n}\":1,")).collect();
    let many_fields = format!("{{{many_fields}\"title\":\"x\"}}");
    let open_quote = format!("title\n\"{}", "a\n".repeat(1_900_000));
    let many_cells = format!("title{}\n", ",x".repeat(1_900_000));
    let wide_rows = format!(
        "title\n{}",
        format!("{}\n", ",".repeat(1_000)).repeat(3_900)
    );
    let folds = format!(
        "BEGIN:VTODO\nDESCRIPTION:{}\nEND:VTODO\n",
        "\n x".repeat(1_300_000)
    );
    let properties = format!("BEGIN:VTODO\n{}END:VTODO\n", "X-A:1\n".repeat(80_000)).repeat(8);
    let losses = format!("BEGIN:VTODO\n{}END:VTODO\n", "URL:1\n".repeat(80_000)).repeat(8);
    let alarms = format!(
        "BEGIN:VTODO\nDUE:20261201T090000Z\n{}END:VTODO\n",
        "BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\n".repeat(12_000)
    );
    let between = "BEGIN:VCALENDAR\n".to_owned() + &"NAME:x\n".repeat(550_000);
    let zones = "BEGIN:VTIMEZONE\nTZID:UTC\nEND:VTIMEZONE\n".repeat(90_000);
    let own_zones: String = (0..5_000)
        .map(|number| {
            format!(
                "BEGIN:VTIMEZONE\nTZID:{number}\nBEGIN:DAYLIGHT\nDTSTART:16010501T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0237\n\
                 RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1SU\nEND:DAYLIGHT\nBEGIN:STANDARD\nDTSTART:16011001T020000\n\
                 TZOFFSETFROM:+0237\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=1SU\nEND:STANDARD\n\
                 END:VTIMEZONE\nBEGIN:VTODO\nDUE;TZID={number}:20300107T090000\nEND:VTODO\n"
            )
        })
        .collect();
    let restless_zone = |observances: usize| {
        format!(
            "BEGIN:VTIMEZONE\nTZID:x\n{}END:VTIMEZONE\n{}",
            "BEGIN:DAYLIGHT\nDTSTART:19700501T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\n\
             RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1SU\nEND:DAYLIGHT\n"
                .repeat(observances),
            "BEGIN:VTODO\nDUE;TZID=x:20300107T090000\nEND:VTODO\n".repeat(5_000)
        )
    };
    let tags = format!(
        "BEGIN:VTODO\nCATEGORIES:{}\nEND:VTODO\n",
        "a,".repeat(250_000)
    );
    let overflows = "BEGIN:VTODO\nDTSTART:99991231T235959Z\nDURATION:P4294967295WT4294967295S\n\
                     PRIORITY:99999999999999999999\nRRULE:COUNT=99999999999999999999;INTERVAL=-1\n\
                     BEGIN:VALARM\nTRIGGER:-P99999999999W\nEND:VALARM\nEND:VTODO\n"
        .to_owned();
    // Format, file, and the numbers of its tasks that can and cannot be read; none if the file is refused.
    for (format, text, expected) in [
        (Format::Ndjson, deep_json, Some((0, 1))),
        (Format::Ndjson, many_fields, Some((0, 1))),
        (Format::Csv, open_quote, Some((0, 1))),
        (Format::Csv, many_cells, None),
        (Format::Csv, wide_rows, Some((0, 0))),
        (Format::Calendar, folds, Some((0, 1))),
        (Format::Calendar, properties, Some((8, 0))),
        (Format::Calendar, losses, Some((8, 0))),
        (Format::Calendar, alarms, Some((1, 0))),
        (Format::Calendar, between, Some((0, 0))),
        (Format::Calendar, zones, Some((0, 0))),
        (Format::Calendar, own_zones, Some((5_000, 0))),
        (Format::Calendar, restless_zone(19), Some((5_000, 0))),
        (Format::Calendar, restless_zone(4_000), Some((5_000, 0))),
        (Format::Calendar, tags, Some((1, 0))),
        (Format::Calendar, overflows, Some((1, 0))),
    ] {
        assert!(text.len() <= 4_000_000);
        let begin: String = text.chars().take(60).collect();
        let read = quickly(|| read_text(format, &text)).ok();
        let counts = read.map(|contents| (contents.tasks.len(), contents.failed.len()));
        assert_eq!(counts, expected, "{begin}");
    }
}

/// Makes sure that something does not take long, by the time on the processor, whatever else the machine does. The limit is ten times
/// what a debug build needs; work that grows with the square of a file takes a hundred times as long.
fn quickly<T>(work: impl FnOnce() -> T) -> T {
    let begin = processor_time();
    let result = work();
    let taken = processor_time() - begin;
    assert!(taken < Duration::from_secs(30), "{taken:?}");
    result
}

/// Returns the processor time of this thread; zero where Linux does not report it.
fn processor_time() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().unwrap_or_default();
    Duration::from_nanos(nanoseconds.parse().unwrap_or_default())
}
