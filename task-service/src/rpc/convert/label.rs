//! Categories and tags: two services of the same form.

use prost_types::FieldMask;
use service_runtime::{clock::timestamp, page};
use taskmesh_proto::task::v1 as pb;
use uuid::Uuid;

use super::{field::Edits, mask::UpdateMask, request::id};
use crate::{
    domain::{Color, Etag, Label, LabelChanges, LabelKind, Name, Violations},
    operations::{CreateLabel, DeleteLabel, LabelPage, LabelTarget, UpdateLabel},
};

impl From<&Label> for pb::Category {
    fn from(label: &Label) -> Self {
        Self {
            id: label.id.to_string(),
            display_name: label.name.to_string(),
            color: label
                .color
                .as_ref()
                .map(|color| color.as_ref().to_owned())
                .unwrap_or_default(),
            etag: label.etag().to_string(),
            create_time: Some(timestamp(label.create_time)),
            update_time: Some(timestamp(label.update_time)),
            delete_time: label.delete_time.map(timestamp),
            operation_id: label.operation_id.to_string(),
        }
    }
}

impl TryFrom<pb::CreateCategoryRequest> for CreateLabel {
    type Error = Violations;

    fn try_from(message: pb::CreateCategoryRequest) -> Result<Self, Violations> {
        let pb::CreateCategoryRequest {
            display_name,
            color,
            request_id: _,
            validate_only: _,
        } = message;
        create(LabelKind::Category, &display_name, &color)
    }
}

impl TryFrom<pb::UpdateCategoryRequest> for UpdateLabel {
    type Error = Violations;

    fn try_from(message: pb::UpdateCategoryRequest) -> Result<Self, Violations> {
        let pb::UpdateCategoryRequest {
            category_id,
            update_mask,
            etag,
            display_name,
            color,
            request_id: _,
            validate_only: _,
        } = message;
        let target = target(LabelKind::Category, "category_id", &category_id, etag);
        let changes = changes(update_mask, &display_name, &color);
        let (target, changes) = Violations::both(target, changes)?;
        Ok(Self { target, changes })
    }
}

impl TryFrom<pb::DeleteCategoryRequest> for DeleteLabel {
    type Error = Violations;

    fn try_from(message: pb::DeleteCategoryRequest) -> Result<Self, Violations> {
        let pb::DeleteCategoryRequest {
            category_id,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        let target = target(LabelKind::Category, "category_id", &category_id, etag)?;
        Ok(Self { target })
    }
}

impl TryFrom<pb::ListCategoriesRequest> for LabelPage {
    type Error = Violations;

    fn try_from(message: pb::ListCategoriesRequest) -> Result<Self, Violations> {
        let pb::ListCategoriesRequest {
            page_size,
            page_token,
        } = message;
        label_page(page_size, &page_token)
    }
}

/// Reads the id of a request that has nothing else.
pub fn category_id(message: pb::GetCategoryRequest) -> Result<Uuid, Violations> {
    let pb::GetCategoryRequest { category_id } = message;
    id("category_id", &category_id)
}

impl From<&Label> for pb::Tag {
    fn from(label: &Label) -> Self {
        Self {
            id: label.id.to_string(),
            display_name: label.name.to_string(),
            color: label
                .color
                .as_ref()
                .map(|color| color.as_ref().to_owned())
                .unwrap_or_default(),
            etag: label.etag().to_string(),
            create_time: Some(timestamp(label.create_time)),
            update_time: Some(timestamp(label.update_time)),
            delete_time: label.delete_time.map(timestamp),
            operation_id: label.operation_id.to_string(),
        }
    }
}

impl TryFrom<pb::CreateTagRequest> for CreateLabel {
    type Error = Violations;

    fn try_from(message: pb::CreateTagRequest) -> Result<Self, Violations> {
        let pb::CreateTagRequest {
            display_name,
            color,
            request_id: _,
            validate_only: _,
        } = message;
        create(LabelKind::Tag, &display_name, &color)
    }
}

impl TryFrom<pb::UpdateTagRequest> for UpdateLabel {
    type Error = Violations;

    fn try_from(message: pb::UpdateTagRequest) -> Result<Self, Violations> {
        let pb::UpdateTagRequest {
            tag_id,
            update_mask,
            etag,
            display_name,
            color,
            request_id: _,
            validate_only: _,
        } = message;
        let target = target(LabelKind::Tag, "tag_id", &tag_id, etag);
        let changes = changes(update_mask, &display_name, &color);
        let (target, changes) = Violations::both(target, changes)?;
        Ok(Self { target, changes })
    }
}

impl TryFrom<pb::DeleteTagRequest> for DeleteLabel {
    type Error = Violations;

    fn try_from(message: pb::DeleteTagRequest) -> Result<Self, Violations> {
        let pb::DeleteTagRequest {
            tag_id,
            etag,
            request_id: _,
            validate_only: _,
        } = message;
        let target = target(LabelKind::Tag, "tag_id", &tag_id, etag)?;
        Ok(Self { target })
    }
}

impl TryFrom<pb::ListTagsRequest> for LabelPage {
    type Error = Violations;

    fn try_from(message: pb::ListTagsRequest) -> Result<Self, Violations> {
        let pb::ListTagsRequest {
            page_size,
            page_token,
        } = message;
        label_page(page_size, &page_token)
    }
}

/// Reads the id of a request that has nothing else.
pub fn tag_id(message: pb::GetTagRequest) -> Result<Uuid, Violations> {
    let pb::GetTagRequest { tag_id } = message;
    id("tag_id", &tag_id)
}

fn create(kind: LabelKind, name: &str, color: &str) -> Result<CreateLabel, Violations> {
    let mut violations = Violations::default();
    let name = violations.check("display_name", Name::parse(name));
    let color = violations.check("color", Color::parse(color));
    match (name, color) {
        (Some(name), Some(color)) => Ok(CreateLabel { kind, name, color }),
        _ => Err(violations),
    }
}

fn changes(mask: Option<FieldMask>, name: &str, color: &str) -> Result<LabelChanges, Violations> {
    let mut violations = Violations::default();
    let mask = UpdateMask::parse(mask, &["display_name", "color"], &mut violations);
    let mut edits = Edits::new(&mask);
    let changes = LabelChanges {
        name: edits.edit("display_name", || Name::parse(name)),
        color: edits.edit("color", || Color::parse(color)),
    };
    let mask = match violations.is_empty() {
        true => Ok(()),
        false => Err(violations),
    };
    Violations::both(edits.finish(changes), mask).map(|(changes, ())| changes)
}

fn target(
    kind: LabelKind,
    field: &str,
    text: &str,
    etag: String,
) -> Result<LabelTarget, Violations> {
    Ok(LabelTarget {
        kind,
        id: id(field, text)?,
        etag: Etag::given(etag),
    })
}

/// Reads which page of names is asked for.
pub fn label_page(size: i32, token: &str) -> Result<LabelPage, Violations> {
    let mut violations = Violations::default();
    let limit = page::size(size).map_err(Violations::from);
    let after = match token.is_empty() {
        true => Ok(String::new()),
        false => violations
            .check("page_token", page::decode::<String>(token))
            .ok_or(violations),
    };
    let (limit, after) = Violations::both(limit, after)?;
    Ok(LabelPage { after, limit })
}

/// Returns the token of a page; empty if there is none.
pub fn label_page_token(next: Option<LabelPage>) -> String {
    next.map(|page| page::encode(&page.after))
        .unwrap_or_default()
}
