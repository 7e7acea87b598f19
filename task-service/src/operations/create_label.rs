use super::{labels, transaction::Write, write::Operation};
use crate::{
    domain::{Color, Label, LabelKind, Name},
    error::Error,
    events,
    store::{
        self,
        label::LabelRow,
        operation_change::{EntityKind, OperationChange},
    },
};

/// Creates a category or a tag.
#[derive(Debug, Clone)]
pub struct CreateLabel {
    /// Which of both.
    pub kind: LabelKind,
    /// What people call it.
    pub name: Name,
    /// The colour in which clients show it.
    pub color: Option<Color>,
}

impl Operation for CreateLabel {
    const NAME: &'static str = "create_label";
    type Answer = Label;

    async fn run(&self, write: &mut Write<'_>) -> Result<Label, Error> {
        let label = Label {
            color: self.color.clone(),
            ..labels::new(write, self.kind, self.name.clone())
        };
        if !store::label::insert(write.tx(), &label).await? {
            return Err(Error::NameTaken {
                kind: self.kind.word(),
                name: self.name.to_string(),
            });
        }
        note(write, None, &label)?;
        Ok(label)
    }
}

/// Notes that a category or tag was changed, and tells the world.
pub fn note(write: &mut Write<'_>, previous: Option<&Label>, label: &Label) -> Result<(), Error> {
    let before = previous.map(LabelRow::of);
    let kind = entity_kind(label.kind);
    let kept = OperationChange::of(kind, Some(label.id), label.version, before.as_ref())?;
    let event = events::of_label(write.new_id(), label);
    write.note_other(kept, event);
    Ok(())
}

/// Returns the word for both in what an operation changed.
fn entity_kind(kind: LabelKind) -> EntityKind {
    match kind {
        LabelKind::Category => EntityKind::Category,
        LabelKind::Tag => EntityKind::Tag,
    }
}
