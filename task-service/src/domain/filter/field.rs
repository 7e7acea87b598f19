/// A field that filters can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// What is to be done.
    Title,
    /// More about it.
    Description,
    /// How much it matters.
    Priority,
    /// Open or completed.
    State,
    /// When it should be done.
    Due,
    /// When lists begin to show it.
    Start,
    /// When it was created.
    Create,
    /// When it last changed.
    Update,
    /// When it was completed.
    Complete,
    /// One of its tags.
    Tag,
    /// Its category.
    Category,
    /// The task that it is a part of.
    Parent,
    /// Whether it belongs to a series.
    Recurring,
    /// Whether it waits for other tasks.
    Blocked,
    /// Whether it should be done already.
    Overdue,
    /// Whether reminders are off.
    Muted,
}

impl Field {
    const ALL: [Self; 16] = [
        Self::Title,
        Self::Description,
        Self::Priority,
        Self::State,
        Self::Due,
        Self::Start,
        Self::Create,
        Self::Update,
        Self::Complete,
        Self::Tag,
        Self::Category,
        Self::Parent,
        Self::Recurring,
        Self::Blocked,
        Self::Overdue,
        Self::Muted,
    ];

    /// Returns its word in filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::Priority => "priority",
            Self::State => "state",
            Self::Due => "due",
            Self::Start => "start",
            Self::Create => "create",
            Self::Update => "update",
            Self::Complete => "complete",
            Self::Tag => "tag",
            Self::Category => "category",
            Self::Parent => "parent",
            Self::Recurring => "recurring",
            Self::Blocked => "blocked",
            Self::Overdue => "overdue",
            Self::Muted => "muted",
        }
    }

    /// Returns the field of a word: its own, or the name that it has in a task.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = match word {
            "due_time" | "due_date" => "due",
            "start_time" => "start",
            "create_time" => "create",
            "update_time" => "update",
            "complete_time" => "complete",
            "tags" => "tag",
            "parent_task_id" => "parent",
            word => word,
        };
        Self::ALL.into_iter().find(|field| field.word() == word)
    }

    /// Returns the words of all fields.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::word)
    }
}
