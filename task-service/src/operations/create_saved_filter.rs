use super::{transaction::Write, write::Operation};
use crate::{
    domain::{FilterText, Name, SavedFilter},
    error::Error,
    events,
    store::{
        self,
        operation_change::{EntityKind, OperationChange},
        saved_filter::SavedFilterRow,
    },
};

/// The word for saved filters in errors.
pub const KIND: &str = "saved filter";

/// Gives a filter a name.
#[derive(Debug, Clone)]
pub struct CreateSavedFilter {
    /// What people call it.
    pub name: Name,
    /// What it says.
    pub filter: FilterText,
}

impl Operation for CreateSavedFilter {
    const NAME: &'static str = "create_saved_filter";
    type Answer = SavedFilter;

    async fn run(&self, write: &mut Write<'_>) -> Result<SavedFilter, Error> {
        let now = write.now();
        let saved = SavedFilter {
            id: write.new_id(),
            user_id: write.caller().user_id.clone(),
            name: self.name.clone(),
            filter: self.filter.clone(),
            version: 1,
            operation_id: write.operation_id(),
            create_time: now,
            update_time: now,
            delete_time: None,
        };
        if !store::saved_filter::insert(write.tx(), &saved).await? {
            return Err(name_taken(&saved));
        }
        note(write, None, &saved)?;
        Ok(saved)
    }
}

/// Notes that a saved filter was changed, and tells the world.
pub fn note(
    write: &mut Write<'_>,
    previous: Option<&SavedFilter>,
    saved: &SavedFilter,
) -> Result<(), Error> {
    let before = previous.map(SavedFilterRow::of);
    let id = Some(saved.id.as_uuid());
    let kind = EntityKind::SavedFilter;
    let kept = OperationChange::of(kind, id, saved.version, before.as_ref())?;
    let event = events::of_saved_filter(write.new_id(), saved);
    write.note_other(kept, event);
    Ok(())
}

/// Returns that another saved filter has the name of this one.
pub fn name_taken(saved: &SavedFilter) -> Error {
    Error::NameTaken {
        kind: KIND,
        name: saved.name.to_string(),
    }
}
