//! The SQL of a filter and its evaluation in memory agree on every task.

use std::{collections::BTreeSet, fmt::Write};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use service_runtime::{
    clock::Clock,
    filter::{Field, Kind, Now},
    task_filter::{TaskField, TaskFilter},
    time_zone::TimeZone,
};
use taskmesh_proto::task::v1 as pb;

use crate::support::{DAY, HOUR, MONDAY_NINE, User, at, start_with_clock, titled, weekly};

const TASKS: usize = 60;
const FILTERS: usize = 300;
const ZONES: [&str; 3] = ["Europe/Berlin", "Pacific/Honolulu", "Pacific/Auckland"];
const TEXTS: [&str; 11] = [
    "tea",
    "Tea 100%",
    "a_b",
    "ÄPFEL",
    "äpfel",
    "ΣΊΣΥΦΟΣ σίσυφος",
    "🥛 Straße",
    "back\\slash \"quoted\"",
    "TEA*tea",
    "ﬁx a Café",
    "明天 co\u{ad}op 100％",
];
const NAMES: [&str; 3] = ["Home", "ärger", "ﬁnance"];

/// Random times around which the tasks and the filters meet: midnights, and the current time.
fn time(random: &mut StdRng) -> i64 {
    let midnight = MONDAY_NINE - 9 * HOUR;
    let days = random.random_range(-2..=3) * DAY;
    let hours = *[0, 0, 9, 10, 22, 23].choose(random).unwrap();
    midnight + days + hours * HOUR
}

fn date(random: &mut StdRng) -> String {
    format!("2026-12-{:02}", random.random_range(5..=10))
}

fn pick<'a>(random: &mut StdRng, from: &[&'a str]) -> &'a str {
    from.choose(random).unwrap()
}

fn request(random: &mut StdRng, earlier: &[pb::Task]) -> pb::CreateTaskRequest {
    if random.random_bool(0.1) {
        return weekly();
    }
    let mut request = pb::CreateTaskRequest {
        priority: random.random_range(0..=4),
        muted: random.random_bool(0.2),
        time_zone: pick(random, &ZONES).to_owned(),
        ..titled(pick(random, &TEXTS))
    };
    match random.random_range(0..3) {
        0 => request.due_time = at(time(random)),
        1 => request.due_date = date(random),
        _ => {}
    }
    if random.random_bool(0.4) {
        request.description = pick(random, &TEXTS).to_owned();
    }
    if random.random_bool(0.3) {
        request.start_time = at(MONDAY_NINE - 3 * DAY - random.random_range(0..48) * HOUR);
    }
    if random.random_bool(0.4) {
        request.category = pick(random, &NAMES).to_owned();
    }
    let tags = NAMES.iter().filter(|_| random.random_bool(0.3));
    request.tags = tags.map(ToString::to_string).collect();
    if let Some(task) = earlier.choose(random).filter(|_| random.random_bool(0.4)) {
        match random.random_bool(0.5) {
            true => request.depends_on = vec![task.id.clone()],
            false => request.parent_task_id = task.id.clone(),
        }
    }
    request
}

/// Creates random tasks of all kinds, some of them completed or deleted.
async fn create_tasks(random: &mut StdRng, user: &User, clock: &Clock) -> Vec<pb::Task> {
    user.live_in("Europe/Berlin").await;
    for name in NAMES {
        user.category(name).await;
    }
    let mut tasks: Vec<pb::Task> = Vec::new();
    while tasks.len() < TASKS {
        clock.advance(TimeDelta::minutes(30));
        // Some requests are invalid, such as a subtask of a subtask of a subtask that is too deep.
        tasks.extend(user.create_task(request(random, &tasks)).await.ok());
    }
    for task in &tasks {
        clock.advance(TimeDelta::minutes(10));
        match random.random_range(0..10) {
            // A task that is blocked or has open subtasks stays open.
            0..=2 => drop(user.complete(&task.id).await),
            3 => drop(user.delete(&task.id).await),
            _ => {}
        }
    }
    tasks
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('*', "\\*")
}

