use super::{
    operation::Operation,
    unit_of_work::UnitOfWork,
    update_named::{NamedTarget, save},
};
use crate::{domain::NamedResource, error::Error};

/// Deletes a category, tag or saved filter; a deleted one stays as it is. The tasks of a category or tag keep its id, which they no longer
/// show, so that undoing the deletion restores it in them.
#[derive(Debug, Clone)]
pub struct DeleteNamed {
    /// Resource.
    pub target: NamedTarget,
}

impl Operation for DeleteNamed {
    const NAME: &'static str = "delete_named";
    type Answer = NamedResource;

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<NamedResource, Error> {
        let previous = self.target.lock(work).await?;
        if previous.delete_time.is_some() {
            return Ok(previous);
        }
        let next = NamedResource {
            delete_time: Some(work.now()),
            ..previous.clone()
        };
        save(work, &previous, next).await
    }
}
