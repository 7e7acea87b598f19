//! Comma-separated values with a header (RFC 4180), in columns of the contract's names.
//!
//! Lists stand in one cell, joined by semicolons (see [`super::cell`]); a reminder is a number of minutes before the due time, or a
//! moment.

use std::io;

use csv::{ByteRecord, ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use serde_json::{Map, Value};

use super::{
    cell,
    contents::{Contents, InvalidFile},
    identity::Identities,
    limits::LONGEST_RECORD,
    loss::Loss,
    record::{Holds, Record},
    task::FileTask,
};

/// The columns: the fields of a task that mean something outside of the service.
pub const COLUMNS: [&str; 24] = [
    "id",
    "title",
    "description",
    "priority",
    "state",
    "due_date",
    "due_time",
    "due_local_time",
    "time_zone",
    "start_time",
    "recurrence_rule",
    "recurrence_anchor",
    "series_id",
    "recurrence_id",
    "reminders",
    "muted",
    "category",
    "tags",
    "parent_task_id",
    "depends_on",
    "create_time",
    "update_time",
    "complete_time",
    "delete_time",
];
const MOST_COLUMNS: usize = 200;

/// Writes records as rows, with the header before the first ones.
pub fn write(records: &[Map<String, Value>], with_header: bool) -> io::Result<Vec<u8>> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    if with_header {
        writer.write_record(COLUMNS)?;
    }
    for record in records {
        let cells = COLUMNS.map(|column| record.get(column).map(text_of).unwrap_or_default());
        writer.write_record(cells.map(cell::guarded))?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => cell::join(items.iter().map(text_of)),
        // A reminder has one field, which its value identifies.
        Value::Object(fields) => fields.values().map(text_of).collect(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Reads the tasks of a file; semicolons or tabs may stand for commas, as some spreadsheets have it.
pub fn read(text: &str) -> Result<Contents, InvalidFile> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut row = StringRecord::new();
    let mut contents = Contents::default();
    let mut identities = Identities::default();
    let mut lines = Lines::new(text);
    let mut columns = None;
    let mut last = (0, 1);
    while reader
        .read_record(&mut row)
        .map_err(|error| wrong(&error))?
    {
        let Some(columns) = &columns else {
            columns = Some(header(&row, &mut contents)?);
            continue;
        };
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let byte = row.position().map_or(0, csv::Position::byte);
        let line = lines.at(byte);
        last = (usize::try_from(byte).unwrap_or(usize::MAX), line);
        let mut read = read_row(line, columns, &row);
        if let Ok(task) = &mut read {
            identities.identify(task, &named_cells(columns, row.as_byte_record()));
        }
        contents.add(read)?;
    }
    let (byte, line) = last;
    let quotes = text
        .as_bytes()
        .iter()
        .skip(byte)
        .filter(|byte| **byte == b'"');
    if quotes.count() % 2 == 1 {
        let reason = "has a quotation mark that is never closed: all that follows it in the file is one cell";
        contents.losses.push(Loss::new(line, "", "*", reason));
    }
    Ok(contents)
}

/// Counts the lines of a file from row to row.
///
/// The reader's own count is that of the line on which the row before ended.
struct Lines<'a> {
    rest: &'a [u8],
    byte: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.as_bytes(),
            byte: 0,
            line: 1,
        }
    }

    /// Returns the line of the row whose first byte, or the end of a line before it, is there.
    fn at(&mut self, byte: u64) -> usize {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let [first, rest @ ..] = self.rest
            && (self.byte < byte || matches!(first, b'\r' | b'\n'))
        {
            self.line += usize::from(*first == b'\n');
            self.byte += 1;
            self.rest = rest;
        }
        self.line
    }
}

/// Returns what separates the cells of the header.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let others = [b';', b'\t'];
    let has = |delimiter: &u8| header.as_bytes().contains(delimiter);
    others
        .into_iter()
        .find(|other| has(other) && !has(&b','))
        .unwrap_or(b',')
}

