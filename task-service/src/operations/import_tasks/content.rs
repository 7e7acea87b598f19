//! Content of imported tasks, corrected where it breaks a rule.

use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization;

use crate::{
    domain::{Description, Details, Name, Title, check_time, limits, tag_names},
    files::{FileTask, Format, Loss},
};

/// A task in the making, and what of it is lost on the way.
pub struct Draft<'a> {
    /// Task as the file describes it.
    pub file: &'a FileTask,
    /// Losses.
    pub losses: Vec<Loss>,
    format: Format,
}

impl<'a> Draft<'a> {
    /// Begins with the losses of the file's parser.
    pub fn new(file: &'a FileTask, format: Format) -> Self {
        Self {
            file,
            losses: file.losses.clone(),
            format,
        }
    }

    /// Notes that a field could not be kept, under the name that it has in the file.
    pub fn lose(&mut self, field: &'static str, reason: impl Into<String>) {
        let field = self.format.field(field);
        let loss = Loss::new(self.file.line, &self.file.source_id, field, reason);
        self.losses.push(loss);
    }

    /// Returns what the task says; fails if it says nothing.
    pub fn details(&mut self) -> Result<Details, Loss> {
        let file = self.file;
        let title = match Title::parse(&file.title) {
            Ok(title) => title,
            Err(_) => {
                let mended = mended(&file.title, limits::TITLE, |_| false);
                let title = Title::parse(mended.trim()).map_err(|error| {
                    let field = self.format.field("title");
                    let reason = format!("{field} {error}");
                    Loss::whole(file.line, &file.source_id, reason)
                })?;
                self.lose("title", self.what_was_mended(&file.title, limits::TITLE));
                title
            }
        };
        let description = match Description::parse(&file.description) {
            Ok(description) => description,
            Err(_) => {
                let is_layout = |character| matches!(character, '\n' | '\t');
                let text = file.description.replace("\r\n", "\n");
                let mended = mended(&text, limits::DESCRIPTION, is_layout);
                self.lose(
                    "description",
                    self.what_was_mended(&text, limits::DESCRIPTION),
                );
                Description::parse(&mended).unwrap_or_default()
            }
        };
        Ok(Details {
            title,
            description,
            priority: file.priority.unwrap_or_default(),
            muted: file.muted,
        })
    }

    /// Returns the name of its category.
    pub fn category(&mut self) -> Option<Name> {
        let file = self.file;
        (!file.category.trim().is_empty())
            .then(|| self.name("category", &file.category))
            .flatten()
    }

    /// Returns the names of its tags.
    pub fn tags(&mut self) -> Vec<Name> {
        let file = self.file;
        let names = file.tags.iter().filter(|name| !name.trim().is_empty());
        let mut tags: Vec<Name> = Vec::new();
        for name in names {
            let Some(name) = self.name("tags", name) else {
                continue;
            };
            tags.push(name);
            // Two spellings of one name are one tag.
            if tags.len() > limits::TAGS {
                tags = tag_names(tags.clone()).unwrap_or(tags);
            }
            if tags.len() > limits::TAGS {
                tags.truncate(limits::TAGS);
                self.lose(
                    "tags",
                    format!("only the first {} tags are kept", limits::TAGS),
                );
                break;
            }
        }
        tag_names(tags).unwrap_or_default()
    }

    fn name(&mut self, field: &'static str, text: &str) -> Option<Name> {
        match Name::parse(text) {
            Ok(name) => Some(name),
            Err(error) => {
                self.lose(field, format!("a name {error}"));
                None
            }
        }
    }

    /// Returns when a completed task was completed.
    pub fn complete_time(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self.file.complete_time {
            Some(time) if time <= now && is_in_bounds(time) => time,
            Some(_) => {
                self.lose(
                    "complete_time",
                    "is not a time in the past; the completion time is now",
                );
                now
            }
            None => now,
        }
    }

    fn what_was_mended(&self, text: &str, longest: usize) -> String {
        if text.nfc().count() > longest {
            format!("is longer than {longest} characters and was truncated")
        } else {
            "has control characters, which became spaces".to_owned()
        }
    }
}

/// Returns whether users may name a moment.
pub fn is_in_bounds(time: DateTime<Utc>) -> bool {
    check_time(time).is_ok()
}

/// Returns a text without control characters and no longer than it may be.
fn mended(text: &str, longest: usize, is_layout: impl Fn(char) -> bool) -> String {
    let visible = text.nfc().map(|character| match character {
        character if character.is_control() && !is_layout(character) => ' ',
        character => character,
    });
    visible.take(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(title: &str) -> FileTask {
        FileTask {
            title: title.to_owned(),
            ..FileTask::at(7)
        }
    }

    fn lost<'a>(draft: &'a Draft<'_>) -> Vec<&'a str> {
        draft
            .losses
            .iter()
            .map(|loss| loss.field.as_str())
            .collect()
    }

    #[test]
    fn what_breaks_no_rule_is_kept_as_it_is() {
        let file = FileTask {
            description: "one\n\ttwo".to_owned(),
            tags: ["b", "B", " a "].map(str::to_owned).to_vec(),
            category: " home ".to_owned(),
            ..file(" milk ")
        };
        let mut draft = Draft::new(&file, Format::Csv);
        let details = draft.details().unwrap();
        assert_eq!(details.title.as_ref(), " milk ");
        assert_eq!(details.description.as_ref(), "one\n\ttwo");
        let tags = draft.tags();
        let tags: Vec<_> = tags.iter().map(Name::as_ref).collect();
        assert_eq!(tags, ["b", "a"]);
        assert_eq!(draft.category().unwrap().as_ref(), "home");
        assert!(draft.losses.is_empty());
    }

    #[test]
    fn texts_are_mended_and_the_loss_is_reported() {
        let file = FileTask {
            description: "x".repeat(20_001),
            ..file("Two\r\nlines")
        };
        let mut draft = Draft::new(&file, Format::Calendar);
        let details = draft.details().unwrap();
        assert_eq!(details.title.as_ref(), "Two  lines");
        assert_eq!(details.description.as_ref().len(), 20_000);
        assert_eq!(lost(&draft), ["SUMMARY", "DESCRIPTION"]);
        assert_eq!(draft.losses[0].line, 7);
    }

    #[test]
    fn a_task_that_says_nothing_is_none() {
        let file = file(" \n ");
        let loss = Draft::new(&file, Format::Calendar).details().unwrap_err();
        assert_eq!(loss.field, "");
        assert!(loss.reason.starts_with("SUMMARY must not be empty"));
    }

    #[test]
    fn fifty_tags_are_kept() {
        let file = FileTask {
            tags: (0..100)
                .map(|number| format!("tag {}", number / 2))
                .collect(),
            ..file("x")
        };
        let mut draft = Draft::new(&file, Format::Csv);
        assert_eq!(draft.tags().len(), 50);
        assert!(draft.losses.is_empty());

        let file = FileTask {
            tags: (0..60)
                .map(|number| format!("tag {number}"))
                .chain(["x".repeat(101)])
                .collect(),
            ..file
        };
        let mut draft = Draft::new(&file, Format::Csv);
        assert_eq!(draft.tags().len(), 50);
        assert_eq!(lost(&draft), ["tags"]);
    }
}
