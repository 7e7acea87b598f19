//! The folder that holds everything a mesh keeps, and what makes it the mesh's own.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use clap::Args;

/// The file by which a folder is known to be a mesh's.
const LOCK: &str = "lock";

/// Which data folder a command works with.
#[derive(Debug, Clone, Args)]
pub struct Location {
    /// Data folder of the mesh.
    #[arg(long, env = "TASKMESH_DATA_DIR", default_value = ".taskmesh")]
    pub data_dir: PathBuf,
}

impl Location {
    /// Returns the folder, which a mesh must have run in; creates nothing.
    pub fn of_mesh(&self) -> Result<&Path, DataFolderError> {
        let path = &self.data_dir;
        match path.join(LOCK).try_exists() {
            Ok(true) => Ok(path),
            Ok(false) => Err(self.no_mesh()),
            Err(error) => Err(DataFolderError::File(path.clone(), error)),
        }
    }

    /// Returns the error of a folder that holds nothing of a mesh.
    pub fn no_mesh(&self) -> DataFolderError {
        DataFolderError::NoMesh(self.data_dir.clone())
    }
}

/// A data folder that this process alone works in.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    // The lock goes when the file is closed, at the latest with the process.
    _lock: File,
}

/// A data folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    #[error("the data folder {} cannot be used", .0.display())]
    File(PathBuf, #[source] io::Error),
    #[error(
        "no mesh has run in the data folder {}; start one there with `taskmesh up`, or select another folder with --data-dir or TASKMESH_DATA_DIR",
        .0.display()
    )]
    NoMesh(PathBuf),
    #[error(
        "another mesh{process} uses the data folder {path}; stop it, or select another folder with --data-dir or TASKMESH_DATA_DIR",
        path = path.display()
    )]
    Taken { path: PathBuf, process: String },
}

impl DataFolder {
    /// Creates the folder if it is absent and keeps other processes out of it.
    pub fn open(path: &Path) -> Result<Self, DataFolderError> {
        let failed = |error| DataFolderError::File(path.to_owned(), error);
        DirBuilder::new()
            .mode(0o700)
            .recursive(true)
            .create(path)
            .map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path.join(LOCK))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                lock.read_to_string(&mut text).map_err(failed)?;
                let process = match text.trim() {
                    "" => String::new(),
                    id => format!(" (process {id})"),
                };
                return Err(DataFolderError::Taken { path, process });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(failed)?;
        Ok(Self { path, _lock: lock })
    }

    /// Returns the folder's absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_meshes_cannot_share_a_folder() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let first = DataFolder::open(&path).unwrap();
        let error = DataFolder::open(&path).unwrap_err().to_string();
        assert!(
            error.contains(&format!("(process {})", std::process::id())),
            "{error}"
        );
        assert!(error.contains("--data-dir"), "{error}");
        drop(first);
        DataFolder::open(&path).unwrap();
        assert!(path.join("lock").exists());
    }

    #[test]
    fn folder_without_mesh_is_not_created() {
        let parent = tempfile::tempdir().unwrap();
        let location = Location {
            data_dir: parent.path().join("typo"),
        };
        let error = location.of_mesh().unwrap_err().to_string();
        assert!(error.starts_with("no mesh has run in"), "{error}");
        assert!(error.contains("--data-dir"), "{error}");
        assert!(!location.data_dir.exists());
        drop(DataFolder::open(&location.data_dir).unwrap());
        assert_eq!(location.of_mesh().unwrap(), location.data_dir);
    }
}
