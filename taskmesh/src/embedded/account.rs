//! The system user that PostgreSQL runs as.
//!
//! PostgreSQL refuses to run as root. Started by root, its programs run as the system user `postgres`, but the cluster stays
//! in the data folder, even when that lies in a home folder that `postgres` may not enter: root opens the cluster's folder
//! and hands the open handle over, and the programs reach the folder through `/proc/self/fd`, which asks no parent folder
//! for permission.

use std::{
    fs, io,
    os::unix::fs::chown,
    path::{Path, PathBuf},
};

use tokio::process::Command;

/// The handle on which a program that runs as another user receives its folder.
const HANDLE: &str = "/proc/self/fd/4";

/// Who runs the PostgreSQL programs.
#[derive(Debug, Clone, Copy)]
pub enum Account {
    /// Whoever runs this process.
    Own,
    /// The system user `postgres`, because this process runs as root.
    Postgres { user: u32, group: u32 },
}

/// No user to run PostgreSQL as.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error(
        "PostgreSQL does not run as root, and the system user `postgres` does not exist; run this command as an ordinary user"
    )]
    NoPostgresUser,
    #[error(
        "PostgreSQL does not run as root, and `setpriv` (package util-linux) is not installed; install it, or run this command as an ordinary user"
    )]
    NoSetpriv,
    #[error("/etc/passwd cannot be read")]
    Passwd(#[source] io::Error),
}

impl Account {
    /// Picks the account for this process.
    pub fn pick() -> Result<Self, AccountError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        if std::process::Command::new("setpriv")
            .arg("--version")
            .output()
            .is_err()
        {
            return Err(AccountError::NoSetpriv);
        }
        let passwd = fs::read_to_string("/etc/passwd").map_err(AccountError::Passwd)?;
        let (user, group) = find_user(&passwd, "postgres").ok_or(AccountError::NoPostgresUser)?;
        Ok(Self::Postgres { user, group })
    }

    /// Hands a file or folder over to the account.
    pub fn give(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Postgres { user, group } => chown(path, Some(user), Some(group)),
        }
    }

    /// Returns the path under which the account's programs see the cluster's folder.
    pub fn path_of(self, folder: &Path) -> PathBuf {
        match self {
            Self::Own => folder.to_owned(),
            Self::Postgres { .. } => HANDLE.into(),
        }
    }

    /// Prepares a shell script that finds the folder open on handle 4, and in `"$@"` the program with the change of user
    /// in front of it.
    pub fn shell(self, script: &str, folder: &Path, program: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(format!("exec 4<\"$1\" || exit; shift; {script}"))
            .arg("sh")
            .arg(folder);
        if let Self::Postgres { .. } = self {
            command.args([
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--init-groups",
                "--",
            ]);
        }
        command.arg(program);
        // Before version 16 the programs return to where they were started, so it must be a folder they may enter.
        command.current_dir("/");
        // A terminal's Ctrl-C goes to the whole process group; these programs are stopped by us, in their turn.
        command.process_group(0);
        command
    }
}

fn find_user(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let line = passwd
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut ids = line.split(':').skip(2);
    Some((ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_their_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgres-x:x:5:6::/:\npostgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(find_user(passwd, "postgres"), Some((101, 104)));
        assert_eq!(find_user(passwd, "post"), None);
    }
}
