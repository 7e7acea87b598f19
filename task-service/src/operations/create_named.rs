use super::{transaction::Write, write::Operation};
use crate::{
    domain::{Content, Name, NamedKind, NamedResource},
    error::Error,
    events,
    store::{self, named::NamedRow, operation_change::OperationChange},
};

/// Creates a category, tag or saved filter.
#[derive(Debug, Clone)]
pub struct CreateNamed {
    /// Kind.
    pub kind: NamedKind,
    /// Name.
    pub name: Name,
    /// Field besides the name.
    pub content: Content,
}

impl Operation for CreateNamed {
    const NAME: &'static str = "create_named";
    type Answer = NamedResource;

    async fn run(&self, write: &mut Write<'_>) -> Result<NamedResource, Error> {
        let resource = new(write, self.kind, self.name.clone(), self.content.clone());
        if !store::named::insert(write.tx(), &resource).await? {
            return Err(name_taken(&resource));
        }
        note(write, None, &resource)?;
        Ok(resource)
    }
}

/// Returns a new resource.
pub fn new(write: &Write<'_>, kind: NamedKind, name: Name, content: Content) -> NamedResource {
    let now = write.now();
    NamedResource {
        kind,
        id: write.new_id(),
        user_id: write.caller().user_id.clone(),
        name,
        content,
        version: 1,
        operation_id: write.operation_id(),
        create_time: now,
        update_time: now,
        delete_time: None,
    }
}

/// Adds the change of a resource to the events and to the undo log.
pub fn note(
    write: &mut Write<'_>,
    previous: Option<&NamedResource>,
    resource: &NamedResource,
) -> Result<(), Error> {
    let before = previous.map(NamedRow::of);
    let kind = resource.kind.into();
    let kept = OperationChange::of(kind, Some(resource.id), resource.version, before.as_ref())?;
    let event = events::of_named(write.new_id(), resource);
    write.note_other(kept, event);
    Ok(())
}

/// Returns that another resource has the name of this one.
pub fn name_taken(resource: &NamedResource) -> Error {
    Error::NameTaken {
        kind: resource.kind.word(),
        name: resource.name.to_string(),
    }
}
