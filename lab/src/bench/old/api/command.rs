use clap::{Args, ValueEnum};
use service_runtime::BoxError;
use url::Url;

use super::{batch, create_task, gateway, get_task, list_tasks, quiet, writer::Writer};
use crate::bench::old::{effort::at_least_one, report::Page, subject::Common};

/// What is measured of the API.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The gateway.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub gateway_url: Url,
    /// How many creations are under way at once, through the service and in the database alone.
    #[arg(long, default_value_t = 16, value_parser = at_least_one)]
    pub create_concurrency: usize,
    /// How many batches of 500 are created.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    pub batches: usize,
    /// Measure only these.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// GetTask under load.
    Get,
    /// What the gateway adds to GetTask.
    Gateway,
    /// ListTasks with filters and orders, and far pages.
    List,
    /// CreateTask under load, beside pgbench.
    Create,
    /// BatchCreateTasks.
    Batch,
}

/// Measures one part after the other: first what reads, then what leaves work behind for the rest of the mesh.
pub async fn measure(common: &Common, own: &Arguments) -> Result<Page, BoxError> {
    let subject = common.open().await?;
    let mut page = subject.page().await?;
    let wanted = |part| own.only.is_empty() || own.only.contains(&part);
    quiet::wait(&subject.database).await?;
    if wanted(Part::Get) {
        get_task::measure(&subject, &mut page).await?;
    }
    if wanted(Part::Gateway) {
        gateway::measure(&subject, &own.gateway_url, &mut page).await?;
    }
    if wanted(Part::List) {
        list_tasks::measure(&subject, &mut page).await?;
    }
    if wanted(Part::Create) || wanted(Part::Batch) {
        let writer = Writer::new(&common.connection, &subject)?;
        let measured = async {
            if wanted(Part::Batch) {
                batch::measure(&subject, &writer, own.batches, &mut page).await?;
            }
            if wanted(Part::Create) {
                create_task::measure(&subject, &writer, own.create_concurrency, &mut page).await?;
            }
            Ok::<(), BoxError>(())
        };
        let measured = measured.await;
        quiet::wait(&subject.database).await?;
        writer.remove(&subject.database).await?;
        measured?;
    }
    Ok(page)
}
