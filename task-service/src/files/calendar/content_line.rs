use std::collections::HashMap;

/// Properties that a component has once at most.
const SINGLE: [&str; 13] = [
    "UID",
    "SUMMARY",
    "DESCRIPTION",
    "PRIORITY",
    "STATUS",
    "PERCENT-COMPLETE",
    "COMPLETED",
    "DUE",
    "DTSTART",
    "DURATION",
    "RRULE",
    "TRIGGER",
    "ACTION",
];
const TIMES: [&str; 6] = [
    "DUE",
    "DTSTART",
    "COMPLETED",
    "TRIGGER",
    "RECURRENCE-ID",
    "LAST-MODIFIED",
];

/// A content line that was unfolded (RFC 5545, 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentLine<'a> {
    /// The name of the property as it is written.
    pub name: &'a str,
    /// Its parameters, each with the semicolon before it.
    pub parameters: &'a str,
    /// Its value.
    pub value: &'a str,
}

/// A component in the form that the library reads without loss.
#[derive(Debug, PartialEq, Eq)]
pub struct Tidied {
    /// Its content lines.
    pub text: String,
    /// The names and values of properties that it has once more than it may.
    pub dropped: Vec<(String, String)>,
}

impl<'a> ContentLine<'a> {
    /// Takes a line apart; one without a colon has no value.
    pub fn parse(line: &'a str) -> Self {
        let line = line.trim_end_matches(['\r', '\n']);
        let mut quoted = false;
        let unquoted = line.find(|character| {
            quoted ^= character == '"';
            character == ':' && !quoted
        });
        let colon = unquoted.or_else(|| line.find(':'));
        let (head, value) = colon.map_or((line, ""), |colon| (&line[..colon], &line[colon + 1..]));
        let (name, parameters) = head.split_at(head.find(';').unwrap_or(head.len()));
        Self {
            name: name.trim(),
            parameters,
            value,
        }
    }

    /// Returns the name in upper case if something is done with lines of that name here.
    fn known_name(&self) -> &'static str {
        let names = ["BEGIN", "END"].iter().chain(&SINGLE).chain(&TIMES);
        let mut names = names.filter(|name| name.eq_ignore_ascii_case(self.name));
        names.next().copied().unwrap_or_default()
    }

    /// Returns the line with its time in the form of RFC 5545, where another is meant without doubt: a `VALUE` that does not
    /// fit, the separators of ISO 8601, fractions of a second, and durations of nothing (`P`).
    fn mended(&self, name: &str) -> Option<String> {
        let Self { parameters, .. } = self;
        if name == "DURATION" {
            return Some(format!("{name}{parameters}:{}", duration(self.value)?));
        }
        if !TIMES.contains(&name) {
            return None;
        }
        let parameters = without_value_type(parameters);
        match (basic_time(self.value), name) {
            (Some(time), "TRIGGER") => Some(format!("{name}{parameters};VALUE=DATE-TIME:{time}")),
            (Some(time), _) => Some(format!("{name}{parameters}:{time}")),
            (None, "TRIGGER") => {
                let value = duration(self.value).unwrap_or(self.value);
                Some(format!("{name}{parameters}:{value}"))
            }
            // Of a time that it does not understand, the library would read the beginning.
            (None, _) => Some(format!("{name}{parameters}:?{}", self.value)),
        }
    }
}

impl Tidied {
    /// Leaves out what a component has once more than it may: of several values the first counts.
    pub fn new(component: &str) -> Self {
        let mut tidied = Self {
            text: String::with_capacity(component.len()),
            dropped: Vec::new(),
        };
        let mut first: Vec<HashMap<&str, ContentLine<'_>>> = Vec::new();
        for line in component.lines() {
            let property = ContentLine::parse(line);
            let name = property.known_name();
            match name {
                "BEGIN" => first.push(HashMap::new()),
                "END" => {
                    first.pop();
                }
                single if SINGLE.contains(&single) => {
                    if property.value.trim().is_empty() {
                        continue;
                    }
                    if let Some(first) = first.last().and_then(|first| first.get(single)) {
                        if (first.parameters, first.value) != (property.parameters, property.value)
                        {
                            let value = property.value.to_owned();
                            tidied.dropped.push((name.to_owned(), value));
                        }
                        continue;
                    }
                    if let Some(first) = first.last_mut() {
                        first.insert(single, property);
                    }
                }
                _ => {}
            }
            let mended = property.mended(name);
            tidied.text.push_str(mended.as_deref().unwrap_or(line));
            tidied.text.push('\n');
        }
        tidied
    }
}

/// Returns the value of a property as it is written, if the component itself has it.
///
/// The library normalises some values as it reads them: a rule loses what it does not know. What others judge they get as it was.
pub fn raw_value<'a>(component: &'a str, property: &str) -> Option<&'a str> {
    let mut depth = 0;
    for line in component.lines() {
        let line = ContentLine::parse(line);
        if line.name.eq_ignore_ascii_case("BEGIN") {
            depth += 1;
        } else if line.name.eq_ignore_ascii_case("END") {
            depth -= 1;
        } else if depth == 1 && line.name.eq_ignore_ascii_case(property) {
            return Some(line.value.trim());
        }
    }
    None
}

/// Returns a duration of nothing as the RFC has it.
fn duration(value: &str) -> Option<&'static str> {
    let value = value.trim().trim_start_matches(['+', '-']);
    ["P", "PT"]
        .iter()
        .any(|nothing| value.eq_ignore_ascii_case(nothing))
        .then_some("PT0S")
}

