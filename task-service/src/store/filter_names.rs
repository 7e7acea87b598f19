//! The tags and categories that a filter names.

use std::collections::HashMap;

use service_runtime::{
    ids::UserId,
    postgres::{AsyncPgConnection, DatabaseError},
};
use uuid::Uuid;

use crate::domain::{
    NameKey, NamedKind, NamedResource,
    filter::{Field, Filter, Name, Test},
};

/// Ids of the names in a filter.
#[derive(Debug, Clone, Default)]
pub struct Names {
    tags: HashMap<String, Uuid>,
    categories: HashMap<String, Uuid>,
}

impl Names {
    /// Returns the id of the tag or category with the name, if there is one.
    pub fn id(&self, field: Field, name: &Name) -> Option<Uuid> {
        let known = match field {
            Field::Tag => &self.tags,
            _ => &self.categories,
        };
        known.get(name.key().as_ref()).copied()
    }

    /// Returns the first category that a filter names and the user does not have.
    pub fn unknown_category<'a>(&self, filter: &'a Filter) -> Option<&'a Name> {
        filter
            .tests()
            .filter_map(|test| named(test, Field::Category))
            .find(|name| self.id(Field::Category, name).is_none())
    }
}

/// Finds what the names in a filter stand for.
#[tracing::instrument(name = "store.filter_names.find", level = "debug", skip_all)]
pub async fn find(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    filter: &Filter,
) -> Result<Names, DatabaseError> {
    Ok(Names {
        tags: ids(tx, user_id, NamedKind::Tag, filter, Field::Tag).await?,
        categories: ids(tx, user_id, NamedKind::Category, filter, Field::Category).await?,
    })
}

async fn ids(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    kind: NamedKind,
    filter: &Filter,
    field: Field,
) -> Result<HashMap<String, Uuid>, DatabaseError> {
    let names = filter.tests().filter_map(|test| named(test, field));
    let names: Vec<(&UserId, NameKey)> = names.map(|name| (user_id, name.key())).collect();
    let found = super::named::find_by_names(tx, kind, &names).await?;
    let key_and_id = |label: NamedResource| (label.name.key().as_ref().to_owned(), label.id);
    Ok(found.into_iter().map(key_and_id).collect())
}

fn named(test: &Test, wanted: Field) -> Option<&Name> {
    match test {
        Test::Name(field, name) if *field == wanted => Some(name),
        _ => None,
    }
}
