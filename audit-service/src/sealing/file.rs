use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::Path,
    time::Duration,
};

use service_runtime::BoxError;
use tokio::{task::spawn_blocking, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{app::App, domain::sealed_line::SealedLine, error::Error, store};

/// Polling interval, for checkpoints of other replicas too.
const PAUSE: Duration = Duration::from_secs(5);
const AT_ONCE: i64 = 100;
/// So much of the file is looked at once, from its end.
const BLOCK: u64 = 64 * 1024;

/// The file that checkpoints are appended to with their leaves, one JSON object a line, so that records can be checked against what is
/// not in the database.
pub struct CheckpointFile {
    file: File,
    last: i64,
}

impl CheckpointFile {
    /// Opens or creates the file, and finds out which checkpoint is its last. A line that was not finished is cut off.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)?;
        let length = file.metadata()?.len();
        // Bytes and not text: a process that was killed while writing may have left a part of a character.
        let end = line_begin(&file, length)?;
        if end < length {
            warn!(
                "last line of {} is incomplete, writing it again",
                path.display()
            );
            file.set_len(end)?;
        }
        let last = match end.checked_sub(1) {
            None => 0,
            Some(newline) => {
                let begin = line_begin(&file, newline)?;
                let length = usize::try_from(end - begin).map_err(io::Error::other)?;
                let mut line = vec![0; length];
                file.read_exact_at(&mut line, begin)?;
                serde_json::from_slice::<SealedLine>(&line)?.number
            }
        };
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
                    warn!(%error, "reading checkpoints for the checkpoint file failed, retrying");
                }
            }
            // The checkpoints of other replicas are found after the pause.
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                () = app.sealed.notified() => {}
                () = sleep(PAUSE) => {}
            }
        }
    }

    async fn lines(&self, app: &App) -> Result<Vec<SealedLine>, Error> {
        let last = self.last;
        app.database
            .read("list_checkpoints", async |tx| {
                let checkpoints = store::checkpoint::list_after(tx, last, AT_ONCE).await?;
                if checkpoints.is_empty() {
                    return Ok(Vec::new());
                }
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

/// Returns where the line begins that ends before this place: the file may be long, and its beginning is not read.
fn line_begin(file: &File, end: u64) -> io::Result<u64> {
    let mut block = Vec::new();
    let mut end = end;
    while end > 0 {
        let begin = end.saturating_sub(BLOCK);
        block.resize(usize::try_from(end - begin).map_err(io::Error::other)?, 0);
        file.read_exact_at(&mut block, begin)?;
        if let Some(newline) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + u64::try_from(newline).map_err(io::Error::other)? + 1);
        }
        end = begin;
    }
    Ok(0)
}

fn to_text(lines: &[SealedLine]) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;
    use tempfile::NamedTempFile;

    use super::*;

    /// A checkpoint with a leaf of a user whose name is so long.
    fn line(number: i64, name: usize) -> String {
        let line = json!({
            "number": number,
            "event_id": "01939d2c-7a5e-7cc0-98f5-3e7d1c2b4a60",
            "event_time": "2026-12-01T00:00:00Z",
            "previous_hash": "",
            "root_hash": "",
            "record_count": 1,
            "kept_from": null,
            "key_id": "",
            "signature": "",
            "leaves": [{"user_id": "\u{e9}".repeat(name), "month": "2026-12-01", "sequence": 1, "hash": ""}],
        });
        format!("{line}\n")
    }

    fn opened(content: &[u8]) -> (i64, Vec<u8>) {
        let file = NamedTempFile::new().unwrap();
        fs::write(file.path(), content).unwrap();
        let last = CheckpointFile::open(file.path()).unwrap().last;
        (last, fs::read(file.path()).unwrap())
    }

    #[test]
    fn file_continues_after_last_complete_line() {
        assert_eq!(opened(b""), (0, Vec::new()));
        // Also a line that is longer than what is looked at once.
        for name in [1, 100_000] {
            let whole = line(1, 1) + &line(2, name);
            assert_eq!(opened(whole.as_bytes()), (2, whole.clone().into_bytes()));
        }
    }

    #[test]
    fn incomplete_line_is_truncated() {
        let (whole, next) = (line(1, 1), line(2, 3));
        for written in 0..next.len() {
            let mut content = whole.clone().into_bytes();
            content.extend(&next.as_bytes()[..written]);
            assert_eq!(
                opened(&content),
                (1, whole.clone().into_bytes()),
                "{written}"
            );
            let alone = &next.as_bytes()[..written];
            assert_eq!(opened(alone), (0, Vec::new()), "{written}");
        }
    }

    #[test]
    fn invalid_last_line_is_refused() {
        let file = NamedTempFile::new().unwrap();
        fs::write(file.path(), "something else\n").unwrap();
        assert!(CheckpointFile::open(file.path()).is_err());
    }
}
