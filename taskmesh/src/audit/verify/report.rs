use std::path::Path;

use audit_service::{Checked, Finding};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::json;
use taskmesh_proto::audit::v1::FindingKind;

use super::{checkpoints::Checkpoints, records::MalformedLine};
use crate::dlq::plain;

/// What was found, and what was not looked at.
#[derive(Debug)]
pub struct Report {
    findings: Vec<Found>,
    /// What it comes to.
    pub summary: Summary,
}

/// Something that is wrong, in the words of the contract.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Found {
    Line {
        kind: &'static str,
        file: String,
        line: u64,
        message: String,
    },
    Record {
        kind: &'static str,
        user_id: String,
        first_sequence: i64,
        last_sequence: i64,
        checkpoint_number: i64,
        message: String,
    },
}

/// What a check comes to.
#[derive(Debug, Serialize)]
pub struct Summary {
    intact: bool,
    finding_count: usize,
    /// How many records were checked.
    pub record_count: i64,
    chain_count: i64,
    checkpoint_count: i64,
    checkpoint_number: i64,
    checkpoint_time: Option<String>,
    unsealed_count: i64,
    unchecked_record_count: i64,
    unchecked_chain_count: i64,
    kept_from: Option<String>,
    unknown_keys: Vec<String>,
}

impl Report {
    /// Puts together what was found.
    pub fn new(
        sealed: Checkpoints,
        checkpoint_file: &Path,
        malformed: Vec<MalformedLine>,
        checked: Checked,
        kept_from: Option<DateTime<Utc>>,
    ) -> Self {
        let line = |file: &Path, line: u64, message: &str| Found::Line {
            kind: "MALFORMED_LINE",
            file: file.display().to_string(),
            line,
            message: format!("line {line} of {} {}", file.display(), plain(message)),
        };
        let lines = sealed
            .malformed
            .iter()
            .map(|(number, message)| line(checkpoint_file, *number, message));
        let findings: Vec<Found> = lines
            .chain(
                malformed
                    .iter()
                    .map(|found| line(&found.file, found.line, &found.message)),
            )
            .chain(sealed.findings.into_iter().map(Found::from))
            .chain(checked.findings.into_iter().map(Found::from))
            .collect();
        let summary = Summary {
            intact: findings.is_empty(),
            finding_count: findings.len(),
            record_count: checked.records,
            chain_count: checked.chains,
            checkpoint_count: sealed.count,
            checkpoint_number: sealed.last.map_or(0, |(number, _)| number),
            checkpoint_time: sealed.last.map(|(_, time)| told(time)),
            unsealed_count: checked.unsealed,
            unchecked_record_count: checked.before,
            unchecked_chain_count: checked.absent,
            kept_from: kept_from.map(told),
            unknown_keys: sealed.unknown_keys.iter().map(|id| plain(id)).collect(),
        };
        Self { findings, summary }
    }

    /// Tells whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.summary.intact
    }

    /// Returns one JSON object a line.
    pub fn json(&self) -> String {
        let findings = self.findings.iter().map(|found| json!({"finding": found}));
        let lines = findings.chain([json!({"summary": self.summary})]);
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// Returns the same for people.
    pub fn text(&self) -> String {
        let findings = self.findings.iter().map(Found::text);
        let lines = findings.chain(self.summary.lines());
        lines.map(|line| format!("{line}\n")).collect()
    }
}

impl Summary {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "verified {} records in {} chains against {} checkpoints; the last is number {} of {}",
            self.record_count,
            self.chain_count,
            self.checkpoint_count,
            self.checkpoint_number,
            self.checkpoint_time.as_deref().unwrap_or("no time"),
        )];
        let mut note = |count: i64, text: &str| {
            if count > 0 {
                lines.push(format!("  {count} {text}"));
            }
        };
        note(
            self.unsealed_count,
            "of the records are newer than the last checkpoint of their chain: only their hashes were verified",
        );
        note(
            self.unchecked_record_count,
            "records were not verified: they precede the first given record of their chain",
        );
        note(
            self.unchecked_chain_count,
            "chains were not verified: they are in the checkpoints, but none of their records was given",
        );
        lines.extend(self.kept_from.iter().map(|time| {
            format!("  records before {time} have been deleted by the retention policy")
        }));
        lines.extend(self.unknown_keys.iter().map(|key| {
            format!("  some checkpoints are signed with the key {key}; give its public key with --public-key")
        }));
        lines.push(match self.finding_count {
            0 => "no findings".to_owned(),
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        });
        lines
    }
}

impl From<Finding> for Found {
    fn from(finding: Finding) -> Self {
        let message = finding.message();
        Self::Record {
            kind: FindingKind::from(finding.kind).as_str_name(),
            user_id: finding.user_id.map(|id| id.to_string()).unwrap_or_default(),
            first_sequence: finding.first,
            last_sequence: finding.last,
            checkpoint_number: finding.checkpoint,
            message,
        }
    }
}

impl Found {
    fn text(&self) -> String {
        match self {
            Self::Line { message, .. } => message.clone(),
            Self::Record {
                user_id, message, ..
            } if user_id.is_empty() => message.clone(),
            Self::Record {
                user_id, message, ..
            } => format!("{user_id}: {message}"),
        }
    }
}

fn told(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
