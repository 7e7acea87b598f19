//! Lists records.

use service_runtime::ids::UserId;

use crate::{
    app::App,
    domain::{filter::RecordFilter, record::Record},
    error::Error,
    store::record_page::{self, Place, RecordQuery},
};

/// Which records are listed.
#[derive(Debug)]
pub struct ListRecords {
    /// Whose; everybody's if none.
    pub user_id: Option<UserId>,
    /// Those of them that this means.
    pub condition: RecordFilter,
    /// Those before this place.
    pub before: Option<Place>,
    /// So many at most.
    pub size: i64,
}

/// One page of records.
#[derive(Debug)]
pub struct RecordList {
    /// The records, the last one first.
    pub records: Vec<Record>,
    /// Whether more follow.
    pub more: bool,
}

/// Returns a page of records, the last one first.
pub async fn list_records(app: &App, input: ListRecords) -> Result<RecordList, Error> {
    let ListRecords {
        user_id,
        condition,
        before,
        size,
    } = input;
    let query = RecordQuery {
        user_id,
        condition,
        between: None,
        after: before,
        last_first: true,
        // One more than asked for tells whether there is a next page.
        limit: size + 1,
    };
    let mut records = app
        .database
        .read("list_records", async |tx| {
            record_page::list(tx, &query).await.map_err(Error::from)
        })
        .await?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = records.len() > size;
    records.truncate(size);
    Ok(RecordList { records, more })
}
