use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use service_runtime::ids::UserId;

use crate::{error::Error, metrics};

/// Counter of open streams, in total and by user.
#[derive(Debug)]
pub struct Streams {
    most: usize,
    most_per_user: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    per_user: HashMap<UserId, usize>,
}

/// Counts one stream until it is dropped.
#[derive(Debug)]
pub struct StreamPermit {
    streams: Arc<Streams>,
    user: UserId,
}

impl Streams {
    /// Allows so many streams, and so many of each user.
    pub fn new(most: usize, most_per_user: usize) -> Self {
        Self {
            most,
            most_per_user,
            open: Mutex::default(),
        }
    }

    /// Counts another stream of a user.
    ///
    /// # Errors
    ///
    /// Fails if there are too many already.
    pub fn open(self: &Arc<Self>, user: &UserId) -> Result<StreamPermit, Error> {
        let mut open = self.lock();
        let user_index = open.per_user.get(user).copied().unwrap_or_default();
        if user_index >= self.most_per_user {
            return Err(Error::TooManyStreamsOfUser(self.most_per_user));
        }
        if open.all >= self.most {
            return Err(Error::TooManyStreams);
        }
        open.all += 1;
        open.per_user.insert(user.clone(), user_index + 1);
        metrics::streams(open.all);
        Ok(StreamPermit {
            streams: Arc::clone(self),
            user: user.clone(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().expect("no holder of this lock panics")
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        open.all -= 1;
        if let Some(user_index) = open.per_user.get_mut(&self.user) {
            *user_index -= 1;
            if *user_index == 0 {
                open.per_user.remove(&self.user);
            }
        }
        metrics::streams(open.all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_limited_per_user_and_in_total() {
        let streams = Arc::new(Streams::new(3, 2));
        let [alice, bob] = ["alice", "bob"].map(|name| name.parse::<UserId>().unwrap());
        let first = streams.open(&alice).unwrap();
        let _second = streams.open(&alice).unwrap();
        assert!(matches!(
            streams.open(&alice),
            Err(Error::TooManyStreamsOfUser(2))
        ));
        let _third = streams.open(&bob).unwrap();
        assert!(matches!(streams.open(&bob), Err(Error::TooManyStreams)));
        drop(first);
        let _fourth = streams.open(&alice).unwrap();
        assert_eq!(streams.lock().all, 3);
    }
}
