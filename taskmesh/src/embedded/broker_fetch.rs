//! Fetches that wait for records. `tansu` itself asks its storage for every partition again and again until the time is up, which
//! keeps a processor busy and lets records wait; here, it is asked only for partitions that were written to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::select_all;
use tansu_sans_io::{
    Body, FetchRequest, FetchResponse,
    fetch_request::FetchTopic,
    fetch_response::{FetchableTopicResponse, PartitionData},
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// How long the end of a partition is believed: a write that nobody told of, because whoever made it was cut off, is found then.
const BELIEVED: Duration = Duration::from_secs(1);

/// What is known of the ends of partitions without asking the storage.
#[derive(Debug, Clone, Default)]
pub struct Tails(Arc<Mutex<State>>);

type Partition = (String, i32);

#[derive(Debug, Default)]
struct State {
    /// How often each partition was written to.
    writes: HashMap<Partition, u64>,
    /// Where there was nothing to read, for each kind of isolation.
    ends: HashMap<(Partition, Option<i8>), End>,
    /// Who waits for the records of a topic.
    waiting: HashMap<String, watch::Sender<()>>,
}

#[derive(Debug)]
struct End {
    offset: i64,
    writes: u64,
    since: Instant,
    answer: FetchableTopicResponse,
}

impl End {
    fn is_at(&self, offset: i64, writes: u64) -> bool {
        (self.offset, self.writes) == (offset, writes) && self.since.elapsed() < BELIEVED
    }
}

/// What of a fetch has to be asked, and what is known.
#[derive(Debug)]
pub struct Plan {
    /// The partitions that may have something new, without waiting for it.
    pub asked: FetchRequest,
    /// The answers for all others.
    pub known: Vec<FetchableTopicResponse>,
    /// For each partition that is asked, how often it was written to before.
    writes: HashMap<Partition, u64>,
}

/// What a request changes.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing that a fetch sees.
    Nothing,
    /// These partitions get records.
    Records(Vec<Partition>),
    /// Perhaps everything.
    Everything,
}

impl Change {
    /// Returns what a request is going to change.
    pub fn of(request: &Body) -> Self {
        match request {
            Body::ProduceRequest(produce) => {
                let topics = produce.topic_data.iter().flatten();
                let partitions = topics.flat_map(|topic| {
                    let partitions = topic.partition_data.iter().flatten();
                    partitions.map(|partition| (topic.name.clone(), partition.index))
                });
                Self::Records(partitions.collect())
            }
            Body::CreateTopicsRequest(_)
            | Body::CreatePartitionsRequest(_)
            | Body::DeleteTopicsRequest(_)
            | Body::DeleteRecordsRequest(_)
            | Body::EndTxnRequest(_)
            | Body::WriteTxnMarkersRequest(_) => Self::Everything,
            _ => Self::Nothing,
        }
    }
}

impl Tails {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a change that was made, and tells those who wait.
    pub fn note(&self, change: Change) {
        let mut state = self.state();
        match change {
            Change::Nothing => {}
            Change::Records(partitions) => {
                for partition in partitions {
                    // Who names no topic waits for any.
                    for topic in [partition.0.as_str(), ""] {
                        if let Some(waiting) = state.waiting.get(topic) {
                            waiting.send_replace(());
                        }
                    }
                    *state.writes.entry(partition).or_default() += 1;
                }
            }
            Change::Everything => {
                state.ends.clear();
                for waiting in state.waiting.values() {
                    waiting.send_replace(());
                }
            }
        }
    }

    /// Prepares to wait for what is written from now on to the topics of a fetch.
    pub fn watch(&self, fetch: &FetchRequest) -> Watch {
        let mut state = self.state();
        let names = fetch.topics.iter().flatten().map(name);
        let receivers = names.map(|name| state.waiting.entry(name).or_default().subscribe());
        Watch(receivers.collect())
    }

