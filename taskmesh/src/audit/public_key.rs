use std::{fs, path::PathBuf};

use audit_service::domain::signing::SealingKey;
use service_runtime::BoxError;

use crate::{data_folder::Location, up::settings::AUDIT_KEY};

/// Returns the public half (PEM) of the key that signs checkpoints: of a given one, else of that in the data folder.
pub fn read(location: &Location, given: Option<PathBuf>) -> Result<String, BoxError> {
    let path = match given {
        Some(path) => path,
        None => location.of_mesh()?.join(AUDIT_KEY),
    };
    let wrong = |cause: String| {
        format!(
            "the key in {} cannot be used: {cause}; --data-dir names another data folder, --signing-key-file another key",
            path.display()
        )
    };
    let pem = fs::read(&path).map_err(|cause| wrong(cause.to_string()))?;
    let key = SealingKey::from_pem(&pem).map_err(|cause| wrong(cause.to_string()))?;
    Ok(key.public()?.to_pem()?)
}
