//! Rows as `COPY … FROM STDIN` reads them. None of the made-up texts has a character that would have to be escaped.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    Drafts, Rng, User,
    users::{CATEGORIES, TAGS},
};

/// Over how long the tasks of a user were created.
const HISTORY: TimeDelta = TimeDelta::days(730);
const NULL: &str = "\\N";

/// Puts the rows of tasks into a table.
pub const COPY_TASKS: &str = "COPY task.tasks (user_id, id, title, description, priority, state, due_time, due_date, time_zone, \
     start_time, category_id, tag_ids, reminders, muted, version, operation_id, create_time, update_time, complete_time) \
     FROM STDIN";
/// Puts the rows of tags into a table.
pub const COPY_TAGS: &str = "COPY task.tags (user_id, id, display_name, name_key, version, operation_id, create_time, update_time) FROM STDIN";
/// Puts the rows of categories into a table.
pub const COPY_CATEGORIES: &str = "COPY task.categories (user_id, id, display_name, name_key, version, operation_id, create_time, update_time) FROM STDIN";

/// Writes the row of one of a user's tasks.
pub fn write_task(
    rows: &mut String,
    drafts: &Drafts,
    user: &User,
    number: usize,
    now: DateTime<Utc>,
) {
    let draft = drafts.draft(user, number);
    let mut rng = Rng::of_part(drafts.seed(), user.number ^ (1 << 61), number as u64);
    let today = now.date_naive();
    let created = create_time(user, number, now);
    let completed = draft.completed.map(|share| {
        #[expect(clippy::cast_possible_truncation, reason = "two years of milliseconds")]
        let after = ((now - created).num_milliseconds() as f64 * share) as i64;
        created + TimeDelta::milliseconds(after)
    });
    let due = draft.due;
    let date_only = due.filter(|due| due.minute.is_none());
    let starts = draft
        .starts_in_days
        .map(|days| (now + TimeDelta::days(days)).to_rfc3339());
    let tags: Vec<String> = draft
        .tags
        .iter()
        .map(|index| user.tag_id(drafts.seed(), *index).to_string())
        .collect();
    let columns = [
        user.id.to_string(),
        task_id(&mut rng, created).to_string(),
        drafts.text(&draft.title),
        drafts.text(&draft.description),
        draft.priority.word().to_owned(),
        if completed.is_some() {
            "completed"
        } else {
            "open"
        }
        .to_owned(),
        or_null(due.map(|due| due.time(today).to_rfc3339())),
        or_null(date_only.map(|due| due.date(today).to_string())),
        or_null(due.map(|_| "UTC".to_owned())),
        or_null(starts),
        or_null(
            draft
                .category
                .map(|index| user.category_id(drafts.seed(), index).to_string()),
        ),
        format!("{{{}}}", tags.join(",")),
        "[]".to_owned(),
        "f".to_owned(),
        if completed.is_some() { "2" } else { "1" }.to_owned(),
        task_id(&mut rng, created).to_string(),
        created.to_rfc3339(),
        completed.unwrap_or(created).to_rfc3339(),
        or_null(completed.map(|time| time.to_rfc3339())),
    ];
    push_row(rows, &columns);
}

/// Writes the rows of a user's tags.
pub fn write_tags(rows: &mut String, drafts: &Drafts, user: &User, now: DateTime<Utc>) {
    for index in 0..TAGS {
        let id = user.tag_id(drafts.seed(), index);
        write_label(rows, user, id, &tag_name(index), now);
    }
}

/// Writes the rows of a user's categories.
pub fn write_categories(rows: &mut String, drafts: &Drafts, user: &User, now: DateTime<Utc>) {
    for index in 0..CATEGORIES {
        let id = user.category_id(drafts.seed(), index);
        write_label(rows, user, id, &category_name(index), now);
    }
}

/// Returns the name of a tag, the most used first.
pub fn tag_name(index: usize) -> String {
    format!("tag{index}")
}

/// Returns the name of a category, the most used first.
pub fn category_name(index: usize) -> String {
    format!("category{index}")
}

fn write_label(rows: &mut String, user: &User, id: Uuid, name: &str, now: DateTime<Utc>) {
    let created = (now - HISTORY).to_rfc3339();
    let columns = [
        user.id.to_string(),
        id.to_string(),
        name.to_owned(),
        name.to_owned(),
        "1".to_owned(),
        id.to_string(),
        created.clone(),
        created,
    ];
    push_row(rows, &columns);
}

/// Spreads a user's tasks over the time, the last one just now.
fn create_time(user: &User, number: usize, now: DateTime<Utc>) -> DateTime<Utc> {
    let count = i64::try_from(user.tasks.max(1)).unwrap_or(i64::MAX);
    let behind = count - i64::try_from(number).unwrap_or(count);
    now - TimeDelta::milliseconds(HISTORY.num_milliseconds() / count * behind)
}

fn task_id(rng: &mut Rng, created: DateTime<Utc>) -> Uuid {
    let mut random = [0; 10];
    random.copy_from_slice(&rng.bits().to_be_bytes()[..10]);
    let milliseconds = u64::try_from(created.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}

fn or_null(value: Option<String>) -> String {
    value.unwrap_or_else(|| NULL.to_owned())
}

fn push_row(rows: &mut String, columns: &[String]) {
    let row = columns.join("\t");
    // Writing to a string does not fail.
    let _ = writeln!(rows, "{row}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_tasks_have_greater_ids_and_every_row_has_all_columns() {
        let drafts = Drafts::new(1);
        let user = User {
            id: "bench-100".parse().unwrap(),
            number: 100,
            tasks: 100,
        };
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let mut rows = String::new();
        (0..100).for_each(|number| write_task(&mut rows, &drafts, &user, number, now));
        let ids: Vec<&str> = rows
            .lines()
            .filter_map(|row| row.split('\t').nth(1))
            .collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.is_sorted());
        let columns = COPY_TASKS.split(',').count();
        assert!(rows.lines().all(|row| row.split('\t').count() == columns));
        assert!(!rows.contains("\\ "), "{rows}");
    }
}
