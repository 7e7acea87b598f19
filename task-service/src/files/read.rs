use super::{
    Format,
    bounds::{LARGEST_FILE, MOST_TASKS},
    calendar, csv,
    loss::{Loss, Losses},
    ndjson,
    task::FileTask,
};

/// What a file holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// The tasks that can be read, in the order of the file.
    pub tasks: Vec<FileTask>,
    /// Why others cannot.
    pub failed: Vec<Loss>,
    /// What belongs to no task.
    pub losses: Losses,
}

/// Why nothing of a file can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFile {
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// More bytes than a file may have.
    #[error("has {0} bytes; split it into files of at most {LARGEST_FILE}")]
    TooLarge(usize),
    /// More tasks than a file may have.
    #[error("has more than {MOST_TASKS} tasks; split it")]
    TooManyTasks,
    /// Another character set, or damage.
    #[error("is not UTF-8 at line {line}, byte {byte}; save it as UTF-8")]
    NotUtf8 {
        /// The line, from 1.
        line: usize,
        /// The byte of the file, from 1.
        byte: usize,
    },
    /// Not of the format that it claims to be.
    #[error("{0}")]
    WrongFormat(String),
}

/// Reads the tasks of a file; times that name no zone are read in the user's.
pub fn read(format: Format, bytes: &[u8], user_zone: &str) -> Result<Contents, InvalidFile> {
    if bytes.len() > LARGEST_FILE {
        return Err(InvalidFile::TooLarge(bytes.len()));
    }
    let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if content.trim_ascii().is_empty() {
        return Err(InvalidFile::Empty);
    }
    match format {
        Format::Ndjson => ndjson::read(decode(bytes)?),
        Format::Csv => csv::read(decode(bytes)?),
        Format::Calendar => calendar::read(&calendar::Lines::unfold(bytes)?, user_zone),
    }
}

fn decode(bytes: &[u8]) -> Result<&str, InvalidFile> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (before, _) = bytes.split_at(error.valid_up_to());
        InvalidFile::NotUtf8 {
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            byte: error.valid_up_to() + 1,
        }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

impl Contents {
    /// Adds a task, or the reason that it cannot be read; fails if there are too many.
    pub fn add(&mut self, task: Result<FileTask, Loss>) -> Result<(), InvalidFile> {
        if self.tasks.len() + self.failed.len() >= MOST_TASKS {
            return Err(InvalidFile::TooManyTasks);
        }
        match task {
            // PostgreSQL keeps no text with this character, and without it the id would be another one.
            Ok(task) if task.source_id.contains('\0') => {
                let reason = "has the control character U+0000 in its id; remove it";
                self.failed
                    .push(Loss::whole(task.line, &task.source_id, reason));
            }
            Ok(task) => self.tasks.push(task),
            Err(loss) => self.failed.push(loss),
        }
        Ok(())
    }
}
