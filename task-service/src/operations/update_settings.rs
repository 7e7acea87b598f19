use super::{operation::Operation, unit_of_work::UnitOfWork};
use crate::{
    domain::{Etag, Settings, SettingsChanges},
    error::Error,
    events,
    store::{
        self,
        operation_change::{EntityKind, OperationChange},
        settings::SettingsRow,
    },
};

/// Changes some of the caller's settings.
#[derive(Debug, Clone)]
pub struct UpdateSettings {
    /// The etag that they must still have, if the caller cares.
    pub etag: Option<Etag>,
    /// Changes.
    pub changes: SettingsChanges,
}

impl Operation for UpdateSettings {
    const NAME: &'static str = "update_settings";
    type Answer = Settings;

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Settings, Error> {
        let previous = work.settings().await?.clone();
        if self
            .etag
            .as_ref()
            .is_some_and(|etag| *etag != previous.etag())
        {
            return Err(Error::StaleSettings(previous.etag()));
        }
        let next = self.changes.apply(&previous);
        if next == previous {
            return Ok(previous);
        }
        save(work, &previous, next).await
    }
}

/// Writes the next version of the settings.
pub async fn save(
    work: &mut UnitOfWork<'_>,
    previous: &Settings,
    next: Settings,
) -> Result<Settings, Error> {
    let next = Settings {
        version: previous.version + 1,
        operation_id: Some(work.operation_id()),
        update_time: Some(work.now()),
        ..next
    };
    let user_id = &work.caller().user_id;
    if !store::settings::save(work.tx(), user_id, &next).await? {
        return Err(Error::Busy);
    }
    if next.search_language != previous.search_language {
        store::search::index_again(work.tx(), user_id, next.search_language).await?;
    }
    let rows = [&SettingsRow::of(previous), &SettingsRow::of(&next)];
    let kept = OperationChange::of(EntityKind::Settings, None, next.version, Some(rows))?;
    let event = events::of_settings(work.new_id(), user_id, &next);
    work.note_other(kept, event);
    Ok(next)
}
