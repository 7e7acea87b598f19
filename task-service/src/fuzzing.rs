//! Parsers of untrusted text for a fuzzer; each function panics if a promise is broken.

use chrono::DateTime;
use taskmesh_proto::task::v1::{ListTasksRequest, SearchTasksRequest, Task};

use crate::{
    domain::{
        TimeZone,
        filter::{Filter, Now},
    },
    error::Error,
    files::{Format, read},
    operations::{import_tasks::Draft, list_tasks::ListTasks, search_tasks::SearchTasks},
};

/// The longest import id that a row takes, in characters.
const LONGEST_IDENTITY: usize = 500;

/// Reads a page token of a list and of a search.
pub fn page_token(token: &str) {
    refuses_with_words::<ListTasks, _>(ListTasksRequest {
        page_token: token.to_owned(),
        ..ListTasksRequest::default()
    });
    refuses_with_words::<SearchTasks, _>(SearchTasksRequest {
        query: "milk".to_owned(),
        page_token: token.to_owned(),
        ..SearchTasksRequest::default()
    });
}

/// Reads a filter (AIP-160), which it evaluates, an order (AIP-132), and a search.
pub fn filter(text: &str) {
    if let Ok(filter) = Filter::parse(text) {
        let now = Now::new(DateTime::UNIX_EPOCH, &TimeZone::utc());
        filter.matches(&Task::default(), &now);
    }
    refuses_with_words::<ListTasks, _>(ListTasksRequest {
        filter: text.to_owned(),
        order_by: text.to_owned(),
        ..ListTasksRequest::default()
    });
    refuses_with_words::<SearchTasks, _>(SearchTasksRequest {
        query: text.to_owned(),
        ..SearchTasksRequest::default()
    });
}

/// Reads a file of tasks in each format, and makes what a database takes of the tasks.
pub fn import(file: &[u8]) {
    const USER_ZONE: &str = "Europe/Berlin";
    let zone = TimeZone::parse(USER_ZONE).expect("Berlin is known");
    for format in [Format::Ndjson, Format::Csv, Format::Calendar] {
        let contents = match read(format, file, USER_ZONE) {
            Ok(contents) => contents,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        let mut losses = contents.failed;
        losses.extend(contents.losses.finish());
        for task in &contents.tasks {
            let identity = task.identity.as_str();
            assert!((1..=LONGEST_IDENTITY).contains(&identity.chars().count()));
            assert!(!identity.contains('\0'));
            let mut draft = Draft::new(task, format);
            match draft.details() {
                Ok(_) => {
                    draft.category();
                    draft.tags();
                    draft.schedule(&zone);
                    losses.extend(draft.losses);
                }
                Err(loss) => losses.push(loss),
            }
        }
        for loss in losses {
            assert!(loss.line > 0 && !loss.reason.is_empty());
        }
    }
}

fn refuses_with_words<Q: TryFrom<R, Error = Error>, R>(request: R) {
    if let Err(error) = Q::try_from(request) {
        assert!(!error.to_string().is_empty());
    }
}

#[cfg(test)]
mod tests {
    use service_runtime::testing::{corpus, corpus_of_texts};

    use super::*;

    #[test]
    fn corpus_is_read_or_refused() {
        let texts = |target| corpus_of_texts(env!("CARGO_MANIFEST_DIR"), target);
        texts("page_token").for_each(|text| page_token(&text));
        texts("filter").for_each(|text| filter(&text));
        corpus(env!("CARGO_MANIFEST_DIR"), "import").for_each(|file| import(&file));

        assert!(texts("filter").any(|text| Filter::parse(&text).is_ok()));
        let has_tasks = |file: Vec<u8>| {
            read(Format::Calendar, &file, "UTC").is_ok_and(|contents| !contents.tasks.is_empty())
        };
        assert!(corpus(env!("CARGO_MANIFEST_DIR"), "import").any(has_tasks));
    }
}
