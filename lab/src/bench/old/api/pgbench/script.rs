use std::fmt::Write;

/// A table, with the columns that a row gives values and their types.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub columns: Vec<(String, String)>,
}

impl Table {
    /// Creates a table without columns.
    pub fn new(name: String) -> Self {
        Self {
            name,
            columns: Vec::new(),
        }
    }
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Null,
    Text(String),
    /// The id of the task that is created, another one in every transaction.
    TaskId,
    /// The id of the operation that creates it.
    OperationId,
}

impl Cell {
    /// Recognises the ids of the sample.
    pub fn of(value: Option<String>, sample: &Sample) -> Self {
        match value {
            None => Self::Null,
            Some(value) if value == sample.task_id => Self::TaskId,
            Some(value) if value == sample.operation_id => Self::OperationId,
            Some(value) => Self::Text(value),
        }
    }

    fn expression(&self, kind: &str) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Text(text) => format!("{}::{kind}", quoted(text)),
            Self::TaskId => format!("({})::{kind}", id_expression('1', kind)),
            Self::OperationId => format!("({})::{kind}", id_expression('2', kind)),
        }
    }
}

/// Like a UUIDv7: the variable grows with time, so that rows come to lie where the service's would.
fn id_expression(mark: char, kind: &str) -> String {
    let hexadecimal = format!("lpad(to_hex(:id::bigint), 16, '0') || '8{mark}00000000000000'");
    match kind {
        "uuid" => hexadecimal,
        _ => format!("({hexadecimal})::uuid"),
    }
}

/// What one creation wrote.
#[derive(Debug)]
pub struct Sample {
    task_id: String,
    operation_id: String,
    inserts: Vec<Insert>,
}

#[derive(Debug)]
struct Insert {
    table: String,
    columns: Vec<(String, String)>,
    rows: Vec<Vec<Cell>>,
}

impl Sample {
    /// Begins a sample.
    pub fn new(task_id: &str, operation_id: &str) -> Self {
        Self {
            task_id: task_id.to_owned(),
            operation_id: operation_id.to_owned(),
            inserts: Vec::new(),
        }
    }

    /// Adds a row that was written.
    pub fn add(&mut self, table: &str, columns: &[(String, String)], row: Vec<Cell>) {
        match self.inserts.iter_mut().find(|insert| insert.table == table) {
            Some(insert) => insert.rows.push(row),
            None => self.inserts.push(Insert {
                table: table.to_owned(),
                columns: columns.to_vec(),
                rows: vec![row],
            }),
        }
    }

    /// Returns what pgbench runs: one transaction, one statement a table.
    pub fn script(&self) -> String {
        let mut script =
            "\\set n :n + 1\n\\set id :first_id + :n * 256 + :client_id\nBEGIN;\n".to_owned();
        for insert in &self.inserts {
            // Writing to a string does not fail.
            let _ = writeln!(script, "{};", insert.statement());
        }
        script.push_str("COMMIT;\n");
        script
    }
}

impl Insert {
    fn statement(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let cells: Vec<String> = row
                    .iter()
                    .zip(&self.columns)
                    .map(|(cell, (_, kind))| cell.expression(kind))
                    .collect();
                format!("({})", cells.join(", "))
            })
            .collect();
        // A row without an id that changes is there after the first time.
        let is_new = self
            .rows
            .iter()
            .flatten()
            .any(|cell| matches!(cell, Cell::TaskId | Cell::OperationId));
        format!(
            "INSERT INTO {} ({}) VALUES {}{}",
            self.table,
            names.join(", "),
            rows.join(", "),
            if is_new {
                ""
            } else {
                " ON CONFLICT DO NOTHING"
            }
        )
    }
}

/// Quotes a text for SQL and for pgbench, which would take a colon before a letter for a variable.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("E'");
    for character in text.chars() {
        match character {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            ':' => quoted.push_str("\\x3a"),
            ';' => quoted.push_str("\\x3b"),
            '\n' => quoted.push_str("\\n"),
            character => quoted.push(character),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(columns: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, kind): &(&str, &str)| ((*name).to_owned(), (*kind).to_owned());
        columns.iter().map(owned).collect()
    }

    #[test]
    fn the_rows_of_a_table_are_one_statement_and_each_transaction_has_its_own_ids() {
        let mut sample = Sample::new("a-task", "an-operation");
        let outbox = columns(&[("subject", "text"), ("payload", "bytea")]);
        for payload in ["\\x01", "\\x02"] {
            let row = [Some("a-task"), Some(payload)];
            let row = row.map(|value| Cell::of(value.map(str::to_owned), &sample));
            sample.add("bench.outbox", &outbox, row.to_vec());
        }
        let script = sample.script();
        assert_eq!(script.matches("INSERT INTO").count(), 1, "{script}");
        assert!(!script.contains("a-task"), "{script}");
        assert!(script.contains("E'\\\\x01'::bytea"), "{script}");
        assert!(script.contains(":id::bigint"), "{script}");
        assert!(script.ends_with(";\nCOMMIT;\n"), "{script}");
    }

    #[test]
    fn words_that_are_there_already_are_no_error() {
        let mut sample = Sample::new("a-task", "an-operation");
        let words = columns(&[("word", "text")]);
        let row = vec![Cell::of(Some("it's 7:am".to_owned()), &sample)];
        sample.add("task.search_words", &words, row);
        let statement = sample.inserts[0].statement();
        assert_eq!(
            statement,
            "INSERT INTO task.search_words (word) VALUES (E'it''s 7\\x3aam'::text) ON CONFLICT DO NOTHING"
        );
    }
}
