use uuid::Uuid;

const BYTES: usize = 4 + 8 + 16;

/// A place in the changes of one partition: behind one of its records.
///
/// The event tells whether the partition still is the one that the place was in: a topic that was made anew has other events at the
/// same offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub partition: i32,
    /// The offset of the record; one less than that of the first record if there is none before.
    pub offset: i64,
    /// The event in the record; nil if it was not seen.
    pub event_id: Uuid,
}

impl Position {
    pub(super) fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..4].copy_from_slice(&self.partition.to_be_bytes());
        bytes[4..12].copy_from_slice(&self.offset.to_be_bytes());
        bytes[12..].copy_from_slice(self.event_id.as_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (partition, rest) = bytes.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        Some(Self {
            partition: i32::from_be_bytes(*partition),
            offset: i64::from_be_bytes(*offset),
            event_id: Uuid::from_slice(rest).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_down_is_read_again() {
        let position = Position {
            partition: 2,
            offset: -1,
            event_id: Uuid::from_u128(7),
        };
        let bytes = position.to_bytes();
        assert_eq!(Position::from_bytes(&bytes), Some(position));
        assert_eq!(Position::from_bytes(&bytes[1..]), None);
    }
}
