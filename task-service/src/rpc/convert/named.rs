//! Categories, tags and saved filters: three services of the same form.

use prost_types::FieldMask;
use service_runtime::{clock::timestamp, page};
use taskmesh_proto::task::v1 as pb;

use super::{
    field::{Edits, in_field},
    request::id,
};
use crate::{
    domain::{
        Color, Content, Etag, FilterText, Name, NamedChanges, NamedKind, NamedResource, Violations,
    },
    operations::{
        CreateNamed, DeleteNamed, GetNamed, ListNamed, NamedPage, NamedTarget, UpdateNamed,
    },
};

macro_rules! named_resources {
    ($(
        $kind:ident {
            $id:ident,
            $content:ident: $parse:ident,
            $create:ident,
            $update:ident,
            $delete:ident,
            $get:ident,
            $list:ident => $page:ident { $resources:ident },
        }
    )*) => {$(
        impl From<&NamedResource> for pb::$kind {
            fn from(resource: &NamedResource) -> Self {
                Self {
                    id: resource.id.to_string(),
                    display_name: resource.name.to_string(),
                    $content: resource.content.text().unwrap_or_default().to_owned(),
                    etag: resource.etag().to_string(),
                    create_time: Some(timestamp(resource.create_time)),
                    update_time: Some(timestamp(resource.update_time)),
                    delete_time: resource.delete_time.map(timestamp),
                    operation_id: resource.operation_id.to_string(),
                }
            }
        }

        impl TryFrom<pb::$create> for CreateNamed {
            type Error = Violations;

            fn try_from(message: pb::$create) -> Result<Self, Violations> {
                let pb::$create {
                    display_name,
                    $content,
                    request_id: _,
                    validate_only: _,
                } = message;
                let mut violations = Violations::default();
                let name = violations.check("display_name", Name::parse(&display_name));
                let content = violations.check(stringify!($content), $parse(&$content));
                let (Some(name), Some(content)) = (name, content) else {
                    return Err(violations);
                };
                let kind = NamedKind::$kind;
                Ok(Self {
                    kind,
                    name,
                    content,
                })
            }
        }

        impl TryFrom<pb::$update> for UpdateNamed {
            type Error = Violations;

            fn try_from(message: pb::$update) -> Result<Self, Violations> {
                let pb::$update {
                    $id,
                    update_mask,
                    etag,
                    display_name,
                    $content,
                    request_id: _,
                    validate_only: _,
                } = message;
                let target = target(NamedKind::$kind, stringify!($id), &$id, etag);
                let field = stringify!($content);
                let changes = changes(update_mask, &display_name, field, || $parse(&$content));
                let (target, changes) = Violations::both(target, changes)?;
                Ok(Self { target, changes })
            }
        }

        impl TryFrom<pb::$delete> for DeleteNamed {
            type Error = Violations;

            fn try_from(message: pb::$delete) -> Result<Self, Violations> {
                let pb::$delete {
                    $id,
                    etag,
                    request_id: _,
                    validate_only: _,
                } = message;
                let target = target(NamedKind::$kind, stringify!($id), &$id, etag)?;
                Ok(Self { target })
            }
        }

        impl TryFrom<pb::$get> for GetNamed {
            type Error = Violations;

            fn try_from(message: pb::$get) -> Result<Self, Violations> {
                let pb::$get { $id } = message;
                let kind = NamedKind::$kind;
                let id = id(stringify!($id), &$id)?;
                Ok(Self { kind, id })
            }
        }

        impl TryFrom<pb::$list> for ListNamed {
            type Error = Violations;

            fn try_from(message: pb::$list) -> Result<Self, Violations> {
                let pb::$list {
                    page_size,
                    page_token,
                } = message;
                list(NamedKind::$kind, page_size, &page_token)
            }
        }

        impl From<&NamedPage> for pb::$page {
            fn from(page: &NamedPage) -> Self {
                let NamedPage { resources, next } = page;
                Self {
                    $resources: resources.iter().map(Into::into).collect(),
                    next_page_token: next.as_ref().map(page::encode).unwrap_or_default(),
                }
            }
        }
    )*};
}

named_resources! {
    Category {
        category_id,
        color: parse_color,
        CreateCategoryRequest,
        UpdateCategoryRequest,
        DeleteCategoryRequest,
        GetCategoryRequest,
        ListCategoriesRequest => ListCategoriesResponse { categories },
    }

    Tag {
        tag_id,
        color: parse_color,
        CreateTagRequest,
        UpdateTagRequest,
        DeleteTagRequest,
        GetTagRequest,
        ListTagsRequest => ListTagsResponse { tags },
    }

    SavedFilter {
        saved_filter_id,
        filter: parse_filter,
        CreateSavedFilterRequest,
        UpdateSavedFilterRequest,
        DeleteSavedFilterRequest,
        GetSavedFilterRequest,
        ListSavedFiltersRequest => ListSavedFiltersResponse { saved_filters },
    }
}

fn parse_color(text: &str) -> Result<Content, impl ToString> {
    Color::parse(text).map(Content::Color)
}

fn parse_filter(text: &str) -> Result<Content, impl ToString> {
    FilterText::parse(text).map(Content::Filter)
}

fn changes<E: ToString>(
    mask: Option<FieldMask>,
    name: &str,
    field: &'static str,
    content: impl FnOnce() -> Result<Content, E>,
) -> Result<NamedChanges, Violations> {
    let mut edits = Edits::of_mask(mask, &["display_name", field]);
    let changes = NamedChanges {
        name: edits.edit("display_name", || Name::parse(name)),
        content: edits.edit(field, content),
    };
    edits.finish(changes)
}

fn target(
    kind: NamedKind,
    field: &str,
    text: &str,
    etag: String,
) -> Result<NamedTarget, Violations> {
    Ok(NamedTarget {
        kind,
        id: id(field, text)?,
        etag: Etag::given(etag),
    })
}

fn list(kind: NamedKind, size: i32, token: &str) -> Result<ListNamed, Violations> {
    let limit = page::size(size).map_err(Violations::from);
    let after = match token.is_empty() {
        true => Ok(String::new()),
        false => in_field("page_token", page::decode::<String>(token)),
    };
    let (limit, after) = Violations::both(limit, after)?;
    Ok(ListNamed { kind, after, limit })
}