/// Reads the names of the columns; one that stands there twice has no name the second time.
fn header(row: &StringRecord, contents: &mut Contents) -> Result<Vec<String>, InvalidFile> {
    if row.len() > MOST_COLUMNS {
        let words = format!("has {} columns; keep {MOST_COLUMNS} or fewer", row.len());
        return Err(InvalidFile::WrongFormat(words));
    }
    let names = row.iter().map(cell::unguarded);
    let names: Vec<String> = names
        .map(|name| name.trim().to_lowercase().replace(' ', "_"))
        .collect();
    let mut columns: Vec<String> = Vec::new();
    for name in &names {
        // Names of other programs for a column, unless the file has one of that name.
        let name = synonym(name)
            .filter(|synonym| !names.iter().any(|name| name == synonym))
            .map_or_else(|| name.clone(), str::to_owned);
        if columns.contains(&name) && !name.is_empty() {
            let reason = "is a column twice; the first one is read";
            contents.losses.push(Loss::new(1, "", &name, reason));
            columns.push(String::new());
        } else {
            columns.push(name);
        }
    }
    if columns.iter().any(|name| name == "title") {
        Ok(columns)
    } else {
        let words = "has no column title; begin the file with a line of column names such as title,due_date,tags";
        Err(InvalidFile::WrongFormat(words.to_owned()))
    }
}

/// Returns what a column is that Todoist, Outlook or another program names otherwise.
fn synonym(name: &str) -> Option<&'static str> {
    match name {
        "content" | "subject" | "summary" | "task" | "task_name" => Some("title"),
        "notes" | "note" | "body" => Some("description"),
        "date" | "deadline" => Some("due"),
        "labels" | "label" | "categories" => Some("tags"),
        "project" | "list" => Some("category"),
        "timezone" => Some("time_zone"),
        "status" => Some("state"),
        "date_completed" | "completed_at" => Some("complete_time"),
        "rrule" | "recurrence" => Some("recurrence_rule"),
        "parent" | "parent_id" => Some("parent_task_id"),
        _ => None,
    }
}

fn read_row(line: usize, columns: &[String], row: &StringRecord) -> Result<FileTask, Loss> {
    let length = row.as_slice().len();
    if length > LONGEST_RECORD {
        let reason = format!("has {length} bytes; a row may have {LONGEST_RECORD}");
        return Err(Loss::whole(line, "", reason));
    }
    let cells = || columns.iter().zip(row.iter().map(cell::unguarded));
    // Todoist also writes rows for sections and comments, and counts priorities from the highest.
    let is_todoist = ["type", "indent"]
        .iter()
        .all(|name| columns.iter().any(|column| column == name));
    let kind = cells().find(|(column, _)| is_todoist && *column == "type");
    if let Some((_, kind)) = kind
        && !kind.trim().eq_ignore_ascii_case("task")
    {
        let reason = format!("is no task: its type is {kind:?}");
        return Err(Loss::whole(line, "", reason));
    }
    let id = cells().find(|(column, _)| *column == "id");
    let mut record = Record::new(line, id.map(|(_, id)| id).unwrap_or_default());
    // Only of a description spaces mean something by themselves.
    let says_something = |column: &str, cell: &str| match column {
        "description" => !cell.is_empty(),
        _ => !cell.trim().is_empty(),
    };
    for (column, cell) in cells().filter(|(column, cell)| says_something(column, cell)) {
        match Holds::of(column) {
            Holds::Value if is_todoist && column == "priority" => {
                record.value(column, todoist_priority(cell));
            }
            Holds::Value => record.value(column, cell),
            Holds::List => record.list(column, cell::split(cell)),
            Holds::Nothing if column.is_empty() => {
                record.lose("*", "is a cell in a column without a name");
            }
            Holds::Nothing => record.nothing(column),
        }
    }
    if row.len() > columns.len() {
        record.lose("*", "has more cells than the header has columns");
    }
    record.finish()
}

fn todoist_priority(cell: &str) -> &str {
    match cell.trim() {
        "1" => "urgent",
        "2" => "high",
        "3" => "medium",
        "4" => "low",
        other => other,
    }
}

/// Returns the cells that say something with their columns, so that a row is the same in whatever order its columns are.
fn named_cells(columns: &[String], row: &ByteRecord) -> Vec<u8> {
    let mut cells: Vec<_> = columns
        .iter()
        .zip(row.iter())
        .filter(|(_, cell)| !cell.is_empty())
        .collect();
    cells.sort();
    let mut bytes = Vec::new();
    for (column, cell) in cells {
        bytes.extend_from_slice(column.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(cell);
        bytes.push(0);
    }
    bytes
}

fn wrong(error: &csv::Error) -> InvalidFile {
    InvalidFile::WrongFormat(format!("is not CSV: {error}"))
}