    /// Tells what of a fetch has to be asked.
    pub fn plan(&self, fetch: &FetchRequest) -> Plan {
        let state = self.state();
        let mut plan = Plan {
            asked: fetch.clone().max_wait_ms(0).topics(None),
            known: Vec::new(),
            writes: HashMap::new(),
        };
        let mut asked = Vec::new();
        for topic in fetch.topics.iter().flatten() {
            let mut partitions = topic.partitions.clone().unwrap_or_default();
            partitions.retain(|partition| {
                let place = (name(topic), partition.partition);
                let writes = state.writes.get(&place).copied().unwrap_or_default();
                let end = state.ends.get(&(place.clone(), fetch.isolation_level));
                let end = end.filter(|end| end.is_at(partition.fetch_offset, writes));
                plan.known.extend(end.map(|end| end.answer.clone()));
                plan.writes.insert(place, writes);
                end.is_none()
            });
            if !partitions.is_empty() {
                asked.push(topic.clone().partitions(Some(partitions)));
            }
        }
        plan.asked.topics = Some(asked);
        plan
    }

    /// Notes where there was nothing to read.
    pub fn learn(&self, plan: &Plan, response: &FetchResponse) {
        let mut state = self.state();
        for topic in response.responses.iter().flatten() {
            let Some(name) = &topic.topic else { continue };
            for partition in topic.partitions.iter().flatten() {
                let place = (name.clone(), partition.partition_index);
                let offset = plan.offset(&place);
                let (Some(offset), Some(writes)) = (offset, plan.writes.get(&place)) else {
                    continue;
                };
                if !says_something(partition) {
                    let end = End {
                        offset,
                        writes: *writes,
                        since: Instant::now(),
                        answer: topic.clone().partitions(Some(vec![partition.clone()])),
                    };
                    state.ends.insert((place, plan.asked.isolation_level), end);
                }
            }
        }
    }
}

impl Plan {
    /// Returns whether there is nothing to ask.
    pub fn is_known(&self) -> bool {
        self.asked.topics.iter().flatten().next().is_none()
    }

    fn offset(&self, (wanted, index): &Partition) -> Option<i64> {
        let topics = self.asked.topics.iter().flatten();
        let mut partitions = topics
            .filter(|topic| name(topic) == *wanted)
            .flat_map(|topic| topic.partitions.iter().flatten());
        let partition = partitions.find(|partition| partition.partition == *index);
        partition.map(|partition| partition.fetch_offset)
    }
}

/// Sees records come.
#[derive(Debug)]
pub struct Watch(Vec<watch::Receiver<()>>);

impl Watch {
    /// Waits until something was written, or until a moment; returns whether something was.
    pub async fn until(&mut self, moment: Instant) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let changes = self.0.iter_mut().map(|topic| Box::pin(topic.changed()));
        timeout_at(moment, select_all(changes)).await.is_ok()
    }
}

/// Returns whether an answer has to be given at once: it has records, or tells what is wrong.
pub fn is_due(response: &FetchResponse) -> bool {
    let topics = response.responses.iter().flatten();
    let mut partitions = topics.flat_map(|topic| topic.partitions.iter().flatten());
    response.error_code.is_some_and(|code| code != 0) || partitions.any(says_something)
}

fn says_something(partition: &PartitionData) -> bool {
    partition.records.is_some() || partition.error_code != 0
}

