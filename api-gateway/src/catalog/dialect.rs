/// Whom a JSON value is for: the two differ in enum words, in what empty means, and in what is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// HTTP clients: the protobuf JSON mapping with the contract's own field names and full enum names.
    Http,
    /// AI agents: short lower-case enum words, an empty string means absent, empty fields are left out of answers.
    Tool,
}
