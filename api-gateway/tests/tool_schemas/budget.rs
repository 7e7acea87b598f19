//! Every model pays for every tool with every request.

use std::collections::HashSet;

use crate::{contract, listed};

/// 8 000 tokens of about four letters.
const ALL: usize = 32_000;
/// 800 tokens.
const ONE: usize = 3_200;
const MOST: usize = 25;

#[test]
fn tools_fit_the_token_budget() {
    let tools = listed(&contract());
    let sizes: Vec<(String, usize)> = tools
        .iter()
        .map(|tool| (tool["name"].to_string(), tool.to_string().len()))
        .collect();
    let all: usize = sizes.iter().map(|(_, size)| size).sum();
    assert!(all <= ALL, "{all} bytes: {sizes:?}");
    assert!(sizes.iter().all(|(_, size)| *size <= ONE), "{sizes:?}");
}

#[test]
fn an_agent_finds_every_tool_that_it_needs() {
    let tools = listed(&contract());
    assert!(tools.len() <= MOST, "{} tools", tools.len());
    let names: HashSet<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    for name in [
        "add_task",
        "add_tasks",
        "list_tasks",
        "get_task",
        "update_task",
        "complete_task",
        "reopen_task",
        "delete_task",
        "restore_task",
        "undo",
        "search_tasks",
        "set_recurrence",
        "preview_recurrence",
        "set_reminders",
        "add_category",
        "list_categories",
        "update_category",
        "delete_category",
        "add_tag",
        "list_tags",
        "delete_tag",
        "tag_task",
        "untag_task",
        "get_context",
        "get_activity",
    ] {
        assert!(names.contains(name), "{name} is missing");
    }
}

#[test]
fn writing_tools_take_request_id_and_have_hints() {
    for tool in listed(&contract()) {
        let hints = &tool["annotations"];
        let reads = hints["readOnlyHint"] == true;
        let takes_id = tool["inputSchema"]["properties"]["request_id"].is_object();
        assert_eq!(reads, !takes_id, "{}", tool["name"]);
        for hint in ["readOnlyHint", "idempotentHint", "destructiveHint"] {
            assert!(hints[hint].is_boolean(), "{} {hint}", tool["name"]);
        }
        assert_eq!(hints["openWorldHint"], false);
        assert!(!(reads && hints["destructiveHint"] == true));
    }
}
