//! What reads texts that anybody may have written, in the form in which a fuzzer feeds it; each panics if a promise is broken.

use taskmesh_proto::task::v1::{ListTasksRequest, SearchTasksRequest};

use crate::{
    error::Error,
    operations::{list_tasks::ListTasks, search_tasks::SearchTasks},
};

/// Reads a page token of a list and of a search.
pub fn page_token(token: &str) {
    let list: Result<ListTasks, Error> = ListTasksRequest {
        page_token: token.to_owned(),
        ..ListTasksRequest::default()
    }
    .try_into();
    refuses_with_words(list);
    let search: Result<SearchTasks, Error> = SearchTasksRequest {
        query: "milk".to_owned(),
        page_token: token.to_owned(),
        ..SearchTasksRequest::default()
    }
    .try_into();
    refuses_with_words(search);
}

/// Reads a filter (AIP-160) and an order (AIP-132), and a search.
pub fn filter(text: &str) {
    let list: Result<ListTasks, Error> = ListTasksRequest {
        filter: text.to_owned(),
        order_by: text.to_owned(),
        ..ListTasksRequest::default()
    }
    .try_into();
    refuses_with_words(list);
    let search: Result<SearchTasks, Error> = SearchTasksRequest {
        query: text.to_owned(),
        ..SearchTasksRequest::default()
    }
    .try_into();
    refuses_with_words(search);
}

fn refuses_with_words<T>(read: Result<T, Error>) {
    if let Err(error) = read {
        assert!(!error.to_string().is_empty());
    }
}

#[cfg(test)]
mod tests {
    use service_runtime::testing::corpus_of_texts;

    use super::*;

    #[test]
    fn what_was_ever_found_is_read_or_refused() {
        let corpus = |target| corpus_of_texts(env!("CARGO_MANIFEST_DIR"), target);
        corpus("page_token").for_each(|text| page_token(&text));
        corpus("filter").for_each(|text| filter(&text));
    }
}
