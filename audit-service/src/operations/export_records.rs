//! Writes records out as a file.

use futures::{Stream, stream};

use crate::{
    app::App,
    domain::record::Record,
    error::Error,
    files,
    store::record_page::{self, Place, RecordQuery},
};

const AT_ONCE: i64 = 200;

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordFormat {
    Ndjson,
    Csv,
}

/// Writes records out, the first one first, part by part; there is one part at least.
///
/// Each page is read by itself when its turn comes, as fast as the caller takes the parts; records do not change, so the file is one of
/// its moment all the same.
pub fn export_records(
    app: &App,
    format: RecordFormat,
    query: RecordQuery,
) -> impl Stream<Item = Result<Vec<u8>, Error>> + Send + use<> {
    let export = Export {
        app: app.clone(),
        format,
        query: RecordQuery {
            limit: AT_ONCE,
            ..query
        },
        is_first: true,
        has_more: true,
    };
    stream::try_unfold(export, |mut export| async move {
        if !export.has_more {
            return Ok(None);
        }
        let part = export.next().await?;
        Ok(Some((part, export)))
    })
}

struct Export {
    app: App,
    format: RecordFormat,
    query: RecordQuery,
    is_first: bool,
    has_more: bool,
}

impl Export {
    async fn next(&mut self) -> Result<Vec<u8>, Error> {
        let query = &self.query;
        let records: Vec<Record> = self
            .app
            .database
            .read("export_records", async |tx| {
                record_page::list(tx, query).await
            })
            .await?;
        self.has_more = i64::try_from(records.len()).is_ok_and(|read| read == AT_ONCE);
        if let Some(last) = records.last() {
            self.query.after = Some(Place::from(last));
        }
        let with_heading = std::mem::take(&mut self.is_first);
        match self.format {
            RecordFormat::Ndjson => files::ndjson(&records),
            RecordFormat::Csv => files::csv(&records, with_heading),
        }
        .map_err(Error::Unwritten)
    }
}
