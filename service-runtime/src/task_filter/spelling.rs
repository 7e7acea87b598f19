//! Names of fields in other systems and in other spellings: `dueDate`, `created_at`, `project`.

/// Suffixes of the names of times in other systems.
const TIME_SUFFIXES: [&str; 7] = ["timestamp", "datetime", "date", "time", "at", "on", "by"];

/// Returns the names that a word probably means, the most probable first; not all of them are fields.
pub fn candidates(word: &str) -> Vec<String> {
    let plain = word.replace(['_', '-'], "").to_lowercase();
    let stem = TIME_SUFFIXES
        .iter()
        .find_map(|suffix| plain.strip_suffix(suffix));
    let names = std::iter::once(name(&plain)).chain(stem.map(time_name));
    names.map(str::to_owned).collect()
}

fn name(word: &str) -> &str {
    match word {
        "name" | "summary" | "subject" | "task" | "tasktitle" => "title",
        "note" | "notes" | "body" | "content" | "details" | "desc" | "comment" => "description",
        "prio" | "importance" | "urgency" | "rank" => "priority",
        "status" | "completed" | "iscompleted" | "done" | "isdone" | "finished" | "closed"
        | "checked" | "taskstate" => "state",
        "date" | "when" | "duelocaltime" => "due",
        "tags" | "label" | "labels" | "keyword" | "keywords" | "tagname" => "tag",
        "project" | "projects" | "projectid" | "list" | "listid" | "folder" | "area"
        | "section" | "categories" | "categoryname" | "categoryid" => "category",
        "parentid" | "parenttask" | "parenttaskid" | "subtaskof" => "parent",
        "recurrence" | "recurrencerule" | "recurs" | "rrule" | "repeat" | "repeats"
        | "repeating" | "isrecurring" => "recurring",
        "dependson" | "blockedby" | "isblocked" | "waiting" => "blocked",
        "late" | "pastdue" | "isoverdue" => "overdue",
        "mute" | "silent" | "ismuted" => "muted",
        word => time_name(word),
    }
}

fn time_name(word: &str) -> &str {
    match word {
        "due" | "deadline" => "due",
        "start" | "starts" | "started" | "begin" | "begins" | "defer" | "scheduled" => "start",
        "create" | "created" | "creation" | "added" => "create",
        "update" | "updated" | "modified" | "modification" | "changed" | "edited"
        | "lastmodified" | "lastupdated" => "update",
        "complete" | "completed" | "completion" | "done" | "finished" | "closed" => "complete",
        word => word,
    }
}
