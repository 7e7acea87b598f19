use std::{
    iter::Sum,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use super::{End, LiveClient, Message, Socket, Start, View};

/// Client that follows the feed from a snapshot on, over any number of sockets; cheap to clone.
#[derive(Debug, Clone)]
pub struct Follower(Arc<Mutex<State>>);

/// Counters of one or more followers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FeedCounts {
    pub sockets: usize,
    /// Sockets that resumed behind a token.
    pub resumed: usize,
    /// Requests of the server to start again from a snapshot.
    pub resyncs: usize,
    pub changes: usize,
}

#[derive(Debug)]
struct State {
    view: View,
    /// Last token; empty if a snapshot is needed.
    resume_token: String,
    counts: FeedCounts,
}

impl Follower {
    /// Creates a follower whose name is unique in its run.
    pub fn new(name: String) -> Self {
        Self(Arc::new(Mutex::new(State {
            view: View::new(name),
            resume_token: String::new(),
            counts: FeedCounts::default(),
        })))
    }

    /// Follows the feed over a new socket until it ends. Dropping the future drops the connection; the position is kept.
    pub async fn follow(&self, client: &LiveClient, token: &str) -> End {
        match self.open(client, token).await {
            Ok(socket) => self.listen(socket).await,
            Err(end) => end,
        }
    }

    /// Opens a socket at the current position.
    pub async fn open(&self, client: &LiveClient, token: &str) -> Result<Socket, End> {
        let resume_token = self.lock().resume_token.clone();
        let is_resumed = !resume_token.is_empty();
        let start = match is_resumed {
            true => Start::Behind(&resume_token),
            false => Start::Snapshot,
        };
        let socket = client.open(token, start).await?;
        self.lock().start(is_resumed);
        Ok(socket)
    }

    /// Applies the messages of a socket until it ends.
    pub async fn listen(&self, mut socket: Socket) -> End {
        loop {
            match socket.next().await {
                Ok(message) => self.lock().apply(message),
                Err(end) => return end,
            }
        }
    }

    /// Reads the view.
    pub fn look<T>(&self, read: impl FnOnce(&View) -> T) -> T {
        read(&self.lock().view)
    }

    pub fn counts(&self) -> FeedCounts {
        self.lock().counts
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn start(&mut self, is_resumed: bool) {
        self.counts.sockets += 1;
        match is_resumed {
            true => self.counts.resumed += 1,
            false => self.view.reset(),
        }
    }

    fn apply(&mut self, message: Message) {
        if let Some(snapshot) = message.snapshot {
            self.view.add_snapshot(snapshot.tasks);
        }
        if let Some(task) = message.change.and_then(|change| change.task) {
            self.counts.changes += 1;
            self.view.change(task);
        }
        self.counts.resyncs += usize::from(message.resync.is_some());
        self.resume_token = message.resume_token;
    }
}

impl Sum for FeedCounts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            sockets: sum.sockets + one.sockets,
            resumed: sum.resumed + one.resumed,
            resyncs: sum.resyncs + one.resyncs,
            changes: sum.changes + one.changes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(json: &str) -> Message {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn follower_resumes_behind_last_token_until_resync() {
        let follower = Follower::new("client".to_owned());
        let mut state = follower.lock();
        state.start(false);
        state.apply(message(r#"{"snapshot": {}}"#));
        state.apply(message(r#"{"resume_token": "a", "live": {}}"#));
        state.apply(message(r#"{"resume_token": "b", "heartbeat": {}}"#));
        assert_eq!(state.resume_token, "b");
        state.start(true);
        state.apply(message(r#"{"resync": {}}"#));
        assert_eq!(state.resume_token, "");
        let FeedCounts {
            sockets,
            resumed,
            resyncs,
            changes,
        } = state.counts;
        assert_eq!([sockets, resumed, resyncs, changes], [2, 1, 1, 0]);
    }
}
