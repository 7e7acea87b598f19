use super::{
    create_label::note,
    transaction::Write,
    update_label::{LabelTarget, lock},
    write::Operation,
};
use crate::{domain::Label, error::Error, store};

/// Deletes a category or tag; a deleted one stays as it is. Its tasks stay, and go on to name what they do not show any more,
/// so that undoing the deletion brings it back to them.
#[derive(Debug, Clone)]
pub struct DeleteLabel {
    /// Which one.
    pub target: LabelTarget,
}

impl Operation for DeleteLabel {
    const NAME: &'static str = "delete_label";
    type Answer = Label;

    async fn run(&self, write: &mut Write<'_>) -> Result<Label, Error> {
        let previous = lock(write, &self.target).await?;
        if previous.delete_time.is_some() {
            return Ok(previous);
        }
        let now = write.now();
        let next = Label {
            delete_time: Some(now),
            ..previous.clone()
        };
        let label = next.next_version(write.operation_id(), now);
        store::label::update(write.tx(), &label).await?;
        note(write, Some(&previous), &label)?;
        Ok(label)
    }
}
