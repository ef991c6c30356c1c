//! Cutting a Windows command line into words, in the two steps that Windows takes: cmd.exe reads the
//! carets, and the program's C runtime reads the quotation marks and backslashes. Browsers double every
//! backslash on the way, though the runtime only halves those before a quotation mark: what they quote
//! (`^"…^"`) is read as they mean it
//! (<https://learn.microsoft.com/en-us/cpp/c-language/parsing-c-command-line-arguments>).

use super::{Command, Word};
use crate::request::SampleError;

/// Every command of a script.
pub(super) fn commands(text: &[u8]) -> Result<Vec<Command>, SampleError> {
    let lines = lines(text)?;
    let commands = lines.iter().map(|line| arguments(line)).collect::<Result<Vec<_>, _>>()?;
    Ok(commands.into_iter().filter(|command| !command.words.is_empty()).collect())
}

/// A byte of a command line, and whether a caret stood before it.
#[derive(Clone, Copy)]
struct Unit {
    byte: u8,
    escaped: bool,
}

/// What cmd.exe makes of the text: command lines without carets.
fn lines(text: &[u8]) -> Result<Vec<Vec<Unit>>, SampleError> {
    let mut lines = vec![];
    let mut line: Vec<Unit> = vec![];
    let mut is_quoted = false;
    // cmd.exe never sees a carriage return.
    let mut bytes = text.iter().copied().filter(|byte| *byte != b'\r');
    while let Some(byte) = bytes.next() {
        match byte {
            b'^' if !is_quoted => {
                let mut next = bytes.next();
                // A caret takes the line break away and holds for what comes after it.
                if next == Some(b'\n') {
                    next = bytes.next();
                    // Browsers of before 2018 closed the quotes round a line break, which is lost so; it is
                    // put back as it was meant.
                    let was_closed = line.last().is_some_and(|u| u.byte == b'"' && !u.escaped);
                    if next == Some(b'"') && was_closed {
                        line.pop();
                        line.push(Unit { byte: b'\n', escaped: true });
                        is_quoted = true;
                        continue;
                    }
                }
                line.extend(next.map(|byte| Unit { byte, escaped: true }));
            }
            b'\n' if is_quoted => {
                return Err(SampleError::CutShort(
                    "a quotation mark of the command is not closed on its line".into(),
                ));
            }
            b'\n' | b'&' | b'|' if !is_quoted => lines.push(std::mem::take(&mut line)),
            _ => {
                is_quoted ^= byte == b'"';
                line.push(Unit { byte, escaped: false });
            }
        }
    }
    lines.push(line);
    Ok(lines)
}

/// What the C runtime makes of a command line.
fn arguments(line: &[Unit]) -> Result<Command, SampleError> {
    let mut command = Command::default();
    let mut word: Option<Word> = None;
    let mut is_quoted = false;
    // Within quotes that carets mark, which only browsers write.
    let mut is_browsers = false;
    let mut at = 0;
    while let Some(unit) = line.get(at) {
        at += 1;
        match unit.byte {
            b' ' | b'\t' if !is_quoted => command.words.extend(word.take()),
            b'\\' => {
                let more = line[at..].iter().take_while(|unit| unit.byte == b'\\').count();
                let slashes = more + 1;
                at += more;
                let word = word.get_or_insert_default();
                let before_quote = line.get(at).is_some_and(|unit| unit.byte == b'"');
                word.doubled |= !before_quote && !is_browsers && slashes % 2 == 0;
                let kept = match (before_quote, is_browsers) {
                    (true, _) => slashes / 2,
                    (false, true) => slashes.div_ceil(2),
                    (false, false) => slashes,
                };
                word.bytes.extend(std::iter::repeat_n(b'\\', kept));
                if before_quote && slashes % 2 == 1 {
                    word.bytes.push(b'"');
                    at += 1;
                }
            }
            b'"' if is_quoted && line.get(at).is_some_and(|unit| unit.byte == b'"') => {
                // Two of them within quotes are one.
                word.get_or_insert_default().bytes.push(b'"');
                at += 1;
            }
            b'"' => {
                is_quoted = !is_quoted;
                is_browsers = is_quoted && unit.escaped;
                word.get_or_insert_default();
            }
            byte => {
                let word = word.get_or_insert_default();
                word.bytes.push(byte);
                word.blanked += usize::from(byte == b' ' && unit.escaped);
                let rest = line[at..].iter();
                let name =
                    rest.take_while(|unit| unit.byte.is_ascii_alphanumeric() || unit.byte == b'_');
                let name = if byte == b'%' && !unit.escaped { name.count() } else { 0 };
                let closes =
                    line.get(at + name).is_some_and(|unit| unit.byte == b'%' && !unit.escaped);
                word.expands |= name > 0 && closes && !line[at].escaped;
            }
        }
    }
    if is_quoted {
        return Err(SampleError::CutShort("a quotation mark of the command is not closed".into()));
    }
    command.words.extend(word);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let commands = commands(text.as_bytes()).expect("closed quotes");
        let text = |word: Word| String::from_utf8_lossy(&word.bytes).into_owned();
        commands.into_iter().map(|command| command.words.into_iter().map(text).collect()).collect()
    }

    #[test]
    fn carets_and_then_quotes() {
        assert_eq!(
            words(
                "curl ^\"https://a.example/?a=1^&b=^%^2^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":^\\^\"b^\\^\\c^\\^\"^}^\""
            ),
            [["curl", "https://a.example/?a=1&b=%2", "--data-raw", "{\"a\":\"b\\c\"}"]]
        );
        assert_eq!(words("a ^\"x^\n\ny^\" ^\nb &\r\nc"), [vec!["a", "x\ny", "b"], vec!["c"]]);
        assert_eq!(words(r#"a "b ""c"" ^d" \\e "\\""#), [["a", "b \"c\" ^d", r"\\e", r"\"]]);
    }

    #[test]
    fn blanks_that_stand_for_other_characters_are_counted() {
        let commands = commands(b"a ^\"gr^ ^ e x^\" %PATH% %^41").expect("closed");
        let words = &commands[0].words;
        assert_eq!((words[1].blanked, words[1].expands), (2, false));
        assert_eq!((words[2].expands, words[3].expands), (true, false));
        for open in ["a ^\"b", "a \"b\nc\""] {
            assert!(
                matches!(super::commands(open.as_bytes()), Err(SampleError::CutShort(_))),
                "{open}"
            );
        }
    }
}
