use std::error::Error;

/// Returns an error with all its causes, for logs.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        // Wrappers often repeat the text of their cause.
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("query failed: {0}")]
    struct Repeating(#[source] Plain);

    #[derive(Debug, thiserror::Error)]
    #[error("no connection")]
    struct Plain(#[source] std::io::Error);

    #[test]
    fn chain_has_every_cause_once() {
        let error = Repeating(Plain(std::io::Error::other("host is down")));
        assert_eq!(
            error_chain(&error),
            "query failed: no connection: host is down"
        );
    }
}
