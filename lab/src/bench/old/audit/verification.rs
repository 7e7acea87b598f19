use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use service_runtime::{BoxError, clock::timestamp};
use taskmesh_proto::audit::v1::{ExportRecordsRequest, RecordFormat, VerifyAuditRequest};
use tokio::task::spawn_blocking;

use super::stage::Stage;
use crate::bench::old::report::{Bound, Line, Measure, Page};
use taskmesh::audit::{public_key, verify};
use taskmesh::up::settings::AUDIT_KEY;

const GOAL_PER_SECOND: f64 = 200_000.0;
const EVERYBODY: &str = "-";
const AUDITOR: &str = "bench-auditor";
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);

/// Measures how fast all records are verified, by the service and offline; returns what was checked offline.
pub async fn measure(
    stage: &Stage,
    rounds: u32,
    page: &mut Page,
) -> Result<verify::Arguments, BoxError> {
    sealed(stage).await?;
    let mut rates = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        let records = verified(stage).await?.0;
        rates.push(rate(records, begun.elapsed()));
    }
    page.add(line("records verified by VerifyAudit", rates));

    let exported = export(stage).await?;
    let mut rates = Vec::new();
    let mut exported = exported;
    for _ in 0..rounds {
        let (back, checked) = spawn_blocking(move || {
            let begun = Instant::now();
            let report = verify::verify(&exported)?;
            if !report.is_clean() {
                return Err(BoxError::from(report.text()));
            }
            let rate = rate(report.summary.record_count, begun.elapsed());
            Ok((exported, rate))
        })
        .await??;
        exported = back;
        rates.push(checked);
    }
    page.add(line("records verified offline", rates));
    Ok(exported)
}

fn line(name: &str, mut rates: Vec<f64>) -> Line {
    rates.sort_by(f64::total_cmp);
    let median = rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN);
    Line::of_value(name, median, "records/s").goal(Measure::Value, Bound::AtLeast(GOAL_PER_SECOND))
}

fn rate(records: i64, elapsed: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let records = records as f64;
    records / elapsed.as_secs_f64()
}

/// Has the service verify all records; returns how many they are, and how many of them no checkpoint seals yet.
async fn verified(stage: &Stage) -> Result<(i64, i64), BoxError> {
    let message = VerifyAuditRequest {
        user_id: EVERYBODY.to_owned(),
    };
    let request = stage.request(AUDITOR, &["auditor".to_owned()], message)?;
    let verified = stage.audit()?.verify_audit(request).await?.into_inner();
    match verified.findings.first() {
        Some(finding) => Err(format!("{}: {}", finding.user_id, finding.message).into()),
        None => Ok((verified.record_count, verified.unsealed_count)),
    }
}

/// Waits until all but the records of the auditor's own calls are sealed, and the file has the checkpoints.
async fn sealed(stage: &Stage) -> Result<(), BoxError> {
    let begun = Instant::now();
    while verified(stage).await?.1 > 1 || fs::metadata(stage.checkpoint_file())?.len() == 0 {
        if begun.elapsed() > PATIENCE {
            return Err(format!("not all records are sealed after {PATIENCE:?}").into());
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Writes all records to a file, beside a copy of the checkpoints and the public key.
async fn export(stage: &Stage) -> Result<verify::Arguments, BoxError> {
    let path = |name: &str| -> PathBuf { stage.folder().join(name) };
    let arguments = verify::Arguments {
        records: vec![path("export.ndjson")],
        checkpoints: path("copy.ndjson"),
        public_keys: vec![path("public-key.pem")],
        until: None,
        whole: true,
        json: false,
    };
    fs::copy(stage.checkpoint_file(), &arguments.checkpoints)?;
    fs::write(
        &arguments.public_keys[0],
        public_key::read(&stage.folder().join(AUDIT_KEY))?,
    )?;
    let now = service_runtime::clock::Clock::system().now();
    let message = ExportRecordsRequest {
        format: RecordFormat::Ndjson.into(),
        start_time: Some(timestamp(now - chrono::TimeDelta::days(1))),
        end_time: Some(timestamp(now + chrono::TimeDelta::days(1))),
        user_id: EVERYBODY.to_owned(),
        ..ExportRecordsRequest::default()
    };
    let request = stage.request(AUDITOR, &["auditor".to_owned()], message)?;
    let mut parts = stage.audit()?.export_records(request).await?.into_inner();
    let mut file = File::create(&arguments.records[0])?;
    while let Some(part) = parts.message().await? {
        file.write_all(&part.data)?;
    }
    file.sync_all()?;
    Ok(arguments)
}
