//! The mail that the mesh has sent: what its mail sink has kept.

use std::path::Path;

/// Returns how many messages mention a title in their subject.
pub fn count(data: &Path, title: &str) -> usize {
    let Ok(entries) = std::fs::read_dir(data.join("mail")) else {
        return 0;
    };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .filter(|path| {
            let message = std::fs::read_to_string(path).unwrap_or_default();
            message
                .lines()
                .any(|line| line.starts_with("Subject:") && line.contains(title))
        })
        .count()
}
