use std::{path::PathBuf, process::Stdio};

use percent_encoding::percent_decode_str;
use service_runtime::{BoxError, clock::Clock};
use tokio::process::Command;
use url::Url;

use super::{Scripts, derive::file_name};
use crate::bench::old::{database::Database, load::Bounds};
use taskmesh::embedded::programs::Programs;

const NAME: &str = "pgbench";

/// Runs pgbench with so many clients and returns how many transactions a second it reached.
pub async fn run(
    database: &Database,
    scripts: &Scripts,
    concurrency: usize,
    bounds: Bounds,
) -> Result<f64, BoxError> {
    let program = program()?;
    let first_id = Clock::system().now().timestamp_millis() << 12;
    let mut command = Command::new(&program);
    command
        .args(["--no-vacuum", "--protocol=prepared"])
        .arg(format!("--client={concurrency}"))
        .arg(format!("--jobs={}", concurrency.min(2)))
        .arg(format!("--time={}", bounds.measured.as_secs().max(1)))
        .arg(format!("--define=first_id={first_id}"))
        .arg("--define=n=0");
    for index in 0..scripts.count {
        let file = scripts.folder.path().join(file_name(index));
        command.arg("--file").arg(file);
    }
    connect(&mut command, database.url());
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| {
            format!(
                "{} cannot be run, which comes with PostgreSQL: {error}",
                program.display()
            )
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let first: Vec<&str> = errors.lines().take(3).collect();
        return Err(format!("pgbench failed ({}): {}", output.status, first.join(" ")).into());
    }
    transactions_per_second(&text)
        .ok_or_else(|| format!("pgbench does not say how fast it was: {text}").into())
}

/// Finds the program beside the others; where these are links, beside what they lead to; or wherever the system finds it.
fn program() -> Result<PathBuf, BoxError> {
    let programs = Programs::find(None)?;
    let beside = programs.path(NAME);
    let server = programs.path("postgres").canonicalize()?;
    let candidates = [beside, server.with_file_name(NAME)];
    let found = candidates.into_iter().find(|path| path.is_file());
    Ok(found.unwrap_or_else(|| NAME.into()))
}

/// Tells the program in variables where the database is: other users of the machine see arguments.
fn connect(command: &mut Command, url: &Url) {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    command
        .env("PGHOST", url.host_str().unwrap_or("127.0.0.1"))
        .env("PGPORT", url.port().unwrap_or(5432).to_string())
        .env("PGUSER", decoded(url.username()))
        .env("PGPASSWORD", decoded(url.password().unwrap_or_default()))
        .env("PGDATABASE", decoded(url.path().trim_start_matches('/')));
}

/// Reads 812.3 from "tps = 812.3 (without initial connection time)".
fn transactions_per_second(output: &str) -> Option<f64> {
    let line = output
        .lines()
        .find_map(|line| line.strip_prefix("tps = "))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_throughput_is_read_as_pgbench_prints_it() {
        let output = "number of failed transactions: 0 (0.000%)\nlatency average = 19.6 ms\ntps = 812.345 (without initial connection time)\n";
        assert_eq!(transactions_per_second(output), Some(812.345));
        assert_eq!(transactions_per_second("nothing"), None);
    }
}
