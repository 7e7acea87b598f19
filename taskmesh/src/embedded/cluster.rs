//! The cluster's folder: made once, and freed from what a killed process left behind.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use super::{
    account::{Account, AccountError},
    programs::{Programs, ProgramsError},
};

/// Superuser of the cluster.
pub const SUPERUSER: &str = "taskmesh";

/// A PostgreSQL cluster on disk, and the programs that fit it.
#[derive(Debug)]
pub struct Cluster {
    pub folder: PathBuf,
    pub programs: Programs,
    pub account: Account,
}

/// A cluster that cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(transparent)]
    Programs(#[from] ProgramsError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("{action} {path}", path = path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{program} failed ({status}): {output}")]
    Program {
        program: &'static str,
        status: String,
        output: String,
    },
}

impl Cluster {
    /// Opens the cluster `postgres` in the data folder; makes it first if there is none.
    pub async fn open(
        data_folder: &Path,
        password: &str,
        durable: bool,
    ) -> Result<Self, ClusterError> {
        let cluster = Self::in_folder(data_folder)?;
        if cluster.folder.exists() {
            cluster.stop_leftover().await?;
        } else {
            cluster.make(data_folder, password, durable).await?;
        }
        Ok(cluster)
    }

    /// Stops the server that an earlier process left running in the data folder, if there is one, so that its port is free.
    pub async fn stop_leftover_in(data_folder: &Path) -> Result<(), ClusterError> {
        let cluster = Self::in_folder(data_folder)?;
        cluster.stop_leftover().await
    }

    fn in_folder(data_folder: &Path) -> Result<Self, ClusterError> {
        let folder = data_folder.join("postgres");
        Ok(Self {
            programs: Programs::find(made_by(&folder))?,
            account: Account::pick()?,
            folder,
        })
    }

    /// Makes the cluster under another name and renames it when it is whole, so that a kill half-way leaves no half cluster.
    async fn make(
        &self,
        data_folder: &Path,
        password: &str,
        durable: bool,
    ) -> Result<(), ClusterError> {
        let unfinished = data_folder.join("postgres.unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(file("cannot remove", &unfinished))?;
        }
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&unfinished)
            .and_then(|()| self.account.give(&unfinished))
            .map_err(file("cannot create", &unfinished))?;

        // initdb reads the password from a file, which its own user must be able to reach.
        let mut password_file = tempfile::NamedTempFile::new()
            .map_err(file("cannot create a file in", &std::env::temp_dir()))?;
        password_file
            .write_all(password.as_bytes())
            .and_then(|()| self.account.give(password_file.path()))
            .map_err(file("cannot write", password_file.path()))?;

        let mut initdb = self.program("initdb", &unfinished);
        initdb
            .arg("--username")
            .arg(SUPERUSER)
            .arg("--pwfile")
            .arg(password_file.path())
            .args([
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
            ])
            .arg(format!(
                "--lc-ctype={}",
                if cfg!(target_os = "macos") {
                    "en_US.UTF-8"
                } else {
                    "C.UTF-8"
                }
            ));
        if !durable {
            initdb.arg("--no-sync");
        }
        run("initdb", initdb).await?;
        fs::rename(&unfinished, &self.folder).map_err(file("cannot rename", &unfinished))
    }

    /// Stops the server that an earlier process of ours left running in this folder, if there is one.
    async fn stop_leftover(&self) -> Result<(), ClusterError> {
        let pid_file = self.folder.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&pid_file) else {
            return Ok(());
        };
        match text
            .lines()
            .next()
            .and_then(|line| owner_of(line, &self.folder))
        {
            Some(Owner::Server) => {
                let mut stop = self.program("pg_ctl", &self.folder);
                stop.args(["stop", "--mode=fast", "--wait", "--timeout=30"]);
                let stopped = run("pg_ctl", stop).await;
                // It may have stopped by itself in the meantime, which pg_ctl calls a failure.
                if pid_file.exists() { stopped } else { Ok(()) }
            }
            // PostgreSQL would refuse to start while any process has that id.
            Some(Owner::Stranger) => {
                fs::remove_file(&pid_file).map_err(file("cannot remove", &pid_file))
            }
            // PostgreSQL notices by itself that the file is stale.
            None => Ok(()),
        }
    }

    fn program(&self, program: &'static str, folder: &Path) -> Command {
        let mut command = self
            .account
            .shell("exec \"$@\"", folder, &self.programs.path(program));
        command.arg("-D").arg(self.account.path_of(folder));
        command
    }
}

/// Whose process id stands in `postmaster.pid`.
#[derive(Debug, PartialEq, Eq)]
enum Owner {
    /// A server that works in this folder.
    Server,
    /// Some other process that got the same id after the server had died.
    Stranger,
}

/// Tells whose process id this is; `None` if no process has it.
fn owner_of(process_id: &str, folder: &Path) -> Option<Owner> {
    let process_id: i32 = process_id.trim().parse().ok()?;
    let id = rustix::process::Pid::from_raw(process_id)?;
    if rustix::process::test_kill_process(id) == Err(rustix::io::Errno::SRCH) {
        return None;
    }
    // A server's working folder is its cluster. Where there is no /proc, the file is believed.
    let working_folder = fs::metadata(format!("/proc/{process_id}/cwd"));
    match (working_folder, fs::metadata(folder)) {
        (Ok(theirs), Ok(ours)) if (theirs.dev(), theirs.ino()) != (ours.dev(), ours.ino()) => {
            Some(Owner::Stranger)
        }
        _ => Some(Owner::Server),
    }
}

async fn run(program: &'static str, mut command: Command) -> Result<(), ClusterError> {
    let output = command
        .stdin(Stdio::null())
        // Whoever gives up waiting must not leave it at work in the folder.
        .kill_on_drop(true)
        .output()
        .await
        .map_err(file("cannot run", Path::new("/bin/sh")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(ClusterError::Program {
        program,
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&[output.stdout, output.stderr].concat())
            .trim()
            .to_owned(),
    })
}

fn made_by(folder: &Path) -> Option<u32> {
    let version = fs::read_to_string(folder.join("PG_VERSION")).ok()?;
    version.trim().parse().ok()
}

fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ClusterError {
    let path = path.to_owned();
    move |source| ClusterError::File {
        action,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_id_that_another_program_got_is_not_taken_for_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let own_id = std::process::id().to_string();
        let expected = if cfg!(target_os = "linux") {
            Owner::Stranger
        } else {
            Owner::Server
        };
        assert_eq!(owner_of(&own_id, folder.path()), Some(expected));
        assert_eq!(owner_of("2000000000", folder.path()), None);
        assert_eq!(owner_of("garbage", folder.path()), None);
    }
}
