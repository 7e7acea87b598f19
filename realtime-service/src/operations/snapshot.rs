use service_runtime::ids::UserId;
use taskmesh_proto::realtime::v1 as pb;

use crate::{app::App, domain::Matching, error::Error, task_client::Part};

/// How far the telling of what there is has come.
#[derive(Debug, Default)]
pub struct Snapshot {
    step: Step,
    page_token: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
        while self.step != Step::Done {
            let page_token = std::mem::take(&mut self.page_token);
            let Part {
                snapshot,
                next_page_token,
            } = match self.step {
                Step::Categories => app.tasks.categories(user, page_token).await?,
                Step::Tags => app.tasks.tags(user, page_token).await?,
                _ => app.tasks.tasks(user, matching, page_token).await?,
            };
            if next_page_token.is_empty() {
                self.step = self.step.next();
            }
            self.page_token = next_page_token;
            if snapshot != pb::Snapshot::default() {
                return Ok(Some(snapshot));
            }
        }
        Ok(None)
    }
}

impl Step {
    fn next(self) -> Self {
        match self {
            Self::Categories => Self::Tags,
            Self::Tags => Self::Tasks,
            Self::Tasks | Self::Done => Self::Done,
        }
    }
}
