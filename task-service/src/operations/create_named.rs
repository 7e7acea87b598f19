use super::{operation::Operation, unit_of_work::UnitOfWork};
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

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<NamedResource, Error> {
        let resource = new(work, self.kind, self.name.clone(), self.content.clone());
        if !store::named::insert(work.tx(), &resource).await? {
            return Err(name_taken(&resource));
        }
        note(work, None, &resource)?;
        Ok(resource)
    }
}

/// Returns a new resource.
pub fn new(work: &UnitOfWork<'_>, kind: NamedKind, name: Name, content: Content) -> NamedResource {
    let now = work.now();
    NamedResource {
        kind,
        id: work.new_id(),
        user_id: work.caller().user_id.clone(),
        name,
        content,
        version: 1,
        operation_id: work.operation_id(),
        create_time: now,
        update_time: now,
        delete_time: None,
    }
}

/// Adds the change of a resource to the events and to the undo log.
pub fn note(
    work: &mut UnitOfWork<'_>,
    previous: Option<&NamedResource>,
    resource: &NamedResource,
) -> Result<(), Error> {
    let rows = previous.map(|previous| [NamedRow::of(previous), NamedRow::of(resource)]);
    let rows = rows.as_ref().map(|[before, after]| [before, after]);
    let kind = resource.kind.into();
    let kept = OperationChange::of(kind, Some(resource.id), resource.version, rows)?;
    let event = events::of_named(work.new_id(), resource);
    work.note_other(kept, event);
    Ok(())
}

/// Returns that another resource has the name of this one.
pub fn name_taken(resource: &NamedResource) -> Error {
    Error::NameTaken {
        kind: resource.kind.word(),
        name: resource.name.to_string(),
    }
}
