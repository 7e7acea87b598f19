//! Files as a whole: what is written is read back, and what is no such file is refused clearly.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{contents::InvalidFile, *};
use crate::domain::{
    Description, Details, Due, DueAfter, DueInput, FirstOccurrence, LabelRef, Links, Occurrence,
    Priority, Recurrence, RecurrenceAnchor, RecurrenceRule, Reminder, Reminders, Schedule, Task,
    TimeZone, Title, fixtures::task,
};

/// Returns a task that has every field, with texts that are difficult for formats.
fn written() -> Task {
    let first = FirstOccurrence {
        recurrence_id: "2026-12-01T09:00:00".parse().unwrap(),
        time: time("2026-12-01T08:00:00.123456Z"),
    };
    let recurrence = Recurrence {
        rule: RecurrenceRule::new("FREQ=WEEKLY;BYDAY=MO,TH".to_owned()).unwrap(),
        anchor: RecurrenceAnchor::Completion,
    };
    let due = Due::Time(first.time);
    let start_time = time("2026-11-01T08:00:00Z");
    let zone = TimeZone::parse("Europe/Berlin").unwrap();
    let due_after = DueAfter::measure(Some(start_time), due, &zone);
    let reminders = vec![
        Reminder::MinutesBeforeDue(30),
        Reminder::AtTime(time("2026-12-01T07:00:00Z")),
    ];
    let schedule = Schedule::new(
        Some(due),
        Some(start_time),
        Some(zone),
        Some(recurrence),
        Reminders::new(reminders).unwrap(),
    );
    let label = |name: &str| (Uuid::from_u128(7), name.to_owned());
    let tags = ["a;b", "c\\d", "=e", "-f", "ok"].map(label);
    let (category_id, category) = label("'=home");
    let links = Links {
        category: Some(LabelRef {
            id: category_id.into(),
            name: category,
        }),
        tags: tags
            .map(|(id, name)| LabelRef {
                id: id.into(),
                name,
            })
            .to_vec(),
        parent_task_id: Some(Uuid::from_u128(2).into()),
        depends_on: [3, 4].map(|id| Uuid::from_u128(id).into()).to_vec(),
        blocked_by: Vec::new(),
    };
    let details = Details {
        title: Title::parse(" =HYPERLINK(\"http://example.org\"), 'quoted'").unwrap(),
        description: Description::parse(
            "one\n\ttwo \"three\"\n=4;5\\6, ünï\u{1f600} \u{5d0}\u{5d1}",
        )
        .unwrap(),
        priority: Priority::Urgent,
        muted: true,
    };
    let task = Task {
        details,
        schedule: schedule.unwrap(),
        links,
        occurrence: Some(Occurrence::first(
            Uuid::from_u128(9).into(),
            first,
            due_after,
        )),
        ..task()
    };
    task.completed(time("2026-11-30T12:00:00Z"))
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn expected() -> FileTask {
    let task = written();
    let text = |value: &dyn ToString| value.to_string();
    FileTask {
        source_id: text(&task.id),
        identity: text(&task.id),
        title: text(&task.details.title),
        description: text(&task.details.description),
        priority: Some(Priority::Urgent),
        completed: true,
        complete_time: Some(time("2026-11-30T12:00:00Z")),
        due: Some(When::Instant(time("2026-12-01T08:00:00.123456Z"))),
        time_zone: "Europe/Berlin".to_owned(),
        start: Some(time("2026-11-01T08:00:00Z")),
        recurrence_rule: "FREQ=WEEKLY;BYDAY=MO,TH".to_owned(),
        recurrence_anchor: Some(RecurrenceAnchor::Completion),
        reminders: vec![
            Reminder::MinutesBeforeDue(30),
            Reminder::AtTime(time("2026-12-01T07:00:00Z")),
        ],
        muted: true,
        category: "'=home".to_owned(),
        tags: task.links.tags.into_iter().map(|tag| tag.name).collect(),
        parent: Uuid::from_u128(2).to_string(),
        depends_on: [3, 4].map(|id| Uuid::from_u128(id).to_string()).to_vec(),
        ..FileTask::default()
    }
}

fn write(format: Format, tasks: &[Task]) -> Vec<u8> {
    let mut writer = Writer::new(format);
    let mut file = Vec::new();
    for chunk in tasks.chunks(2) {
        file.extend(writer.chunk(chunk).unwrap());
    }
    file
}

pub fn read_text(format: Format, text: &str) -> Result<Contents, InvalidFile> {
    read(format, text.as_bytes(), "UTC")
}

pub fn refusal(format: Format, bytes: &[u8]) -> String {
    read(format, bytes, "UTC").unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read_back() {
    let berlin = TimeZone::parse("Europe/Berlin").unwrap();
    let day = "2026-12-01".parse().unwrap();
    let due = DueInput::Date(day).in_zone(&berlin);
    let schedule = Schedule::new(Some(due), None, Some(berlin), None, Reminders::default());
    let plain = Task {
        schedule: schedule.unwrap(),
        ..task()
    };
    for format in [Format::Ndjson, Format::Csv] {
        let file = write(format, &[written(), plain.clone()]);
        let contents = read(format, &file, "UTC").unwrap();
        let [full, first] = contents.tasks.as_slice() else {
            panic!("{contents:?}");
        };
        assert_eq!(full.losses, []);
        let lost: Vec<_> = full.lost_in_common.iter().map(|(field, _)| field).collect();
        assert_eq!(
            lost,
            ["series_id", "recurrence_id", "create_time", "update_time"]
        );
        let kept = FileTask {
            line: 0,
            lost_in_common: Vec::new(),
            ..full.clone()
        };
        assert_eq!(kept, expected(), "{format:?}");
        assert_eq!(first.due, Some(When::Date(day)));
    }
}

#[test]
fn csv_is_written_by_the_letter_of_its_rfc() {
    let file = String::from_utf8(write(Format::Csv, &[written()])).unwrap();
    let header = file.lines().next().unwrap();
    assert!(header.starts_with("id,title,description,priority,state,due_date,due_time"));
    assert!(file.contains("\" =HYPERLINK(\"\"http://example.org\"\"), 'quoted'\""));
    assert!(file.contains(r"a\;b;c\\d;=e;-f;ok"));
    assert!(file.contains(",''=home,"));
    assert!(file.ends_with("\r\n"));
    let empty = Writer::new(Format::Csv).chunk(&[]).unwrap();
    assert_eq!(String::from_utf8(empty).unwrap().trim_end(), header);
}

#[test]
fn a_table_made_by_hand_is_read() {
    let text = "\u{feff}Tags;Title;Due date;Mood\r\n\"home;garden\";Dig;2026-12-01;good\r\n;Rest;;\r\n\r\n;Rest;;\r\n";
    let contents = read_text(Format::Csv, text).unwrap();
    let [dig, rest, again] = contents.tasks.as_slice() else {
        panic!("{contents:?}");
    };
    assert_eq!((dig.line, rest.line, again.line), (2, 3, 5));
    assert_eq!(dig.tags, ["home", "garden"]);
    assert!(matches!(dig.due, Some(When::Date(_))));
    assert_eq!(dig.lost_in_common.len(), 1);
    assert_eq!(dig.lost_in_common[0].0, "mood");
    assert!(rest.losses.is_empty() && rest.lost_in_common.is_empty());
    assert_ne!(rest.identity, again.identity);

    // The same rows in other columns are the same tasks.
    let moved = "title,due_date,tags,mood\nRest,,,\nDig,2026-12-01,home;garden,good\n";
    let moved = read_text(Format::Csv, moved).unwrap().tasks;
    assert_eq!(moved[0].identity, rest.identity);
    assert_eq!(moved[1].identity, dig.identity);
}

#[test]
fn tables_of_other_programs_are_read() {
    let todoist = "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\n\
        section,Home,,,,,,,,\ntask,Dig,Deep,1,1,,,2030-01-07,en,Europe/Berlin\nnote,A comment,,,,,,,,\n\
        task,Rest,,4,2,,,every day,en,\n";
    let contents = read_text(Format::Csv, todoist).unwrap();
    let [dig, rest] = contents.tasks.as_slice() else {
        panic!("{contents:?}");
    };
    assert_eq!(
        (dig.title.as_str(), dig.description.as_str(), dig.priority),
        ("Dig", "Deep", Some(Priority::Urgent))
    );
    let day = chrono::NaiveDate::from_ymd_opt(2030, 1, 7);
    assert_eq!(
        (dig.due, dig.time_zone.as_str()),
        (day.map(When::Date), "Europe/Berlin")
    );
    assert_eq!((rest.priority, rest.due), (Some(Priority::Low), None));
    let lost: Vec<_> = rest.losses.iter().map(|loss| loss.field.as_str()).collect();
    assert_eq!(lost, ["due"]);
    let failed: Vec<_> = contents.failed.iter().map(|loss| loss.line).collect();
    assert_eq!(failed, [2, 4]);

    let outlook = "Subject,Due,Status,Categories,Notes,Sensitivity\r\nDig,2030-01-07T09:00:00Z,Not Started,home;garden,Deep,Normal\r\n\
        Rest,,Completed,,,\r\n";
    let contents = read_text(Format::Csv, outlook).unwrap();
    let [dig, rest] = contents.tasks.as_slice() else {
        panic!("{contents:?}");
    };
    assert_eq!((dig.tags.len(), dig.description.as_str()), (2, "Deep"));
    assert!(matches!(dig.due, Some(When::Instant(_))));
    assert!(!dig.completed && rest.completed);
    // A column of that name goes before one that means the same elsewhere.
    let both = read_text(Format::Csv, "content,title\na,b\n").unwrap();
    assert_eq!(both.tasks[0].title, "b");
    assert_eq!(both.tasks[0].lost_in_common[0].0, "content");
}

#[test]
fn quotation_mark_that_is_never_closed_is_a_loss() {
    let contents = read_text(Format::Csv, "title,description\na,b\nc,\"d\ne,f\n").unwrap();
    assert_eq!(contents.tasks.len(), 2);
    let losses = contents.losses.finish();
    assert_eq!((losses[0].line, losses[0].field.as_str()), (3, "*"));
    let closed = read_text(Format::Csv, "title,description\nc,\"d\"\"\ne\"\n").unwrap();
    assert!(closed.losses.finish().is_empty());
}

#[test]
fn name_that_comes_again_in_a_line_is_a_loss() {
    let line = r#"{"title":"a","priority":"high","title":"b","priority":"high","due_date":"2030-01-07","due_date":"2030-01-08"}"#;
    let contents = read_text(Format::Ndjson, line).unwrap();
    let task = &contents.tasks[0];
    assert_eq!(task.title, "a");
    let lost: Vec<_> = task.losses.iter().map(|loss| loss.field.as_str()).collect();
    assert_eq!(lost, ["title", "due_date"]);
    assert!(task.losses[0].reason.ends_with("dropped: \"b\""));
}

#[test]
fn spaces_of_a_description_are_kept() {
    for text in [" ", "\t", " \n ", "  x  "] {
        let mut written = task();
        written.details.description = Description::parse(text).unwrap();
        for format in [Format::Ndjson, Format::Csv] {
            let file = write(format, std::slice::from_ref(&written));
            let contents = read(format, &file, "UTC").unwrap();
            assert_eq!(contents.tasks[0].description, text, "{format:?}");
        }
    }
}

#[test]
fn one_bad_record_never_stops_the_others() {
    let text = "{\"title\":\"a\"}\nnot json\n{\"title\":\"b\",\"priority\":\"great\",\"tags\":[1],\"due_time\":[1]}\n\n\
                [1]\n{\"title\":\"c\",\"delete_time\":\"2026-01-01T00:00:00Z\"}\n{\"title\":\"d\",\"x\":{}, \"y\":0}\n";
    let contents = read_text(Format::Ndjson, text).unwrap();
    let titles: Vec<_> = contents
        .tasks
        .iter()
        .map(|task| task.title.as_str())
        .collect();
    assert_eq!(titles, ["a", "b", "d"]);
    let failed: Vec<_> = contents.failed.iter().map(|loss| loss.line).collect();
    assert_eq!(failed, [2, 5, 6]);
    assert_eq!(
        contents.failed[0].reason,
        "is not a JSON object: expected ident at character 2"
    );
    let lost: Vec<_> = contents.tasks[1]
        .losses
        .iter()
        .map(|loss| loss.field.as_str())
        .collect();
    assert_eq!(lost, ["priority", "tags", "due_time"]);
    assert_eq!(contents.tasks[2].lost_in_common.len(), 1);
}

#[test]
fn a_file_that_is_none_is_refused_with_a_cure() {
    for (format, text, words) in [
        (Format::Ndjson, "", "is empty"),
        (Format::Csv, " \r\n", "is empty"),
        (Format::Ndjson, "[{\"title\":\"a\"}]", "is a JSON array"),
        (Format::Ndjson, "title,x", "is not NDJSON"),
        (Format::Csv, "{\"title\":\"a\"}", "has no column title"),
        (Format::Csv, "name,due\nx,y", "has no column title"),
        (Format::Calendar, "title\nx", "is not iCalendar"),
        (Format::Calendar, "\0\0\0", "is not iCalendar"),
    ] {
        let refusal = refusal(format, text.as_bytes());
        assert!(refusal.contains(words), "{refusal}");
    }
    assert_eq!(
        refusal(Format::Csv, b"title\nna\xefve"),
        "is not UTF-8 at line 2, byte 9; save it as UTF-8"
    );
}

#[test]
fn damaged_files_are_read_or_refused() {
    let samples = [
        (Format::Ndjson, write(Format::Ndjson, &[written()])),
        (Format::Csv, write(Format::Csv, &[written()])),
        (
            Format::Calendar,
            include_bytes!("calendar/samples/apple_reminders.ics").to_vec(),
        ),
        (
            Format::Calendar,
            include_bytes!("calendar/samples/thunderbird.ics").to_vec(),
        ),
    ];
    // The calendars in the corpus of the fuzz target, too.
    let corpus = service_runtime::testing::corpus(env!("CARGO_MANIFEST_DIR"), "import");
    let corpus = corpus
        .filter(|file| file.starts_with(b"BEGIN"))
        .map(|file| (Format::Calendar, file));
    let pieces: [&[u8]; 14] = [
        b"",
        b"\n",
        b"\r\n ",
        b"\\",
        b"\"",
        b":",
        b";",
        b",",
        b"=",
        b"-",
        b"9999999999",
        b"\xc3\xa4",
        b"BEGIN:VALARM\n",
        b"\0",
    ];
    // Numbers that look random and are the same in every run (a linear congruential generator).
    let mut state: u64 = 1;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut files_with_tasks = 0;
    for (format, sample) in samples.into_iter().chain(corpus) {
        for _ in 0..300 {
            let mut file = sample.clone();
            for _ in 0..=next(4) {
                let start = next(file.len());
                let end = (start + next(8)).min(file.len());
                let piece = pieces[next(pieces.len())];
                file.splice(start..end, piece.iter().copied());
            }
            let contents = read(format, &file, "Europe/Berlin").unwrap_or_default();
            files_with_tasks += usize::from(!contents.tasks.is_empty());
        }
    }
    assert!(files_with_tasks > 600, "{files_with_tasks}");
}
