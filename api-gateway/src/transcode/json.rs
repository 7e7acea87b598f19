use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::violation::within;

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

/// Parses a JSON text, and refuses depth and duplicate names before anything is built on them.
///
/// # Errors
///
/// Fails with the first fault found.
pub fn parse(text: &[u8]) -> Result<Value, JsonFault> {
    let fault = RefCell::new(None);
    let seed = Checked {
        depth: 0,
        place: Place::Top,
        fault: &fault,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let parsed = seed.deserialize(&mut deserializer);
    let parsed = parsed.and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        fault.take().unwrap_or_else(|| JsonFault::Syntax {
            line: error.line(),
            column: error.column(),
            what: without_position(&error.to_string()),
        })
    })
}

fn without_position(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message[..end].to_owned()
}

#[derive(Clone, Copy)]
struct Checked<'a> {
    depth: usize,
    place: Place<'a>,
    fault: &'a RefCell<Option<JsonFault>>,
}

/// Where a value stands. Most values are right, so the path is put together only for those that are not.
#[derive(Clone, Copy)]
enum Place<'a> {
    Top,
    Item(&'a Place<'a>, usize),
    Entry(&'a Place<'a>, &'a str),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Self::Top => String::new(),
            Self::Item(list, at) => format!("{}[{at}]", list.path()),
            Self::Entry(object, name) => within(&object.path(), name),
        }
    }
}

impl<'a> Checked<'a> {
    fn inner<'b>(&self, place: Place<'b>) -> Checked<'b>
    where
        'a: 'b,
    {
        Checked {
            depth: self.depth + 1,
            place,
            fault: self.fault,
        }
    }

    fn refuse<E: serde::de::Error>(&self, fault: JsonFault) -> E {
        *self.fault.borrow_mut() = Some(fault);
        E::custom("refused")
    }

    fn check_length<E: serde::de::Error>(&self, length: usize) -> Result<(), E> {
        match length < MAX_ITEMS {
            true => Ok(()),
            false => Err(self.refuse(JsonFault::TooLong(self.place.path()))),
        }
    }

    fn check_depth<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.depth < MAX_DEPTH {
            true => Ok(()),
            false => Err(self.refuse(JsonFault::TooDeep)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Checked<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut list = Vec::new();
        while let Some(item) =
            items.next_element_seed(self.inner(Place::Item(&self.place, list.len())))?
        {
            self.check_length(list.len())?;
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            self.check_length(object.len())?;
            let place = Place::Entry(&self.place, &name);
            if object.contains_key(&name) {
                return Err(self.refuse(JsonFault::Duplicate(place.path())));
            }
            let value = entries.next_value_seed(self.inner(place))?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
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
