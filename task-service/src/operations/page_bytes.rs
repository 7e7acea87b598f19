use crate::domain::Task;

/// What clients accept by themselves is 4 MiB; a page has up to so many bytes of titles and descriptions, and the rest of the
/// tasks in the remaining part.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// Returns how many tasks fit into an answer, at least one; a page may have fewer than were asked for (AIP-158).
pub fn fitting(tasks: &[Task]) -> usize {
    let mut bytes = 0;
    let fitting = tasks.iter().take_while(|task| {
        bytes += task.details.title.as_ref().len() + task.details.description.as_ref().len();
        bytes <= MOST_BYTES
    });
    fitting.count().max(1)
}
