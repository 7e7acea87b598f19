/// Tasks that a stream reports, as requested by the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matching {
    /// Filter; empty for all tasks.
    pub filter: String,
    /// Name of a saved filter that tasks match too; empty for none.
    pub saved_filter: String,
    /// Whether completed tasks match, unless a filter decides.
    pub show_completed: bool,
}

impl Matching {
    /// Returns whether all tasks match.
    pub fn is_everything(&self) -> bool {
        self.filter.is_empty() && self.saved_filter.is_empty()
    }
}
