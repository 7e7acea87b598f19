use std::sync::Arc;

use prost_types::Timestamp;
use service_runtime::{BoxError, clock::Clock};
use taskmesh_proto::task::v1::{CreateTaskRequest, Priority};
use uuid::Uuid;

use crate::bench::old::{
    caller::Caller,
    data::{self, Drafts, Rng},
    database::Database,
    mesh::Connection,
    progress::Progress,
    subject::Subject,
};

/// Somebody who creates tasks, so that the data set stays as it is.
pub struct Writer {
    pub user_id: String,
    pub caller: Arc<Caller>,
    drafts: Arc<Drafts>,
}

impl Writer {
    /// Invents a user.
    pub fn new(connection: &Connection, subject: &Subject) -> Result<Self, BoxError> {
        let user_id = format!("bench-writer-{}", Uuid::new_v4());
        Ok(Self {
            caller: Arc::new(connection.caller(&user_id.parse()?, subject.effort.connections)?),
            user_id,
            drafts: subject.drafts.clone(),
        })
    }

    /// Makes up a request, as long as the tasks of the data set and due when they are.
    pub fn request(&self, number: usize) -> CreateTaskRequest {
        request(&self.drafts, number)
    }

    /// Returns what makes up requests.
    pub fn drafts(&self) -> Arc<Drafts> {
        self.drafts.clone()
    }

    /// Removes what the user has written.
    pub async fn remove(&self, database: &Database) -> Result<(), BoxError> {
        let progress = Progress::new("removes what was created", "users", Some(1));
        let removal = data::remove_users(&database.client, &self.user_id);
        progress.watch(removal).await?;
        data::vacuum(&database.client, "tidies up").await
    }
}

/// Makes up a request: the same for the same number.
pub fn request(drafts: &Drafts, number: usize) -> CreateTaskRequest {
    const WRITERS: u64 = 1 << 62;
    let draft = drafts.draft_of(Rng::of_part(drafts.seed(), WRITERS, number as u64));
    let today = Clock::system().now().date_naive();
    CreateTaskRequest {
        title: drafts.text(&draft.title),
        description: drafts.text(&draft.description),
        priority: match draft.priority {
            data::Priority::Low => Priority::Low,
            data::Priority::Medium => Priority::Medium,
            data::Priority::High => Priority::High,
            data::Priority::Urgent => Priority::Urgent,
        }
        .into(),
        due_time: draft.due.map(|due| Timestamp {
            seconds: due.time(today).timestamp(),
            nanos: 0,
        }),
        ..CreateTaskRequest::default()
    }
}
