use super::{
    transaction::Write,
    update_named::{NamedTarget, save},
    write::Operation,
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

    async fn run(&self, write: &mut Write<'_>) -> Result<NamedResource, Error> {
        let previous = self.target.lock(write).await?;
        if previous.delete_time.is_some() {
            return Ok(previous);
        }
        let next = NamedResource {
            delete_time: Some(write.now()),
            ..previous.clone()
        };
        save(write, &previous, next).await
    }
}
