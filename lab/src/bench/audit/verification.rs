use std::{
    fs::{self, File},
    io::Write,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use service_runtime::{
    BoxError,
    clock::{Clock, timestamp},
    grpc::AUDITOR,
};
use taskmesh::{
    audit::{public_key, verify},
    up::settings::AUDIT_KEY,
};
use taskmesh_proto::audit::v1::{
    ExportRecordsRequest, RecordFormat, VerifyAuditRequest, VerifyAuditResponse,
};
use tokio::{task::spawn_blocking, time::sleep};

use super::service::Audit;
use crate::{
    bearer::Bearer,
    bench::report::{Measure, Report, Row, step},
};

const GOAL_PER_SECOND: f64 = 200_000.0;
const ALL_USERS: &str = "-";
const TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);

/// Measures the verification of all records, by the service and offline.
pub async fn measure(audit: &Audit<'_>, rounds: u8, report: &mut Report) -> Result<(), BoxError> {
    let auditor = audit.bearer("bench-auditor", &[AUDITOR.to_owned()])?;
    step("waits for checkpoints");
    wait_for_checkpoints(audit, &auditor).await?;
    step("verifies the records by VerifyAudit");
    let mut rates = Vec::new();
    for _ in 0..rounds {
        let begin = Instant::now();
        let verified = verify(audit, &auditor).await?;
        rates.push(verified.record_count as f64 / begin.elapsed().as_secs_f64());
    }
    report.add(row("records verified by VerifyAudit", rates));
    step("exports the records and verifies them offline");
    let exported = export(audit, &auditor).await?;
    let rates = spawn_blocking(move || {
        let rates = (0..rounds).map(|_| {
            let begin = Instant::now();
            let verified = verify::verify(&exported)?;
            match verified.is_clean() {
                true => Ok(verified.summary.record_count as f64 / begin.elapsed().as_secs_f64()),
                false => Err(BoxError::from(verified.text())),
            }
        });
        rates.collect::<Result<Vec<f64>, BoxError>>()
    })
    .await??;
    report.add(row("records verified offline", rates));
    Ok(())
}

/// Returns a row of the median.
fn row(name: &str, mut rates: Vec<f64>) -> Row {
    rates.sort_by(f64::total_cmp);
    Row::value(name, rates[rates.len() / 2], "/s").at_least(Measure::Figure, GOAL_PER_SECOND)
}

async fn verify(audit: &Audit<'_>, auditor: &Bearer) -> Result<VerifyAuditResponse, BoxError> {
    let message = VerifyAuditRequest {
        user_id: ALL_USERS.to_owned(),
    };
    let verified = audit
        .client()?
        .verify_audit(auditor.request(message, TIMEOUT))
        .await?
        .into_inner();
    match verified.findings.first() {
        Some(finding) => Err(format!("{}: {}", finding.user_id, finding.message).into()),
        None => Ok(verified),
    }
}

/// Waits until checkpoints cover all records but those of the auditor's calls.
async fn wait_for_checkpoints(audit: &Audit<'_>, auditor: &Bearer) -> Result<(), BoxError> {
    let begin = Instant::now();
    while verify(audit, auditor).await?.unsealed_count > 1
        || fs::metadata(audit.checkpoint_file())?.len() == 0
    {
        if begin.elapsed() > TIMEOUT {
            return Err(format!("no checkpoint covers all records after {TIMEOUT:?}").into());
        }
        sleep(POLL).await;
    }
    Ok(())
}

/// Writes the records, the checkpoints and the verifying key to files.
async fn export(audit: &Audit<'_>, auditor: &Bearer) -> Result<verify::Arguments, BoxError> {
    let arguments = verify::Arguments {
        records: vec![audit.path("export.ndjson")],
        checkpoints: audit.path("copy.ndjson"),
        public_keys: vec![audit.path("public-key.pem")],
        until: None,
        whole: true,
        json: false,
    };
    fs::copy(audit.checkpoint_file(), &arguments.checkpoints)?;
    fs::write(
        &arguments.public_keys[0],
        public_key::read(&audit.path(AUDIT_KEY))?,
    )?;
    let now = Clock::system().now();
    let message = ExportRecordsRequest {
        format: RecordFormat::Ndjson.into(),
        start_time: Some(timestamp(now - TimeDelta::days(1))),
        end_time: Some(timestamp(now + TimeDelta::days(1))),
        user_id: ALL_USERS.to_owned(),
        ..ExportRecordsRequest::default()
    };
    let mut parts = audit
        .client()?
        .export_records(auditor.request(message, TIMEOUT))
        .await?
        .into_inner();
    let mut file = File::create(&arguments.records[0])?;
    while let Some(part) = parts.message().await? {
        file.write_all(&part.data)?;
    }
    Ok(arguments)
}
