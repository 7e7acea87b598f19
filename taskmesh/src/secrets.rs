//! Secrets that are made once per data folder and kept in it, readable by their owner only.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use openssl::pkey::PKey;
use rand::Rng;

/// Returns 32 random bytes as 64 hexadecimal digits.
pub fn random() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the secret of that name in the folder; makes it first if there is none.
pub fn read_or_make(folder: &Path, name: &str) -> io::Result<String> {
    match read(folder, name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = random();
            keep(folder, name, &format!("{secret}\n"))?;
            Ok(secret)
        }
        read => read,
    }
}

/// Reads the secret of that name in the folder.
pub fn read(folder: &Path, name: &str) -> io::Result<String> {
    Ok(fs::read_to_string(folder.join(name))?.trim().to_owned())
}

/// Makes an Ed25519 key of that name in the folder (PEM, PKCS #8), unless there is one.
pub fn make_signing_key(folder: &Path, name: &str) -> io::Result<()> {
    if folder.join(name).try_exists()? {
        return Ok(());
    }
    let pem = PKey::generate_ed25519()?.private_key_to_pem_pkcs8()?;
    keep(folder, name, &String::from_utf8_lossy(&pem))
}

/// Written aside and renamed, so that a kill leaves no empty secret; such a file is readable by its owner only.
fn keep(folder: &Path, name: &str, secret: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(secret.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(folder.join(name))?;
    File::open(folder)?.sync_all()
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
