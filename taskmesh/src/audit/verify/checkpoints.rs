use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use audit_service::{
    CheckpointCheck, Examined, Finding, MalformedLine, SealedLine, Seals, VerifyingKey,
};
use chrono::{DateTime, TimeDelta, Utc};
use service_runtime::BoxError;

use super::lines;

/// By so much clocks of replicas may differ.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(10);

/// What the checkpoint file says.
pub struct Checkpoints {
    /// How many checkpoints it has.
    pub count: i64,
    /// The number and the time of the last one.
    pub last: Option<(i64, DateTime<Utc>)>,
    /// The number of the last one that has sealed nothing from after the time in question.
    pub up_to: i64,
    /// What they say of chains.
    pub seals: Seals,
    /// What is wrong with them.
    pub findings: Vec<Finding>,
    /// The lines that are no checkpoints.
    pub malformed: Vec<(u64, String)>,
    /// The keys that checkpoints name and that were not given.
    pub unknown_keys: BTreeSet<String>,
}

#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("is not a valid checkpoint: {0}")]
    Json(#[from] serde_json::Error),
    #[error("is not a valid checkpoint: {0}")]
    Field(#[from] MalformedLine),
}

/// Reads the public keys.
pub fn read_keys(paths: &[PathBuf]) -> Result<Vec<VerifyingKey>, BoxError> {
    let key = |path: &PathBuf| {
        let wrong = |cause: String| format!("--public-key {}: {cause}", path.display());
        let pem = fs::read(path).map_err(|cause| wrong(cause.to_string()))?;
        Ok(VerifyingKey::from_pem(&pem).map_err(|cause| wrong(cause.to_string()))?)
    };
    paths.iter().map(key).collect()
}

/// Checks the checkpoint file; of what was sealed after a time, if one is given, nothing will be missed.
pub fn check(
    path: &Path,
    keys: &[VerifyingKey],
    until: Option<DateTime<Utc>>,
) -> Result<Checkpoints, BoxError> {
    let wrong = |cause: String| format!("--checkpoints {}: {cause}", path.display());
    let file = File::open(path).map_err(|cause| wrong(cause.to_string()))?;
    let mut check = CheckpointCheck::new();
    let mut checkpoints = Checkpoints {
        count: 0,
        last: None,
        up_to: if until.is_some() { 0 } else { i64::MAX },
        seals: Seals::default(),
        findings: Vec::new(),
        malformed: Vec::new(),
        unknown_keys: BTreeSet::new(),
    };
    let mut genuine = 0;
    let examine = |line: &[u8]| (examine(line, keys), line.ends_with(b"\n"));
    lines::for_each(
        BufReader::new(file),
        examine,
        |number, (examined, is_finished)| {
            match examined {
                Ok(examined) => {
                    let seal = &examined.checkpoint.seal;
                    checkpoints.count += 1;
                    checkpoints.last = Some((seal.number, seal.event_time));
                    if until.is_some_and(|until| until - seal.event_time >= CLOCKS_DIFFER) {
                        checkpoints.up_to = checkpoints.up_to.max(seal.number);
                    }
                    if keys.iter().all(|key| key.id() != seal.key_id) {
                        checkpoints.unknown_keys.insert(seal.key_id.clone());
                    }
                    genuine += i64::from(examined.is_genuine());
                    check.push(&examined);
                    checkpoints.seals.add(examined);
                }
                Err(error) if is_finished => {
                    checkpoints.malformed.push((number, error.to_string()))
                }
                // The service was about to write it.
                Err(_) => {}
            }
        },
    )
    .map_err(|cause| wrong(cause.to_string()))?;
    if genuine == 0 {
        let given: Vec<&str> = keys.iter().map(VerifyingKey::id).collect();
        let named: Vec<&str> = checkpoints
            .unknown_keys
            .iter()
            .map(String::as_str)
            .collect();
        return Err(BoxError::from(wrong(format!(
            "no checkpoint is signed with the key {} (the file names {}); give the public keys of the checkpoints, and the file \
             that the service writes",
            given.join(", "),
            if named.is_empty() {
                "none".to_owned()
            } else {
                named.join(", ")
            }
        ))));
    }
    checkpoints.findings = check.finish();
    Ok(checkpoints)
}

fn examine(line: &[u8], keys: &[VerifyingKey]) -> Result<Examined, Unreadable> {
    let line: SealedLine = serde_json::from_slice(line)?;
    let (checkpoint, leaves) = line.into_checkpoint()?;
    Ok(Examined::new(keys, checkpoint, leaves))
}
