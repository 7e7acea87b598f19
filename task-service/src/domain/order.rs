//! The order of a list.

use std::fmt;

use service_runtime::{filter::Field as _, words};

use super::{filter::Field, nearest};

/// Order of a list: the requested keys, then the time of creation, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order(Vec<OrderKey>);

/// One field to order by; tasks that do not have it come last in either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderKey {
    /// The field.
    pub field: OrderField,
    /// Greatest value first.
    pub descending: bool,
}

/// A field that tasks can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderField {
    /// When it should be done.
    Due,
    /// Priority.
    Priority,
    /// Title, case-insensitive.
    Title,
    /// When lists begin to show it.
    Start,
    /// When it was created.
    Create,
    /// When it last changed.
    Update,
    /// When it was completed.
    Complete,
}

/// Invalid order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrder {
    /// Unknown field.
    #[error(
        "\"{}\" is no field to order by; give {}{}",
        given.escape_debug(),
        OrderField::words().collect::<Vec<_>>().join(", "),
        suggestion.map(|field| format!("; did you mean {field}?")).unwrap_or_default()
    )]
    UnknownField {
        /// Given text.
        given: String,
        /// Field that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A field is followed by something else than `asc` or `desc`.
    #[error(
        "\"{}\" is no direction; give desc, or nothing for asc, and separate fields by commas",
        .0.escape_debug()
    )]
    UnknownDirection(String),
    /// A field occurs twice.
    #[error("names {} twice", .0.word())]
    Twice(OrderField),
}

impl Order {
    /// Reads an order such as `priority desc, due`; an empty one is the newest first.
    pub fn parse(text: &str) -> Result<Self, InvalidOrder> {
        let mut keys: Vec<OrderKey> = Vec::new();
        for part in text.split(',') {
            if part.trim().is_empty() && text.trim().is_empty() {
                break;
            }
            let key = OrderKey::parse(part)?;
            if keys.iter().any(|other| other.field == key.field) {
                return Err(InvalidOrder::Twice(key.field));
            }
            keys.push(key);
        }
        if !keys.iter().any(|key| key.field == OrderField::Create) {
            keys.push(OrderKey {
                field: OrderField::Create,
                descending: true,
            });
        }
        Ok(Self(keys))
    }

    /// Returns its keys, of which the time of creation is always one.
    pub fn keys(&self) -> &[OrderKey] {
        &self.0
    }
}

impl OrderKey {
    fn parse(text: &str) -> Result<Self, InvalidOrder> {
        let mut words = text.split_whitespace();
        let word = words.next().unwrap_or_default();
        let field = OrderField::named(word).ok_or_else(|| InvalidOrder::UnknownField {
            given: shortened(word),
            suggestion: OrderField::meant_by(word)
                .map(OrderField::word)
                .or_else(|| nearest(word, OrderField::words())),
        })?;
        let direction: Vec<&str> = words.collect();
        let descending = match direction.as_slice() {
            [] => false,
            [word] if word.eq_ignore_ascii_case("asc") => false,
            [word] if word.eq_ignore_ascii_case("desc") => true,
            words => return Err(InvalidOrder::UnknownDirection(shortened(&words.join(" ")))),
        };
        Ok(Self { field, descending })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

words! {
    OrderField {
        Due = "due",
        Priority = "priority",
        Title = "title",
        Start = "start",
        Create = "create",
        Update = "update",
        Complete = "complete",
    }
}

impl OrderField {
    /// Returns whether a task can be without it.
    pub fn is_optional(self) -> bool {
        matches!(self, Self::Due | Self::Start | Self::Complete)
    }

    /// Returns the field of a word: its own, or the name that it has in a task.
    fn named(word: &str) -> Option<Self> {
        Self::from_word(match word {
            "due_time" | "due_date" => "due",
            "start_time" => "start",
            "create_time" => "create",
            "update_time" => "update",
            "complete_time" => "complete",
            word => word,
        })
    }

    /// Returns the field that a word means in other systems or in another spelling.
    fn meant_by(word: &str) -> Option<Self> {
        Self::named(Field::suggested_for(word)?.word())
    }

    fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::word)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, key) in self.0.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            let direction = if key.descending { " desc" } else { "" };
            write!(formatter, "{comma}{}{direction}", key.field.word())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str) -> String {
        Order::parse(text).unwrap().to_string()
    }

    #[test]
    fn the_newest_comes_first_among_equals() {
        assert_eq!(order(""), "create desc");
        assert_eq!(order("  "), "create desc");
        assert_eq!(order("create"), "create");
        assert_eq!(
            order("priority desc, due"),
            "priority desc, due, create desc"
        );
    }

    #[test]
    fn fields_may_have_the_names_that_they_have_in_a_task() {
        assert_eq!(
            order(" due_time  DESC,title asc"),
            "due desc, title, create desc"
        );
    }

    #[test]
    fn words_of_other_systems_bring_suggestion() {
        for (word, meant) in [
            ("dueDate", Some("due")),
            ("deadline", Some("due")),
            ("created_at", Some("create")),
            ("lastModified", Some("update")),
            ("completedAt", Some("complete")),
            ("name", Some("title")),
            ("importance", Some("priority")),
            ("startDate", Some("start")),
            ("category", None),
            ("assignee", None),
        ] {
            let error = Order::parse(word).unwrap_err();
            let InvalidOrder::UnknownField { suggestion, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!(*suggestion, meant, "{word}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, words) in [
            (
                "priorty",
                "\"priorty\" is no field to order by; give due, priority, title, start, create, update, complete; did you mean priority?",
            ),
            (
                "due,",
                "\"\" is no field to order by; give due, priority, title, start, create, update, complete",
            ),
            (
                "due down",
                "\"down\" is no direction; give desc, or nothing for asc, and separate fields by commas",
            ),
            (
                "due priority",
                "\"priority\" is no direction; give desc, or nothing for asc, and separate fields by commas",
            ),
            ("due, priority, due_time desc", "names due twice"),
        ] {
            assert_eq!(Order::parse(text).unwrap_err().to_string(), words);
        }
    }
}
