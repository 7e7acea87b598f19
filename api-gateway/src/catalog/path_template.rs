use percent_encoding::percent_decode_str;

/// The path template of a route, as `google.api.http` defines it:
/// `/v1/tasks/{task_id}:complete`, `/v1/{name=shelves/*/books/**}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathTemplate {
    text: String,
    segments: Vec<Segment>,
    variables: Vec<Variable>,
    verb: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    // The order is that of precedence: a literal wins over a wildcard.
    Literal(String),
    One,
    Rest,
}

/// A variable and the segments, from `start` up to `end`, that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Variable {
    field_path: String,
    start: usize,
    end: usize,
}

/// The path of a request, taken apart.
pub(super) struct RequestPath<'a> {
    parts: Vec<&'a str>,
    verb: Option<&'a str>,
}

impl PathTemplate {
    /// Parses a template; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let fault = |what: &str| format!("path template \"{text}\" {what}");
        let path = text
            .strip_prefix('/')
            .ok_or_else(|| fault("must begin with /"))?;
        let (path, verb) = split_verb(path);
        if verb.is_some_and(|verb| verb.is_empty() || verb.contains(['*', '{'])) {
            return Err(fault("has a verb that is not a plain word"));
        }
        let mut template = Self {
            text: text.to_owned(),
            segments: Vec::new(),
            variables: Vec::new(),
            verb: verb.map(str::to_owned),
        };
        for part in split_outside_braces(path) {
            match part.strip_prefix('{') {
                Some(rest) => {
                    let variable = rest
                        .strip_suffix('}')
                        .ok_or_else(|| fault("has a { without its }"))?;
                    template
                        .add_variable(variable)
                        .map_err(|what| fault(&what))?;
                }
                None => template.add_segment(part).map_err(|what| fault(&what))?,
            }
        }
        let rest = template.segments.iter().position(|s| *s == Segment::Rest);
        if rest.is_some_and(|at| at + 1 < template.segments.len()) {
            return Err(fault("has ** before its last segment"));
        }
        Ok(template)
    }

    fn add_variable(&mut self, variable: &str) -> Result<(), String> {
        let (field_path, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
        if field_path.is_empty() {
            return Err("has a variable without a name".to_owned());
        }
        if self.variables.iter().any(|v| v.field_path == field_path) {
            return Err(format!("uses {{{field_path}}} twice"));
        }
        let start = self.segments.len();
        for part in pattern.split('/') {
            self.add_segment(part)?;
        }
        self.variables.push(Variable {
            field_path: field_path.to_owned(),
            start,
            end: self.segments.len(),
        });
        Ok(())
    }

    fn add_segment(&mut self, part: &str) -> Result<(), String> {
        self.segments.push(match part {
            "*" => Segment::One,
            "**" => Segment::Rest,
            "" => return Err("has an empty segment".to_owned()),
            literal if literal.contains(['*', '{', '}', ':']) => {
                return Err(format!(
                    "has \"{literal}\", which is neither a word nor a variable"
                ));
            }
            literal => Segment::Literal(literal.to_owned()),
        });
        Ok(())
    }

    /// Returns the template as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the field paths of the variables.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|v| v.field_path.as_str())
    }

    /// Returns the parts in which two templates must differ, and by which they are ordered.
    pub(super) fn shape(&self) -> (&[Segment], Option<&str>) {
        (&self.segments, self.verb.as_deref())
    }

    /// Returns the values of the variables, in their order, if the path fits.
    pub(super) fn matches(&self, path: &RequestPath<'_>) -> Option<Vec<String>> {
        let RequestPath { parts, verb } = path;
        if *verb != self.verb.as_deref() {
            return None;
        }
        let open_ended = self.segments.last() == Some(&Segment::Rest);
        let fits = match open_ended {
            true => parts.len() + 1 >= self.segments.len(),
            false => parts.len() == self.segments.len(),
        };
        if !fits {
            return None;
        }
        for (segment, part) in self.segments.iter().zip(parts) {
            match segment {
                Segment::Literal(literal) if literal != part => return None,
                Segment::One if part.is_empty() => return None,
                _ => {}
            }
        }
        self.variables
            .iter()
            .map(|variable| {
                let takes_rest = self.segments[variable.end - 1] == Segment::Rest;
                let end = if takes_rest {
                    parts.len()
                } else {
                    variable.end
                };
                match &parts[variable.start..end] {
                    [segment] if !takes_rest => decode(segment),
                    // An encoded slash stays encoded, so that it is not taken for a boundary of segments (google/api/http.proto).
                    segments => {
                        let decoded = segments.iter().map(|segment| decode_but_slash(segment));
                        Some(decoded.collect::<Option<Vec<_>>>()?.join("/"))
                    }
                }
            })
            .collect()
    }

    /// Returns the template with the variables' places taken from a path, to measure how near the path came.
    pub(super) fn filled_from(&self, path: &str) -> String {
        let (path, _) = split_verb(path.trim_matches('/'));
        let parts: Vec<&str> = path.split('/').collect();
        let filled = self.segments.iter().enumerate().map(|(at, segment)| {
            match segment {
                Segment::Literal(literal) => literal.as_str(),
                Segment::One | Segment::Rest => parts.get(at).copied().unwrap_or("*"),
            }
            .to_owned()
        });
        let path = filled.collect::<Vec<_>>().join("/");
        let verb = self.verb.iter().map(|verb| format!(":{verb}"));
        format!("/{path}{}", verb.collect::<String>())
    }
}

