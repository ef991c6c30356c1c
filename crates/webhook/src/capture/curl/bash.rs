//! Cutting shell text into the words that bash would hand to a program, without running anything
//! (<https://www.gnu.org/software/bash/manual/bash.html#Shell-Syntax>).

use super::{Command, Word};
use crate::capture::text::{Text, Units};
use crate::request::SampleError;

/// Every simple command of a script. What the shell would fill in stays as it stands and is marked.
pub(super) fn commands(text: &[u8]) -> Result<Vec<Command>, SampleError> {
    let mut shell = Shell {
        text,
        at: 0,
        commands: vec![],
        command: Command::default(),
        word: None,
        awaited: vec![],
    };
    while shell.step()? {}
    shell.end_command();
    Ok(shell.commands)
}

struct Shell<'a> {
    text: &'a [u8],
    at: usize,
    commands: Vec<Command>,
    command: Command,
    /// The word that is being read, if one has begun.
    word: Option<Word>,
    /// Here-documents whose lines begin after this one.
    awaited: Vec<HereDocument>,
}

struct HereDocument {
    end: Vec<u8>,
    is_literal: bool,
    drops_tabs: bool,
    /// The command that reads it, counted from the first.
    command: usize,
}

impl<'a> Shell<'a> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        self.word.get_or_insert_default().bytes.push(byte);
    }

    fn end_word(&mut self) {
        self.command.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.command.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }

    /// Reads one piece; false at the end.
    fn step(&mut self) -> Result<bool, SampleError> {
        let Some(byte) = self.peek(0) else { return Ok(false) };
        self.at += 1;
        match byte {
            b' ' | b'\t' => self.end_word(),
            b'\r' if self.peek(0) == Some(b'\n') => {}
            b'\n' => {
                self.end_word();
                self.here_documents()?;
                self.end_command();
            }
            b'#' if self.word.is_none() => {
                let length = self.rest().iter().position(|b| *b == b'\n');
                self.at = length.map_or(self.text.len(), |length| self.at + length);
            }
            b';' | b'&' | b'|' | b'(' | b')' => {
                // Here-documents count commands, so an operator before their lines must not end one.
                self.end_word();
                if self.awaited.is_empty() {
                    self.end_command();
                } else {
                    self.skip_line();
                }
            }
            b'<' | b'>' => self.redirect()?,
            b'\\' => self.escaped(),
            b'\'' => self.single()?,
            b'"' => self.double()?,
            b'$' if self.peek(0) == Some(b'\'') => {
                self.at += 1;
                self.ansi_c()?;
            }
            b'$' if self.peek(0) == Some(b'"') => {}
            b'$' | b'`' => {
                self.expands(byte);
                self.push(byte);
            }
            _ => self.push(byte),
        }
        Ok(true)
    }

    /// Marks the word when the shell would put something in place of what starts here.
    fn expands(&mut self, byte: u8) {
        let next = self.peek(0).unwrap_or(b' ');
        let is_parameter = next.is_ascii_alphanumeric() || b"_({?!#$*@-".contains(&next);
        if byte == b'`' || is_parameter {
            self.word.get_or_insert_default().expands = true;
        }
    }

    /// After a backslash outside quotes.
    fn escaped(&mut self) {
        match (self.peek(0), self.peek(1)) {
            (Some(b'\n'), _) => self.at += 1,
            (Some(b'\r'), Some(b'\n')) => self.at += 2,
            (Some(byte), _) => {
                self.push(byte);
                self.at += 1;
            }
            (None, _) => {}
        }
    }

    fn single(&mut self) -> Result<(), SampleError> {
        let rest = self.rest();
        let length = rest.iter().position(|b| *b == b'\'').ok_or_else(open_quote)?;
        self.word.get_or_insert_default().bytes.extend_from_slice(&rest[..length]);
        self.at += length + 1;
        Ok(())
    }

    fn double(&mut self) -> Result<(), SampleError> {
        self.word.get_or_insert_default();
        loop {
            let byte = self.peek(0).ok_or_else(open_quote)?;
            self.at += 1;
            match (byte, self.peek(0)) {
                (b'"', _) => return Ok(()),
                (b'\\', Some(b'\n')) => self.at += 1,
                (b'\\', Some(b'\r')) if self.peek(1) == Some(b'\n') => self.at += 2,
                (b'\\', Some(next @ (b'"' | b'\\' | b'$' | b'`'))) => {
                    self.push(next);
                    self.at += 1;
                }
                (b'$' | b'`', _) => {
                    self.expands(byte);
                    self.push(byte);
                }
                _ => self.push(byte),
            }
        }
    }

    /// `$'…'`. A NUL is kept, where bash would end the word: the capture's writer meant the byte.
    fn ansi_c(&mut self) -> Result<(), SampleError> {
        let start = self.at;
        let mut text = Text::default();
        let mut units = Units::default();
        loop {
            let byte = self.peek(0).ok_or_else(open_quote)?;
            self.at += 1;
            if byte == b'\\' && self.peek(0) == Some(b'u') && self.digit(1, 16).is_some() {
                self.at += 1;
                let unit = self.number(16, 4);
                units.push(u16::try_from(unit).unwrap_or(0xfffd), &mut text);
                continue;
            }
            units.flush(&mut text);
            match byte {
                b'\'' => break,
                b'\\' => self.ansi_escape(&mut text)?,
                _ => text.bytes.push(byte),
            }
        }
        let written = &self.text[start..self.at];
        let latin = std::str::from_utf8(&text.bytes).is_err() && is_firefox(written);
        let word = self.word.get_or_insert_default();
        word.latin |= latin;
        word.bytes.extend(text.bytes);
        Ok(())
    }

    fn ansi_escape(&mut self, text: &mut Text) -> Result<(), SampleError> {
        let byte = self.peek(0).ok_or_else(open_quote)?;
        self.at += 1;
        let plain = match byte {
            b'a' => 7,
            b'b' => 8,
            b'e' | b'E' => 0x1b,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'\'' | b'"' | b'?' => byte,
            b'0'..=b'7' => {
                self.at -= 1;
                u8::try_from(self.number(8, 3) & 0xff).unwrap_or(0)
            }
            b'x' if self.digit(0, 16).is_some() => u8::try_from(self.number(16, 2)).unwrap_or(0),
            b'U' if self.digit(0, 16).is_some() => {
                let code = self.number(16, 8);
                text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(());
            }
            b'c' if self.peek(0).is_some() => {
                let control = self.peek(0).unwrap_or(0).to_ascii_uppercase();
                self.at += 1;
                if control == b'?' { 0x7f } else { control & 0x1f }
            }
            _ => {
                text.bytes.push(b'\\');
                byte
            }
        };
        text.bytes.push(plain);
        Ok(())
    }

    fn digit(&self, ahead: usize, radix: u32) -> Option<u32> {
        self.peek(ahead).and_then(|byte| char::from(byte).to_digit(radix))
    }

    fn number(&mut self, radix: u32, most: usize) -> u32 {
        let mut number = 0_u32;
        for _ in 0..most {
            let Some(digit) = self.digit(0, radix) else { break };
            number = number.wrapping_mul(radix).wrapping_add(digit);
            self.at += 1;
        }
        number
    }

    /// After `<` or `>`: what they name is not opened, but text that stands here is taken.
    fn redirect(&mut self) -> Result<(), SampleError> {
        let is_input = self.text.get(self.at - 1) == Some(&b'<');
        // A number before it is a file descriptor, not a word.
        match self.word.take() {
            Some(word) if word.bytes.iter().all(u8::is_ascii_digit) => {}
            word => self.word = word,
        }
        self.end_word();
        if is_input && self.peek(0) == Some(b'<') {
            self.at += 1;
            if self.peek(0) == Some(b'<') {
                self.at += 1;
                let mut word = self.next_word()?;
                word.bytes.push(b'\n');
                self.command.stdin = Some(word);
                return Ok(());
            }
            let drops_tabs = self.peek(0) == Some(b'-');
            self.at += usize::from(drops_tabs);
            let before = self.at;
            let end = self.next_word()?;
            let is_literal = self.text[before..self.at].iter().any(|b| b"'\"\\".contains(b));
            let command = self.commands.len();
            self.awaited.push(HereDocument { end: end.bytes, is_literal, drops_tabs, command });
            return Ok(());
        }
        while matches!(self.peek(0), Some(b'<' | b'>' | b'&' | b'|')) {
            self.at += 1;
        }
        self.next_word()?;
        Ok(())
    }

    /// The word that follows, taken out of the command.
    fn next_word(&mut self) -> Result<Word, SampleError> {
        while matches!(self.peek(0), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let ends = |byte: u8| byte.is_ascii_whitespace() || b";&|()<>".contains(&byte);
        while self.peek(0).is_some_and(|byte| !ends(byte)) {
            self.step()?;
        }
        Ok(self.word.take().unwrap_or_default())
    }

    fn skip_line(&mut self) {
        let length = self.rest().iter().position(|b| *b == b'\n');
        self.at = length.map_or(self.text.len(), |length| self.at + length);
    }

    /// The lines that belong to `<<` of the line before.
    fn here_documents(&mut self) -> Result<(), SampleError> {
        for document in std::mem::take(&mut self.awaited) {
            let mut word = Word::default();
            loop {
                let rest = self.rest();
                if rest.is_empty() {
                    return Err(SampleError::CutShort("a here-document is not closed".into()));
                }
                let length = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
                let mut line = &rest[..length];
                self.at += length;
                if document.drops_tabs {
                    let tabs = line.iter().take_while(|b| **b == b'\t').count();
                    line = &line[tabs..];
                }
                if line.trim_ascii_end() == document.end {
                    break;
                }
                word.take_line(line, document.is_literal);
            }
            if document.command == self.commands.len() {
                self.command.stdin = Some(word);
            }
        }
        Ok(())
    }
}

