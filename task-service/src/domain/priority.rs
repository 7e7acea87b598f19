use service_runtime::words;

/// Priority of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Can wait.
    Low,
    /// The default.
    #[default]
    Medium,
    /// Comes before the rest.
    High,
    /// Comes first.
    Urgent,
}

words! { Priority { Low = "low", Medium = "medium", High = "high", Urgent = "urgent" } }

impl Priority {
    /// Returns it as a number that grows with it, from 1.
    pub fn rank(self) -> i16 {
        match self {
            Self::Low => 1,
            Self::Medium => 2,
            Self::High => 3,
            Self::Urgent => 4,
        }
    }
}
