use std::{
    io::{ErrorKind, Write, stdout},
    process::ExitCode,
};

use audit_service::{ExcerptCheck, Extent};
use service_runtime::BoxError;

use super::{Arguments, checkpoints, records, report::Report};

/// Checks, and tells what is wrong.
pub fn run(arguments: &Arguments) -> Result<ExitCode, BoxError> {
    let report = verify(arguments)?;
    let text = match arguments.json {
        true => report.json(),
        false => report.text(),
    };
    match stdout().lock().write_all(text.as_bytes()) {
        // The reader of the output, such as `head`, has closed it.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(match report.is_clean() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    })
}

/// Checks the records.
pub fn verify(arguments: &Arguments) -> Result<Report, BoxError> {
    let Arguments {
        records,
        checkpoints,
        public_keys,
        until,
        whole,
        json: _,
    } = arguments;
    let keys = checkpoints::read_keys(public_keys)?;
    let mut sealed = checkpoints::check(checkpoints, &keys, *until)?;
    let extent = Extent {
        whole: *whole,
        up_to: sealed.up_to,
    };
    let kept_from = sealed.seals.kept_from();
    let mut check = ExcerptCheck::new(std::mem::take(&mut sealed.seals), extent);
    let malformed = records::check(records, &mut check)?;
    let checked = check.finish();
    Ok(Report::new(
        sealed,
        checkpoints,
        malformed,
        checked,
        kept_from,
    ))
}
