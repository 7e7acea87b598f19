pub use service_runtime::grpc::FieldViolation;

/// A caller who must mend more than this at once is better served by the first ones.
const MOST: usize = 20;

/// The faults of one request, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Violations(pub Vec<FieldViolation>);

impl Violations {
    /// Adds a fault, unless there are enough already.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        if !self.is_full() {
            self.0.push(FieldViolation::new(field, description));
        }
    }

    /// Tells whether further faults would not be told.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }
}

/// A request message, as far as it could be read, and what is wrong with the rest.
#[derive(Debug)]
pub struct Reading {
    /// The fields that could be read, on the wire.
    pub message: Vec<u8>,
    /// What is wrong with the others.
    pub violations: Vec<FieldViolation>,
}

impl Reading {
    /// Returns the message if nothing is wrong.
    ///
    /// # Errors
    ///
    /// Returns what is wrong.
    pub fn complete(self) -> Result<Vec<u8>, Vec<FieldViolation>> {
        match self.violations.is_empty() {
            true => Ok(self.message),
            false => Err(self.violations),
        }
    }
}

/// Returns the path of a field within what `parent` names; `parent` is empty for the request itself.
pub(super) fn within(parent: &str, field: &str) -> String {
    match parent {
        "" => field.to_owned(),
        parent => format!("{parent}.{field}"),
    }
}
