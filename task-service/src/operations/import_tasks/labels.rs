use std::collections::BTreeMap;

use crate::{
    domain::{Name, NameKey, NamedKind},
    error::Error,
    operations::{labels, unit_of_work::UnitOfWork},
};

/// Maximum number of categories, and of tags, that one import creates; each is a statement of its own.
const MOST_NEW: usize = 1_000;
/// Reason for the loss of a name.
pub const TOO_MANY: &str = "an import creates 1000 new categories and 1000 new tags at most";

/// Finds the categories or tags with the names, creates those that do not exist, up to a limit, and adds them to those that the write
/// knows.
pub async fn find_or_create(
    work: &mut UnitOfWork<'_>,
    kind: NamedKind,
    names: impl Iterator<Item = &Name>,
) -> Result<(), Error> {
    // In the order of the names, so that two writes that create the same ones never wait for each other.
    let wanted: BTreeMap<NameKey, &Name> = names.map(|name| (name.key(), name)).collect();
    let user_id = &work.caller().user_id;
    let keys = wanted.keys().cloned();
    let keys: Vec<_> = keys.map(|key| (user_id, key)).collect();
    labels::remember_all(work, kind, &keys).await?;
    let is_new =
        |(key, _): &(&NameKey, &&Name)| work.known_label::<uuid::Uuid>(kind, key).is_none();
    let new: Vec<&Name> = wanted
        .iter()
        .filter(is_new)
        .map(|(_, name)| *name)
        .take(MOST_NEW)
        .collect();
    for name in new {
        labels::create::<uuid::Uuid>(work, kind, name).await?;
    }
    Ok(())
}
