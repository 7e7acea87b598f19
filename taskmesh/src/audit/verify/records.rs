use std::{
    fs::File,
    io::{BufRead, BufReader, stdin},
    path::{Path, PathBuf},
};

use audit_service::{ExcerptCheck, Hashed, MalformedRecord, from_json};
use service_runtime::BoxError;

use super::lines;

/// More of them say nothing that these do not.
const MOST_MALFORMED: usize = 1_000;
const STANDARD_INPUT: &str = "-";

/// A line that is no record.
pub struct MalformedLine {
    /// The file.
    pub file: PathBuf,
    /// Its number, from 1 on.
    pub line: u64,
    /// What is wrong with it.
    pub message: String,
}

/// Checks the records of files, one file after the other; returns the lines that are none.
pub fn check(paths: &[PathBuf], check: &mut ExcerptCheck) -> Result<Vec<MalformedLine>, BoxError> {
    let mut malformed = Vec::new();
    for path in paths {
        let mut has_records = false;
        let mut wrong_lines = 0;
        let take = |line: u64, record: Option<Result<Hashed, MalformedRecord>>| match record {
            Some(Ok(record)) => {
                has_records = true;
                check.push(record);
            }
            Some(Err(error)) => {
                wrong_lines += 1;
                if malformed.len() < MOST_MALFORMED {
                    malformed.push(MalformedLine {
                        file: path.clone(),
                        line,
                        message: error.to_string(),
                    });
                }
            }
            None => {}
        };
        let wrong = |cause: &str| format!("--records {}: {cause}", path.display());
        let input = open(path).map_err(|cause| wrong(&cause.to_string()))?;
        lines::for_each(input, read, take).map_err(|cause| wrong(&cause.to_string()))?;
        if wrong_lines > 0 && !has_records {
            return Err(wrong("contains no record; give NDJSON files from ExportRecords").into());
        }
    }
    Ok(malformed)
}

fn open(path: &Path) -> std::io::Result<Box<dyn BufRead + Send>> {
    if path == Path::new(STANDARD_INPUT) {
        return Ok(Box::new(BufReader::new(stdin())));
    }
    Ok(Box::new(BufReader::with_capacity(
        256 * 1024,
        File::open(path)?,
    )))
}

/// Lines without anything are none.
fn read(line: &[u8]) -> Option<Result<Hashed, MalformedRecord>> {
    let record = || from_json(line).map(Hashed::from);
    (!line.trim_ascii().is_empty()).then(record)
}
