//! Fetches that wait for records: `tansu` itself asks its storage again and again until the time is up, which keeps a processor
//! busy and lets records wait.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::select_all;
use tansu_sans_io::{Body, FetchRequest, FetchResponse, ProduceRequest};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// Tells fetches of a topic that it has new records.
#[derive(Debug, Clone, Default)]
pub struct Arrivals(Arc<Mutex<HashMap<String, watch::Sender<()>>>>);

impl Arrivals {
    /// Tells those who wait that records were written.
    pub fn announce(&self, topics: &[String]) {
        let senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who does not name topics waits for any.
        for topic in topics.iter().map(String::as_str).chain([""]) {
            if let Some(sender) = senders.get(topic) {
                sender.send_replace(());
            }
        }
    }

    /// Prepares to wait for records that are written from now on.
    pub fn watch(&self, topics: Vec<String>) -> Watch {
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let receivers = topics
            .into_iter()
            .map(|topic| senders.entry(topic).or_default().subscribe());
        Watch(receivers.collect())
    }
}

/// Sees records come.
#[derive(Debug)]
pub struct Watch(Vec<watch::Receiver<()>>);

impl Watch {
    /// Waits until there are new records, or until a moment; returns whether there are.
    pub async fn until(&mut self, moment: Instant) -> bool {
        let changes = self.0.iter_mut().map(|topic| Box::pin(topic.changed()));
        timeout_at(moment, select_all(changes)).await.is_ok()
    }
}

/// Returns the topics that a request writes to.
pub fn written_topics(request: &Body) -> Vec<String> {
    match request {
        Body::ProduceRequest(ProduceRequest { topic_data, .. }) => {
            let topics = topic_data.iter().flatten();
            topics.map(|topic| topic.name.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// Takes from a fetch how long it may wait, and returns that and its topics.
pub fn take_wait(request: &mut FetchRequest) -> (Duration, Vec<String>) {
    let wait = u64::try_from(std::mem::take(&mut request.max_wait_ms)).unwrap_or_default();
    let topics = request.topics.iter().flatten();
    let names = topics.map(|topic| topic.topic.clone().unwrap_or_default());
    (Duration::from_millis(wait), names.collect())
}

/// Returns whether an answer has to be given at once: it has records, or tells what is wrong.
pub fn says_something(response: &FetchResponse) -> bool {
    let topics = response.responses.iter().flatten();
    let mut partitions = topics.flat_map(|topic| topic.partitions.iter().flatten());
    response.error_code.is_some_and(|code| code != 0)
        || partitions.any(|partition| partition.records.is_some() || partition.error_code != 0)
}
