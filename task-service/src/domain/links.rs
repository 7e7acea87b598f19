use super::{
    CategoryId, Edit, Name, TagId, TaskId,
    limits::{DEPENDENCIES as MOST_DEPENDENCIES, TAGS as MOST_TAGS},
};

/// A category or tag as tasks show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRef<I> {
    /// Identifies it.
    pub id: I,
    /// Name.
    pub name: String,
}

/// Category, tags, parent and dependencies of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// Its category.
    pub category: Option<LabelRef<CategoryId>>,
    /// Its tags, in alphabetical order.
    pub tags: Vec<LabelRef<TagId>>,
    /// The task that it is a part of.
    pub parent_task_id: Option<TaskId>,
    /// The tasks that must be done before it.
    pub depends_on: Vec<TaskId>,
    /// Dependencies that are still open.
    pub blocked_by: Vec<TaskId>,
}

/// Changes to what a task has to do with other things.
#[derive(Debug, Clone, Default)]
pub struct LinkChanges {
    /// The name of its category.
    pub category: Edit<Option<Name>>,
    /// The names of its tags.
    pub tags: Edit<Vec<Name>>,
    /// The task that it is a part of.
    pub parent_task_id: Edit<Option<TaskId>>,
    /// The tasks that must be done before it.
    pub depends_on: Edit<Vec<TaskId>>,
}

/// A list that is longer than it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("has {length} entries; keep {most} or fewer")]
pub struct TooMany {
    length: usize,
    most: usize,
}

/// Returns the names without repetitions, if a task can have so many tags.
pub fn tag_names(names: Vec<Name>) -> Result<Vec<Name>, TooMany> {
    let mut unique: Vec<Name> = Vec::new();
    for name in names {
        if unique.iter().all(|earlier| earlier.key() != name.key()) {
            unique.push(name);
        }
    }
    at_most(unique, MOST_TAGS)
}

/// Returns the ids in order and without repetitions, if a task can depend on so many others.
pub fn dependencies(mut ids: Vec<TaskId>) -> Result<Vec<TaskId>, TooMany> {
    ids.sort();
    ids.dedup();
    at_most(ids, MOST_DEPENDENCIES)
}

fn at_most<T>(list: Vec<T>, most: usize) -> Result<Vec<T>, TooMany> {
    if list.len() > most {
        return Err(TooMany {
            length: list.len(),
            most,
        });
    }
    Ok(list)
}

impl Links {
    /// Returns the links that an occurrence hands on to the next one: dependencies were of this one alone.
    pub fn handed_on(&self) -> Self {
        Self {
            depends_on: Vec::new(),
            blocked_by: Vec::new(),
            ..self.clone()
        }
    }

    /// Returns the ids of the tags.
    pub fn tag_ids(&self) -> Vec<TagId> {
        self.tags.iter().map(|tag| tag.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_is_named_twice_counts_once() {
        let names = ["work", "Work", "home"].map(|name| Name::parse(name).unwrap());
        assert_eq!(tag_names(names.to_vec()).unwrap().len(), 2);
        let many = (0..51).map(|number| Name::parse(&number.to_string()).unwrap());
        assert_eq!(
            tag_names(many.collect()).unwrap_err().to_string(),
            "has 51 entries; keep 50 or fewer"
        );
    }
}
