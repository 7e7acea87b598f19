//! The test harness: real services on a real PostgreSQL and a real broker, each test in a database and topics of its own.

mod broker;
mod corpus;
mod counts;
mod database;
mod eventually;
mod kafka_settings;
mod metrics;
mod migrations;
mod nul_text;
mod plans;
mod registry;
mod relay;
mod service;

pub use broker::{RecordedEvent, TestTopics};
pub use corpus::{corpus, corpus_of_texts};
pub use counts::Count;
pub(crate) use counts::{count, counted};
pub use database::TestDatabase;
pub use eventually::eventually;
pub use metrics::check_metrics;
pub use migrations::revert_and_reapply_migrations;
pub use nul_text::nul_text_accepted;
pub use plans::Plans;
pub use registry::FakeRegistry;
pub use relay::{FreezableRelay, TestRelay};
pub use service::{TestService, load_config};

use std::sync::LazyLock;

/// Where services under test run, so that they go on while a test is being torn down.
static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built")
});

fn required(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is not set: tests need PostgreSQL and a broker, which `./dev test` starts"
        )
    })
}

/// Waits for a future from a thread that is not part of any runtime, also while a test unwinds.
fn block_on<T: Send, Fut: Future<Output = T>>(future: impl FnOnce() -> Fut + Send) -> T {
    std::thread::scope(|scope| {
        scope
            .spawn(|| RUNTIME.block_on(future()))
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
