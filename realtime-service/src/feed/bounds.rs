use crate::config::FeedConfig;

/// Bounds of a partition's log.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub records: usize,
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
