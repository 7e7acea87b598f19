//! Secrets that are made once per data folder and kept in it, readable by their owner only.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use rand::Rng;

/// Returns 32 random bytes as 64 hexadecimal digits.
pub fn random() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the secret of that name in the folder; makes it first if there is none.
pub fn read_or_make(folder: &Path, name: &str) -> io::Result<String> {
    let path = folder.join(name);
    match fs::read_to_string(&path) {
        Ok(secret) => Ok(secret.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = random();
            // Written aside and renamed, so that a kill leaves no empty secret; such a file is readable by its owner only.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            writeln!(file, "{secret}")?;
            file.as_file().sync_all()?;
            file.persist_noclobber(&path)?;
            File::open(folder)?.sync_all()?;
            Ok(secret)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let made = read_or_make(folder.path(), "secret").unwrap();
        assert_eq!(made.len(), 64);
        assert_eq!(read_or_make(folder.path(), "secret").unwrap(), made);
        let mode = fs::metadata(folder.path().join("secret"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
