//! What tools answer to arguments that agents expect of them.

use std::collections::HashSet;

use api_gateway::{catalog::Catalog, transcode::read_arguments};
use serde_json::{Value, json};

use crate::{contract, listed};

/// Returns what a tool answers to one argument.
fn answer(catalog: &Catalog, tool: &str, name: &str, value: Value) -> String {
    let mut tools = catalog.tools();
    let (rpc, _) = tools.find(|(_, option)| option.name == tool).unwrap();
    let mut arguments = json!({"task_id": "x", "title": "x"});
    arguments[name] = value;
    let faults = read_arguments(&catalog.plans, rpc, arguments.as_object().unwrap())
        .complete()
        .unwrap_err();
    let fault = faults.into_iter().find(|fault| fault.field == name);
    fault
        .unwrap_or_else(|| panic!("{tool} takes {name}"))
        .description
}

#[test]
fn argument_of_another_tool_brings_name_of_that_tool() {
    let catalog = contract();
    for (tool, names, hint) in [
        (
            "update_task",
            "status state completed isCompleted done complete_time completedAt",
            "use complete_task, or reopen_task",
        ),
        (
            "update_task",
            "deleted isDeleted archived",
            "use delete_task",
        ),
        (
            "update_task",
            "recurrence rrule Repeat",
            "use set_recurrence",
        ),
        (
            "update_task",
            "reminder remindAt alarms",
            "use set_reminders",
        ),
        ("update_task", "add_tags", "use tag_task"),
        ("update_task", "remove_tags", "use untag_task"),
        (
            "add_task",
            "status done",
            "create the task, then use complete_task",
        ),
        ("add_task", "recurrence rrule", "use recurrence_rule"),
        (
            "add_task",
            "subtasks",
            "create each of them with parent_task_id",
        ),
        (
            "list_tasks",
            "status due_before project labels",
            "use filter, such as state = open",
        ),
        ("list_tasks", "query", "use search_tasks"),
        ("list_tasks", "limit", "use page_size"),
        ("list_tasks", "sortBy", "use order_by"),
        ("search_tasks", "status", "use filter, such as state = open"),
        (
            "complete_task",
            "completed status",
            "leave it out, or use reopen_task",
        ),
        ("set_recurrence", "due_time", "use update_task"),
        (
            "set_reminders",
            "minutes_before_due",
            "use reminders, such as",
        ),
        ("update_category", "deleted", "use delete_category"),
    ] {
        for name in names.split(' ') {
            let answer = answer(&catalog, tool, name, json!("completed"));
            let expected = format!("is not accepted by this tool; {hint}");
            assert!(answer.starts_with(&expected), "{tool} {name}: {answer}");
        }
    }
}

#[test]
fn item_of_batch_brings_the_same_hint() {
    let catalog = contract();
    let mut tools = catalog.tools();
    let (rpc, _) = tools
        .find(|(_, option)| option.name == "add_tasks")
        .unwrap();
    let arguments = json!({"tasks": [{"title": "x", "completed": true}]});
    let faults = read_arguments(&catalog.plans, rpc, arguments.as_object().unwrap())
        .complete()
        .unwrap_err();
    assert_eq!(faults[0].field, "tasks[0].completed");
    assert!(
        faults[0].description.contains("complete_task"),
        "{faults:?}"
    );
}

#[test]
fn redirects_lead_to_existing_tools_or_arguments() {
    let catalog = contract();
    let tools = listed(&catalog);
    let names: HashSet<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    for ((_, option), tool) in catalog.tools().zip(&tools) {
        let own = tool["inputSchema"]["properties"].as_object().unwrap();
        for redirect in &option.redirects {
            for argument in &redirect.arguments {
                assert!(
                    !own.contains_key(argument),
                    "{} takes {argument}",
                    option.name
                );
            }
            let target = redirect
                .hint
                .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                .any(|word| names.contains(word) || own.contains_key(word));
            let once_each = redirect.hint.starts_with("call the tool once");
            let in_items = option.name == "add_tasks";
            assert!(
                target || once_each || in_items,
                "{}: {}",
                option.name,
                redirect.hint
            );
        }
    }
}
