use crate::config::FeedConfig;

/// What a partition's log keeps, and how far a stream may be behind.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many records.
    pub records: usize,
    /// How many bytes.
    pub bytes: usize,
}

impl From<FeedConfig> for Bounds {
    fn from(config: FeedConfig) -> Self {
        Self {
            records: usize::try_from(config.max_records).unwrap_or(usize::MAX),
            bytes: config.max_bytes,
        }
    }
}
