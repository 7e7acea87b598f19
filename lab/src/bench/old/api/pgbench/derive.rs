use std::collections::HashMap;

use service_runtime::BoxError;
use tempfile::TempDir;

use super::script::{Cell, Sample, Table};
use crate::bench::old::{api::writer::Writer, database::Database, progress::Progress};

/// A table like the outbox, so that what pgbench writes is not told to the world.
const OUTBOX: &str = "bench.outbox";
/// Numbers of requests that nothing else reaches.
const FIRST_NUMBER: usize = 1_000_000_000;

/// Scripts for pgbench, each of which writes what one creation wrote.
pub struct Scripts {
    pub folder: TempDir,
    pub count: usize,
}

impl Scripts {
    /// Creates tasks through the service and reads back every row that their transactions have left in any table of its schema.
    pub async fn derive(
        database: &Database,
        writer: &Writer,
        count: usize,
    ) -> Result<Self, BoxError> {
        let progress = Progress::new(
            "takes the inserts of creations",
            "samples",
            Some(count as u64),
        );
        progress
            .watch(async {
                let mut samples = HashMap::new();
                for number in 0..count {
                    let request = writer.caller.request(writer.request(FIRST_NUMBER + number));
                    let task = writer
                        .caller
                        .tasks(number)
                        .create_task(request)
                        .await?
                        .into_inner();
                    let transaction = transaction_of(database, writer, &task.id).await?;
                    samples.insert(transaction, Sample::new(&task.id, &task.operation_id));
                    progress.add(1);
                }
                for table in tables(database).await? {
                    read_rows(database, writer, &table, &mut samples).await?;
                }
                make_outbox(database).await?;
                let folder = tempfile::tempdir()?;
                for (index, sample) in samples.values().enumerate() {
                    std::fs::write(folder.path().join(file_name(index)), sample.script())?;
                }
                Ok(Self { folder, count })
            })
            .await
    }

    /// Removes what was needed only for pgbench.
    pub async fn remove(self, database: &Database) -> Result<(), BoxError> {
        let statement = format!("DROP TABLE {OUTBOX}");
        database.client.batch_execute(&statement).await?;
        self.folder.close()?;
        Ok(())
    }
}

/// Returns the name of one of the scripts.
pub fn file_name(index: usize) -> String {
    format!("{index}.sql")
}

/// Returns the transaction that wrote a task.
async fn transaction_of(
    database: &Database,
    writer: &Writer,
    task_id: &str,
) -> Result<String, BoxError> {
    let row = database
        .client
        .query_one(
            "SELECT xmin::text FROM task.tasks WHERE user_id = $1 AND id = $2::text::uuid",
            &[&writer.user_id, &task_id],
        )
        .await?;
    Ok(row.get(0))
}

/// Returns the tables of the service, with the columns that it gives values: those that a function fills are left to it.
async fn tables(database: &Database) -> Result<Vec<Table>, BoxError> {
    let rows = database
        .client
        .query(
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)
             FROM pg_class c
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
             WHERE c.relnamespace = 'task'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
               AND a.attgenerated = '' AND a.attidentity = ''
               AND coalesce(pg_get_expr(d.adbin, d.adrelid) NOT LIKE '%(%', true)
             ORDER BY c.relname, a.attnum",
            &[],
        )
        .await?;
    let mut tables: Vec<Table> = Vec::new();
    for row in rows {
        let name: String = row.get(0);
        if tables.last().is_none_or(|table| table.name != name) {
            tables.push(Table::new(name));
        }
        if let Some(table) = tables.last_mut() {
            table.columns.push((row.get(1), row.get(2)));
        }
    }
    Ok(tables)
}

/// Adds to each sample the rows that its transaction wrote into a table.
async fn read_rows(
    database: &Database,
    writer: &Writer,
    table: &Table,
    samples: &mut HashMap<String, Sample>,
) -> Result<(), BoxError> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(column, _)| format!("{column}::text"))
        .collect();
    let own = if table.columns.iter().any(|(column, _)| column == "user_id") {
        "user_id = $2"
    } else {
        "$2 <> ''"
    };
    // In the order in which they were written.
    let statement = format!(
        "SELECT xmin::text, ARRAY[{}] FROM task.{} WHERE xmin::text = ANY ($1) AND {own} ORDER BY ctid",
        columns.join(", "),
        table.name,
    );
    let transactions: Vec<&str> = samples.keys().map(String::as_str).collect();
    let rows = database
        .client
        .query(&statement, &[&transactions, &writer.user_id])
        .await?;
    let target = match table.name.as_str() {
        "outbox" => OUTBOX.to_owned(),
        name => format!("task.{name}"),
    };
    for row in rows {
        let transaction: String = row.get(0);
        let cells: Vec<Option<String>> = row.get(1);
        let Some(sample) = samples.get_mut(&transaction) else {
            continue;
        };
        let cells = cells
            .into_iter()
            .map(|value| Cell::of(value, sample))
            .collect();
        sample.add(&target, &table.columns, cells);
    }
    Ok(())
}

async fn make_outbox(database: &Database) -> Result<(), BoxError> {
    database
        .client
        .batch_execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS bench; DROP TABLE IF EXISTS {OUTBOX};
             CREATE TABLE {OUTBOX} (LIKE task.outbox INCLUDING ALL)"
        ))
        .await?;
    Ok(())
}
