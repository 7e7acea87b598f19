use std::ops::Range;

/// A piece of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it says, without the marks around it.
    pub text: String,
    /// Where that stands in the search, in bytes.
    pub place: Range<usize>,
    /// Whether it stood in quotes.
    pub quoted: bool,
    /// Whether a minus stood before it.
    pub negated: bool,
}

/// Splits a search at its spaces and quotes. Quotes that are not closed reach to the end.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text.char_indices();
    while let Some((at, character)) = rest.next() {
        if character.is_whitespace() {
            continue;
        }
        let minus = character == '-' && rest.clone().next().is_some_and(|(_, next)| begins(next));
        let (start, first) = match minus.then(|| rest.next()).flatten() {
            Some(next) => next,
            None => (at, character),
        };
        let quoted = is_quote(first);
        let place = if quoted {
            let start = start + first.len_utf8();
            let end = rest.find(|(_, next)| is_quote(*next));
            start..end.map_or(text.len(), |(end, _)| end)
        } else {
            // A quote that ends a word opens the next piece.
            while rest
                .clone()
                .next()
                .is_some_and(|(_, next)| !next.is_whitespace() && !is_quote(next))
            {
                rest.next();
            }
            start..rest.offset()
        };
        pieces.push(Piece {
            text: text[place.clone()].to_owned(),
            place,
            quoted,
            negated: minus,
        });
    }
    pieces
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '„' | '«' | '»')
}

/// Whether a minus before this character leaves something out; in "a - b" and "--" it is only a dash.
fn begins(character: char) -> bool {
    !character.is_whitespace() && character != '-'
}
