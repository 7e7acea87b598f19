//! Short chaos run with every kind of fault: nothing is lost, doubled or out of order, on topics and at live clients.

use std::process::Stdio;

use serde_json::Value;

use tokio::process::Command;

const FAULTS: [&str; 8] = [
    "crash-postgres",
    "cut-connections",
    "freeze-broker",
    "freeze-service",
    "kill-broker",
    "kill-service",
    "stop-in-silence",
    "stop-service",
];

/// Returns the lab command, without variables that name external servers.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
    let foreign = |name: &str| {
        name.starts_with("TASKMESH_") || ["DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"].contains(&name)
    };
    for (name, _) in std::env::vars().filter(|(name, _)| foreign(name)) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn mesh_keeps_every_promise_under_every_fault() {
    let output = program()
        // The first eight faults of this seed are of all kinds, and short.
        .args(["chaos", "--seconds", "30", "--pause", "2", "--rate", "20"])
        .args(["--json", "--seed", "12114"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .await
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: the run ended without a report:\n{log}"));
    assert!(output.status.success(), "{log}\n{report:#}");
    let mut kinds: Vec<&str> = report["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, FAULTS);
    assert!(
        report["counts"]["answered"].as_u64().unwrap() > 0,
        "{report:#}"
    );
    let live = &report["counts"]["live"];
    let (changes, resumed) = (live["changes"].as_u64(), live["resumed"].as_u64());
    assert!(changes > Some(0) && resumed > Some(0), "{report:#}");
    let audit = &report["counts"]["audit"];
    let (records, checkpoints) = (audit["records"].as_i64(), audit["checkpoints"].as_i64());
    assert!(records > Some(0) && checkpoints > Some(0), "{report:#}");
}
