use service_runtime::ids::UserId;

/// Kind of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingKind {
    /// The contents of a record do not fit its hash.
    Changed,
    /// Records are missing between others, or before the first one.
    Removed,
    /// A record stands at the place of another.
    Moved,
    /// There is a record more than the chain has places for.
    Inserted,
    /// Sealed records are missing at the end.
    CutOff,
    /// Records fit each other and not what was sealed, or not the next record.
    Rewritten,
    /// A checkpoint is missing, does not follow the one before, or its signature or leaves are wrong.
    Checkpoint,
}

/// Sign of tampering and its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    /// Owner of the chain; none if the finding is about a checkpoint.
    pub user_id: Option<UserId>,
    /// First affected position in the chain.
    pub first: i64,
    /// Last affected position in the chain.
    pub last: i64,
    /// The checkpoint that shows it, or that it is about; 0 if the chain itself shows it.
    pub checkpoint: i64,
}

impl Finding {
    /// Returns the description.
    pub fn message(&self) -> String {
        let Self {
            kind,
            user_id: _,
            first,
            last,
            checkpoint,
        } = self;
        let places = match first == last {
            true => format!("record {first}"),
            false => format!("records {first} to {last}"),
        };
        match kind {
            FindingKind::Changed => format!("the contents of {places} do not match the hash"),
            FindingKind::Removed => format!("{places} missing, although later ones exist"),
            FindingKind::Moved => format!("{places} belongs at another position"),
            FindingKind::Inserted => format!("{places} exists more than once"),
            FindingKind::CutOff => format!("{places} missing at the end of the chain"),
            FindingKind::Rewritten if *checkpoint == 0 => {
                format!(
                    "among {places}, at least one does not match those after it: some were rewritten"
                )
            }
            FindingKind::Rewritten => {
                format!("among {places}, at least one does not match checkpoint {checkpoint}")
            }
            FindingKind::Checkpoint => format!(
                "checkpoint {checkpoint} is missing, does not follow the previous one, or has an invalid signature or invalid leaves"
            ),
        }
    }
}
