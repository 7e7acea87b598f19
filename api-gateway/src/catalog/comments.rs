use std::collections::HashMap;

use prost_reflect::{DescriptorPool, FileDescriptor};

/// The leading comments of a contract by file and path of what they stand before.
#[derive(Debug)]
pub struct Comments(HashMap<String, HashMap<Vec<i32>, String>>);

impl Comments {
    pub(super) fn read(pool: &DescriptorPool) -> Self {
        let files = pool.files().map(|file| {
            let info = file.file_descriptor_proto().source_code_info.iter();
            let comments = info.flat_map(|info| &info.location).filter_map(|location| {
                let comment = paragraph(location.leading_comments.as_deref()?);
                Some((location.path.clone(), comment))
            });
            (file.name().to_owned(), comments.collect())
        });
        Self(files.collect())
    }

    /// Returns the comment on what has this path in a file; empty if there is none.
    pub fn at(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        let comments = self.0.get(file.name());
        comments
            .and_then(|comments| comments.get(path))
            .map_or("", String::as_str)
    }
}

/// Returns the first paragraph of a comment: what an agent needs. What follows is for people.
pub fn brief(comment: &str) -> &str {
    comment.split("\n\n").next().unwrap_or_default()
}

/// Joins the lines of a comment, because they break where the editor's margin is; an empty line parts paragraphs.
fn paragraph(comment: &str) -> String {
    let mut text = String::new();
    for line in comment.lines().map(str::trim) {
        let separator = match (text.is_empty(), line.is_empty()) {
            (true, _) => "",
            (false, true) => "\n\n",
            (false, false) if text.ends_with('\n') => "",
            (false, false) => " ",
        };
        if !(line.is_empty() && text.ends_with('\n')) {
            text.push_str(separator);
        }
        text.push_str(line);
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::paragraph;

    #[test]
    fn broken_lines_become_one_paragraph() {
        assert_eq!(paragraph(" Creates a\n task.\n"), "Creates a task.");
    }

    #[test]
    fn an_empty_line_parts_paragraphs() {
        assert_eq!(paragraph(" One.\n\n Two\n lines.\n"), "One.\n\nTwo lines.");
    }
}
