//! What the benchmarks of the API and of searches have in common: a mesh with the data set in it.

use std::sync::Arc;

use clap::Args;
use service_runtime::BoxError;

use super::{
    caller::Caller,
    data::{self, Drafts, Sizes, User},
    database::{Database, DatabaseLocation},
    effort::Effort,
    mesh::Connection,
    report::Page,
};

/// What is measured, with which data, and how it is told.
#[derive(Debug, Args)]
pub struct Common {
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    database: DatabaseLocation,
    #[command(flatten)]
    pub effort: Effort,
    #[command(flatten)]
    sizes: Sizes,
}

/// A mesh with the data set in it.
pub struct Subject {
    pub database: Database,
    pub drafts: Arc<Drafts>,
    /// Those that are measured, the one with the fewest tasks first.
    pub users: Vec<MeasuredUser>,
    pub effort: Effort,
}

/// A user of whom something is measured.
#[derive(Debug, Clone)]
pub struct MeasuredUser {
    pub user: User,
    pub caller: Arc<Caller>,
}

impl Common {
    /// Connects to the mesh and makes sure that the data set is in it.
    pub async fn open(&self) -> Result<Subject, BoxError> {
        let database = self.database.connect(self.connection.data_dir()).await?;
        let drafts = Drafts::new(self.sizes.seed);
        let users = data::prepare(&database.client, &self.sizes, &drafts).await?;
        let users = users.measured.into_iter().map(|user| {
            let caller = self.connection.caller(&user.id, self.effort.connections)?;
            Ok(MeasuredUser {
                user,
                caller: Arc::new(caller),
            })
        });
        Ok(Subject {
            users: users.collect::<Result<_, BoxError>>()?,
            database,
            drafts: Arc::new(drafts),
            effort: self.effort,
        })
    }
}

impl Subject {
    /// Begins a report.
    pub async fn page(&self) -> Result<Page, BoxError> {
        Ok(Page::new(self.database.version().await?))
    }

    /// Returns the user with the most tasks.
    pub fn largest(&self) -> Result<&MeasuredUser, BoxError> {
        self.users.last().ok_or_else(|| "nobody is measured".into())
    }
}
