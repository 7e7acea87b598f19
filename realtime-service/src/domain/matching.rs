/// Which tasks a stream is about, in the words of the client; what they mean, only the task-service knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matching {
    /// Those that match this.
    pub filter: String,
    /// And the saved filter that has this name.
    pub saved_filter: String,
    /// Also completed ones.
    pub show_completed: bool,
}

impl Matching {
    /// Returns whether changes of all tasks are told as they are.
    pub fn is_everything(&self) -> bool {
        self.filter.is_empty() && self.saved_filter.is_empty()
    }
}