/// Returns the name of a topic, or nothing for one that is known by its id.
fn name(topic: &FetchTopic) -> String {
    topic.topic.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tansu_sans_io::{
        ProduceRequest,
        fetch_request::FetchPartition,
        produce_request::{PartitionProduceData, TopicProduceData},
        record::deflated::Frame,
    };

    use super::*;

    fn fetch(topic: &str, offsets: &[i64]) -> FetchRequest {
        let partitions = (0..).zip(offsets).map(|(index, offset)| {
            let partition = FetchPartition::default().partition(index);
            partition.fetch_offset(*offset)
        });
        let topic = FetchTopic::default().topic(Some(topic.to_owned()));
        let topic = topic.partitions(Some(partitions.collect()));
        let fetch = FetchRequest::default().max_wait_ms(500);
        fetch.topics(Some(vec![topic]))
    }

    fn answer(topic: &str, partitions: Vec<PartitionData>) -> FetchResponse {
        let topic = FetchableTopicResponse::default().topic(Some(topic.to_owned()));
        let topic = topic.partitions(Some(partitions));
        FetchResponse::default().responses(Some(vec![topic]))
    }

    fn empty(index: i32) -> PartitionData {
        PartitionData::default().partition_index(index)
    }

    fn records(topic: &str, index: i32) -> Change {
        Change::Records(vec![(topic.to_owned(), index)])
    }

    fn asked(plan: &Plan) -> Vec<i32> {
        let topics = plan.asked.topics.iter().flatten();
        let partitions = topics.flat_map(|topic| topic.partitions.iter().flatten());
        partitions.map(|partition| partition.partition).collect()
    }

    #[test]
    fn a_partition_is_asked_again_only_after_a_write_or_at_another_offset() {
        let tails = Tails::default();
        let first = tails.plan(&fetch("tasks", &[7, 8, 9]));
        assert_eq!(asked(&first), [0, 1, 2]);
        assert_eq!(first.asked.max_wait_ms, 0);
        let full = empty(2).records(Some(Frame {
            batches: Vec::new(),
        }));
        tails.learn(&first, &answer("tasks", vec![empty(0), empty(1), full]));

        let second = tails.plan(&fetch("tasks", &[7, 8, 9]));
        assert_eq!(asked(&second), [2]);
        assert_eq!(second.known.len(), 2);
        tails.note(records("tasks", 1));
        assert_eq!(asked(&tails.plan(&fetch("tasks", &[7, 8, 9]))), [1, 2]);
        assert_eq!(asked(&tails.plan(&fetch("tasks", &[6, 8, 9]))), [0, 1, 2]);
        tails.note(Change::Everything);
        assert_eq!(asked(&tails.plan(&fetch("tasks", &[7]))), [0]);
    }

    #[test]
    fn what_is_written_while_the_storage_is_asked_is_asked_again() {
        let tails = Tails::default();
        let plan = tails.plan(&fetch("tasks", &[7]));
        tails.note(records("tasks", 0));
        tails.learn(&plan, &answer("tasks", vec![empty(0)]));
        assert!(!tails.plan(&fetch("tasks", &[7])).is_known());
    }

    #[tokio::test]
    async fn records_wake_who_waits_for_their_topic_even_if_they_came_before_the_wait() {
        let tails = Tails::default();
        let mut tasks = tails.watch(&fetch("tasks", &[0]));
        let mut any = tails.watch(&fetch("", &[0]));
        let mut reminders = tails.watch(&fetch("reminders", &[0]));
        tails.note(records("tasks", 3));
        let moment = Instant::now() + Duration::from_millis(20);
        assert!(tasks.until(moment).await);
        assert!(any.until(moment).await);
        assert!(!reminders.until(moment).await);
    }

    #[test]
    fn a_produce_changes_the_partitions_that_it_writes_to() {
        let partition = PartitionProduceData::default().index(3);
        let topic = TopicProduceData::default().name("tasks".to_owned());
        let topic = topic.partition_data(Some(vec![partition]));
        let produce = ProduceRequest::default().topic_data(Some(vec![topic]));
        assert_eq!(Change::of(&produce.into()), records("tasks", 3));
        assert_eq!(Change::of(&fetch("tasks", &[0]).into()), Change::Nothing);
    }

    #[test]
    fn only_an_answer_with_records_or_an_error_is_due_at_once() {
        let full = empty(0).records(Some(Frame {
            batches: Vec::new(),
        }));
        assert!(!is_due(&answer("tasks", vec![empty(0)])));
        assert!(is_due(&answer("tasks", vec![empty(0), full])));
        assert!(is_due(&answer("tasks", vec![empty(0).error_code(3)])));
    }
}
