use service_runtime::ids::UserId;
use taskmesh_proto::realtime::v1 as pb;

use crate::{app::App, domain::Matching, error::Error};

#[derive(Debug, Default)]
pub struct Snapshot {
    step: Step,
    page_token: String,
}

#[derive(Debug, Clone, Copy, Default)]
enum Step {
    /// First, so that clients have the names that tasks carry.
    #[default]
    Categories,
    Tags,
    Tasks,
    Done,
}

impl Snapshot {
    /// Returns the next part; none at the end.
    pub async fn next(
        &mut self,
        app: &App,
        user: &UserId,
        matching: &Matching,
    ) -> Result<Option<pb::Snapshot>, Error> {
        loop {
            let page_token = std::mem::take(&mut self.page_token);
            let ((snapshot, next_page_token), next) = match self.step {
                Step::Categories => (app.tasks.categories(user, page_token).await?, Step::Tags),
                Step::Tags => (app.tasks.tags(user, page_token).await?, Step::Tasks),
                Step::Tasks => (
                    app.tasks.tasks(user, matching, page_token).await?,
                    Step::Done,
                ),
                Step::Done => return Ok(None),
            };
            if next_page_token.is_empty() {
                self.step = next;
            }
            self.page_token = next_page_token;
            if snapshot != pb::Snapshot::default() {
                return Ok(Some(snapshot));
            }
        }
    }
}
