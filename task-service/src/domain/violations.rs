use service_runtime::grpc::FieldViolation;

/// Faults of a request by field.
#[derive(Debug, Clone, Default)]
pub struct Violations(Vec<FieldViolation>);

impl Violations {
    /// Returns the fault of one field.
    pub fn of(field: impl Into<String>, description: impl ToString) -> Self {
        FieldViolation::new(field, description.to_string()).into()
    }

    /// Returns a value unless a field is wrong.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// Adds one.
    pub fn push(&mut self, field: impl Into<String>, description: impl ToString) {
        self.0
            .push(FieldViolation::new(field, description.to_string()));
    }

    /// Keeps a value that is right; of one that is wrong it keeps the reason.
    pub fn check<T, E: ToString>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.push(field, error)).ok()
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns whether the field is wrong.
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|violation| violation.field == field)
    }

    /// Returns whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the list.
    pub fn as_slice(&self) -> &[FieldViolation] {
        &self.0
    }

    /// Returns the value of both if both are right, or else all that is wrong with either.
    pub fn both<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(mut one), Err(other)) => {
                one.extend(other);
                Err(one)
            }
            (Err(violations), Ok(_)) | (Ok(_), Err(violations)) => Err(violations),
        }
    }
}

impl From<FieldViolation> for Violations {
    fn from(violation: FieldViolation) -> Self {
        Self(vec![violation])
    }
}

impl FromIterator<FieldViolation> for Violations {
    fn from_iter<I: IntoIterator<Item = FieldViolation>>(violations: I) -> Self {
        Self(violations.into_iter().collect())
    }
}
