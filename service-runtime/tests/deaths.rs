//! A record that kills the process that handles it. The program is its own child, so that there is a process to die.

mod support;

use std::{
    process::{Child, Command, ExitCode},
    sync::Mutex,
};

use service_runtime::{
    ids::Ids,
    testing::{TestService, eventually},
};
use support::{Probe, effects, event};
use taskmesh_proto::topics::TASK_REMINDERS;

const CHILD: &str = "RUN_AS_PROBE";
const KIND: &str = "taskmesh.notification.v1.ReminderSent";
const MOST_DEATHS: usize = 3;
const RECORDS: usize = 90;
const DEADLY: usize = 61;

fn main() -> ExitCode {
    if std::env::var_os(CHILD).is_some() {
        return service_runtime::main::<Probe>();
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(record_that_crashes_the_process_is_a_dead_letter());
    println!("test record_that_crashes_the_process_is_a_dead_letter ... ok");
    ExitCode::SUCCESS
}

async fn record_that_crashes_the_process_is_a_dead_letter() {
    let mut service = TestService::<Probe>::start(&[]).await;
    service.expect_dead_letters();
    service.halt().await;
    for version in 0..RECORDS {
        let key = ["a", "b", "c"][version % 3];
        let behaviour = if version == DEADLY { "die" } else { "ok" };
        let message = event(behaviour, key, i64::try_from(version).unwrap());
        service
            .publish(&TASK_REMINDERS, key, Ids.uuid_v7(), KIND, &message)
            .await;
    }

    let process = Mutex::new(Dying {
        child: spawn(&service),
        deaths: 0,
    });
    // The broker notices each death by the session timeout.
    eventually("the record has killed two processes", async || {
        let mut process = process.lock().unwrap();
        process.revive(&service);
        (process.deaths >= 2).then_some(())
    })
    .await;
    let letters = eventually("the record is a dead letter", async || {
        process.lock().unwrap().revive(&service);
        let letters = service
            .topics()
            .dead_letters(&TASK_REMINDERS, "task-service")
            .await;
        (!letters.is_empty()).then_some(letters)
    })
    .await;
    let Dying { mut child, deaths } = process.into_inner().unwrap();
    assert_eq!(letters.len(), 1);
    assert!(deaths > 1, "it has killed {deaths} processes");

    let database = service.database();
    let seen = eventually("all others have their effects", async || {
        Some(effects(&database).await).filter(|effects| effects.len() >= RECORDS - 1)
    })
    .await;
    let mut versions: Vec<usize> = seen
        .iter()
        .map(|effect| usize::try_from(effect.version).unwrap())
        .collect();
    versions.sort_unstable();
    let others: Vec<usize> = (0..RECORDS).filter(|version| *version != DEADLY).collect();
    assert_eq!(versions, others);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The service as a process that dies again and again.
struct Dying {
    child: Child,
    deaths: usize,
}

impl Dying {
    fn revive(&mut self, service: &TestService<Probe>) {
        if self.child.try_wait().unwrap().is_some() {
            self.deaths += 1;
            let deaths = self.deaths;
            assert!(deaths <= MOST_DEATHS, "it has killed {deaths} processes");
            self.child = spawn(service);
        }
    }
}

fn spawn(service: &TestService<Probe>) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .envs(service.environment())
        .env(CHILD, "1")
        .spawn()
        .unwrap()
}
