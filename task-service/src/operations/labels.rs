//! Categories and tags of tasks, by their names.

use service_runtime::{
    ids::UserId,
    postgres::{AsyncPgConnection, DatabaseError},
};
use uuid::Uuid;

use super::{create_named, unit_of_work::UnitOfWork};
use crate::{
    domain::{CategoryId, Content, LabelRef, Name, NameKey, NamedKind, TagId, nearest},
    error::Error,
    events, store,
};

/// Maximum number of names that a suggestion is chosen from.
const MOST_TO_SUGGEST_FROM: i64 = 500;

/// Finds the category that has a name.
pub async fn category(
    work: &mut UnitOfWork<'_>,
    name: &Name,
) -> Result<LabelRef<CategoryId>, Error> {
    match find(work, NamedKind::Category, name).await? {
        Some(category) => Ok(category),
        None => Err(unknown_category(work, name).await?),
    }
}

/// Finds the tags that have the names, in alphabetical order; those that do not exist yet are created.
pub async fn tags(
    work: &mut UnitOfWork<'_>,
    names: &[Name],
) -> Result<Vec<LabelRef<TagId>>, Error> {
    remember(work, NamedKind::Tag, names).await?;
    let mut tags = Vec::new();
    for name in names {
        tags.push(match find(work, NamedKind::Tag, name).await? {
            Some(tag) => tag,
            None => create(work, NamedKind::Tag, name).await?,
        });
    }
    sort(&mut tags);
    Ok(tags)
}

/// Puts tags in the order in which tasks show them.
pub fn sort(tags: &mut [LabelRef<TagId>]) {
    tags.sort_by_cached_key(|tag| NameKey::of(&tag.name));
}

/// Reads all names at once that the write does not know yet.
async fn remember(work: &mut UnitOfWork<'_>, kind: NamedKind, names: &[Name]) -> Result<(), Error> {
    let keys = names.iter().map(Name::key);
    let unknown = keys.filter(|key| work.known_label::<Uuid>(kind, key).is_none());
    let user_id = &work.caller().user_id;
    let unknown: Vec<_> = unknown.map(|key| (user_id, key)).collect();
    remember_all(work, kind, &unknown).await
}

/// Reads names of several users at once.
pub async fn remember_all(
    work: &mut UnitOfWork<'_>,
    kind: NamedKind,
    names: &[(&UserId, NameKey)],
) -> Result<(), Error> {
    let found = store::named::find_by_names(work.tx(), kind, names).await?;
    found.iter().for_each(|label| work.remember_label(label));
    Ok(())
}

async fn find<I: From<Uuid>>(
    work: &mut UnitOfWork<'_>,
    kind: NamedKind,
    name: &Name,
) -> Result<Option<LabelRef<I>>, Error> {
    remember(work, kind, std::slice::from_ref(name)).await?;
    Ok(work.known_label(kind, &name.key()))
}

/// Creates a category or tag because a task needs it. It stays when the task is undone: others may use it by then.
pub async fn create<I: From<Uuid>>(
    work: &mut UnitOfWork<'_>,
    kind: NamedKind,
    name: &Name,
) -> Result<LabelRef<I>, Error> {
    let label = create_named::new(work, kind, name.clone(), Content::Color(None));
    if store::named::insert(work.tx(), &label).await? {
        let event = events::of_named(work.new_id(), &label);
        work.emit(event);
        work.remember_label(&label);
        return Ok(label.reference());
    }
    // Another call has created it meanwhile.
    find(work, kind, name).await?.ok_or(Error::Busy)
}

async fn unknown_category(work: &mut UnitOfWork<'_>, name: &Name) -> Result<Error, Error> {
    let user_id = &work.caller().user_id;
    let hint = match suggest(work.tx(), user_id, NamedKind::Category, name.as_ref()).await? {
        Some(near) => format!("did you mean {near:?}? Or create it first"),
        None => "create it first, or leave it out".to_owned(),
    };
    let wrong = format!("category {:?} does not exist; {hint}", name.as_ref());
    Ok(Error::field("category", wrong))
}

/// Returns the name of a category, tag or saved filter that was probably meant.
pub async fn suggest(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    kind: NamedKind,
    name: &str,
) -> Result<Option<String>, DatabaseError> {
    let known = store::named::list(tx, user_id, kind, "", MOST_TO_SUGGEST_FROM).await?;
    let names = known.iter().map(|named| named.name.as_ref());
    Ok(nearest(name, names).map(str::to_owned))
}
