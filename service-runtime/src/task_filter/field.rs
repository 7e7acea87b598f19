use super::spelling;
use crate::filter::{Field, Kind};

/// Field of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskField {
    /// Title.
    Title,
    /// Description.
    Description,
    /// Priority.
    Priority,
    /// State: open or completed.
    State,
    /// Due date or time.
    Due,
    /// Time from which lists show the task.
    Start,
    /// Time of creation.
    Create,
    /// Time of the last change.
    Update,
    /// Time of completion.
    Complete,
    /// Tags.
    Tag,
    /// Category.
    Category,
    /// Parent task.
    Parent,
    /// Whether the task belongs to a series.
    Recurring,
    /// Whether the task depends on an open task.
    Blocked,
    /// Whether the task is open and its due date or time is past.
    Overdue,
    /// Whether reminders are off.
    Muted,
}

/// Priorities, lowest first.
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "urgent"];
/// States.
const STATES: [&str; 2] = ["open", "completed"];
/// Index of the state of completed tasks.
pub const COMPLETED: usize = 1;

impl Field for TaskField {
    const ALL: &'static [Self] = &[
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
    const TEXT: Option<Self> = Some(Self::Title);

    fn word(self) -> &'static str {
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

    fn kind(self) -> Kind {
        match self {
            Self::Title | Self::Description => Kind::Text,
            Self::Priority => Kind::Choice {
                words: &PRIORITIES,
                is_ordered: true,
            },
            Self::State => Kind::Choice {
                words: &STATES,
                is_ordered: false,
            },
            Self::Due | Self::Start | Self::Create | Self::Update | Self::Complete => Kind::Time,
            Self::Tag | Self::Category => Kind::Name,
            Self::Parent => Kind::Id,
            Self::Recurring | Self::Blocked | Self::Overdue | Self::Muted => Kind::Flag,
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Title => "title:\"milk\"",
            Self::Description => "description:\"milk\"",
            Self::Priority => "priority >= high",
            Self::State => "state = open",
            Self::Due => "due < today + 7d",
            Self::Start => "start <= now",
            Self::Create => "create >= today - 7d",
            Self::Update => "update >= today - 7d",
            Self::Complete => "complete >= today - 7d",
            Self::Tag => "tag:\"work\"",
            Self::Category => "category:\"home\"",
            Self::Parent => "parent = \"019ab8c0-6f4e-7cc2-9d5b-0123456789ab\"",
            Self::Recurring => "recurring = true",
            Self::Blocked => "blocked = true",
            Self::Overdue => "overdue = true",
            Self::Muted => "muted = true",
        }
    }

    /// Returns the field with this name, in filters or in a task.
    fn from_word(word: &str) -> Option<Self> {
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
        Self::ALL.iter().copied().find(|field| field.word() == word)
    }

    fn suggested_for(word: &str) -> Option<Self> {
        let find = |word: String| Self::ALL.iter().copied().find(|field| field.word() == word);
        spelling::candidates(word).into_iter().find_map(find)
    }

    fn comparison_for(word: &str) -> Option<String> {
        match word {
            "open" => Some("state = open".to_owned()),
            "completed" | "done" => Some("state = completed".to_owned()),
            priority if PRIORITIES.contains(&priority) => Some(format!("priority = {priority}")),
            _ => None,
        }
    }
}
