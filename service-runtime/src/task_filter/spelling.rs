//! Names of fields in other systems and in other spellings: `dueDate`, `created_at`, `project`.

use super::TaskField;
use crate::filter::Field;

/// Suffixes of the names of times in other systems.
const TIME_SUFFIXES: [&str; 7] = ["timestamp", "datetime", "date", "time", "at", "on", "by"];

/// Returns the field that a word probably means.
pub fn field(word: &str) -> Option<TaskField> {
    let plain = word.replace(['_', '-'], "").to_lowercase();
    let without_suffix = TIME_SUFFIXES
        .iter()
        .find_map(|suffix| plain.strip_suffix(suffix));
    let time = || time(without_suffix?);
    whole_word(&plain).or_else(time)
}

fn whole_word(word: &str) -> Option<TaskField> {
    Some(match word {
        "name" | "summary" | "subject" | "task" | "tasktitle" => TaskField::Title,
        "note" | "notes" | "body" | "content" | "details" | "desc" | "comment" => {
            TaskField::Description
        }
        "prio" | "importance" | "urgency" | "rank" => TaskField::Priority,
        "status" | "completed" | "iscompleted" | "done" | "isdone" | "finished" | "closed"
        | "checked" | "taskstate" => TaskField::State,
        "date" | "when" | "duelocaltime" => TaskField::Due,
        "tags" | "label" | "labels" | "keyword" | "keywords" | "tagname" => TaskField::Tag,
        "project" | "projects" | "projectid" | "list" | "listid" | "folder" | "area"
        | "section" | "categories" | "categoryname" | "categoryid" => TaskField::Category,
        "parentid" | "parenttask" | "parenttaskid" | "subtaskof" => TaskField::Parent,
        "recurrence" | "recurrencerule" | "recurs" | "rrule" | "repeat" | "repeats"
        | "repeating" | "isrecurring" => TaskField::Recurring,
        "dependson" | "blockedby" | "isblocked" | "waiting" => TaskField::Blocked,
        "late" | "pastdue" | "isoverdue" => TaskField::Overdue,
        "mute" | "silent" | "ismuted" => TaskField::Muted,
        word => return time(word),
    })
}

fn time(word: &str) -> Option<TaskField> {
    Some(match word {
        "due" | "deadline" => TaskField::Due,
        "start" | "starts" | "started" | "begin" | "begins" | "defer" | "scheduled" => {
            TaskField::Start
        }
        "create" | "created" | "creation" | "added" => TaskField::Create,
        "update" | "updated" | "modified" | "modification" | "changed" | "edited"
        | "lastmodified" | "lastupdated" => TaskField::Update,
        "complete" | "completed" | "completion" | "done" | "finished" | "closed" => {
            TaskField::Complete
        }
        _ => {
            return TaskField::ALL
                .iter()
                .copied()
                .find(|field| field.word() == word);
        }
    })
}
