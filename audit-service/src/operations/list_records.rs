//! Lists records.

use crate::{
    app::App,
    domain::record::Record,
    error::Error,
    store::record_page::{self, RecordQuery},
};

/// One page of records.
#[derive(Debug)]
pub struct RecordList {
    pub records: Vec<Record>,
    pub more: bool,
}

pub async fn list_records(app: &App, query: &RecordQuery) -> Result<RecordList, Error> {
    // One more than asked for shows whether there is a next page.
    let one_more = RecordQuery {
        limit: query.limit + 1,
        ..query.clone()
    };
    let mut records = app
        .database
        .read("list_records", async |tx| {
            record_page::list(tx, &one_more).await
        })
        .await?;
    let size = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = records.len() > size;
    records.truncate(size);
    Ok(RecordList { records, more })
}
