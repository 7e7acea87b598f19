use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::Path,
    time::Duration,
};

use service_runtime::BoxError;
use tokio::{task::spawn_blocking, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{app::App, domain::sealed_line::SealedLine, error::Error, store};

/// How often new checkpoints are looked for: also those that other replicas have made.
const PAUSE: Duration = Duration::from_secs(1);
const AT_ONCE: i64 = 100;

/// The file that checkpoints are appended to with their leaves, one JSON object a line, so that records can be checked against what is
/// not in the database.
pub struct CheckpointFile {
    file: File,
    last: i64,
}

impl CheckpointFile {
    /// Opens or creates the file, and finds out which checkpoint is its last. A line that was not finished is cut off.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)?;
        let mut last = 0;
        let mut end = 0;
        let mut reader = BufReader::new(&file);
        let mut line = String::new();
        loop {
            line.clear();
            let length = reader.read_line(&mut line)?;
            if length == 0 {
                break;
            }
            if !line.ends_with('\n') {
                warn!(
                    "the last line of {} was not finished and is written again",
                    path.display()
                );
                break;
            }
            let sealed: SealedLine = serde_json::from_str(&line)?;
            last = sealed.number;
            end += u64::try_from(length).map_err(io::Error::other)?;
        }
        file.set_len(end)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file, last })
    }

    /// Appends whatever checkpoints there are, until the service stops.
    pub async fn follow(mut self, app: App, stopping: CancellationToken) -> Result<(), BoxError> {
        loop {
            match self.lines(&app).await {
                Ok(lines) if lines.is_empty() => {}
                Ok(lines) => {
                    let last = lines.last().map_or(self.last, |line| line.number);
                    let text = to_text(&lines)?;
                    self = spawn_blocking(move || self.append(&text, last)).await??;
                    // There may be more.
                    if !stopping.is_cancelled() {
                        continue;
                    }
                }
                Err(error) => {
                    warn!(%error, "checkpoints could not be read for the file; tried again shortly");
                }
            }
            if stopping.run_until_cancelled(sleep(PAUSE)).await.is_none() {
                return Ok(());
            }
        }
    }

    async fn lines(&self, app: &App) -> Result<Vec<SealedLine>, Error> {
        let last = self.last;
        app.database
            .read("list_checkpoints", async |tx| {
                let checkpoints = store::checkpoint::list_after(tx, last, AT_ONCE).await?;
                let end = checkpoints.last().map_or(last, |last| last.seal.number);
                let leaves = store::checkpoint::list_leaves(tx, last, end).await?;
                let leaves_of = |number| leaves.get(number).map(Vec::as_slice).unwrap_or_default();
                let lines = checkpoints
                    .iter()
                    .map(|sealed| SealedLine::new(sealed, leaves_of(&sealed.seal.number)))
                    .collect();
                Ok(lines)
            })
            .await
    }

    fn append(mut self, text: &str, last: i64) -> io::Result<Self> {
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()?;
        self.last = last;
        Ok(self)
    }
}

fn to_text(lines: &[SealedLine]) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
    }
    Ok(text)
}