fn comparison(random: &mut StdRng, tasks: &[pb::Task]) -> String {
    let field = *TaskField::ALL.choose(random).unwrap();
    let word = field.word();
    let equality = pick(random, &["=", "!=", ":"]);
    let ordering = pick(random, &["=", "!=", "<", "<=", ">", ">="]);
    if field.kind() != Kind::Flag && random.random_bool(0.15) {
        return format!("{word}:*");
    }
    match field.kind() {
        Kind::Text => {
            let text = escaped(pick(random, &TEXTS));
            match random.random_range(0..6) {
                0 => format!("{word} = \"{text}*\""),
                1 => format!("{word} = \"*{text}\""),
                2 => format!("{word} != \"*{text}*\""),
                3 => format!(
                    "{word}:\"{}\"",
                    pick(
                        random,
                        &[
                            "EA",
                            "σ",
                            "00%",
                            "_",
                            "\\\\",
                            "ß",
                            "ss",
                            "fix a CAFE",
                            "coop",
                            "天",
                            ""
                        ]
                    )
                ),
                _ => format!("{word} {equality} \"{text}\""),
            }
        }
        Kind::Choice { words, is_ordered } => {
            let operator = if is_ordered { ordering } else { equality };
            format!("{word} {operator} {}", pick(random, words))
        }
        Kind::Time | Kind::Instant => {
            let mut moment = match random.random_range(0..4) {
                0 => date(random),
                1 => {
                    let time = DateTime::from_timestamp(time(random), 0).unwrap();
                    time.to_rfc3339()
                }
                _ => pick(random, &["now", "today", "tomorrow", "yesterday"]).to_owned(),
            };
            if random.random_bool(0.3) {
                moment += pick(random, &[" + 1d", " - 1d", " - 2h", " + 9h", " - 1w"]);
            }
            format!("{word} {ordering} {moment}")
        }
        Kind::Name => {
            let unknown = if field == TaskField::Tag {
                "nothing"
            } else {
                "HOME"
            };
            let names = ["home", "ÄRGER", "Finance", unknown];
            format!("{word} {equality} \"{}\"", pick(random, &names))
        }
        Kind::Id => format!("{word} {equality} {}", tasks.choose(random).unwrap().id),
        Kind::Flag => format!("{word} = {}", random.random_bool(0.5)),
    }
}

fn filter(random: &mut StdRng, tasks: &[pb::Task], depth: usize) -> String {
    let mut text = String::new();
    for index in 0..random.random_range(1..=3) {
        let operator = pick(random, &[" ", " AND ", " OR "]);
        let not = pick(random, &["", "", "NOT ", "-"]);
        let term = match depth > 0 && random.random_bool(0.3) {
            true => format!("({})", filter(random, tasks, depth - 1)),
            false => comparison(random, tasks),
        };
        let operator = if index == 0 { "" } else { operator };
        write!(text, "{operator}{not}{term}").unwrap();
    }
    text
}

async fn listed(user: &User, filter: &str) -> Vec<pb::Task> {
    let request = pb::ListTasksRequest {
        filter: filter.to_owned(),
        page_size: 500,
        show_completed: true,
        show_deleted: true,
        show_hidden: true,
        ..Default::default()
    };
    let answer = user.list_tasks(request).await;
    answer
        .unwrap_or_else(|error| panic!("{filter}: {error}"))
        .tasks
}

fn ids<'a>(tasks: impl IntoIterator<Item = &'a pb::Task>) -> BTreeSet<&'a str> {
    tasks.into_iter().map(|task| task.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_and_evaluation_in_memory_agree() {
    let start: DateTime<Utc> = DateTime::from_timestamp(MONDAY_NINE - 2 * DAY, 0).unwrap();
    let clock = Clock::fixed(start);
    let (_, alice) = start_with_clock(clock.clone()).await;
    let random = &mut StdRng::seed_from_u64(160);
    create_tasks(random, &alice, &clock).await;
    let tasks = listed(&alice, "").await;
    assert_eq!(tasks.len(), TASKS);
    let now = Now::new(clock.now(), &TimeZone::parse("Europe/Berlin").unwrap());
    let mut sizes = BTreeSet::new();
    for _ in 0..FILTERS {
        let filter = filter(random, &tasks, 2);
        let parsed = TaskFilter::parse(&filter).unwrap();
        let matching = tasks.iter().filter(|task| parsed.matches(*task, &now));
        let (evaluated, queried) = (ids(matching), listed(&alice, &filter).await);
        assert_eq!(ids(&queried), evaluated, "{filter}");
        sizes.insert(evaluated.len());
    }
    // Filters that match nothing or everything would prove little.
    assert!(sizes.len() > TASKS / 2, "{sizes:?}");
}
