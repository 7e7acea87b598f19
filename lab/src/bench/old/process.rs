//! What a process tells of itself (Linux only).

use std::{fs, path::Path};

use service_runtime::BoxError;

/// Returns the process that works in a data folder.
pub fn in_folder(data_folder: &Path) -> Result<u32, BoxError> {
    let lock = data_folder.join("lock");
    let text = fs::read_to_string(&lock).unwrap_or_default();
    text.trim().parse().map_err(|_| {
        format!(
            "{} names no process: start `taskmesh up` first, name its data folder with --data-dir, or the processes with --process",
            lock.display()
        )
        .into()
    })
}

/// Returns how many bytes of memory a process has; `self` is this one.
pub fn resident(process: &str) -> Result<u64, BoxError> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .map_err(|cause| format!("process {process} tells nothing of its memory: {cause}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let line = line.ok_or("the system does not tell how much memory a process has")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1_024)
}
