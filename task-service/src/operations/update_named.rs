use uuid::Uuid;

use super::{
    create_named::{name_taken, note},
    operation::Operation,
    unit_of_work::UnitOfWork,
};
use crate::{
    domain::{Etag, NamedChanges, NamedKind, NamedResource},
    error::Error,
    store,
};

/// Category, tag or saved filter that a call is about.
#[derive(Debug, Clone)]
pub struct NamedTarget {
    /// Kind.
    pub kind: NamedKind,
    /// Id.
    pub id: Uuid,
    /// Etag that it must still have, if the caller states one.
    pub etag: Option<Etag>,
}

/// Changes some fields of a category, tag or saved filter. Tasks show a new name, and are not changed by that.
#[derive(Debug, Clone)]
pub struct UpdateNamed {
    /// Resource.
    pub target: NamedTarget,
    /// Changes.
    pub changes: NamedChanges,
}

impl Operation for UpdateNamed {
    const NAME: &'static str = "update_named";
    type Answer = NamedResource;

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<NamedResource, Error> {
        let previous = self.target.lock(work).await?;
        if previous.delete_time.is_some() {
            return Err(not_found(previous.kind, previous.id));
        }
        let next = self.changes.apply(&previous);
        if next == previous {
            return Ok(previous);
        }
        if is_name_taken(work, &next).await? {
            return Err(name_taken(&next));
        }
        save(work, &previous, next).await
    }
}

impl NamedTarget {
    /// Locks the resource, also a deleted one, and makes sure that it is the version that the caller means.
    pub async fn lock(&self, work: &mut UnitOfWork<'_>) -> Result<NamedResource, Error> {
        let Self { kind, id, etag } = self;
        let user_id = &work.caller().user_id;
        let resource = store::named::find(work.tx(), user_id, *kind, *id, true)
            .await?
            .ok_or_else(|| not_found(*kind, *id))?;
        if etag.as_ref().is_some_and(|etag| *etag != resource.etag()) {
            return Err(Error::StaleEtag {
                id: *id,
                current: resource.etag(),
            });
        }
        Ok(resource)
    }
}

/// Writes the next version of a locked resource.
pub async fn save(
    work: &mut UnitOfWork<'_>,
    previous: &NamedResource,
    next: NamedResource,
) -> Result<NamedResource, Error> {
    let next = next.next_version(work.operation_id(), work.now());
    store::named::update(work.tx(), &next).await?;
    note(work, Some(previous), &next)?;
    Ok(next)
}

/// Returns whether another resource of the same kind has the name of this one.
pub async fn is_name_taken(
    work: &mut UnitOfWork<'_>,
    resource: &NamedResource,
) -> Result<bool, Error> {
    let user_id = &work.caller().user_id;
    let key = resource.name.key();
    let named = store::named::find_by_names(work.tx(), resource.kind, &[(user_id, key)]).await?;
    Ok(named.iter().any(|other| other.id != resource.id))
}

/// Returns that the caller has no such resource.
pub fn not_found(kind: NamedKind, id: Uuid) -> Error {
    Error::NamedNotFound {
        kind: kind.word(),
        id,
    }
}
