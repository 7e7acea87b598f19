use super::{content_line::ContentLine, unfold::Lines};
use crate::files::{
    contents::InvalidFile,
    limits::{DEEPEST_COMPONENT, LONGEST_RECORD, MOST_TASKS},
};

/// A file of calendars, cut into what they are made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cut<'a> {
    /// The components, in the order of the file.
    pub components: Vec<Component<'a>>,
    /// The lines that say something about a calendar itself.
    pub properties: Vec<Property<'a>>,
    calendar: usize,
    tasks: usize,
}

/// A line about a calendar itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property<'a> {
    /// The calendar, counted in the file.
    pub calendar: usize,
    /// The number of the line, from 1.
    pub line: usize,
    /// The name in upper case.
    pub name: String,
    /// The value.
    pub value: &'a str,
}

/// A component of a calendar, such as a VTODO, with all that it contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component<'a> {
    /// The calendar that it stands in, counted in the file.
    pub calendar: usize,
    /// Its name in upper case.
    pub name: String,
    /// The line of its BEGIN, from 1.
    pub line: usize,
    /// Its lines, from BEGIN to END.
    pub text: &'a str,
    /// Why it cannot be read, if it cannot.
    pub fault: Option<String>,
}

/// A component whose END has not come yet.
struct Open {
    calendar: usize,
    name: String,
    line: usize,
    start: usize,
    depth: usize,
    is_too_deep: bool,
}

const MOST_PROPERTIES: usize = 10_000;
/// The properties of a calendar that mean something here.
const PROPERTIES: [&str; 3] = ["X-WR-TIMEZONE", "X-WR-CALNAME", "NAME"];
/// Components of a calendar; none of these can contain another.
const OUTERMOST: [&str; 5] = ["VTODO", "VEVENT", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"];

/// Cuts a file into the components of its calendars.
pub fn cut(lines: &Lines) -> Result<Cut<'_>, InvalidFile> {
    let text = lines.text.as_str();
    let mut cut = Cut::default();
    let mut open: Option<Open> = None;
    let mut begins = false;
    let mut offset = 0;
    for (line, number) in text.split_inclusive('\n').zip(&lines.numbers) {
        let start = offset;
        offset += line.len();
        let Some((keyword, name)) = bracket(line) else {
            if open.is_none() {
                cut.add_property(*number, line);
            }
            continue;
        };
        match (keyword, open.as_mut()) {
            (Keyword::Begin, _) if name == "VCALENDAR" => {
                begins = true;
                cut.add(open.take().map(|open| open.unfinished(text, start)))?;
                cut.calendar += 1;
            }
            (Keyword::Begin, Some(outer)) if !OUTERMOST.contains(&name.as_str()) => {
                outer.depth += 1;
                outer.is_too_deep |= outer.depth > DEEPEST_COMPONENT;
            }
            (Keyword::Begin, _) => {
                begins = true;
                cut.add(open.take().map(|open| open.unfinished(text, start)))?;
                open = Some(Open {
                    calendar: cut.calendar,
                    name,
                    line: *number,
                    start,
                    depth: 0,
                    is_too_deep: false,
                });
            }
            (Keyword::End, Some(inner)) if inner.depth > 0 && inner.name != name => {
                inner.depth -= 1;
            }
            (Keyword::End, Some(inner)) if inner.name == name => {
                cut.add(open.take().map(|open| open.finished(text, offset)))?;
            }
            (Keyword::End, Some(_)) => {
                cut.add(open.take().map(|open| open.unfinished(text, start)))?;
            }
            (Keyword::End, None) => {}
        }
    }
    cut.add(open.take().map(|open| open.unfinished(text, text.len())))?;
    if begins {
        Ok(cut)
    } else {
        let words = "is not iCalendar; it should begin with BEGIN:VCALENDAR";
        Err(InvalidFile::WrongFormat(words.to_owned()))
    }
}

enum Keyword {
    Begin,
    End,
}

