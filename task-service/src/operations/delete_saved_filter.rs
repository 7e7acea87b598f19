use super::{
    create_saved_filter::note,
    transaction::Write,
    update_saved_filter::{SavedFilterTarget, lock},
    write::Operation,
};
use crate::{domain::SavedFilter, error::Error, store};

/// Deletes a saved filter; a deleted one stays as it is.
#[derive(Debug, Clone)]
pub struct DeleteSavedFilter {
    /// Which one.
    pub target: SavedFilterTarget,
}

impl Operation for DeleteSavedFilter {
    const NAME: &'static str = "delete_saved_filter";
    type Answer = SavedFilter;

    async fn run(&self, write: &mut Write<'_>) -> Result<SavedFilter, Error> {
        let previous = lock(write, &self.target).await?;
        if previous.delete_time.is_some() {
            return Ok(previous);
        }
        let now = write.now();
        let next = SavedFilter {
            delete_time: Some(now),
            ..previous.clone()
        };
        let saved = next.next_version(write.operation_id(), now);
        store::saved_filter::update(write.tx(), &saved).await?;
        note(write, Some(&previous), &saved)?;
        Ok(saved)
    }
}
