//! Saved filters.

use service_runtime::clock::timestamp;
use taskmesh_proto::task::v1 as pb;

use super::{field::Edits, label::label_page, mask::UpdateMask, request::id};
use crate::{
    domain::{Etag, FilterText, Name, SavedFilter, SavedFilterChanges, SavedFilterId, Violations},
    operations::{
        CreateSavedFilter, DeleteSavedFilter, LabelPage, SavedFilterTarget, UpdateSavedFilter,
    },
};

impl From<&SavedFilter> for pb::SavedFilter {
    fn from(saved: &SavedFilter) -> Self {
        Self {
            id: saved.id.to_string(),
            display_name: saved.name.to_string(),
            filter: saved.filter.to_string(),
            etag: saved.etag().to_string(),
            create_time: Some(timestamp(saved.create_time)),
            update_time: Some(timestamp(saved.update_time)),
            delete_time: saved.delete_time.map(timestamp),
            operation_id: saved.operation_id.to_string(),
        }
    }
}

impl TryFrom<pb::CreateSavedFilterRequest> for CreateSavedFilter {
    type Error = Violations;

    fn try_from(message: pb::CreateSavedFilterRequest) -> Result<Self, Violations> {
        let pb::CreateSavedFilterRequest {
            display_name,
            filter,
            request_id: _,
            validate_only: _,
        } = message;
        let mut violations = Violations::default();
        let name = violations.check("display_name", Name::parse(&display_name));
        let filter = violations.check("filter", FilterText::parse(&filter));
        match (name, filter) {
            (Some(name), Some(filter)) => Ok(Self { name, filter }),
            _ => Err(violations),
        }
    }
}

impl TryFrom<pb::UpdateSavedFilterRequest> for UpdateSavedFilter {
    type Error = Violations;

    fn try_from(message: pb::UpdateSavedFilterRequest) -> Result<Self, Violations> {
        let pb::UpdateSavedFilterRequest {
            saved_filter_id,
            update_mask,
            etag,
            display_name,
            filter,
            request_id: _,
            validate_only: _,
        } = message;
        let mut violations = Violations::default();
        let mask = UpdateMask::parse(update_mask, &["display_name", "filter"], &mut violations);
        let mut edits = Edits::new(&mask);
        let changes = SavedFilterChanges {
            name: edits.edit("display_name", || Name::parse(&display_name)),
            filter: edits.edit("filter", || FilterText::parse(&filter)),
        };
        let changes = edits.finish(changes);
        let mask = match violations.is_empty() {
            true => Ok(()),
            false => Err(violations),
        };
        let (changes, ()) = Violations::both(changes, mask)?;
        let target = target(&saved_filter_id, etag)?;
        Ok(Self { target, changes })
    }
}

impl TryFrom<pb::DeleteSavedFilterRequest> for DeleteSavedFilter {
    type Error = Violations;

    fn try_from(message: pb::DeleteSavedFilterRequest) -> Result<Self, Violations> {
        let pb::DeleteSavedFilterRequest {
            saved_filter_id,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        let target = target(&saved_filter_id, etag)?;
        Ok(Self { target })
    }
}

impl TryFrom<pb::ListSavedFiltersRequest> for LabelPage {
    type Error = Violations;

    fn try_from(message: pb::ListSavedFiltersRequest) -> Result<Self, Violations> {
        let pb::ListSavedFiltersRequest {
            page_size,
            page_token,
        } = message;
        label_page(page_size, &page_token)
    }
}

/// Reads the id of a request that has nothing else.
pub fn saved_filter_id(message: pb::GetSavedFilterRequest) -> Result<SavedFilterId, Violations> {
    let pb::GetSavedFilterRequest { saved_filter_id } = message;
    id("saved_filter_id", &saved_filter_id)
}

fn target(text: &str, etag: String) -> Result<SavedFilterTarget, Violations> {
    Ok(SavedFilterTarget {
        id: id("saved_filter_id", text)?,
        etag: Etag::given(etag),
    })
}
