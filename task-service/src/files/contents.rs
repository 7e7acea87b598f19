use super::{
    limits::{LARGEST_FILE, MOST_TASKS},
    loss::{Loss, Losses},
    task::FileTask,
};

/// Content of a file.
#[derive(Debug, Default)]
pub struct Contents {
    /// Tasks that can be read, in the order of the file.
    pub tasks: Vec<FileTask>,
    /// Tasks that cannot be read, with the reasons.
    pub failed: Vec<Loss>,
    /// Losses that belong to no task.
    pub losses: Losses,
}

/// Fault of a file of which nothing can be read.
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
