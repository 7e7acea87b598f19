use std::{collections::HashMap, fmt::Write};

use openssl::sha::sha256;

use super::{
    limits::{LONGEST_ID, LONGEST_ID_BYTES},
    task::FileTask,
};

/// Gives the tasks of one file their identities.
#[derive(Debug, Default)]
pub struct Identities {
    seen: HashMap<String, usize>,
}

impl Identities {
    /// Gives a task its identity: its id in the file or, without one, a digest of its record.
    ///
    /// A record without an id that stands twice in a file stands for two tasks, so equal ones are counted.
    pub fn identify(&mut self, task: &mut FileTask, record: &[u8]) {
        task.identity = if task.source_id.is_empty() {
            let digest = digest(record);
            let count = self.seen.entry(digest.clone()).or_default();
            *count += 1;
            format!("{digest}/{count}")
        } else {
            of_id(&task.source_id)
        };
    }
}

/// Returns the identity of the task with an id: the id, or a digest of one that is too long to be kept.
pub fn of_id(source_id: &str) -> String {
    if source_id.chars().count() <= LONGEST_ID && source_id.len() <= LONGEST_ID_BYTES {
        source_id.to_owned()
    } else {
        digest(source_id.as_bytes())
    }
}

fn digest(record: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in sha256(record) {
        write!(text, "{byte:02x}").expect("a string takes all that is written to it");
    }
    text
}
