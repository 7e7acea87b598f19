//! What names of categories and tags stand for.

use super::transaction::Write;
use crate::{
    domain::{CategoryId, Label, LabelKind, LabelRef, Name, NameKey, TagId, Violations, nearest},
    error::Error,
    events, store,
};

/// How many names are looked through for one that was probably meant.
const MOST_TO_SUGGEST_FROM: i64 = 500;

/// Finds the category that has a name.
pub async fn category(write: &mut Write<'_>, name: &Name) -> Result<LabelRef<CategoryId>, Error> {
    match find(write, LabelKind::Category, name).await? {
        Some(known) => Ok(LabelRef {
            id: known.id.into(),
            name: known.name,
        }),
        None => Err(unknown_category(write, name).await?.into()),
    }
}

/// Finds the tags that have the names, in alphabetical order; those that do not exist yet are created.
pub async fn tags(write: &mut Write<'_>, names: &[Name]) -> Result<Vec<LabelRef<TagId>>, Error> {
    remember(write, LabelKind::Tag, names).await?;
    let mut tags = Vec::new();
    for name in names {
        let known = match find(write, LabelKind::Tag, name).await? {
            Some(known) => known,
            None => create(write, LabelKind::Tag, name).await?,
        };
        tags.push(LabelRef {
            id: known.id.into(),
            name: known.name,
        });
    }
    sort(&mut tags);
    Ok(tags)
}

/// Puts tags in the order in which tasks show them.
pub fn sort(tags: &mut [LabelRef<TagId>]) {
    tags.sort_by_cached_key(|tag| NameKey::of(&tag.name));
}

/// Finds all names at once that are not known yet.
async fn remember(write: &mut Write<'_>, kind: LabelKind, names: &[Name]) -> Result<(), Error> {
    let keys = names.iter().map(Name::key);
    let unknown: Vec<NameKey> = keys
        .filter(|key| write.known_label(kind, key).is_none())
        .collect();
    if unknown.len() > 1 {
        let (user_id, keys) = (&write.caller().user_id, unknown.iter().collect::<Vec<_>>());
        let found = store::label::find_by_names(write.tx(), user_id, kind, &keys).await?;
        found.iter().for_each(|label| write.remember_label(label));
    }
    Ok(())
}

async fn find(
    write: &mut Write<'_>,
    kind: LabelKind,
    name: &Name,
) -> Result<Option<LabelRef<uuid::Uuid>>, Error> {
    let key = name.key();
    if let Some(known) = write.known_label(kind, &key) {
        return Ok(Some(known.clone()));
    }
    let user_id = &write.caller().user_id;
    let found = store::label::find_by_names(write.tx(), user_id, kind, &[&key]).await?;
    if let Some(label) = found.first() {
        write.remember_label(label);
    }
    Ok(found.first().map(Label::reference))
}

/// Creates a category or tag because a task needs it. It stays when the task is undone: others may use it by then.
pub async fn create(
    write: &mut Write<'_>,
    kind: LabelKind,
    name: &Name,
) -> Result<LabelRef<uuid::Uuid>, Error> {
    let label = new(write, kind, name.clone());
    if store::label::insert(write.tx(), &label).await? {
        let event = events::of_label(write.new_id(), &label);
        write.tell(event);
        write.remember_label(&label);
        return Ok(label.reference());
    }
    // Another call created it since.
    find(write, kind, name).await?.ok_or(Error::Busy)
}

/// Returns a new category or tag.
pub fn new(write: &Write<'_>, kind: LabelKind, name: Name) -> Label {
    let now = write.now();
    Label {
        kind,
        id: write.new_id(),
        user_id: write.caller().user_id.clone(),
        name,
        color: None,
        version: 1,
        operation_id: write.operation_id(),
        create_time: now,
        update_time: now,
        delete_time: None,
    }
}

async fn unknown_category(write: &mut Write<'_>, name: &Name) -> Result<Violations, Error> {
    let user_id = &write.caller().user_id;
    let kind = LabelKind::Category;
    let known = store::label::list(write.tx(), user_id, kind, "", MOST_TO_SUGGEST_FROM).await?;
    let names = known.iter().map(|category| category.name.as_ref());
    let cure = match nearest(name.as_ref(), names) {
        Some(near) => format!("did you mean {near:?}? Or create it first"),
        None => "create it first, or leave it out".to_owned(),
    };
    let mut violations = Violations::default();
    violations.push(
        "category",
        format!("category {:?} does not exist; {cure}", name.as_ref()),
    );
    Ok(violations)
}
