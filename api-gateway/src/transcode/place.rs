use super::violation::within;

/// Position of a value in a request. Most values are right, so its path is put together only for those that are not.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'p> {
    /// The body. It is the request, or the field of the request with this path.
    Body(&'p str),
    /// Item of a list.
    Item(&'p Place<'p>, usize),
    /// Field of a message: its name as given, and in the contract.
    Field(&'p Place<'p>, &'p str, &'p str),
}

impl Place<'_> {
    /// Returns the path within the request, in the words of the contract.
    pub(super) fn in_request(&self) -> String {
        match self {
            Self::Body(path) => (*path).to_owned(),
            Self::Item(list, at) => format!("{}[{at}]", list.in_request()),
            Self::Field(message, _, name) => within(&message.in_request(), name),
        }
    }

    /// Returns the path within the JSON text.
    pub(super) fn in_text(&self) -> String {
        match self {
            Self::Body(_) => String::new(),
            Self::Item(list, at) => format!("{}[{at}]", list.in_text()),
            Self::Field(object, name, _) => within(&object.in_text(), name),
        }
    }

    /// Reports whether it is the request itself.
    pub(super) fn is_request(&self) -> bool {
        matches!(self, Self::Body(""))
    }
}
