//! Records that cannot be imported, beside others that can.

use taskmesh_proto::task::v1 as pb;

use crate::{
    files::{counts, csv, exported, import, lost, ndjson},
    support::{MONDAY_NINE, User, at, minutes_before, start, titled},
};

const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";
const CALENDAR: &str = "text/calendar";

async fn tasks(user: &User) -> Vec<pb::Task> {
    let list = pb::ListTasksRequest {
        page_size: 500,
        show_completed: true,
        show_hidden: true,
        ..Default::default()
    };
    let mut tasks = user.list_tasks(list).await.unwrap().tasks;
    tasks.sort_by(|one, other| one.title.cmp(&other.title));
    tasks
}

/// Returns a file in which the record at fault stands between two good ones, and the line of that record.
fn between(content_type: &str, fault: &str) -> (String, i32) {
    match content_type {
        NDJSON => {
            let file = format!("{{\"title\":\"first\"}}\n{fault}\n{{\"title\":\"third\"}}\n");
            (file, 2)
        }
        CSV => {
            let columns = "id,title,description,parent_task_id,depends_on,tags,category";
            (format!("{columns}\n,first,,,,,\n{fault}\n,third,,,,,\n"), 3)
        }
        _ => {
            let todo = |rest: &str| format!("BEGIN:VTODO\r\n{rest}\r\nEND:VTODO\r\n");
            let file = format!(
                "BEGIN:VCALENDAR\r\n{}{}{}END:VCALENDAR\r\n",
                todo("SUMMARY:first"),
                todo(fault),
                todo("SUMMARY:third")
            );
            (file, 5)
        }
    }
}

