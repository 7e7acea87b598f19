use std::fmt;

/// The version of a task as clients see it: a text to compare, without a meaning of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// Makes the etag of a version.
    pub fn of_version(version: i64) -> Self {
        Self(version.to_string())
    }

    /// Takes what a client gave; none if it gave nothing, which asks for no check.
    pub fn given(text: String) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
