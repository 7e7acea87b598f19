use crate::task_filter::TaskFilter as Filter;

fn mistake(text: &str) -> (usize, String) {
    let error = Filter::parse(text).expect_err(text);
    (error.position, error.to_string())
}

fn suggestion(text: &str) -> Option<String> {
    Filter::parse(text).expect_err(text).suggestion
}

#[test]
fn misspelt_field_reports_position_and_suggestion() {
    let (position, words) = mistake("state = open AND priorty >= high");
    assert_eq!(position, 18);
    assert_eq!(
        words,
        "at character 18: found \"priorty\"; did you mean priority? Expected a field (title, description, priority, state, due, \
         start, create, update, complete, tag, category, parent, recurring, blocked, overdue, muted)"
    );
}

#[test]
fn misspelt_value_reports_position_and_suggestion() {
    assert_eq!(
        mistake("priority >= hihg").1,
        "at character 13: found \"hihg\"; did you mean high? Expected low, medium, high, urgent"
    );
    assert_eq!(suggestion("state = opne").as_deref(), Some("open"));
    assert_eq!(suggestion("muted = ture").as_deref(), Some("true"));
    assert_eq!(suggestion("due < tomorow").as_deref(), Some("tomorrow"));
    assert_eq!(suggestion("due < 7d").as_deref(), Some("today + 7d"));
}

#[test]
fn positions_count_characters_and_not_bytes() {
    assert_eq!(mistake("title:\"日本語 🥛\" AND colour = red").0, 19);
}

#[test]
fn lower_case_keywords_are_recognised() {
    for (text, meant) in [
        ("muted and blocked", "AND"),
        ("muted or blocked", "OR"),
        ("not muted", "NOT"),
        ("muted && blocked", "AND"),
        ("muted || blocked", "OR"),
        ("!muted", "NOT"),
    ] {
        assert_eq!(suggestion(text).as_deref(), Some(meant), "{text}");
    }
}

#[test]
fn names_of_other_systems_are_recognised() {
    for (text, meant) in [
        ("open", "state = open"),
        ("urgent", "priority = urgent"),
        ("milk", "title:\"milk\""),
        ("\"oat milk\"", "title:\"oat milk\""),
    ] {
        assert_eq!(suggestion(text).as_deref(), Some(meant), "{text}");
    }
    for (words, meant) in [
        (
            "dueDate DueDate due-date DUE dueAt due_on dueBy deadline date due_datetime",
            "due",
        ),
        (
            "status Status completed is_completed done isDone finished taskState",
            "state",
        ),
        (
            "project projectId list folder Category categories",
            "category",
        ),
        ("label labels Tags keyword", "tag"),
        (
            "created created_at createdAt creation_date createTime added_on",
            "create",
        ),
        (
            "updated updated_at lastModified modified_date changedAt",
            "update",
        ),
        (
            "completed_at completedAt completion_date doneAt closed_on finishedDate",
            "complete",
        ),
        ("startDate starts_at scheduled begin deferDate", "start"),
        ("name summary Subject tittle", "title"),
        ("notes body desc descripton", "description"),
        ("prio importance Priority", "priority"),
        ("parentId parent_task", "parent"),
        ("recurrence rrule isRecurring repeats", "recurring"),
        ("blockedBy depends_on", "blocked"),
        ("late isOverdue", "overdue"),
        ("isMuted silent", "muted"),
    ] {
        for word in words.split(' ') {
            let filter = format!("state = open AND {word} = x");
            assert_eq!(suggestion(&filter).as_deref(), Some(meant), "{word}");
        }
    }
    for word in ["assignee", "colour", "at", "on", "x"] {
        assert_eq!(suggestion(&format!("{word} = x")), None, "{word}");
    }
}

#[test]
fn missing_parts_are_reported_at_their_position() {
    for (text, position, expected) in [
        ("due", 4, "an operator after due: due < today + 7d"),
        ("due <", 6, "a value: due < today + 7d"),
        ("muted AND", 10, "a condition"),
        ("muted OR", 9, "a condition"),
        ("NOT", 4, "a condition"),
        ("(muted", 7, "\")\" for the \"(\" at character 1"),
        ("muted)", 6, "AND, OR or the end"),
        ("()", 2, "a field ("),
        ("title:\"milk", 7, "the closing \" of this text"),
        ("title:\"milk\\", 12, "a closing quotation mark"),
        ("title:\"\\x\"", 8, "\\\\, \\\", \\', \\*, \\n or \\t"),
        ("due < today + soon", 15, "a duration such as 7d"),
        ("due < today - 7x", 15, "a duration such as 7d"),
        ("title:\"a\0b\"", 9, "text without U+0000"),
        ("muted muted = ", 15, "a value: muted = true"),
    ] {
        let (found, words) = mistake(text);
        assert!(words.contains(expected), "{text}: {words}");
        assert_eq!(found, position, "{text}: {words}");
    }
}

#[test]
fn unsupported_operators_and_values_are_refused() {
    for (text, position) in [
        ("title < \"a\"", 7),
        ("state >= open", 7),
        ("tag > work", 5),
        ("muted <= true", 7),
        ("parent != 5", 11),
        ("tag:\"wo*\"", 5),
        ("title = \"a*b\"", 9),
        ("due = 2026-02-30", 7),
        ("due = 1899-12-31", 7),
        ("due = 2026-12-01T09:00:00", 7),
        ("due < today + 999999999d", 15),
        ("due < today-", 7),
        ("due < \"\"", 7),
    ] {
        let (found, words) = mistake(text);
        assert_eq!(found, position, "{text}: {words}");
    }
}