fn without_value_type(parameters: &str) -> String {
    let mut quoted = false;
    let parts = parameters.split(|character| {
        quoted ^= character == '"';
        character == ';' && !quoted
    });
    let kept = parts.filter(|part| {
        let name = part.split('=').next().unwrap_or_default();
        !part.is_empty() && !name.trim().eq_ignore_ascii_case("VALUE")
    });
    kept.map(|part| format!(";{part}")).collect()
}

/// Returns a date or time in the basic form, such as `20301231`, `20301231T235959` or `20301231T225959Z`.
fn basic_time(value: &str) -> Option<String> {
    let value = value.trim();
    let (date, time) = value
        .split_once(['T', 't', ' '])
        .map_or((value, None), |(date, time)| (date, Some(time.trim())));
    let mut basic = digits(date, '-').filter(|date| date.len() == 8)?;
    let Some(time) = time else {
        return Some(basic);
    };
    let end = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(end);
    let (time, fraction) = time.split_once(['.', ',']).unwrap_or((time, ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mut time = digits(time, ':').filter(|time| matches!(time.len(), 2 | 4 | 6))?;
    while time.len() < 6 {
        time.push_str("00");
    }
    basic.push('T');
    basic.push_str(&time);
    match zone.split_at_checked(1) {
        None => {}
        Some(("Z" | "z", "")) => basic.push('Z'),
        Some((sign, offset)) => {
            let offset = digits(offset, ':').filter(|offset| matches!(offset.len(), 2 | 4))?;
            basic.push_str(sign);
            basic.push_str(&offset);
            if offset.len() == 2 {
                basic.push_str("00");
            }
        }
    }
    Some(basic)
}

/// Returns the digits of a text that has nothing else but separators.
fn digits(text: &str, separator: char) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|character| *character != separator)
        .collect();
    digits
        .bytes()
        .all(|digit| digit.is_ascii_digit())
        .then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_its_head_at_first_unquoted_colon() {
        for (line, name, parameters, value) in [
            ("SUMMARY:a:b", "SUMMARY", "", "a:b"),
            (
                "DUE;TZID=\"(UTC+01:00) x\":2030",
                "DUE",
                ";TZID=\"(UTC+01:00) x\"",
                "2030",
            ),
            ("x;y=z", "x", ";y=z", ""),
            ("DUE;TZID=\"x:2030", "DUE", ";TZID=\"x", "2030"),
            ("", "", "", ""),
        ] {
            let expected = ContentLine {
                name,
                parameters,
                value,
            };
            assert_eq!(ContentLine::parse(line), expected, "{line}");
        }
    }

    #[test]
    fn value_of_component_itself_is_found() {
        let text = "BEGIN:VTODO\nBEGIN:VALARM\nRRULE:NO\nEND:VALARM\n\
                    rrule;x=y:FREQ=WEEKLY;BYDAY=MO \nSUMMARY:x\nEND:VTODO\n";
        assert_eq!(raw_value(text, "RRULE"), Some("FREQ=WEEKLY;BYDAY=MO"));
        assert_eq!(raw_value(text, "DUE"), None);
    }

    #[test]
    fn second_value_is_dropped_in_each_component() {
        let tidied = Tidied::new(
            "BEGIN:VTODO\nSUMMARY:\nSUMMARY:a\nsummary:b\nSUMMARY:a\nCATEGORIES:x\nCATEGORIES:y\n\
             BEGIN:VALARM\nTRIGGER:PT0S\nTRIGGER:PT5M\nEND:VALARM\nBEGIN:VALARM\nTRIGGER:PT1M\nEND:VALARM\nEND:VTODO\n",
        );
        let dropped = [("SUMMARY", "b"), ("TRIGGER", "PT5M")];
        assert_eq!(
            tidied.dropped,
            dropped.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(
            tidied.text,
            "BEGIN:VTODO\nSUMMARY:a\nCATEGORIES:x\nCATEGORIES:y\n\
             BEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM\nBEGIN:VALARM\nTRIGGER:PT1M\nEND:VALARM\nEND:VTODO\n"
        );
    }

    #[test]
    fn times_are_mended_where_one_is_meant() {
        for (line, mended) in [
            ("DUE;VALUE=DATE:20300107T090000Z", "DUE:20300107T090000Z"),
            ("due;value=date-time:20300107", "DUE:20300107"),
            ("DUE:2030-01-07", "DUE:20300107"),
            ("DUE:2030-01-07T09:00:00+01:00", "DUE:20300107T090000+0100"),
            ("DUE:2030-01-07T09:00:00.123Z", "DUE:20300107T090000Z"),
            ("DUE:2030-01-07 09:00", "DUE:20300107T090000"),
            (
                "DUE;TZID=\"a;b\":20300107T0900",
                "DUE;TZID=\"a;b\":20300107T090000",
            ),
            ("DUE:20300107T0900Z", "DUE:20300107T090000Z"),
            ("DUE:tomorrow", "DUE:?tomorrow"),
            ("DUE:20300107T09", "DUE:20300107T090000"),
            ("DUE:20300107T09000Z", "DUE:?20300107T09000Z"),
            ("DUE:20300107,20300108", "DUE:?20300107,20300108"),
            ("TRIGGER:P", "TRIGGER:PT0S"),
            ("TRIGGER;RELATED=END:-PT", "TRIGGER;RELATED=END:PT0S"),
            ("TRIGGER;VALUE=DATE-TIME:-PT15M", "TRIGGER:-PT15M"),
            (
                "TRIGGER:20300107T080000Z",
                "TRIGGER;VALUE=DATE-TIME:20300107T080000Z",
            ),
            ("DURATION:P", "DURATION:PT0S"),
            ("SUMMARY:2030-01-07", "SUMMARY:2030-01-07"),
        ] {
            assert_eq!(Tidied::new(line).text.trim_end(), mended, "{line}");
        }
    }
}
