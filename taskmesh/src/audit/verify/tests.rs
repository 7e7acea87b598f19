//! The offline check on what a real service has written.

use std::{fs, path::PathBuf};

use audit_service::{AuditService, from_json, ndjson};
use chrono::TimeDelta;
use openssl::pkey::PKey;
use serde_json::Value;
use service_runtime::{
    clock::{Clock, timestamp},
    ids::Ids,
    testing::{TestService, eventually},
};
use taskmesh_proto::{
    audit::v1::{
        ExportRecordsRequest, VerifyAuditRequest, audit_service_client::AuditServiceClient,
    },
    task::v1::{Task, TaskEvent},
    topics::TASK_EVENTS,
};
use tempfile::TempDir;

use super::{Arguments, verify};
use crate::audit::public_key;

const KEY: &str = "signing-key.pem";

/// What a service has told of two users, in files.
struct Exported {
    folder: TempDir,
    lines: Vec<String>,
}

impl Exported {
    /// Has a service record changes of Alice's and Bob's, and takes everything out that an operator takes out.
    async fn make() -> Self {
        let folder = TempDir::new().unwrap();
        make_key(&folder, KEY);
        let path = |name: &str| folder.path().join(name).display().to_string();
        let service = TestService::<AuditService>::start(&[
            ("CHECKPOINTS__SIGNING_KEY_FILE", &path(KEY)),
            ("CHECKPOINTS__FILE", &path("live.ndjson")),
            ("CHECKPOINTS__INTERVAL_MS", "100"),
        ])
        .await;
        let mut client = AuditServiceClient::new(service.channel());
        for (user, changes) in [("alice", 6), ("bob", 3), ("alice", 9)] {
            record(&service, user, changes).await;
            let last = eventually("all is sealed", async || {
                let request = service.request_as(user, VerifyAuditRequest::default());
                let verified = client.clone().verify_audit(request).await.unwrap();
                let verified = verified.into_inner();
                let is_sealed = verified.record_count >= changes && verified.unsealed_count == 0;
                is_sealed.then_some(verified.checkpoint_number)
            })
            .await;
            eventually("the file has the checkpoints", async || {
                let text = fs::read_to_string(path("live.ndjson")).unwrap_or_default();
                text.contains(&format!("{{\"number\":{last},"))
                    .then_some(())
            })
            .await;
        }
        fs::copy(path("live.ndjson"), path("checkpoints.ndjson")).unwrap();
        let now = Clock::system().now();
        let message = ExportRecordsRequest {
            start_time: Some(timestamp(now - TimeDelta::days(1))),
            end_time: Some(timestamp(now + TimeDelta::days(1))),
            user_id: "-".to_owned(),
            ..ExportRecordsRequest::default()
        };
        let request = service.request_with_roles("olga", &["auditor".to_owned()], message);
        let mut parts = client.export_records(request).await.unwrap().into_inner();
        let mut text = Vec::new();
        while let Some(part) = parts.message().await.unwrap() {
            text.extend(part.data);
        }
        let text = String::from_utf8(text).unwrap();
        Self {
            folder,
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments(&self, lines: &[String]) -> Arguments {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.path("export.ndjson"), text).unwrap();
        let key = public_key::read(&self.path(KEY)).unwrap();
        fs::write(self.path("public-key.pem"), key).unwrap();
        Arguments {
            records: vec![self.path("export.ndjson")],
            checkpoints: self.path("checkpoints.ndjson"),
            public_keys: vec![self.path("public-key.pem")],
            until: None,
            whole: true,
            json: true,
        }
    }

    /// Returns the place of Alice's record with this number among the lines.
    fn alice(&self, sequence: i64) -> usize {
        let is_it = |line: &String| {
            line.contains("\"user_id\":\"alice\"")
                && line.contains(&format!("\"sequence\":{sequence},"))
        };
        self.lines.iter().position(is_it).unwrap()
    }

    fn found_in(&self, lines: &[String]) -> Vec<(String, i64, i64)> {
        found(&self.arguments(lines))
    }
}

/// Returns kind, first and last place of each finding; of a line that is no record, its number.
fn found(arguments: &Arguments) -> Vec<(String, i64, i64)> {
    let told = told(arguments);
    let findings = told.iter().filter_map(|line| line.get("finding"));
    findings
        .map(|finding| {
            let number = |name: &str| finding.get(name).and_then(Value::as_i64);
            let kind = finding["kind"].as_str().unwrap();
            (
                kind.trim_start_matches("FINDING_KIND_").to_owned(),
                number("first_sequence").or(number("line")).unwrap(),
                number("last_sequence").or(number("line")).unwrap(),
            )
        })
        .collect()
}

fn told(arguments: &Arguments) -> Vec<Value> {
    let text = verify(arguments).unwrap().json();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn make_key(folder: &TempDir, name: &str) {
    let pem = PKey::generate_ed25519().unwrap();
    let pem = pem.private_key_to_pem_pkcs8().unwrap();
    fs::write(folder.path().join(name), pem).unwrap();
}

/// Tells of a new task that is renamed until the user has so many records.
async fn record(service: &TestService<AuditService>, user: &str, changes: i64) {
    let task_id = Ids.uuid_v7().to_string();
    let begin = if changes == 9 { 7 } else { 1 };
    for version in begin..=changes {
        let event = TaskEvent {
            event_time: Some(timestamp(Clock::system().now())),
            user_id: user.to_owned(),
            task_version: version,
            task: Some(Task {
                id: task_id.clone(),
                title: format!("Title {version} of {user}"),
                ..Task::default()
            }),
            ..TaskEvent::default()
        };
        let kind = "taskmesh.task.v1.TaskUpdated";
        let id = Ids.uuid_v7();
        service
            .publish(&TASK_EVENTS, &task_id, id, kind, &event)
            .await;
    }
}

fn finding(kind: &str, first: i64, last: i64) -> (String, i64, i64) {
    (kind.to_owned(), first, last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_service_has_written_is_clean_as_a_whole_and_in_parts() {
    let exported = Exported::make().await;
    assert_eq!(exported.found_in(&exported.lines), []);

    let mut one_part = exported.arguments(&exported.lines[exported.alice(4)..]);
    assert!(!found(&one_part).is_empty());
    one_part.whole = false;
    let summary = &told(&one_part)[0]["summary"];
    assert_eq!(summary["intact"], true, "{summary}");
    assert_eq!(summary["unchecked_record_count"], 3, "{summary}");

    let only_bobs: Vec<String> = exported
        .lines
        .iter()
        .filter(|line| line.contains("\"user_id\":\"bob\""))
        .cloned()
        .collect();
    let mut arguments = exported.arguments(&only_bobs);
    arguments.whole = false;
    let summary = &told(&arguments)[0]["summary"];
    assert_eq!(summary["intact"], true, "{summary}");
    assert_eq!(summary["unchecked_chain_count"], 1, "{summary}");

    let mut early = exported.arguments(&exported.lines[..exported.alice(5)]);
    assert!(!found(&early).is_empty());
    early.until = Some(Clock::system().now() - TimeDelta::hours(1));
    assert_eq!(found(&early), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_done_to_the_lines_is_found_and_located() {
    let exported = Exported::make().await;
    let tampered = |tamper: &dyn Fn(&mut Vec<String>)| {
        let mut lines = exported.lines.clone();
        tamper(&mut lines);
        exported.found_in(&lines)
    };
    let place = |sequence| exported.alice(sequence);
    let changed = tampered(&|lines| {
        lines[place(3)] = lines[place(3)].replace("Title 3", "Title 4");
    });
    assert_eq!(changed, [finding("CHANGED", 3, 3)]);

    let removed = tampered(&|lines| drop(lines.remove(place(5))));
    assert_eq!(removed, [finding("REMOVED", 5, 5)]);

    let swapped = tampered(&|lines| {
        lines[place(2)] = exported.lines[place(4)].replace("\"sequence\":4", "\"sequence\":2");
        lines[place(4)] = exported.lines[place(2)].replace("\"sequence\":2", "\"sequence\":4");
    });
    assert_eq!(swapped, [finding("MOVED", 2, 2), finding("MOVED", 4, 4)]);

    let inserted = tampered(&|lines| {
        let forged = forge(&lines[place(4)]);
        lines.insert(place(4), forged);
    });
    assert_eq!(inserted, [finding("INSERTED", 4, 4)]);

    let cut_off = tampered(&|lines| lines.truncate(place(8)));
    assert_eq!(cut_off, [finding("CUT_OFF", 8, 9)]);

    // Only to within what one checkpoint has sealed.
    let chained_anew = tampered(&|lines| chain_anew(lines, place(7)));
    assert!(
        chained_anew.iter().any(|(kind, first, last)| {
            kind == "REWRITTEN" && *first == 7 && (7..=9).contains(last)
        }),
        "{chained_anew:?}"
    );

    let broken = tampered(&|lines| lines[place(6)].truncate(40));
    let line = i64::try_from(place(6)).unwrap() + 1;
    assert_eq!(
        broken,
        [
            finding("MALFORMED_LINE", line, line),
            finding("REMOVED", 6, 6)
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_are_believed_only_as_they_were_signed() {
    let exported = Exported::make().await;
    let arguments = exported.arguments(&exported.lines);
    let text = fs::read_to_string(&arguments.checkpoints).unwrap();
    let changed = text.replacen("\"record_count\":", "\"record_count\":1", 1);
    fs::write(&arguments.checkpoints, changed).unwrap();
    let kinds: Vec<String> = found(&arguments).into_iter().map(|found| found.0).collect();
    // The one that was changed, and the next one, which names its hash.
    assert_eq!(kinds, ["CHECKPOINT", "CHECKPOINT"]);

    // The service was about to write one more.
    fs::write(&arguments.checkpoints, format!("{text}{{\"number\":")).unwrap();
    assert_eq!(found(&arguments), []);

    make_key(&exported.folder, "other-key.pem");
    let other = public_key::read(&exported.path("other-key.pem"));
    fs::write(&arguments.public_keys[0], other.unwrap()).unwrap();
    let refused = verify(&arguments).unwrap_err().to_string();
    assert!(refused.contains("give the public keys"), "{refused}");

    let mut missing = exported.arguments(&exported.lines);
    missing.records = vec![exported.path("no-such-file")];
    let refused = verify(&missing).unwrap_err().to_string();
    assert!(refused.contains("--records"), "{refused}");
    missing.records = vec![missing.checkpoints.clone()];
    let refused = verify(&missing).unwrap_err().to_string();
    assert!(refused.contains("NDJSON"), "{refused}");
}

/// Returns another record for the same place that fits its hash.
fn forge(line: &str) -> String {
    let mut record = from_json(line.as_bytes()).unwrap();
    record.entry.actor.ip_address = "198.51.100.7".to_owned();
    record.hash = record.computed_hash();
    let text = ndjson(&[record]).unwrap();
    String::from_utf8(text).unwrap().trim_end().to_owned()
}

/// Writes Alice's records anew from a line on, as somebody does who knows how hashes are made.
fn chain_anew(lines: &mut [String], from: usize) {
    lines[from] = forge(&lines[from]);
    let mut previous = from_json(lines[from].as_bytes()).unwrap().hash;
    for line in &mut lines[from + 1..] {
        let mut record = from_json(line.as_bytes()).unwrap();
        if record.entry.user_id.as_ref() == "alice" {
            record.previous_hash = previous;
            record.hash = record.computed_hash();
            previous = record.hash;
            let text = ndjson(&[record]).unwrap();
            *line = String::from_utf8(text).unwrap().trim_end().to_owned();
        }
    }
}
