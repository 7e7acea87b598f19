use std::time::Duration;

use crate::{
    config::{EmailConfig, SmtpConfig, SmtpSecurity},
    delivery::{Channel as _, email::EmailChannel},
    domain::{
        delivery::{Notice, Refusal},
        preferences::Preferences,
    },
};
use chrono::TimeDelta;
use service_runtime::{clock::Clock, config::Redacted, testing::eventually};

use super::{Behaviour, Bench, MailServer, Outcome, TaskBuilder};

/// Fires one reminder of Alice's, with a mail server that behaves so.
async fn fired(behaviour: Behaviour) -> (MailServer, Bench) {
    let server = MailServer::start(behaviour);
    let bench = Bench::with_mail(&server).await;
    bench.fire_one("alice").await;
    (server, bench)
}

#[tokio::test]
async fn a_reminder_is_sent_as_an_e_mail() {
    let (server, bench) = fired(Behaviour::Accept).await;
    assert_eq!(bench.rows().await[0].state, "firing");
    let _dispatcher = bench.dispatcher();
    let row = bench.email_in("sent").await;
    assert_eq!(
        (row.state.as_str(), row.deliveries, row.attempts),
        ("sent", 2, Some(1))
    );
    assert_eq!(row.reason.as_deref(), Some(""));
    // In the list, in the mailbox.
    let kinds = ["ReminderSent", "ReminderSent"];
    assert_eq!(Outcome::of(&bench).await.kinds(), kinds);
    let messages = server.messages();
    assert_eq!(messages.len(), 1);
    for line in [
        "To: alice@example.org",
        "From: Taskmesh <reminders@example.com>",
        "Subject: Reminder: Water the plants",
        ".email@example.com>",
    ] {
        assert!(messages[0].contains(line), "{line}: {}", messages[0]);
    }
}