#[tokio::test]
async fn record_that_cannot_be_stored_costs_no_other() {
    // Rows of the table: format, whether the record is created without its fault, the field that is lost, and the record.
    let (mesh, _) = start().await;
    let long = "\u{2a6d6}".repeat(400_000);
    let long_id = format!(r#"{{"id":"{}","title":"second"}}"#, &long[..4 * 100_000]);
    let long_title = format!(r#"{{"title":"{}"}}"#, &long[..4 * 100_000]);
    let long_name = format!(
        r#"{{"title":"second","category":"{}"}}"#,
        &long[..4 * 1_000]
    );
    let damaged = include_str!("damaged_records.tsv").lines().map(|line| {
        let [kind, outcome, field, fault] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let fault = fault.replace(r"\r\n", "\r\n").replace(r"\0", "\0");
        let content_type = match kind {
            "ndjson" => NDJSON,
            "csv" => CSV,
            _ => CALENDAR,
        };
        (content_type, fault, outcome == "created", field)
    });
    let long = [
        (NDJSON, long_title, true, "title"),
        (NDJSON, long_name, true, "category"),
    ];
    for (number, (content_type, fault, is_created, field)) in damaged.chain(long).enumerate() {
        let user = mesh.user(format!("user{number}").leak());
        let (file, line) = between(content_type, &fault);
        let shown: String = file.chars().take(300).collect();
        let imported = import(&user, content_type, file).await;
        let imported = imported.unwrap_or_else(|error| panic!("{shown:?}: {error:?}"));
        assert_eq!(
            counts(&imported),
            [2 + i32::from(is_created), 0, i32::from(!is_created)],
            "{shown:?}"
        );
        assert_eq!(lost(&imported), [(line, field)], "{shown:?}");
        let titles = tasks(&user).await;
        let titles: Vec<_> = titles.iter().map(|task| task.title.as_str()).collect();
        assert!(
            titles.contains(&"first") && titles.contains(&"third"),
            "{shown:?}"
        );
    }
    // An id of any length is kept apart from others, also by its beginning.
    let user = mesh.user("somebody");
    let (file, _) = between(NDJSON, &long_id);
    assert_eq!(
        counts(&import(&user, NDJSON, file.clone()).await.unwrap()),
        [3, 0, 0]
    );
    assert_eq!(
        counts(&import(&user, NDJSON, file).await.unwrap()),
        [0, 3, 0]
    );
}

/// Characters of four bytes that hardly compress, from a linear congruential generator.
fn noise(length: usize, seed: u64) -> String {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(state >> 33).unwrap() % 40_000
    };
    (0..length)
        .map(|_| char::from_u32(0x2_0000 + next()).unwrap())
        .collect()
}

#[tokio::test]
async fn longest_texts_fit_into_every_index() {
    let (mesh, _) = start().await;
    let user = mesh.user("u".repeat(255).leak());
    let line = format!(
        "{{\"id\":\"{}\",\"title\":\"{}\",\"category\":\"{}\",\"tags\":[\"{}\",\"{}\"]}}\n",
        noise(500, 1),
        noise(500, 2),
        noise(100, 3),
        noise(100, 4),
        // One character that stands for eighteen when names are compared.
        "\u{fdfa}\u{fdfb}".repeat(50),
    );
    let imported = import(&user, NDJSON, line.clone()).await.unwrap();
    assert_eq!(counts(&imported), [1, 0, 0], "{imported:?}");
    assert_eq!(lost(&imported), []);
    assert_eq!(
        counts(&import(&user, NDJSON, line).await.unwrap()),
        [0, 1, 0]
    );
}

#[tokio::test]
async fn spaces_and_line_ends_survive_export_and_import() {
    let (mesh, alice) = start().await;
    let texts = [
        " ", "\t", "\n", " \n\t ", "  x", "x  ", "'", "'=", "\"", ",", ";", "=1", "\\", "a\r\nb",
        "\u{feff}", "\u{2028}",
    ];
    for (number, text) in texts.iter().enumerate() {
        alice
            .add(pb::CreateTaskRequest {
                description: (*text).to_owned(),
                ..titled(&format!("task {number:02}"))
            })
            .await;
    }
    let descriptions = async |user: &User| {
        let tasks = tasks(user).await.into_iter();
        tasks.map(|task| task.description).collect::<Vec<_>>()
    };
    let before = descriptions(&alice).await;
    for (name, request, content_type) in [("bob", ndjson(), NDJSON), ("carol", csv(), CSV)] {
        let (_, file) = exported(&alice, request).await;
        let user = mesh.user(name);
        import(&user, content_type, file).await.unwrap();
        assert_eq!(descriptions(&user).await, before, "{name}");
    }
}

#[tokio::test]
async fn calendar_in_zones_of_its_own_is_imported() {
    let (_, alice) = start().await;
    alice.live_in("Europe/Berlin").await;
    let zone = |name: &str, offset: &str| {
        format!(
            "BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\n\
             TZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        )
    };
    let todo = |title: &str, rest: &str| {
        format!("BEGIN:VTODO\r\nUID:{title}\r\nSUMMARY:{title}\r\n{rest}\r\nEND:VTODO\r\n")
    };
    let file = [
        "BEGIN:VCALENDAR\r\n".to_owned(),
        zone("Far", "+1100"),
        zone("Europe/Paris", "+0530"),
        todo("1", "DUE;TZID=far:20261207T190000\r\nRRULE:FREQ=WEEKLY"),
        todo("2", "DUE;TZID=Europe/Paris:20261207T133000"),
        todo("3", "DUE;TZID=GMT+0100:20261207T090000"),
        todo("4", "DUE;TZID=europe/berlin:20261207T090000"),
        todo(
            "5",
            "DUE;VALUE=DATE:20261207\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15H\r\nEND:VALARM",
        ),
        "END:VCALENDAR\r\n".to_owned(),
    ]
    .concat();
    let imported = import(&alice, CALENDAR, file).await.unwrap();
    assert_eq!(counts(&imported), [5, 0, 0]);
    assert_eq!(lost(&imported), []);
    let tasks = tasks(&alice).await;
    let zones: Vec<_> = tasks.iter().map(|task| task.time_zone.as_str()).collect();
    assert_eq!(
        zones,
        [
            "Etc/GMT-11",
            "Asia/Kolkata",
            "Etc/GMT-1",
            "Europe/Berlin",
            "Europe/Berlin"
        ]
    );
    for task in &tasks[..4] {
        assert_eq!(task.due_time, at(MONDAY_NINE), "{}", task.title);
    }
    // 09:00 of the day before.
    assert_eq!(tasks[4].reminders, [minutes_before(24 * 60)]);
}
