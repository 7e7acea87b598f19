use std::{fs, path::Path};

use audit_service::SigningKey;
use service_runtime::BoxError;

/// Returns the public half (PEM) of the key in a file that signs checkpoints.
pub fn read(path: &Path) -> Result<String, BoxError> {
    let wrong = |cause: String| {
        format!(
            "the key in {} cannot be used: {cause}; select another data folder with --data-dir, or another key with --signing-key-file",
            path.display()
        )
    };
    let pem = fs::read(path).map_err(|cause| wrong(cause.to_string()))?;
    let key = SigningKey::from_pem(&pem).map_err(|cause| wrong(cause.to_string()))?;
    Ok(key.public()?.to_pem()?)
}
