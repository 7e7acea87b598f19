use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::{Door, End, Event, Message, Socket, Start, View};

/// A client that follows the feed from a snapshot on over as many sockets as it takes; cheap to clone.
#[derive(Debug, Clone)]
pub struct Follower(Arc<Mutex<State>>);

/// What a client has gone through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Travels {
    /// How many sockets it has opened.
    pub sockets: usize,
    /// How many of them went on behind a resume token.
    pub resumed: usize,
    /// How often it was told to begin anew.
    pub resyncs: usize,
    /// How many changes it was told.
    pub changes: usize,
}

#[derive(Debug)]
struct State {
    view: View,
    /// The last one; empty if there is nothing to go on from.
    resume_token: String,
    travels: Travels,
}

impl Follower {
    /// Returns a client that has seen nothing yet; the name tells it from others.
    pub fn new(name: String) -> Self {
        Self(Arc::new(Mutex::new(State {
            view: View::new(name),
            resume_token: String::new(),
            travels: Travels::default(),
        })))
    }

    /// Goes on over a new socket, until that ends. When the future is dropped, the connection is cut and nothing is lost.
    pub async fn follow(&self, door: &Door, token: &str) -> End {
        match self.open(door, token).await {
            Ok(socket) => self.listen(socket).await,
            Err(end) => end,
        }
    }

    /// Opens a socket to go on over.
    pub async fn open(&self, door: &Door, token: &str) -> Result<Socket, End> {
        let resume_token = self.lock().resume_token.clone();
        let is_resumed = !resume_token.is_empty();
        let start = match is_resumed {
            true => Start::Behind(&resume_token),
            false => Start::Snapshot,
        };
        let socket = door.open(token, start).await?;
        self.lock().open(is_resumed);
        Ok(socket)
    }

    /// Goes on over a socket until that ends. When the future is dropped, the connection is cut and nothing is lost.
    pub async fn listen(&self, mut socket: Socket) -> End {
        loop {
            match socket.next().await {
                Ok(message) => self.lock().take(message),
                Err(end) => return end,
            }
        }
    }

    /// Looks at the view.
    pub fn look<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&self.lock().view)
    }

    /// Returns what the client has gone through.
    pub fn travels(&self) -> Travels {
        let state = self.lock();
        Travels {
            changes: state.view.told(),
            ..state.travels
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self, is_resumed: bool) {
        self.travels.sockets += 1;
        match is_resumed {
            true => self.travels.resumed += 1,
            false => self.view.begin_anew(),
        }
    }

    fn take(&mut self, message: Message) {
        let Message {
            resume_token,
            event,
        } = message;
        match event {
            Event::Snapshot(tasks) => self.view.add(tasks),
            Event::Task(task) => self.view.change(task),
            Event::Resync(_) => self.travels.resyncs += 1,
            Event::Live | Event::Other | Event::Failed(_) => {}
        }
        self.resume_token = resume_token;
    }
}

impl Travels {
    /// Returns what several clients have gone through together.
    pub fn sum(all: impl Iterator<Item = Self>) -> Self {
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

    fn message(resume_token: &str, event: Event) -> Message {
        Message {
            resume_token: resume_token.to_owned(),
            event,
        }
    }

    #[test]
    fn a_client_goes_on_behind_its_last_token_until_it_has_to_begin_anew() {
        let follower = Follower::new("client".to_owned());
        let mut state = follower.lock();
        state.open(false);
        state.take(message("", Event::Snapshot(Vec::new())));
        assert_eq!(state.resume_token, "");
        state.take(message("a", Event::Live));
        state.take(message("b", Event::Other));
        assert_eq!(state.resume_token, "b");
        state.open(true);
        state.take(message("", Event::Resync("too_old".to_owned())));
        assert_eq!(state.resume_token, "");
        drop(state);
        let expected = Travels {
            sockets: 2,
            resumed: 1,
            resyncs: 1,
            changes: 0,
        };
        assert_eq!(follower.travels(), expected);
    }
}
