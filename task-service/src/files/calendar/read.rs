use std::collections::{HashMap, HashSet};

use super::{
    component::{Component, Cut, cut},
    content_line::raw_value,
    todo::Todo,
    unfold::Lines,
    zone::{Definitions, Zones},
};
use crate::files::{
    contents::{Contents, InvalidFile},
    identity::Identities,
    loss::Loss,
};

/// Reads the tasks of a calendar; times that name no zone are read in the calendar's, or else in the user's.
pub fn read(lines: &Lines, user_zone: &str) -> Result<Contents, InvalidFile> {
    let cut = cut(lines)?;
    let definitions = Definitions::new(&cut);
    let mut zones: HashMap<usize, Zones<'_>> = HashMap::new();
    let mut contents = Contents::default();
    about_the_calendar(&cut, &mut contents);
    let mut todos = Vec::new();
    for component in &cut.components {
        let calendar = component.calendar;
        match component.name.as_str() {
            "VTODO" => {
                let zones = zones.entry(calendar).or_insert_with(|| {
                    zones_of(calendar, &cut, &definitions, user_zone, &mut contents)
                });
                match Todo::read(component, zones) {
                    Ok(todo) => todos.push((component, todo)),
                    Err(loss) => contents.add(Err(loss))?,
                }
            }
            "VTIMEZONE" => {}
            name => {
                let uid = raw_value(component.text, "UID").unwrap_or_default();
                let loss = Loss::new(component.line, uid, name, "is not a task");
                contents.losses.push(loss);
            }
        }
    }
    adopt_children(&mut todos);
    let masters: HashSet<String> = todos
        .iter()
        .filter(|(_, todo)| !todo.is_override)
        .map(|(_, todo)| todo.task.source_id.clone())
        .collect();
    let mut identities = Identities::default();
    for (component, todo) in todos {
        let Todo {
            mut task,
            is_override,
            ..
        } = todo;
        if is_override && masters.contains(&task.source_id) {
            let reason =
                "changes one occurrence of a recurring task, which is imported without the change";
            contents.losses.push(Loss::new(
                task.line,
                &task.source_id,
                "RECURRENCE-ID",
                reason,
            ));
            continue;
        }
        if is_override {
            let reason =
                "the recurring task is not in the file; its occurrence is imported as a task";
            task.lose("RECURRENCE-ID", reason);
        }
        identities.identify(&mut task, component.text.as_bytes());
        contents.add(Ok(task))?;
    }
    Ok(contents)
}

fn zones_of<'f>(
    calendar: usize,
    cut: &Cut<'_>,
    definitions: &'f Definitions<'f>,
    user_zone: &str,
    contents: &mut Contents,
) -> Zones<'f> {
    let mut zones = Zones::new(definitions, calendar, user_zone);
    for property in &cut.properties {
        let is_zone = property.calendar == calendar && property.name == "X-WR-TIMEZONE";
        if is_zone && !zones.set_default(property.value) {
            let reason = format!(
                "{:?} is not a known time zone; times without a zone are read in {}",
                property.value, zones.default
            );
            let loss = Loss::new(property.line, "", &property.name, reason);
            contents.losses.push(loss);
        }
    }
    zones
}

/// Reports what a calendar itself says about its tasks.
fn about_the_calendar(cut: &Cut<'_>, contents: &mut Contents) {
    for property in &cut.properties {
        if matches!(property.name.as_str(), "X-WR-CALNAME" | "NAME") {
            let reason = "the name of a calendar is not kept; give the tasks a category instead";
            let loss = Loss::new(property.line, "", &property.name, reason);
            contents.losses.push(loss);
        }
    }
}

/// Sets the parents of tasks that only a CHILD relation of the parent names.
fn adopt_children(todos: &mut [(&Component<'_>, Todo)]) {
    let mut parents: HashMap<String, String> = HashMap::new();
    for (_, todo) in todos.iter() {
        for child in &todo.children {
            parents.insert(child.clone(), todo.task.source_id.clone());
        }
    }
    let orphans = todos
        .iter_mut()
        .filter(|(_, todo)| todo.task.parent.is_empty());
    for (_, Todo { task, .. }) in orphans {
        if let Some(parent) = parents.remove(&task.source_id) {
            task.parent = parent;
        }
    }
}
