//! Finds the PostgreSQL programs of this system.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The oldest major version that the migrations are written for.
const OLDEST: u32 = 15;

/// Folders that end in a version, as packagers lay them out.
const FAMILIES: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "bin"),
];

/// The server programs of one PostgreSQL version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// The folder of `postgres`, `initdb` and `pg_ctl`.
    pub folder: PathBuf,
    /// The major version, such as 15.
    pub version: u32,
}

/// No usable PostgreSQL on this system.
#[derive(Debug, thiserror::Error)]
pub enum ProgramsError {
    #[error(
        "PostgreSQL {OLDEST} or newer is not installed (initdb and postgres are neither in PATH nor in the usual folders; \
         found {found}); install it with `./dev up`, or set DATABASE_URL to use another database"
    )]
    Missing { found: String },
    #[error(
        "the data folder was created by PostgreSQL {made_by}, which is not installed (found {found}); install PostgreSQL \
         {made_by}, or remove the folder to start with an empty database"
    )]
    OtherVersion { made_by: u32, found: String },
}

impl Programs {
    /// Finds the newest usable version, or exactly the one that made an existing cluster.
    pub fn find(made_by: Option<u32>) -> Result<Self, ProgramsError> {
        let mut all: Vec<Self> = folders()
            .iter()
            .filter_map(|folder| Self::at(folder))
            .collect();
        all.sort_by_key(|programs| std::cmp::Reverse(programs.version));
        choose(all, made_by)
    }

    /// Returns the path of one program.
    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    fn at(folder: &Path) -> Option<Self> {
        let complete = ["postgres", "initdb", "pg_ctl"]
            .iter()
            .all(|program| folder.join(program).is_file());
        if !complete {
            return None;
        }
        let output = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let version = major_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self {
            folder: folder.to_owned(),
            version,
        })
    }
}

fn choose(newest_first: Vec<Programs>, made_by: Option<u32>) -> Result<Programs, ProgramsError> {
    let found = match newest_first.as_slice() {
        [] => "none".to_owned(),
        some => some
            .iter()
            .map(|programs| format!("{} in {}", programs.version, programs.folder.display()))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let mut usable = newest_first
        .into_iter()
        .filter(|programs| programs.version >= OLDEST);
    match made_by {
        None => usable.next().ok_or(ProgramsError::Missing { found }),
        Some(made_by) => usable
            .find(|programs| programs.version == made_by)
            .ok_or(ProgramsError::OtherVersion { made_by, found }),
    }
}

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    for (family, bin) in FAMILIES {
        let versions = fs::read_dir(family).into_iter().flatten().flatten();
        folders.extend(versions.map(|version| version.path().join(bin)));
    }
    folders
}

/// Reads 15 from "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
fn major_version(output: &str) -> Option<u32> {
    let (_, version) = output.split_once("(PostgreSQL) ")?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(version: u32) -> Programs {
        Programs {
            folder: format!("/usr/lib/postgresql/{version}/bin").into(),
            version,
        }
    }

    #[test]
    fn versions_are_read_as_packagers_print_them() {
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("something else"), None);
    }

    #[test]
    fn a_new_cluster_gets_the_newest_version() {
        let chosen = choose(vec![programs(17), programs(15)], None).unwrap();
        assert_eq!(chosen, programs(17));
    }

    #[test]
    fn an_existing_cluster_keeps_the_version_that_made_it() {
        let chosen = choose(vec![programs(17), programs(15)], Some(15)).unwrap();
        assert_eq!(chosen, programs(15));
        let error = choose(vec![programs(17)], Some(15))
            .unwrap_err()
            .to_string();
        assert!(error.contains("install PostgreSQL 15"), "{error}");
    }

    #[test]
    fn versions_before_15_are_refused_by_name() {
        let error = choose(vec![programs(14)], None).unwrap_err().to_string();
        assert!(
            error.contains("found 14 in /usr/lib/postgresql/14/bin"),
            "{error}"
        );
    }
}
