//! Filters of lists, searches and exports.

use chrono::{DateTime, Utc};
use service_runtime::{
    ids::UserId,
    postgres::{AsyncPgConnection, DatabaseError},
};

use super::labels::suggest;
use crate::{
    domain::{
        NameKey, NamedKind, TimeZone,
        filter::{Filter, FilterError, Name, Now},
    },
    error::Error,
    store::{self, filter_condition::Condition, filter_names},
};

/// Filter of a request.
#[derive(Debug, Clone, Default)]
pub struct FilterRequest {
    /// Filter as written.
    pub text: String,
    /// Parsed filter.
    pub parsed: Filter,
    /// Name of a saved filter that tasks must match too; empty for none.
    pub saved_filter: String,
}

impl FilterRequest {
    fn is_empty(&self) -> bool {
        self.parsed.terms().is_empty() && self.saved_filter.is_empty()
    }
}

/// Time and time zone at which a filter is evaluated: those of the call, or of the first page.
#[derive(Debug, Clone)]
pub struct EvalContext {
    /// Time.
    pub time: DateTime<Utc>,
    /// Time zone of the user.
    pub zone: TimeZone,
}

/// Condition of a request, and the text of the saved filter, which may change between two pages.
#[derive(Debug)]
pub struct ResolvedFilter {
    /// Condition.
    pub condition: Condition,
    /// Time and time zone of the evaluation.
    pub context: EvalContext,
    /// Text of the saved filter; empty if none is requested.
    pub saved_text: String,
}

/// Resolves the saved filter, the names and the time zone of a request.
pub async fn resolve(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    request: &FilterRequest,
    now: DateTime<Utc>,
    context: Option<EvalContext>,
) -> Result<ResolvedFilter, Error> {
    let context = match context {
        Some(context) => context,
        None => EvalContext {
            time: now,
            zone: match request.is_empty() {
                // Nothing is evaluated.
                true => TimeZone::utc(),
                false => store::settings::find(tx, user_id).await?.time_zone,
            },
        },
    };
    let (saved, saved_text) = saved_filter(tx, user_id, &request.saved_filter).await?;
    let filter = request.parsed.clone().and(saved);
    let names = filter_names::find(tx, user_id, &filter).await?;
    // A saved filter may name a category that was deleted since: it matches nothing.
    if let Some(name) = names.unknown_category(&request.parsed) {
        return Err(unknown_category(tx, user_id, name).await?);
    }
    Ok(ResolvedFilter {
        condition: Condition {
            user_id: user_id.clone(),
            filter,
            now: Now::new(context.time, &context.zone),
            names,
        },
        context,
        saved_text,
    })
}

async fn saved_filter(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    name: &str,
) -> Result<(Filter, String), Error> {
    if name.is_empty() {
        return Ok((Filter::default(), String::new()));
    }
    let key = NameKey::of(name);
    // The database refuses U+0000, which no name contains.
    let is_possible = !key.as_ref().contains('\0');
    let kind = NamedKind::SavedFilter;
    let saved = match is_possible {
        true => store::named::find_by_names(tx, kind, &[(user_id, key)]).await?,
        false => Vec::new(),
    };
    let Some(text) = saved.first().and_then(|saved| saved.content.text()) else {
        return Err(unknown_saved_filter(tx, user_id, name).await?);
    };
    let filter = Filter::parse(text).map_err(|error| Error::InvalidFilter {
        field: "saved_filter",
        error,
    })?;
    Ok((filter, text.to_owned()))
}

async fn unknown_saved_filter(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    name: &str,
) -> Result<Error, DatabaseError> {
    let shown: String = name.chars().take(100).collect();
    let hint = match suggest(tx, user_id, NamedKind::SavedFilter, &shown).await? {
        Some(near) => format!("did you mean {near:?}?"),
        None => "create it first, or give its condition as filter".to_owned(),
    };
    let wrong = format!("saved filter {shown:?} does not exist; {hint}");
    Ok(Error::field("saved_filter", wrong))
}

async fn unknown_category(
    tx: &mut AsyncPgConnection,
    user_id: &UserId,
    name: &Name,
) -> Result<Error, DatabaseError> {
    let shown: String = name.given.chars().take(100).collect();
    let near = suggest(tx, user_id, NamedKind::Category, &shown).await?;
    let error = FilterError::new(
        name.position,
        format!("{shown:?}"),
        "the name of a category that exists",
    );
    Ok(Error::InvalidFilter {
        field: "filter",
        error: error.suggest(near.map(|near| format!("{near:?}"))),
    })
}

/// Returns a hash that identifies a list or search (FNV-1a), stable across replicas and versions.
pub fn fingerprint(parts: &[&str]) -> u64 {
    let bytes = parts
        .iter()
        .flat_map(|part| part.bytes().chain(std::iter::once(0xff)));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
