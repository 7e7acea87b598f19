use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;

/// What is checked, against what.
#[derive(Debug, Args)]
pub struct Arguments {
    /// NDJSON files from ExportRecords, in chronological order; `-` is standard input.
    #[arg(long, num_args = 1.., required = true)]
    pub records: Vec<PathBuf>,
    /// Checkpoint file of the audit-service, copied before the records were exported.
    #[arg(long)]
    pub checkpoints: PathBuf,
    /// Public key file (PEM) as printed by `taskmesh audit public-key`, and former keys after a rotation.
    #[arg(long = "public-key", num_args = 1.., required = true)]
    pub public_keys: Vec<PathBuf>,
    /// End of the exported period, such as 2026-12-01T00:00:00Z; later records are not reported as missing.
    #[arg(long)]
    pub until: Option<DateTime<Utc>>,
    /// Require the records of all users (up to --until): a missing chain, or one that begins late, is a finding.
    #[arg(long)]
    pub whole: bool,
    /// Print one JSON object per line: each finding, then the summary.
    #[arg(long)]
    pub json: bool,
}
