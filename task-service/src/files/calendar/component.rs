use crate::files::{
    bounds::{DEEPEST_COMPONENT, LONGEST_RECORD, MOST_TASKS},
    read::InvalidFile,
};

/// A file of calendars, cut into what they are made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cut<'a> {
    /// The components, in the order of the file.
    pub components: Vec<Component<'a>>,
    /// The lines that say something about a calendar itself, with their numbers.
    pub properties: Vec<(usize, &'a str)>,
    tasks: usize,
}

/// A component of a calendar, such as a VTODO, with all that it contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component<'a> {
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
    name: String,
    line: usize,
    start: usize,
    depth: usize,
}

const MOST_PROPERTIES: usize = 100;
/// What a calendar is made of; one of these cannot stand in another.
const OUTERMOST: [&str; 5] = ["VTODO", "VEVENT", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"];

/// Cuts a file into the components of its calendars.
pub fn cut(text: &str) -> Result<Cut<'_>, InvalidFile> {
    let mut cut = Cut::default();
    let mut open: Option<Open> = None;
    let mut begins = false;
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let start = offset;
        offset += line.len();
        let Some((keyword, name)) = bracket(line) else {
            if open.is_none() && cut.properties.len() < MOST_PROPERTIES {
                cut.properties.push((index + 1, line));
            }
            continue;
        };
        match (keyword, open.as_mut()) {
            (Keyword::Begin, _) if name == "VCALENDAR" => {
                begins = true;
                cut.add(open.take().map(|open| open.unfinished(text, start)))?;
            }
            (Keyword::Begin, Some(outer)) if !OUTERMOST.contains(&name.as_str()) => {
                outer.deepen(index + 1)?;
            }
            (Keyword::Begin, _) => {
                begins = true;
                cut.add(open.take().map(|open| open.unfinished(text, start)))?;
                open = Some(Open::begin(name, index + 1, start));
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
    fn begin(name: String, line: usize, start: usize) -> Self {
        Self {
            name,
            line,
            start,
            depth: 0,
        }
    }

    fn deepen(&mut self, line: usize) -> Result<(), InvalidFile> {
        self.depth += 1;
        if self.depth <= DEEPEST_COMPONENT {
            return Ok(());
        }
        let words = format!("has components more than {DEEPEST_COMPONENT} deep at line {line}");
        Err(InvalidFile::WrongFormat(words))
    }

    fn finished(self, text: &str, end: usize) -> Component<'_> {
        let text = &text[self.start..end];
        let words = format!("has {} bytes; a task may have {LONGEST_RECORD}", text.len());
        Component {
            name: self.name,
            line: self.line,
            text,
            fault: (text.len() > LONGEST_RECORD).then_some(words),
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
        let components = cut(text).unwrap().components.into_iter();
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
    fn endless_nesting_is_refused() {
        let text = format!("BEGIN:VTODO\n{}", "BEGIN:VALARM\n".repeat(100_000));
        let refusal = cut(&text).unwrap_err().to_string();
        assert_eq!(refusal, "has components more than 8 deep at line 10");
    }
}
