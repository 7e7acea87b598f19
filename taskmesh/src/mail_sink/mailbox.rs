use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use service_runtime::ids::Ids;
use tempfile::NamedTempFile;
use uuid::Uuid;

const ENDING: &str = "eml";

/// The folder that holds one file for each message, named by an id that sorts by time.
#[derive(Debug, Clone)]
pub struct Mailbox {
    folder: PathBuf,
}

impl Mailbox {
    /// Opens the mailbox of a data folder; it need not exist yet.
    pub fn of(data_folder: &Path) -> Self {
        Self {
            folder: data_folder.join("mail"),
        }
    }

    /// Keeps a message. When this returns, the message survives a crash; before, nobody sees any of it.
    pub fn store(&self, message: &[u8]) -> io::Result<Uuid> {
        fs::create_dir_all(&self.folder)?;
        let id = Ids.uuid_v7();
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(message)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(self.path(id))?;
        File::open(&self.folder)?.sync_all()?;
        Ok(id)
    }

    /// Returns the ids of all messages, the oldest first.
    pub fn ids(&self) -> io::Result<Vec<Uuid>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == ENDING)
                && let Some(id) = path
                    .file_stem()
                    .and_then(|stem| stem.to_str()?.parse().ok())
            {
                ids.push(id);
            }
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// Returns a message as it was received.
    pub fn read(&self, id: Uuid) -> io::Result<Vec<u8>> {
        fs::read(self.path(id))
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(id.to_string()).with_extension(ENDING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_listed_in_the_order_of_their_arrival_and_read_back_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::of(folder.path());
        assert!(mailbox.ids().unwrap().is_empty());
        let first = mailbox.store(b"Subject: one\r\n\r\n\xff").unwrap();
        let second = mailbox.store(b"Subject: two\r\n\r\n").unwrap();
        fs::write(folder.path().join("mail/notes.txt"), "not a message").unwrap();
        assert_eq!(mailbox.ids().unwrap(), [first, second]);
        assert_eq!(mailbox.read(first).unwrap(), b"Subject: one\r\n\r\n\xff");
    }
}
