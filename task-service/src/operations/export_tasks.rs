use futures::{Stream, StreamExt, TryStreamExt, stream};
use service_runtime::{grpc::Caller, ids::UserId, postgres::AsyncPgConnection};

use crate::{
    app::App,
    domain::TaskId,
    error::Error,
    files::{Format, Writer},
    operations::filtering::{self, FilterRequest},
    store::{
        export_page::{ExportPage, list_export_page},
        filter_condition::Condition,
    },
};

const TASKS_AT_ONCE: i64 = 200;
/// No part of the file is larger, however long the descriptions are.
const LARGEST_PART: usize = 256 * 1024;

/// Tasks to export, and the format.
#[derive(Debug, Clone)]
pub struct ExportTasks {
    /// The format.
    pub format: Format,
    /// Filter.
    pub filter: FilterRequest,
    /// Also deleted tasks.
    pub show_deleted: bool,
}

/// An export on its way.
struct Export {
    app: App,
    user_id: UserId,
    condition: Condition,
    page: ExportPage,
    writer: Writer,
    has_more: bool,
}

/// Writes tasks out as a file, part by part; there is one part at least.
///
/// Each page is read by itself when its turn comes, as fast as the caller takes the parts: a snapshot of all of them would keep
/// a connection, and the database from cleaning up, for as long as the slowest caller likes. So a task is written as it is when
/// its page is read; none is left out or written twice, because the order is that of the ids, and those created meanwhile are
/// left out.
#[tracing::instrument(name = "operation.export_tasks", skip_all)]
pub async fn export_tasks(
    app: &App,
    caller: &Caller,
    input: ExportTasks,
) -> Result<impl Stream<Item = Result<Vec<u8>, Error>> + Send + use<>, Error> {
    let ExportTasks {
        format,
        filter,
        show_deleted,
    } = input;
    let (user_id, now) = (&caller.user_id, app.clock.now());
    let resolved = app
        .database
        .read("export_tasks", async |tx: &mut AsyncPgConnection| {
            filtering::resolve(tx, user_id, &filter, now, None).await
        })
        .await?;
    let export = Export {
        app: app.clone(),
        user_id: user_id.clone(),
        condition: resolved.condition,
        page: ExportPage {
            after: None,
            until: TaskId::from(app.ids.uuid_v7()),
            show_deleted,
            limit: TASKS_AT_ONCE,
        },
        writer: Writer::new(format),
        has_more: true,
    };
    Ok(stream::try_unfold(export, |mut export| async move {
        if !export.has_more {
            return Ok::<_, Error>(None);
        }
        let page = export.next().await?;
        Ok(Some((page, export)))
    })
    .map_ok(|page| stream::iter(parts(page)).map(Ok))
    .try_flatten())
}

impl Export {
    async fn next(&mut self) -> Result<Vec<u8>, Error> {
        let Self {
            app,
            user_id,
            condition,
            ..
        } = &*self;
        let page = self.page;
        let tasks = app
            .database
            .read(
                "export_tasks",
                async |connection: &mut AsyncPgConnection| {
                    list_export_page(connection, user_id, page, condition)
                        .await
                        .map_err(Error::from)
                },
            )
            .await?;
        let last = tasks.last().map(|task| task.id);
        self.has_more = i64::try_from(tasks.len()).is_ok_and(|read| read == page.limit);
        self.page.after = last.or(page.after);
        self.writer.chunk(&tasks).map_err(Error::Unwritten)
    }
}

fn parts(page: Vec<u8>) -> Vec<Vec<u8>> {
    if page.len() <= LARGEST_PART {
        return vec![page];
    }
    page.chunks(LARGEST_PART).map(<[u8]>::to_vec).collect()
}