/// Returns the name of the component that a line begins or ends.
fn bracket(line: &str) -> Option<(Keyword, String)> {
    let (keyword, name) = line.trim_end().split_once(':')?;
    let keyword = match keyword {
        _ if keyword.eq_ignore_ascii_case("BEGIN") => Keyword::Begin,
        _ if keyword.eq_ignore_ascii_case("END") => Keyword::End,
        _ => return None,
    };
    Some((keyword, name.trim().to_ascii_uppercase()))
}

impl<'a> Cut<'a> {
    fn add_property(&mut self, line: usize, text: &'a str) {
        let ContentLine { name, value, .. } = ContentLine::parse(text);
        let name = name.to_ascii_uppercase();
        if PROPERTIES.contains(&name.as_str()) && self.properties.len() < MOST_PROPERTIES {
            self.properties.push(Property {
                calendar: self.calendar,
                line,
                name,
                value: value.trim(),
            });
        }
    }

    fn add(&mut self, component: Option<Component<'a>>) -> Result<(), InvalidFile> {
        let Some(component) = component else {
            return Ok(());
        };
        self.tasks += usize::from(component.name == "VTODO");
        if self.tasks > MOST_TASKS {
            return Err(InvalidFile::TooManyTasks);
        }
        self.components.push(component);
        Ok(())
    }
}

impl Open {
    fn finished(self, text: &str, end: usize) -> Component<'_> {
        let text = &text[self.start..end];
        let fault = if text.len() > LONGEST_RECORD {
            let length = text.len();
            Some(format!(
                "has {length} bytes; a task may have {LONGEST_RECORD}"
            ))
        } else if self.is_too_deep {
            Some(format!("has components more than {DEEPEST_COMPONENT} deep"))
        } else {
            None
        };
        Component {
            calendar: self.calendar,
            name: self.name,
            line: self.line,
            text,
            fault,
        }
    }

    fn unfinished(self, text: &str, end: usize) -> Component<'_> {
        let words = format!("has no END:{}", self.name);
        Component {
            fault: Some(words),
            ..self.finished(text, end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Vec<(String, usize, bool)> {
        let lines = Lines::unfold(text.as_bytes()).unwrap();
        let components = cut(&lines).unwrap().components.into_iter();
        components
            .map(|component| (component.name, component.line, component.fault.is_some()))
            .collect()
    }

    #[test]
    fn components_are_found_with_their_lines() {
        let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VTODO\r\n\
                    begin:vevent\r\nend:vevent\r\nEND:VCALENDAR\r\n";
        assert_eq!(
            outline(text),
            [
                ("VTODO".to_owned(), 3, false),
                ("VEVENT".to_owned(), 7, false)
            ]
        );
    }

    #[test]
    fn a_component_without_an_end_costs_no_other() {
        let text = "BEGIN:VCALENDAR\nBEGIN:VTODO\nBEGIN:VALARM\nBEGIN:VTODO\nEND:VTODO\nBEGIN:VTODO\nEND:VCALENDAR\n";
        assert_eq!(
            outline(text),
            [
                ("VTODO".to_owned(), 2, true),
                ("VTODO".to_owned(), 4, false),
                ("VTODO".to_owned(), 6, true)
            ]
        );
    }

    #[test]
    fn endless_nesting_costs_no_other_component() {
        let text = format!(
            "BEGIN:VTODO\n{}BEGIN:VTODO\nEND:VTODO\n",
            "BEGIN:VALARM\n".repeat(100_000)
        );
        assert_eq!(
            outline(&text),
            [
                ("VTODO".to_owned(), 1, true),
                ("VTODO".to_owned(), 100_002, false)
            ]
        );
        let nested = format!(
            "BEGIN:VTODO\n{}{}END:VTODO\n",
            "BEGIN:VALARM\n".repeat(9),
            "END:VALARM\n".repeat(9)
        );
        assert_eq!(outline(&nested), [("VTODO".to_owned(), 1, true)]);
    }
}
