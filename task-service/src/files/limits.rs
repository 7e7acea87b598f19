//! Limits of files.

/// The largest file, in bytes.
pub const LARGEST_FILE: usize = 4_000_000;
/// The most tasks in a file.
pub const MOST_TASKS: usize = 5_000;
/// The longest line of JSON, row of CSV or component of iCalendar, in bytes; a description of 20 000 characters fits, however it is
/// escaped.
pub const LONGEST_RECORD: usize = 524_288;
/// The deepest component of iCalendar; a real one is three deep.
pub const DEEPEST_COMPONENT: usize = 8;
/// The longest id or UID that is kept as it is, in characters.
pub const LONGEST_ID: usize = 500;
/// The same in bytes: an id stands in an index beside that of the user, and a row of an index has 2 704 bytes at most.
pub const LONGEST_ID_BYTES: usize = 1_500;
