//! As much of reading iCalendar (RFC 5545) as bringing a file up to date takes: the file is cut into its
//! components, and a component that is not touched is written again as it was.

/// The text is no calendar that could be written again whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not of a calendar file")]
pub struct NotACalendar {
    /// Line from 1.
    pub line: usize,
}

/// A calendar file in parts.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// The calendar's own properties, as they stand, without `BEGIN` and `END`.
    pub(crate) head: Vec<String>,
    /// Its components in order.
    pub(crate) components: Vec<Component>,
}

/// One component of the first level with everything in it.
#[derive(Debug, Clone)]
pub(crate) struct Component {
    /// `VEVENT`, `VTIMEZONE`, ….
    pub(crate) kind: String,
    /// Its lines as they stand, folded, without their ends.
    pub(crate) lines: Vec<String>,
}

impl Component {
    /// The value of a property of its own (not of an alarm in it), unfolded.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let mut depth = 0usize;
        for line in unfold(&self.lines) {
            let (found, value) = split(&line)?;
            match found {
                "BEGIN" => depth += 1,
                "END" => depth = depth.saturating_sub(1),
                _ if depth == 1 && found.eq_ignore_ascii_case(name) => {
                    return Some(value.to_owned());
                }
                _ => {}
            }
        }
        None
    }
}

/// Cuts a calendar file into its parts.
///
/// # Errors
/// [`NotACalendar`] for anything but one whole `VCALENDAR`.
pub(crate) fn read(text: &str) -> Result<Parts, NotACalendar> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parts = Parts::default();
    // Names of the components that are open, the calendar's own left out.
    let mut open: Vec<String> = vec![];
    let mut state = Place::Before;
    let mut last = 0;
    for (index, line) in text.lines().enumerate() {
        let wrong = NotACalendar { line: index + 1 };
        last = index + 1;
        if line.is_empty() && state != Place::Inside {
            continue;
        }
        // A folded line belongs to the one before it.
        if line.starts_with([' ', '\t']) {
            let component = parts.components.last_mut().filter(|_| !open.is_empty());
            let lines = component.map_or(&mut parts.head, |component| &mut component.lines);
            if state != Place::Inside || lines.is_empty() {
                return Err(wrong);
            }
            lines.push(line.to_owned());
            continue;
        }
        let (name, value) = split(line).ok_or(wrong)?;
        let begins = name.eq_ignore_ascii_case("BEGIN");
        let ends = name.eq_ignore_ascii_case("END");
        let calendar = value.eq_ignore_ascii_case("VCALENDAR");
        match state {
            Place::Before if begins && calendar => state = Place::Inside,
            Place::Inside if begins && !calendar => {
                if open.is_empty() {
                    let component = Component { kind: value.to_uppercase(), lines: vec![] };
                    parts.components.push(component);
                }
                open.push(value.to_owned());
                push(&mut parts, line);
            }
            Place::Inside if ends && !open.is_empty() => {
                if open.last().is_none_or(|name| !name.eq_ignore_ascii_case(value)) {
                    return Err(wrong);
                }
                push(&mut parts, line);
                open.pop();
            }
            Place::Inside if ends && calendar => state = Place::Behind,
            Place::Inside if !begins && !ends => match open.is_empty() {
                true => parts.head.push(line.to_owned()),
                false => push(&mut parts, line),
            },
            _ => return Err(wrong),
        }
    }
    if state == Place::Behind { Ok(parts) } else { Err(NotACalendar { line: last.max(1) }) }
}

#[derive(PartialEq)]
enum Place {
    Before,
    Inside,
    Behind,
}

fn push(parts: &mut Parts, line: &str) {
    if let Some(component) = parts.components.last_mut() {
        component.lines.push(line.to_owned());
    }
}

/// Content lines with their folds taken out (section 3.1).
fn unfold(lines: &[String]) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    for line in lines {
        match (line.strip_prefix([' ', '\t']), out.last_mut()) {
            (Some(rest), Some(whole)) => whole.push_str(rest),
            _ => out.push(line.clone()),
        }
    }
    out
}

/// Name and value of a content line; parameters are passed over, quoted ones too.
fn split(line: &str) -> Option<(&str, &str)> {
    let name_ends = line.find([':', ';'])?;
    let name = &line[..name_ends];
    let named = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || !name.chars().all(named) {
        return None;
    }
    let mut quoted = false;
    for (at, c) in line.char_indices().skip(name_ends) {
        match c {
            '"' => quoted = !quoted,
            ':' if !quoted => return Some((name, &line[at + 1..])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nX-NAME:a\n b\nBEGIN:VEVENT\nUID:1\nSUMMARY;X=\"a:b\":two\n  words\nBEGIN:VALARM\nSUMMARY:no\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n";

    #[test]
    fn a_file_comes_apart_and_properties_are_unfolded() {
        let parts = read(FILE).unwrap();
        assert_eq!(parts.head, ["VERSION:2.0", "X-NAME:a", " b"]);
        let [event] = &parts.components[..] else { panic!("{:?}", parts.components) };
        assert_eq!(event.kind, "VEVENT");
        assert_eq!(event.value("uid").as_deref(), Some("1"));
        assert_eq!(event.value("SUMMARY").as_deref(), Some("two words"));
        assert_eq!(event.lines.len(), 8);
    }

    #[test]
    fn what_is_no_whole_calendar_is_refused_with_its_line() {
        for (text, line) in [
            ("", 1),
            ("hello\n", 1),
            ("BEGIN:VCALENDAR\nVERSION:2.0\n", 2),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VTODO\nEND:VCALENDAR\n", 3),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", 3),
            ("BEGIN:VCALENDAR\n folded\nEND:VCALENDAR\n", 2),
            ("BEGIN:VCALENDAR\nno colon\nEND:VCALENDAR\n", 2),
        ] {
            assert_eq!(read(text).unwrap_err().line, line, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(BEGIN:V(CALENDAR|EVENT)|END:V(CALENDAR|EVENT)|[ -~é\"]{0,9}|[A-Z]:\\PC{0,4}|\r?\n){0,30}") {
            if let Ok(parts) = read(&text) {
                for component in parts.components {
                    let _ = component.value("UID");
                }
            }
        }
    }
}
