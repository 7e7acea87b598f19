//! The tags and categories that a filter names.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use service_runtime::{ids::UserId, postgres::DatabaseError};
use uuid::Uuid;

use super::schema::{categories, tags};
use crate::domain::{
    NameKey,
    filter::{Field, Filter, Name, Test},
};

/// What the names in a filter stand for.
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
    let keys = |field| -> Vec<NameKey> {
        let names = filter.tests().filter_map(|test| named(test, field));
        names.map(Name::key).collect()
    };
    let (tag_keys, category_keys) = (keys(Field::Tag), keys(Field::Category));
    let mut names = Names::default();
    if !tag_keys.is_empty() {
        let found: Vec<(String, Uuid)> = tags::table
            .filter(tags::user_id.eq(user_id.as_ref()))
            .filter(tags::name_key.eq_any(texts(&tag_keys)))
            .filter(tags::delete_time.is_null())
            .select((tags::name_key, tags::id))
            .load(tx)
            .await?;
        names.tags = found.into_iter().collect();
    }
    if !category_keys.is_empty() {
        let found: Vec<(String, Uuid)> = categories::table
            .filter(categories::user_id.eq(user_id.as_ref()))
            .filter(categories::name_key.eq_any(texts(&category_keys)))
            .filter(categories::delete_time.is_null())
            .select((categories::name_key, categories::id))
            .load(tx)
            .await?;
        names.categories = found.into_iter().collect();
    }
    Ok(names)
}

fn named(test: &Test, wanted: Field) -> Option<&Name> {
    match test {
        Test::Name(field, name) if *field == wanted => Some(name),
        _ => None,
    }
}

fn texts(keys: &[NameKey]) -> Vec<&str> {
    keys.iter().map(AsRef::as_ref).collect()
}
