use crate::files::contents::InvalidFile;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The content lines of a file, unfolded (RFC 5545, 3.1).
#[derive(Debug)]
pub struct Lines {
    /// The lines, each with a line feed at its end.
    pub text: String,
    /// The number of the line in the file at which each begins, from 1.
    pub numbers: Vec<usize>,
}

impl Lines {
    /// Unfolds a file, then decodes it: a fold may stand between the octets of one character.
    pub fn unfold(bytes: &[u8]) -> Result<Self, InvalidFile> {
        let line_end = if bytes.contains(&b'\n') { b'\n' } else { b'\r' };
        let mut text = Vec::with_capacity(bytes.len());
        let mut numbers = Vec::new();
        // Offsets in the text and in the file of each line of the file, to name the octet that is wrong.
        let mut pieces = Vec::new();
        let mut offset = 0;
        for (index, line) in bytes.split(|byte| *byte == line_end).enumerate() {
            let mut begin = offset;
            offset += line.len() + 1;
            let mut content = line;
            while let Some(shorter) = content.strip_suffix(b"\r") {
                content = shorter;
            }
            match content {
                [b' ' | b'\t', folded @ ..] if !numbers.is_empty() => {
                    begin += 1;
                    content = folded;
                    text.pop();
                }
                _ => numbers.push(index + 1),
            }
            if let Some(marked) = content.strip_prefix(BYTE_ORDER_MARK)
                && index == 0
            {
                begin += BYTE_ORDER_MARK.len();
                content = marked;
            }
            pieces.push((text.len(), begin));
            text.extend_from_slice(content);
            text.push(b'\n');
        }
        match String::from_utf8(text) {
            Ok(text) => Ok(Self { text, numbers }),
            Err(error) => {
                let wrong = error.utf8_error().valid_up_to();
                let line = pieces.partition_point(|(start, _)| *start <= wrong);
                let (start, begin) = pieces
                    .get(line.saturating_sub(1))
                    .copied()
                    .unwrap_or_default();
                let byte = begin + wrong.saturating_sub(start) + 1;
                Err(InvalidFile::NotUtf8 { line, byte })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_undone_wherever_they_stand() {
        for (file, text) in [
            (&b"SUMMARY:a\r\n b\r\n\tc\r\n"[..], "SUMMARY:abc\n\n"),
            (b"SUMMARY:a\n b", "SUMMARY:ab\n"),
            (b"RRU\r\n LE:x\r\nA:b", "RRULE:x\nA:b\n"),
            (b"BEG\r\n IN:VTODO\r\n", "BEGIN:VTODO\n\n"),
            (
                b"SUMMARY:\xf0\x9f\r\n \x92\x99\r\n",
                "SUMMARY:\u{1f499}\n\n",
            ),
            (b"SUMMARY:\xc3\r\n\t\xa4", "SUMMARY:ä\n"),
            (b"\xef\xbb\xbfSUMMARY:x", "SUMMARY:x\n"),
            (b"A:1\rB:2\r 3\r", "A:1\nB:23\n\n"),
            (b"A:1\r\r\n 2\r\r\n", "A:12\n\n"),
            (b"A:1\r\n  2", "A:1 2\n"),
            (b"A:1\r\n \r\n 2", "A:12\n"),
        ] {
            assert_eq!(Lines::unfold(file).unwrap().text, text, "{file:?}");
        }
    }

    #[test]
    fn lines_keep_their_numbers() {
        let lines = Lines::unfold(b"A:1\n 2\n 3\nB:4\nC:5").unwrap();
        assert_eq!(lines.numbers, [1, 4, 5]);
    }

    #[test]
    fn octet_that_is_not_utf8_is_named() {
        let refusal = Lines::unfold(b"A:1\r\n b\r\n c\xff\r\n").unwrap_err();
        assert_eq!(refusal, InvalidFile::NotUtf8 { line: 3, byte: 12 });
    }
}
