use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;

/// What is checked, against what.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Records as ExportRecords writes them in NDJSON, the earlier files first; `-` is standard input.
    #[arg(long, num_args = 1.., required = true)]
    pub records: Vec<PathBuf>,
    /// The file that the audit-service appends checkpoints to, copied before the records were exported.
    #[arg(long)]
    pub checkpoints: PathBuf,
    /// The public key (PEM) that checkpoints are signed with, as `taskmesh audit public-key` prints it; and former ones, if it was changed.
    #[arg(long = "public-key", num_args = 1.., required = true)]
    pub public_keys: Vec<PathBuf>,
    /// The end of the exported time, such as 2026-12-01T00:00:00Z: what was sealed later is not missed.
    #[arg(long)]
    pub until: Option<DateTime<Utc>>,
    /// The records are all of all users (up to --until): a chain that is not there, or begins late, is a finding.
    #[arg(long)]
    pub whole: bool,
    /// Print one JSON object a line: each finding, then the summary.
    #[arg(long)]
    pub json: bool,
}
