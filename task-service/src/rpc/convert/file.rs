//! Files of tasks.

use taskmesh_proto::{google::api::HttpBody, task::v1 as pb};

use super::{
    answer::{number, text},
    field::in_field,
    list::filter_request,
};
use crate::{
    domain::Violations,
    error::Error,
    files::{Format, Loss},
    operations::{ExportTasks, Imported},
};

impl TryFrom<pb::ExportTasksRequest> for ExportTasks {
    type Error = Error;

    fn try_from(message: pb::ExportTasksRequest) -> Result<Self, Error> {
        let pb::ExportTasksRequest {
            format,
            filter,
            saved_filter,
            show_deleted,
        } = message;
        let format = in_field("format", format_of(format));
        let (format, filter) = Error::both(format, filter_request(filter, saved_filter))?;
        Ok(Self {
            format,
            filter,
            show_deleted,
        })
    }
}

fn format_of(number: i32) -> Result<Format, &'static str> {
    match pb::ExportFormat::try_from(number) {
        Ok(pb::ExportFormat::Unspecified | pb::ExportFormat::Ndjson) => Ok(Format::Ndjson),
        Ok(pb::ExportFormat::Csv) => Ok(Format::Csv),
        Err(_) => Err("must be ndjson or csv (1 or 2)"),
    }
}

/// Returns a part of a file.
pub fn file_part(format: Format, data: Vec<u8>) -> HttpBody {
    HttpBody {
        content_type: format.content_type().to_owned(),
        data,
        extensions: Vec::new(),
    }
}

/// Returns the content type of the file to import, and the file.
pub fn imported_file(message: pb::ImportTasksRequest) -> Result<(String, Vec<u8>), Violations> {
    let pb::ImportTasksRequest {
        file,
        request_id: _,
        validate_only: _,
    } = message;
    let HttpBody {
        content_type,
        data,
        extensions: _,
    } = file.ok_or_else(|| Violations::of("file", "must be given, with its content type"))?;
    Ok((content_type, data))
}

impl From<&Imported> for pb::ImportTasksResponse {
    fn from(imported: &Imported) -> Self {
        let Imported {
            operation_id,
            created,
            existing,
            failed,
            losses,
        } = imported;
        Self {
            operation_id: text(*operation_id),
            created_count: number(*created),
            existing_count: number(*existing),
            failed_count: number(*failed),
            losses: losses.iter().map(loss).collect(),
        }
    }
}

fn loss(loss: &Loss) -> pb::ImportLoss {
    let Loss {
        line,
        source_id,
        field,
        reason,
    } = loss;
    pb::ImportLoss {
        line: number(*line),
        source_id: source_id.clone(),
        field: field.clone(),
        reason: reason.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{files::COLUMNS, rpc::convert::tests::taskmesh_fields};

    #[test]
    fn files_have_every_field_that_means_something_outside() {
        let inward = ["etag", "remind_time", "blocked_by", "operation_id"];
        let mut fields = taskmesh_fields("Task");
        fields.retain(|field| !inward.contains(&field.as_str()));
        fields.sort();
        let mut columns = COLUMNS;
        columns.sort_unstable();
        assert_eq!(fields, columns);
    }
}
