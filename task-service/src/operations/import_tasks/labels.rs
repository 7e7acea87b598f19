//! The categories and tags of an import, created if they do not exist.

use std::collections::BTreeMap;

use crate::{
    domain::{Label, LabelKind, LabelRef, Name, NameKey},
    error::Error,
    operations::{labels, transaction::Write},
    store,
};

/// The most categories, and the most tags, that one import creates; each is a statement of its own.
const MOST_NEW: usize = 1_000;
/// Why a name is lost.
pub const TOO_MANY: &str = "an import creates 1000 new categories and 1000 new tags at most";

/// What the names of an import stand for.
#[derive(Default)]
pub struct Labels {
    categories: BTreeMap<NameKey, LabelRef<uuid::Uuid>>,
    tags: BTreeMap<NameKey, LabelRef<uuid::Uuid>>,
}

impl Labels {
    /// Finds the names of one kind, and creates those that do not exist.
    pub async fn find_or_create<'n>(
        &mut self,
        write: &mut Write<'_>,
        kind: LabelKind,
        names: impl Iterator<Item = &'n Name>,
    ) -> Result<(), Error> {
        // In the order of their names: two writes that create the same ones never wait for each other in a circle.
        let wanted: BTreeMap<NameKey, &Name> = names.map(|name| (name.key(), name)).collect();
        let keys: Vec<&NameKey> = wanted.keys().collect();
        if keys.is_empty() {
            return Ok(());
        }
        let user_id = &write.caller().user_id;
        let found = store::label::find_by_names(write.tx(), user_id, kind, &keys).await?;
        let references = found
            .iter()
            .map(|label| (label.name.key(), Label::reference(label)));
        let mut known: BTreeMap<_, _> = references.collect();
        let new = wanted
            .into_iter()
            .filter(|(key, _)| !known.contains_key(key));
        let new: Vec<(NameKey, &Name)> = new.take(MOST_NEW).collect();
        for (key, name) in new {
            known.insert(key, labels::create(write, kind, name).await?);
        }
        match kind {
            LabelKind::Category => self.categories = known,
            LabelKind::Tag => self.tags = known,
        }
        Ok(())
    }

    /// Returns what a name stands for; nothing if there were too many new ones.
    pub fn get<I: From<uuid::Uuid>>(&self, kind: LabelKind, name: &Name) -> Option<LabelRef<I>> {
        let known = match kind {
            LabelKind::Category => &self.categories,
            LabelKind::Tag => &self.tags,
        };
        known.get(&name.key()).map(|known| LabelRef {
            id: known.id.into(),
            name: known.name.clone(),
        })
    }
}
