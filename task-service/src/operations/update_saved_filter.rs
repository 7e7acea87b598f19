use super::{
    create_saved_filter::{KIND, name_taken, note},
    transaction::Write,
    write::Operation,
};
use crate::{
    domain::{Etag, SavedFilter, SavedFilterChanges, SavedFilterId},
    error::Error,
    store,
};

/// The saved filter that a call is about.
#[derive(Debug, Clone)]
pub struct SavedFilterTarget {
    /// Which one.
    pub id: SavedFilterId,
    /// The etag that it must still have, if the caller cares.
    pub etag: Option<Etag>,
}

/// Changes some fields of a saved filter.
#[derive(Debug, Clone)]
pub struct UpdateSavedFilter {
    /// Which one.
    pub target: SavedFilterTarget,
    /// What to change.
    pub changes: SavedFilterChanges,
}

impl Operation for UpdateSavedFilter {
    const NAME: &'static str = "update_saved_filter";
    type Answer = SavedFilter;

    async fn run(&self, write: &mut Write<'_>) -> Result<SavedFilter, Error> {
        let previous = lock(write, &self.target).await?;
        if previous.delete_time.is_some() {
            return Err(not_found(self.target.id));
        }
        let next = self.changes.apply(&previous);
        if next == previous {
            return Ok(previous);
        }
        if is_name_taken(write, &next).await? {
            return Err(name_taken(&next));
        }
        let saved = next.next_version(write.operation_id(), write.now());
        store::saved_filter::update(write.tx(), &saved).await?;
        note(write, Some(&previous), &saved)?;
        Ok(saved)
    }
}

/// Locks a saved filter, also a deleted one, and makes sure that it is the version that the caller means.
pub async fn lock(write: &mut Write<'_>, target: &SavedFilterTarget) -> Result<SavedFilter, Error> {
    let SavedFilterTarget { id, etag } = target;
    let user_id = &write.caller().user_id;
    let saved = store::saved_filter::lock(write.tx(), user_id, *id)
        .await?
        .ok_or_else(|| not_found(*id))?;
    if etag.as_ref().is_some_and(|etag| *etag != saved.etag()) {
        return Err(Error::StaleEtag {
            id: id.as_uuid(),
            current: saved.etag(),
        });
    }
    Ok(saved)
}

/// Returns whether another saved filter has the name of this one.
pub async fn is_name_taken(write: &mut Write<'_>, saved: &SavedFilter) -> Result<bool, Error> {
    let user_id = &write.caller().user_id;
    let key = saved.name.key();
    let named = store::saved_filter::find_by_name(write.tx(), user_id, &key).await?;
    Ok(named.is_some_and(|other| other.id != saved.id))
}

/// Returns that the caller has no such saved filter.
pub fn not_found(id: SavedFilterId) -> Error {
    Error::LabelNotFound {
        kind: KIND,
        id: id.as_uuid(),
    }
}
