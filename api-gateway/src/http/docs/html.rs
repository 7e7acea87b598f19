/// Writes text so that a browser shows it as it is.
pub(in crate::http) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Writes a comment, paragraph by paragraph.
pub(super) fn paragraphs(comment: &str) -> String {
    let paragraphs = comment.split("\n\n").filter(|text| !text.is_empty());
    paragraphs
        .map(|text| format!("<p>{}</p>\n", escape(text)))
        .collect()
}

/// Writes text in the letters of code.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// Writes a table with a heading for each column; nothing if it has no rows. Cells are HTML already.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: Vec<String>| format!("<tr>{}</tr>\n", cells.concat());
    let head = line(
        headings
            .iter()
            .map(|text| format!("<th>{text}</th>"))
            .collect(),
    );
    let body: String = rows
        .iter()
        .map(|row| line(row.iter().map(|cell| format!("<td>{cell}</td>")).collect()))
        .collect();
    format!(
        "<div class=\"table\"><table>\n<thead>{head}</thead>\n<tbody>{body}</tbody>\n</table></div>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_would_take_for_a_tag_is_text() {
        assert_eq!(
            escape("a < b & \"c\" > d"),
            "a &lt; b &amp; &quot;c&quot; &gt; d"
        );
        assert_eq!(
            paragraphs("One.\n\n<Two>."),
            "<p>One.</p>\n<p>&lt;Two&gt;.</p>\n"
        );
        assert_eq!(table(["a"], &[]), "");
    }
}
