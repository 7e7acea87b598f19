/// Returns the value of a property as it is written, unfolded (RFC 5545, 3.1), if the component itself has it.
///
/// The library normalises some values as it reads them: a rule loses what it does not know. What others judge they get as it was.
pub fn raw_value(component: &str, property: &str) -> Option<String> {
    let mut depth = 0;
    let mut lines = component.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let name = name.split(';').next().unwrap_or_default();
        if name.eq_ignore_ascii_case("BEGIN") {
            depth += 1;
        } else if name.eq_ignore_ascii_case("END") {
            depth -= 1;
        } else if depth == 1 && name.eq_ignore_ascii_case(property) {
            let mut value = value.to_owned();
            while let Some(folded) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
                value.push_str(&folded[1..]);
            }
            return Some(value.trim().to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_the_component_itself_is_unfolded() {
        let text = "BEGIN:VTODO\r\nBEGIN:VALARM\r\nRRULE:NO\r\nEND:VALARM\r\n\
                    rrule;x=y:FREQ=WEEKLY;\r\n BYDAY=MO\r\n\t,TU\r\nSUMMARY:x\r\nEND:VTODO\r\n";
        assert_eq!(
            raw_value(text, "RRULE").as_deref(),
            Some("FREQ=WEEKLY;BYDAY=MO,TU")
        );
        assert_eq!(raw_value(text, "DUE"), None);
    }
}
