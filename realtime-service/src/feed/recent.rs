use std::collections::{HashSet, VecDeque};

use uuid::Uuid;

/// The ids of the last events of a partition.
#[derive(Debug)]
pub(crate) struct RecentEvents {
    most: usize,
    order: VecDeque<Uuid>,
    known: HashSet<Uuid>,
}

impl RecentEvents {
    /// Remembers so many.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            order: VecDeque::new(),
            known: HashSet::new(),
        }
    }

    /// Notes an event; returns whether it is new.
    pub(crate) fn add(&mut self, id: Uuid) -> bool {
        if !self.known.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_event_is_new_once() {
        let mut recent = RecentEvents::new(2);
        let [one, two, three] = [1, 2, 3].map(Uuid::from_u128);
        assert!(recent.add(one));
        assert!(!recent.add(one));
        assert!(recent.add(two));
        assert!(recent.add(three));
        assert!(!recent.add(two));
        assert!(recent.add(one));
    }
}
