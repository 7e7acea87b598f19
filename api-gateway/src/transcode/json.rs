use std::{borrow::Cow, collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{place::Place, violation::within};

/// How deep objects and lists may stand within each other.
pub const MAX_DEPTH: usize = 32;

/// How many items a list, and how many names an object may have.
pub const MAX_ITEMS: usize = 10_000;

/// Why a text is not JSON that the gateway takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not JSON at all.
    #[error("the body is not valid JSON: line {line}, column {column}: {what}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// Objects and lists stand too deep within each other.
    #[error("the body is nested too deeply; use at most {MAX_DEPTH} levels of objects and lists")]
    TooDeep,
    /// A list or an object is too long.
    #[error(
        "the body has more than {MAX_ITEMS} items in {}; send less at once",
        if .0.is_empty() { "one object or list" } else { .0 }
    )]
    TooLong(String),
    /// A name stands twice in one object, so it is unclear which value is meant.
    #[error("{0} is given twice in the same object; give it once")]
    Duplicate(String),
}

/// Parses a small JSON text that is no message of the contract.
///
/// # Errors
///
/// Fails with the first fault found.
pub fn parse(text: &[u8]) -> Result<Value, JsonFault> {
    let mut limits = Limits::of_text();
    let place = Place::Body("");
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let checked = Ignored(&mut limits, &place).deserialize(&mut deserializer);
    let checked = checked.and_then(|_| deserializer.end());
    let parsed = checked.and_then(|()| serde_json::from_slice(text));
    parsed.map_err(|error| limits.fault(&error))
}

/// Limits of a JSON text, checked while it is read: depth, length and duplicate names.
#[derive(Debug, Default)]
pub(super) struct Limits {
    is_text: bool,
    depth: usize,
    fault: Option<JsonFault>,
}

/// Names of an object that have been read.
pub(super) type Names<'de> = HashSet<Cow<'de, str>>;

impl Limits {
    /// Returns the limits of a text. Values that another parser has read have none.
    pub(super) fn of_text() -> Self {
        Self {
            is_text: true,
            ..Self::default()
        }
    }

    /// Returns the fault that ended the reading.
    pub(super) fn fault(&mut self, error: &serde_json::Error) -> JsonFault {
        self.fault.take().unwrap_or_else(|| {
            let message = error.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            JsonFault::Syntax {
                line: error.line(),
                column: error.column(),
                what: message[..end].to_owned(),
            }
        })
    }

    /// Begins a list or object.
    pub(super) fn enter<E: Error>(&mut self) -> Result<(), E> {
        if self.is_text && self.depth == MAX_DEPTH {
            return Err(self.refuse(JsonFault::TooDeep));
        }
        self.depth += 1;
        Ok(())
    }

    /// Ends a list or object.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Checks that a list or object of this length may have one more item.
    pub(super) fn check_length<E: Error>(
        &mut self,
        length: usize,
        place: &Place<'_>,
    ) -> Result<(), E> {
        match self.is_text && length >= MAX_ITEMS {
            true => Err(self.refuse(JsonFault::TooLong(place.in_text()))),
            false => Ok(()),
        }
    }

    /// Returns the next name of an object.
    pub(super) fn next_name<'de, A: MapAccess<'de>>(
        &mut self,
        entries: &mut A,
        names: &mut Names<'de>,
        place: &Place<'_>,
    ) -> Result<Option<Cow<'de, str>>, A::Error> {
        let Some(name) = entries.next_key_seed(Name)? else {
            return Ok(None);
        };
        self.check_length(names.len(), place)?;
        match names.insert(name.clone()) {
            true => Ok(Some(name)),
            false => {
                let path = within(&place.in_text(), &name);
                Err(self.refuse(JsonFault::Duplicate(path)))
            }
        }
    }

    fn refuse<E: Error>(&mut self, fault: JsonFault) -> E {
        self.fault = Some(fault);
        E::custom("refused")
    }
}

/// Reads a name without a copy where there is no escape in it.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// Passes over a value, and checks only its limits. Returns the number of its items.
pub(super) struct Ignored<'l, 'p>(pub(super) &'l mut Limits, pub(super) &'p Place<'p>);

impl<'de> DeserializeSeed<'de> for Ignored<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Ignored<'_, '_> {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_bool<E>(self, _: bool) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_i64<E>(self, _: i64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_u64<E>(self, _: u64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_f64<E>(self, _: f64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_str<E>(self, _: &str) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<usize, A::Error> {
        let Self(limits, place) = self;
        limits.enter()?;
        let mut length = 0;
        while items
            .next_element_seed(Ignored(limits, &Place::Item(place, length)))?
            .is_some()
        {
            limits.check_length(length, place)?;
            length += 1;
        }
        limits.leave();
        Ok(length)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<usize, A::Error> {
        let Self(limits, place) = self;
        limits.enter()?;
        let mut names = Names::default();
        while let Some(name) = limits.next_name(&mut entries, &mut names, place)? {
            entries.next_value_seed(Ignored(limits, &Place::Entry(place, &name)))?;
        }
        limits.leave();
        Ok(names.len())
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json_is_taken_as_it_is() {
        let text =
            r#"{"a": [1, -2, 2.5, "x", null, true, {"b": {}}], "big": 18446744073709551615}"#;
        assert_eq!(
            parse(text.as_bytes()),
            Ok(serde_json::from_str(text).unwrap())
        );
    }

    #[test]
    fn depth_is_refused_before_it_hurts() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(
            parse(nested(MAX_DEPTH + 1).as_bytes()),
            Err(JsonFault::TooDeep)
        );
        assert_eq!(
            parse("[".repeat(10_000).as_bytes()),
            Err(JsonFault::TooDeep)
        );
        assert_eq!(
            parse(r#"{"a":"#.repeat(10_000).as_bytes()),
            Err(JsonFault::TooDeep)
        );
    }

    #[test]
    fn length_is_refused_with_its_place() {
        let list = |length: usize| format!(r#"{{"a": [{{"b": [0{}]}}]}}"#, ",0".repeat(length - 1));
        assert!(parse(list(MAX_ITEMS).as_bytes()).is_ok());
        let fault = parse(list(MAX_ITEMS + 1).as_bytes());
        assert_eq!(fault, Err(JsonFault::TooLong("a[0].b".to_owned())));
        let names: Vec<String> = (0..=MAX_ITEMS).map(|n| format!("\"{n}\":0")).collect();
        let fault = parse(format!("{{{}}}", names.join(",")).as_bytes()).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the body has more than 10000 items in one object or list; send less at once"
        );
    }

    #[test]
    fn a_name_given_twice_is_refused_with_its_path() {
        let fault = parse(br#"{"list": [{"a": 1, "b": 2, "a": 3}]}"#);
        assert_eq!(fault, Err(JsonFault::Duplicate("list[0].a".to_owned())));
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        let fault = parse(b"{\"a\": 1,\n }").unwrap_err().to_string();
        assert_eq!(
            fault,
            "the body is not valid JSON: line 2, column 2: trailing comma"
        );
        assert!(parse(b"{} {}").is_err());
        assert!(parse(b"").is_err());
    }
}
