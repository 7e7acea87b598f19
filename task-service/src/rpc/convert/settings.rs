//! The settings of a user, and the context.

use service_runtime::clock::timestamp;
use taskmesh_proto::task::v1 as pb;

use super::{
    answer::{number, text},
    field::{Edits, given},
};
use crate::{
    domain::{Etag, LocalTime, SearchLanguage, Settings, SettingsChanges, TimeZone, Violations},
    operations::{Context, GetContext, GetSettings, UpdateSettings, batch},
};

impl From<&Settings> for pb::Settings {
    fn from(settings: &Settings) -> Self {
        Self {
            time_zone: settings.time_zone.to_string(),
            search_language: settings.search_language.as_ref().to_owned(),
            etag: settings.etag().to_string(),
            update_time: settings.update_time.map(timestamp),
            operation_id: text(settings.operation_id),
        }
    }
}

impl TryFrom<pb::GetSettingsRequest> for GetSettings {
    type Error = Violations;

    fn try_from(message: pb::GetSettingsRequest) -> Result<Self, Violations> {
        let pb::GetSettingsRequest {} = message;
        Ok(Self)
    }
}

impl TryFrom<pb::GetContextRequest> for GetContext {
    type Error = Violations;

    fn try_from(message: pb::GetContextRequest) -> Result<Self, Violations> {
        let pb::GetContextRequest {} = message;
        Ok(Self)
    }
}

impl TryFrom<pb::UpdateSettingsRequest> for UpdateSettings {
    type Error = Violations;

    fn try_from(message: pb::UpdateSettingsRequest) -> Result<Self, Violations> {
        let pb::UpdateSettingsRequest {
            update_mask,
            etag,
            time_zone,
            search_language,
            request_id: _,
            validate_only: _,
        } = message;
        let mut edits = Edits::of_mask(update_mask, &["time_zone", "search_language"]);
        let changes = SettingsChanges {
            time_zone: edits.edit("time_zone", || {
                given(&time_zone).map(TimeZone::parse).transpose()
            }),
            search_language: edits.edit("search_language", || {
                given(&search_language)
                    .map(SearchLanguage::parse)
                    .transpose()
            }),
        };
        Ok(Self {
            etag: Etag::given(etag),
            changes: edits.finish(changes)?,
        })
    }
}

impl From<&Context> for pb::Context {
    fn from(context: &Context) -> Self {
        let Context {
            user_id,
            now,
            local,
            settings,
            categories,
            saved_filters,
            counts,
        } = context;
        Self {
            now: Some(timestamp(*now)),
            user_id: user_id.clone(),
            time_zone: settings.time_zone.to_string(),
            local_time: LocalTime::from(*local).to_string(),
            weekday: local.format("%A").to_string(),
            search_language: settings.search_language.as_ref().to_owned(),
            categories: categories.clone(),
            saved_filters: saved_filters.clone(),
            open_count: number(counts.open),
            overdue_count: number(counts.overdue),
            limits: Some(limits()),
        }
    }
}

fn limits() -> pb::Limits {
    use crate::domain::limits::{DEPENDENCIES, DEPTH, DESCRIPTION, REMINDERS, TAGS, TITLE};
    pb::Limits {
        title_characters: number(TITLE),
        description_characters: number(DESCRIPTION),
        reminders: number(REMINDERS),
        tags: number(TAGS),
        dependencies: number(DEPENDENCIES),
        depth: number(DEPTH),
        batch_items: number(batch::MOST_ITEMS),
        page_size: number(service_runtime::page::LARGEST),
    }
}
