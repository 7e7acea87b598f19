use std::{fmt, fs};

use serde::Serialize;

/// What the measurement ran on.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// How many threads run at once.
    pub cores: usize,
    /// What the processor calls itself.
    pub processor: String,
    /// The memory in GiB.
    pub memory_gib: u64,
    /// The kernel.
    pub system: String,
    /// The version of the database server.
    pub postgresql: String,
    /// Whether this program was built to be fast; it says nothing of the mesh, which is a process of its own.
    pub generator_build: &'static str,
}

impl Machine {
    /// Looks at this machine; what it does not tell is empty.
    pub fn look(postgresql: String) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let memory = value_of("/proc/meminfo", "MemTotal");
        let kilobytes = memory.trim_end_matches(" kB").parse::<u64>().unwrap_or(0);
        Self {
            cores,
            processor: value_of("/proc/cpuinfo", "model name"),
            memory_gib: (kilobytes + 512 * 1024) / (1024 * 1024),
            system: format!("{} {}", std::env::consts::OS, release.trim()),
            postgresql,
            generator_build: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            },
        }
    }
}

/// Reads the first "name : value" of a file.
fn value_of(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    value.unwrap_or_default()
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cores,
            processor,
            memory_gib,
            system,
            postgresql,
            generator_build,
        } = self;
        write!(
            formatter,
            "{cores} x {processor}, {memory_gib} GiB, {system}, PostgreSQL {postgresql}; load from a {generator_build} build"
        )
    }
}
