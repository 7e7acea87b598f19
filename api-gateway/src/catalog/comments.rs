use std::collections::HashMap;

use prost_reflect::FileDescriptor;

/// The leading comments of one file by the path of what they stand before.
pub(super) struct FileComments(HashMap<Vec<i32>, String>);

impl FileComments {
    pub(super) fn of(file: &FileDescriptor) -> Self {
        let locations = file
            .file_descriptor_proto()
            .source_code_info
            .iter()
            .flat_map(|info| &info.location);
        let comments = locations.filter_map(|location| {
            let comment = paragraph(location.leading_comments.as_deref()?);
            (!comment.is_empty()).then(|| (location.path.clone(), comment))
        });
        Self(comments.collect())
    }

    pub(super) fn at(&self, path: &[i32]) -> String {
        self.0.get(path).cloned().unwrap_or_default()
    }
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
