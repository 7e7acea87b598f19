use std::time::Duration;

use taskmesh_proto::realtime::v1::{
    ResyncReason, TaskChange, WatchResponse, watch_response::Event,
};
use tokio::time::timeout;
use tonic::{Status, Streaming};

const PATIENCE: Duration = Duration::from_secs(30);

/// Stream of a client.
pub struct Stream {
    messages: Streaming<WatchResponse>,
    /// The token of the last message.
    pub resume_token: String,
}

impl Stream {
    pub fn new(messages: Streaming<WatchResponse>) -> Self {
        Self {
            messages,
            resume_token: String::new(),
        }
    }

    /// Returns the next message, or how the stream ends.
    pub async fn next(&mut self) -> Result<Option<Event>, Status> {
        let message = timeout(PATIENCE, self.messages.message()).await;
        let message = message.expect("a message comes, or the stream ends")?;
        Ok(message.map(|message| {
            self.resume_token = message.resume_token;
            message.event.expect("a message tells something")
        }))
    }

    pub async fn event(&mut self) -> Event {
        self.next().await.unwrap().expect("the stream goes on")
    }

    pub async fn live(&mut self) {
        let event = self.event().await;
        assert!(matches!(event, Event::Live(_)), "{event:?}");
    }

    pub async fn change(&mut self) -> TaskChange {
        match self.event().await {
            Event::Change(change) => *change,
            other => panic!("{other:?}"),
        }
    }

    /// Returns the title of the next task that changed.
    pub async fn title(&mut self) -> String {
        self.change().await.task.unwrap().title
    }

    /// Returns the titles of the next tasks that change.
    pub async fn titles<const COUNT: usize>(&mut self) -> [String; COUNT] {
        let mut titles = [const { String::new() }; COUNT];
        for title in &mut titles {
            *title = self.title().await;
        }
        titles
    }

    /// Returns why the client is to begin anew; nothing may come behind that.
    pub async fn resync(&mut self) -> ResyncReason {
        match self.event().await {
            Event::Resync(resync) => {
                assert_eq!(self.resume_token, "");
                assert!(self.next().await.unwrap().is_none());
                resync.reason()
            }
            other => panic!("{other:?}"),
        }
    }
}
