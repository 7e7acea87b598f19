use std::io::{Write, stdout};

use service_runtime::{
    BoxError,
    dead_letters::{Choice, DeadLetter, DeadLetterOffice, Filter},
};

use super::format::{self, ABSENT, plain};

const COLUMNS: [&str; 7] = [
    "NAME", "TIME", "KEY", "TYPE", "EVENT ID", "ATTEMPTS", "REASON",
];

/// Prints the letters that match, and without filters how many each topic has.
pub async fn run(
    office: &DeadLetterOffice,
    filter: Filter,
    limit: u32,
    as_json: bool,
) -> Result<(), BoxError> {
    let is_filtered = !filter.is_empty();
    let choice = Choice::Matching(filter);
    if !is_filtered && !as_json {
        print_counts(office, &choice).await?;
    }
    let mut letters = office.letters(choice, None)?;
    let mut rows = Vec::new();
    for _ in 0..limit {
        let Some(letter) = letters.next().await? else {
            break;
        };
        match as_json {
            true => writeln!(stdout(), "{}", format::json(&letter))?,
            false => rows.push(row(&letter)),
        }
    }
    if !as_json {
        print_table(&rows)?;
    }
    if letters.next().await?.is_some() {
        eprintln!("there are more than {limit} dead letters; narrow the filters, or raise --limit");
    }
    Ok(())
}

async fn print_counts(office: &DeadLetterOffice, choice: &Choice) -> Result<(), BoxError> {
    for counted in office.counts(choice).await? {
        let count = match counted.count {
            Some(count) => format::letters(count.try_into().unwrap_or_default()),
            None => "topic does not exist; create it with `taskmesh topics apply`".to_owned(),
        };
        writeln!(stdout(), "{:<50} {count}", counted.topic.full_name)?;
    }
    writeln!(stdout())?;
    Ok(())
}

fn row(letter: &DeadLetter) -> [String; 7] {
    let or_absent = |text: Option<&str>| match text {
        Some(text) if !text.is_empty() => plain(text),
        _ => ABSENT.to_owned(),
    };
    let event_type = letter.event_type().and_then(|name| name.rsplit('.').next());
    let attempts = letter.attempts().map(|attempts| attempts.to_string());
    [
        letter.name().to_string(),
        or_absent(format::time(letter).as_deref()),
        or_absent(Some(&format::key(letter))),
        or_absent(event_type),
        or_absent(letter.event_id()),
        or_absent(attempts.as_deref()),
        or_absent(Some(letter.reason())),
    ]
}

fn print_table(rows: &[[String; 7]]) -> std::io::Result<()> {
    if rows.is_empty() {
        return writeln!(stdout(), "no dead letters");
    }
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default().max(COLUMNS[column].len())
    };
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let print = |cells: [&str; 7]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        writeln!(stdout(), "{}", padded.join("  ").trim_end())
    };
    print(COLUMNS)?;
    for row in rows {
        print(row.each_ref().map(String::as_str))?;
    }
    Ok(())
}