impl<'a> RequestPath<'a> {
    /// Splits a path, once for all templates, in the order in which the results are tried. A colon in the last segment begins a
    /// verb. An encoded colon (`%3A`) may begin one as well, if there is such a route, or may belong to a value.
    pub(super) fn split(path: &'a str) -> Vec<Self> {
        let Some(path) = path.strip_prefix('/') else {
            return Vec::new();
        };
        let parts = |path: &'a str| path.split('/').collect();
        let (before, verb) = split_verb(path);
        let plain = Self {
            parts: parts(before),
            verb,
        };
        let last = last_segment(path);
        let encoded = path[last..].rmatch_indices('%').find_map(|(at, _)| {
            let at = last + at;
            let is_colon = path[at..].get(..3)?.eq_ignore_ascii_case("%3a");
            is_colon.then_some((&path[..at], &path[at + 3..]))
        });
        match encoded {
            // A plain colon behind it is the one that begins the verb.
            Some((before, verb)) if !verb.contains(':') => {
                let encoded = Self {
                    parts: parts(before),
                    verb: Some(verb),
                };
                vec![encoded, plain]
            }
            _ => vec![plain],
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

fn decode_but_slash(text: &str) -> Option<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut start = 0;
    for (at, _) in text.match_indices('%') {
        let slash = text.get(at..at + 3);
        if let Some(slash) = slash.filter(|code| code.eq_ignore_ascii_case("%2f")) {
            decoded.push_str(&decode(&text[start..at])?);
            decoded.push_str(slash);
            start = at + slash.len();
        }
    }
    decoded.push_str(&decode(&text[start..])?);
    Some(decoded)
}

fn last_segment(path: &str) -> usize {
    path.rfind(['/', '}']).map_or(0, |at| at + 1)
}

/// Splits a path into what stands before and after the colon in its last segment.
fn split_verb(path: &str) -> (&str, Option<&str>) {
    let last = last_segment(path);
    match path[last..].rfind(':') {
        Some(at) => (&path[..last + at], Some(&path[last + at + 1..])),
        None => (path, None),
    }
}

fn split_outside_braces(path: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, letter) in path.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            '/' if depth == 0 => {
                parts.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&path[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, path: &str) -> Option<Vec<String>> {
        let template = PathTemplate::parse(template).unwrap();
        let splits = RequestPath::split(path);
        splits.iter().find_map(|path| template.matches(path))
    }

    #[test]
    fn a_variable_takes_one_segment() {
        assert_eq!(
            values("/v1/tasks/{task_id}", "/v1/tasks/7"),
            Some(vec!["7".into()])
        );
        assert_eq!(values("/v1/tasks/{task_id}", "/v1/tasks/7/x"), None);
        assert_eq!(values("/v1/tasks/{task_id}", "/v1/tasks/"), None);
    }

    #[test]
    fn a_custom_verb_is_part_of_the_route() {
        let template = "/v1/tasks/{task_id}:complete";
        assert_eq!(
            values(template, "/v1/tasks/7:complete"),
            Some(vec!["7".into()])
        );
        assert_eq!(values(template, "/v1/tasks/7"), None);
        assert_eq!(values("/v1/tasks/{task_id}", "/v1/tasks/7:complete"), None);
        assert_eq!(
            values("/v1/recurrence:preview", "/v1/recurrence:preview"),
            Some(vec![])
        );
    }

    #[test]
    fn encoded_colon_begins_a_verb_or_belongs_to_a_value() {
        let verb = "/v1/tasks/{task_id}:complete";
        for (template, path, expected) in [
            (verb, "/v1/tasks/7%3Acomplete", "7"),
            (verb, "/v1/tasks/7%3acomplete", "7"),
            (verb, "/v1/tasks/a%3Ab%3Acomplete", "a:b"),
            (verb, "/v1/tasks/a%3Ab:complete", "a:b"),
            (verb, "/v1/tasks/7%253A:complete", "7%3A"),
            ("/v1/tasks/{task_id}", "/v1/tasks/a%3Ab", "a:b"),
            ("/v1/tasks/{task_id}", "/v1/tasks/%3A", ":"),
            ("/v1/tasks/{task_id}", "/v1/tasks/a%253Ab", "a%3Ab"),
        ] {
            assert_eq!(
                values(template, path),
                Some(vec![expected.into()]),
                "{path}"
            );
        }
        assert_eq!(
            values("/v1/tasks:search", "/v1/tasks%3asearch"),
            Some(vec![])
        );
        for path in ["/v1/tasks/7%253Acomplete", "/v1/tasks%3A7/complete"] {
            assert_eq!(values(verb, path), None, "{path}");
        }
    }

    #[test]
    fn encoded_characters_stay_within_their_segment() {
        for (template, path, expected) in [
            ("/v1/tasks/{task_id}", "/v1/tasks/a%2Fb", "a/b"),
            (
                "/v1/tasks/{task_id}",
                "/v1/tasks/a%2fb%20c%3F%23",
                "a/b c?#",
            ),
            ("/v1/tasks/{task_id}", "/v1/tasks/%2e%2E", ".."),
            ("/v1/tasks/{task_id}", "/v1/tasks/%C3%A9+", "é+"),
            ("/v1/tasks/{task_id}", "/v1/tasks/%2541", "%41"),
            (
                "/v1/{name=shelves/*}",
                "/v1/shelves/a%2Fb%20c",
                "shelves/a%2Fb c",
            ),
            (
                "/v1/{name=shelves/**}",
                "/v1/shelves/a%2fb/c%41",
                "shelves/a%2fb/cA",
            ),
        ] {
            assert_eq!(
                values(template, path),
                Some(vec![expected.into()]),
                "{path}"
            );
        }
    }

    #[test]
    fn a_variable_with_a_pattern_takes_all_its_segments() {
        let template = "/v1/{name=shelves/*/books/**}:read";
        assert_eq!(
            values(template, "/v1/shelves/1/books/2/3:read"),
            Some(vec!["shelves/1/books/2/3".into()])
        );
        assert_eq!(values(template, "/v1/shelves/1/movies/2:read"), None);
    }

    #[test]
    fn a_wrong_template_says_what_is_wrong() {
        for (template, fault) in [
            ("v1", "must begin with /"),
            ("/v1//x", "empty segment"),
            ("/v1/{a", "without its }"),
            ("/v1/{}", "without a name"),
            ("/v1/{a}/{a}", "twice"),
            ("/v1/**/x", "before its last segment"),
            ("/v1/a:", "verb"),
            ("/v1/a*b", "neither a word nor a variable"),
        ] {
            let error = PathTemplate::parse(template).unwrap_err();
            assert!(error.contains(fault), "{error}");
        }
    }
}