#[tokio::test]
async fn transient_refusal_is_retried_with_same_message_id() {
    let (server, bench) = fired(Behaviour::RefuseMessage("451 4.3.0 busy")).await;
    let _dispatcher = bench.dispatcher();
    eventually("two tries are refused", async || {
        (server.messages().len() >= 2).then_some(())
    })
    .await;
    server.behave(Behaviour::Accept);
    let row = bench.email_in("sent").await;
    assert!(row.attempts >= Some(3), "{row:?}");
    let ids: std::collections::BTreeSet<_> = server
        .messages()
        .iter()
        .map(|message| {
            let line = message.lines().find(|line| line.starts_with("Message-ID:"));
            line.unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[tokio::test]
async fn permanent_refusal_fails_without_address_in_reason() {
    let (_server, bench) = fired(Behaviour::RefuseRecipient(
        "550 5.1.1 <alice@example.org>: no such user",
    ))
    .await;
    let _dispatcher = bench.dispatcher();
    let row = bench.email_in("failed").await;
    assert_eq!(
        row.reason.as_deref(),
        Some("the mail server rejected the message: 550 5.1.1")
    );
    // It was in the list all the same.
    assert_eq!((row.state.as_str(), row.attempts), ("sent", Some(1)));
    // The dispatcher sends others and leaves this one alone.
    bench.fire_one("bob").await;
    let rows = bench.emails_in("failed", 2).await;
    assert!(rows.iter().all(|row| row.attempts == Some(1)), "{rows:?}");
}

#[tokio::test]
async fn lost_response_leaves_delivery_unknown() {
    let (server, bench) = fired(Behaviour::HangUpAfter).await;
    let _dispatcher = bench.dispatcher();
    let row = bench.email_in("unknown").await;
    assert_eq!(
        row.reason.as_deref(),
        Some("the response of the mail server was lost")
    );
    let kinds = ["ReminderSent", "ReminderFailed"];
    assert_eq!(Outcome::of(&bench).await.kinds(), kinds);
    server.behave(Behaviour::Accept);
    // The dispatcher sends others and leaves this one alone.
    bench.fire_one("bob").await;
    bench.emails_in("sent", 1).await;
    assert_eq!(
        server.recipients(),
        ["To: alice@example.org", "To: bob@example.org"]
    );
}

#[tokio::test]
async fn connection_lost_before_message_is_retried() {
    let (server, bench) = fired(Behaviour::HangUpBefore).await;
    let _dispatcher = bench.dispatcher();
    eventually("two connections broke", async || {
        (server.connections() >= 2).then_some(())
    })
    .await;
    server.behave(Behaviour::Accept);
    bench.email_in("sent").await;
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn unavailable_mail_server_is_retried() {
    let port = MailServer::free_port();
    let bench = Bench::with_mail_at(port).await;
    bench.fire_one("alice").await;
    let dispatcher = bench.dispatcher();
    let reason = eventually("a try fails", async || {
        let row = bench.rows().await.pop()?;
        row.reason.filter(|reason| !reason.is_empty())
    })
    .await;
    assert_eq!(reason, "the mail server is not ready");
    dispatcher.stop().await;
    assert_eq!(bench.rows().await[0].email.as_deref(), Some("pending"));

    let _server = MailServer::start_at(port, Behaviour::Accept);
    let _dispatcher = bench.dispatcher();
    bench.email_in("sent").await;
}

#[tokio::test]
async fn kill_before_sending_leaves_delivery_pending() {
    let (server, bench) = fired(Behaviour::SilentBefore).await;
    let killed = bench.dispatcher();
    eventually("a try is under way", async || {
        (server.connections() == 1).then_some(())
    })
    .await;
    killed.kill().await;
    server.behave(Behaviour::Accept);
    assert_eq!(bench.rows().await[0].email.as_deref(), Some("pending"));
    bench.let_claims_run_out().await;
    let _dispatcher = bench.dispatcher();
    let row = bench.email_in("sent").await;
    assert_eq!(row.attempts, Some(2));
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn kill_during_sending_leaves_delivery_unknown() {
    let (server, bench) = fired(Behaviour::SilentAfter).await;
    let killed = bench.dispatcher();
    eventually("the message is out", async || {
        (server.messages().len() == 1).then_some(())
    })
    .await;
    killed.kill().await;
    server.behave(Behaviour::Accept);
    let _dispatcher = bench.dispatcher();
    // While the claim lasts, a later one is sent and this one is left alone.
    bench.fire_one("bob").await;
    bench.emails_in("sent", 1).await;
    bench.emails_in("sending", 1).await;
    bench.let_claims_run_out().await;
    let row = bench.emails_in("unknown", 1).await.remove(0);
    assert_eq!(
        row.reason.as_deref(),
        Some("the process that was sending it ended before the answer came")
    );
    assert_eq!(
        server.recipients(),
        ["To: alice@example.org", "To: bob@example.org"]
    );
}

#[tokio::test]
async fn shutdown_during_sending_leaves_delivery_unknown() {
    let (server, bench) = fired(Behaviour::SilentAfter).await;
    let dispatcher = bench.dispatcher();
    eventually("the message is out", async || {
        (server.messages().len() == 1).then_some(())
    })
    .await;
    tokio::time::timeout(Duration::from_millis(4_500), dispatcher.stop())
        .await
        .unwrap();
    let row = bench.rows().await.pop().unwrap();
    assert_eq!(row.email.as_deref(), Some("unknown"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_dispatchers_send_each_e_mail_once() {
    const COUNT: usize = 60;
    let server = MailServer::start(Behaviour::Accept);
    let bench = Bench::with_mail(&server).await;
    let moment = Clock::system().now() + TimeDelta::seconds(1);
    for number in 0..COUNT {
        let task = TaskBuilder::reminding_at(&format!("user{number}"), moment);
        bench.observe(&task).await;
    }
    let _processes = [
        bench.scheduler(),
        bench.scheduler(),
        bench.dispatcher(),
        bench.dispatcher(),
    ];
    eventually("all e-mails are settled", async || {
        let rows = bench.rows().await;
        rows.iter()
            .all(|row| row.email.as_deref() == Some("sent"))
            .then_some(())
    })
    .await;
    let mut recipients = server.recipients();
    assert_eq!(recipients.len(), COUNT);
    recipients.dedup();
    assert_eq!(recipients.len(), COUNT);
    assert!(server.connections() < COUNT, "connections are used again");
}

#[tokio::test]
async fn connection_is_opened_before_the_reminder_fires() {
    let server = MailServer::start(Behaviour::Accept);
    let bench = Bench::with_mail(&server).await;
    let moment = Clock::system().now() + TimeDelta::seconds(4);
    bench
        .observe(&TaskBuilder::reminding_at("alice", moment))
        .await;
    // Without a dispatcher, nothing else connects.
    let _scheduler = bench.scheduler();
    eventually("a connection is opened", async || {
        (server.connections() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn closed_idle_connection_costs_no_attempt() {
    let server = MailServer::start(Behaviour::AcceptAndHangUp);
    let bench = Bench::with_mail(&server).await;
    let _dispatcher = bench.dispatcher();
    for sent in 1..=3 {
        bench.fire_one("alice").await;
        let rows = bench.emails_in("sent", sent).await;
        assert!(rows.iter().all(|row| row.attempts == Some(1)), "{rows:?}");
    }
}

#[tokio::test]
async fn task_completed_between_attempts_sends_nothing() {
    let server = MailServer::start(Behaviour::RefuseRecipient("450 4.2.0 later"));
    let bench = Bench::with_mail(&server).await;
    let mut task = bench.fire_one("alice").await;
    let dispatcher = bench.dispatcher();
    eventually("a try fails", async || {
        (bench.rows().await[0].attempts >= Some(1)).then_some(())
    })
    .await;
    dispatcher.kill().await;
    task.change(|task| task.open = false);
    bench.observe(&task).await;
    server.behave(Behaviour::Accept);
    bench
        .execute("UPDATE deliveries SET wake_time = clock_timestamp() WHERE wake_time IS NOT NULL")
        .await;
    let _dispatcher = bench.dispatcher();
    let row = bench.email_in("failed").await;
    assert_eq!(
        row.reason.as_deref(),
        Some("the task was completed, deleted or muted before it could be sent")
    );
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn delivery_fails_after_last_attempt() {
    let (_server, bench) = fired(Behaviour::RefuseRecipient("450 4.2.0 later")).await;
    bench
        .execute(
            "UPDATE deliveries SET attempt_count = 9, create_time = clock_timestamp() - interval '16 minutes'
             WHERE channel = 'email'",
        )
        .await;
    let _dispatcher = bench.dispatcher();
    let row = bench.email_in("failed").await;
    assert_eq!(
        row.reason.as_deref(),
        Some("the mail server rejected the message temporarily: 450 4.2.0")
    );
    assert_eq!(row.attempts, Some(10));
}

#[tokio::test]
async fn slow_server_is_retried() {
    let (server, bench) = fired(Behaviour::SilentBefore).await;
    let _dispatcher = bench.dispatcher();
    eventually("the first try is given up", async || {
        let reason = bench.rows().await.pop()?.reason?;
        (reason == "the other side was not ready in time").then_some(())
    })
    .await;
    server.behave(Behaviour::Accept);
    bench.email_in("sent").await;
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn late_response_leaves_delivery_unknown() {
    let (server, bench) = fired(Behaviour::SilentAfter).await;
    let _dispatcher = bench.dispatcher();
    let row = bench.email_in("unknown").await;
    assert_eq!(
        row.reason.as_deref(),
        Some("the response did not arrive in time")
    );
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn server_without_tls_gets_no_password() {
    let server = MailServer::start(Behaviour::Accept);
    let smtp = SmtpConfig {
        security: SmtpSecurity::Starttls,
        username: Some("taskmesh".to_owned()),
        password: Some(Redacted::new("a secret".to_owned())),
        ..MailServer::settings(server.port())
    };
    let email = EmailConfig {
        default_domain: Some("example.org".to_owned()),
    };
    let channel = EmailChannel::new(&smtp, &email).unwrap();
    let notice = Notice {
        message_id: "<1.email@example.com>".to_owned(),
        title: "Water the plants".to_owned(),
        due_time: None,
        due_date: None,
        time_zone: String::new(),
    };
    let alice = "alice".parse().unwrap();
    let opened = channel.open(&alice, &Preferences::default(), &notice).await;
    let refusal = opened.err();
    assert!(
        matches!(refusal, Some(Refusal::Transient(_))),
        "{refusal:?}"
    );
    let verbs = server.verbs();
    assert!(
        !verbs.iter().any(|verb| verb == "AUTH" || verb == "MAIL"),
        "{verbs:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_dispatchers_send_each_e_mail_once() {
    const COUNT: usize = 60;
    let server = MailServer::start(Behaviour::Accept);
    let bench = Bench::with_mail(&server).await;
    for number in 0..COUNT {
        bench.fire_one(&format!("user{number}")).await;
    }
    for kill_after_ms in (1..60).map(|step| step * 7 % 41) {
        let dispatcher = bench.dispatcher();
        tokio::time::sleep(Duration::from_millis(kill_after_ms)).await;
        dispatcher.kill().await;
        bench.let_claims_run_out().await;
    }
    let _dispatcher = bench.dispatcher();
    let rows = eventually("all e-mails are settled", async || {
        let rows = bench.rows().await;
        rows.iter().all(|row| row.state == "sent").then_some(rows)
    })
    .await;
    let recipients = server.recipients();
    let mut once = recipients.clone();
    once.dedup();
    assert_eq!(once, recipients, "somebody was reminded twice");
    let sent = rows
        .iter()
        .filter(|row| row.email.as_deref() == Some("sent"));
    let unknown = rows
        .iter()
        .filter(|row| row.email.as_deref() == Some("unknown"));
    let (sent, unknown) = (sent.count(), unknown.count());
    assert_eq!(sent + unknown, COUNT);
    assert!(
        (sent..=COUNT).contains(&recipients.len()),
        "{sent} sent, {} arrived",
        recipients.len()
    );
}
