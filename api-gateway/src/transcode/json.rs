use std::{borrow::Cow, collections::HashSet};

use serde::{
    Deserialize,
    de::{Error, MapAccess},
};

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

/// Limits of a JSON text, checked while it is read: depth, length and duplicate names.
#[derive(Debug, Default)]
pub(super) struct Limits {
    depth: usize,
    fault: Option<JsonFault>,
}

/// Names of an object that have been read.
pub(super) type Names<'de> = HashSet<Cow<'de, str>>;

impl Limits {
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
        if self.depth == MAX_DEPTH {
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
        match length >= MAX_ITEMS {
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
        let Some(Name(name)) = entries.next_key()? else {
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

/// Name in an object, read without a copy where there is no escape in it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcode::parse;

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
