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

/// What other systems put behind the names of times.
const TIME_SUFFIXES: [&str; 7] = ["timestamp", "datetime", "date", "time", "at", "on", "by"];

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

    /// Returns the field that a word means in other systems or in another spelling: `dueDate`, `created_at`, `project`.
    pub fn meant_by(word: &str) -> Option<Self> {
        let plain = word.replace(['_', '-'], "").to_lowercase();
        let without_suffix = TIME_SUFFIXES
            .iter()
            .find_map(|suffix| plain.strip_suffix(suffix));
        let times = || Self::time_meant_by(without_suffix?);
        Self::meant_by_whole(&plain).or_else(times)
    }

    fn meant_by_whole(word: &str) -> Option<Self> {
        Some(match word {
            "name" | "summary" | "subject" | "task" | "tasktitle" => Self::Title,
            "note" | "notes" | "body" | "content" | "details" | "desc" | "comment" => {
                Self::Description
            }
            "prio" | "importance" | "urgency" | "rank" => Self::Priority,
            "status" | "completed" | "iscompleted" | "done" | "isdone" | "finished" | "closed"
            | "checked" | "taskstate" => Self::State,
            "date" | "when" | "duelocaltime" => Self::Due,
            "tags" | "label" | "labels" | "keyword" | "keywords" | "tagname" => Self::Tag,
            "project" | "projects" | "projectid" | "list" | "listid" | "folder" | "area"
            | "section" | "categories" | "categoryname" | "categoryid" => Self::Category,
            "parentid" | "parenttask" | "parenttaskid" | "subtaskof" => Self::Parent,
            "recurrence" | "recurrencerule" | "recurs" | "rrule" | "repeat" | "repeats"
            | "repeating" | "isrecurring" => Self::Recurring,
            "dependson" | "blockedby" | "isblocked" | "waiting" => Self::Blocked,
            "late" | "pastdue" | "isoverdue" => Self::Overdue,
            "mute" | "silent" | "ismuted" => Self::Muted,
            word => return Self::time_meant_by(word),
        })
    }

    fn time_meant_by(word: &str) -> Option<Self> {
        Some(match word {
            "due" | "deadline" => Self::Due,
            "start" | "starts" | "started" | "begin" | "begins" | "defer" | "scheduled" => {
                Self::Start
            }
            "create" | "created" | "creation" | "added" => Self::Create,
            "update" | "updated" | "modified" | "modification" | "changed" | "edited"
            | "lastmodified" | "lastupdated" => Self::Update,
            "complete" | "completed" | "completion" | "done" | "finished" | "closed" => {
                Self::Complete
            }
            _ => return Self::ALL.into_iter().find(|field| field.word() == word),
        })
    }

    /// Returns the words of all fields.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::word)
    }
}