impl Word {
    /// A line of a here-document.
    fn take_line(&mut self, line: &[u8], is_literal: bool) {
        let mut bytes = line.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match (byte, bytes.peek()) {
                _ if is_literal => self.bytes.push(byte),
                (b'\\', Some(b'\n')) => {
                    bytes.next();
                }
                (b'\\', Some(&next @ (b'$' | b'`' | b'\\'))) => {
                    bytes.next();
                    self.bytes.push(next);
                }
                _ => {
                    self.expands |= matches!(byte, b'$' | b'`');
                    self.bytes.push(byte);
                }
            }
        }
    }
}

/// Whether a text is quoted as Firefox does: nothing but ASCII, and `\xNN` for none of the printable.
fn is_firefox(written: &[u8]) -> bool {
    let mut escapes = written.windows(3).filter(|three| three.starts_with(b"\\x")).peekable();
    written.is_ascii() && escapes.peek().is_some() && escapes.all(|e| !matches!(e[2], b'2'..=b'6'))
}

fn open_quote() -> SampleError {
    SampleError::CutShort("a quotation mark of the command is not closed".into())
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
    fn quoting_is_that_of_bash() {
        assert_eq!(
            words(r#"a 'b c' "d \"e\" \$f \x" g\ h '' i"j"'k'"#),
            [["a", "b c", "d \"e\" $f \\x", "g h", "", "ijk"]]
        );
        assert_eq!(words("a \\\n  b \\\r\n c\nd"), [vec!["a", "b", "c"], vec!["d"]]);
        assert_eq!(
            words(r"$'\n\t\'\\\x41\101\u00fc\ud83d\ude00\U1f600\cA\q\?'"),
            [["\n\t'\\AAü😀😀\u{1}\\q?"]]
        );
        assert_eq!(
            words("a # comment\nb#c; d & e | f && g"),
            [vec!["a"], vec!["b#c"], vec!["d"], vec!["e"], vec!["f"], vec!["g"]]
        );
        assert_eq!(words("a > out 2>&1 < in b"), [["a", "b"]]);
    }

    #[test]
    fn nothing_is_filled_in() {
        let commands =
            commands(b"a $(rm -rf /) \"$HOME\" `id` '$(id)' \"5$\" \\$x").expect("closed");
        let marked: Vec<bool> =
            commands.iter().flat_map(|c| &c.words).map(|word| word.expands).collect();
        assert!(marked[1], "{commands:?}");
        let all = words("a \"$HOME\" '$(id)' \"5$ \" \\$x");
        assert_eq!(all, [["a", "$HOME", "$(id)", "5$ ", "$x"]]);
    }

    #[test]
    fn here_documents_are_stdin() {
        let commands =
            commands(b"curl -d @- u <<'EOF'\n{\"a\": \"$b\"}\n  x\nEOF\ncat <<< \"y z\"\n")
                .expect("closed");
        let stdin: Vec<_> =
            commands.iter().filter_map(|c| c.stdin.clone()).map(|w| w.bytes).collect();
        assert_eq!(stdin, [b"{\"a\": \"$b\"}\n  x\n".to_vec(), b"y z\n".to_vec()]);
        for open in ["a 'b", "a \"b", "a $'b\\'", "curl u <<E\nx"] {
            assert!(
                matches!(super::commands(open.as_bytes()), Err(SampleError::CutShort(_))),
                "{open}"
            );
        }
    }
}
