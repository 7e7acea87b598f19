use uuid::Uuid;

use super::{create_label::note, transaction::Write, write::Operation};
use crate::{
    domain::{Etag, Label, LabelChanges, LabelKind},
    error::Error,
    store,
};

/// The category or tag that a call is about.
#[derive(Debug, Clone)]
pub struct LabelTarget {
    /// Which of both.
    pub kind: LabelKind,
    /// Which one.
    pub id: Uuid,
    /// The etag that it must still have, if the caller cares.
    pub etag: Option<Etag>,
}

/// Changes some fields of a category or tag. Its tasks show the new name, and are not changed by that.
#[derive(Debug, Clone)]
pub struct UpdateLabel {
    /// Which one.
    pub target: LabelTarget,
    /// What to change.
    pub changes: LabelChanges,
}

impl Operation for UpdateLabel {
    const NAME: &'static str = "update_label";
    type Answer = Label;

    async fn run(&self, write: &mut Write<'_>) -> Result<Label, Error> {
        let LabelTarget { kind, id, .. } = self.target;
        let previous = lock(write, &self.target).await?;
        if previous.delete_time.is_some() {
            return Err(Error::LabelNotFound {
                kind: kind.word(),
                id,
            });
        }
        let next = self.changes.apply(&previous);
        if next == previous {
            return Ok(previous);
        }
        let user_id = &write.caller().user_id;
        let key = next.name.key();
        let named = store::label::find_by_names(write.tx(), user_id, kind, &[&key]).await?;
        if named.iter().any(|other| other.id != id) {
            return Err(Error::NameTaken {
                kind: kind.word(),
                name: next.name.to_string(),
            });
        }
        let label = next.next_version(write.operation_id(), write.now());
        store::label::update(write.tx(), &label).await?;
        note(write, Some(&previous), &label)?;
        Ok(label)
    }
}

/// Locks a category or tag, also a deleted one, and makes sure that it is the version that the caller means.
pub async fn lock(write: &mut Write<'_>, target: &LabelTarget) -> Result<Label, Error> {
    let LabelTarget { kind, id, etag } = target;
    let user_id = &write.caller().user_id;
    let label = store::label::find(write.tx(), user_id, *kind, *id, true)
        .await?
        .ok_or(Error::LabelNotFound {
            kind: kind.word(),
            id: *id,
        })?;
    if etag.as_ref().is_some_and(|etag| *etag != label.etag()) {
        return Err(Error::StaleEtag {
            id: *id,
            current: label.etag(),
        });
    }
    Ok(label)
}
