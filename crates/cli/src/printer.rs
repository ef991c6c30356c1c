//! The one door through which output goes: results on stdout, everything else on stderr.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use keyward_app::{Error, Notice};
use serde::Serialize;

use crate::args::{Color, Global};

/// Writes results and messages as the global flags say.
pub struct Printer {
    json: bool,
    quiet: bool,
    lost: AtomicBool,
    closed: AtomicBool,
}

/// One column of a table.
pub type Column<'a> = (&'a str, Vec<String>);

impl Printer {
    pub fn new(global: &Global) -> Self {
        let choice = match global.color {
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
            Color::Auto => anstream::ColorChoice::Auto,
        };
        choice.write_global();
        Self {
            json: global.json || global.format.as_deref() == Some("json"),
            quiet: global.quiet,
            lost: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// Whether the result is JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether some output did not arrive for another reason than a closed pipe.
    pub fn lost_output(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether nobody reads stdout any more, or nothing can be written there.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed) || self.lost_output()
    }

    /// Prints a result: the view as JSON, or the text that `text` makes of it.
    pub fn result<T: Serialize>(&self, view: &T, text: impl FnOnce(&T) -> String) {
        if self.json {
            self.document(view);
        } else {
            self.text(&text(view));
        }
    }

    /// Prints one JSON document.
    pub fn document<T: Serialize>(&self, view: &T) {
        let mut line = serde_json::to_string(view).expect("views have string keys and no maps");
        line.push('\n');
        self.bytes(line.as_bytes());
    }

    /// Prints text on stdout; its styles go when stdout takes none.
    pub fn text(&self, text: &str) {
        let mut out = anstream::stdout().lock();
        self.note(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    /// Writes bytes on stdout exactly as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        self.note(out.write_all(bytes).and_then(|()| out.flush()));
    }

    /// Says something beside the result, on stderr.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr().lock(), "{text}");
        }
    }

    /// Shows progress in place, on a terminal only; an empty text clears the line.
    pub fn progress(&self, text: &str) {
        if !self.quiet && !self.json && io::stderr().is_terminal() {
            let mut out = io::stderr().lock();
            let _ = write!(out, "\r\x1b[2K{text}");
            let _ = out.flush();
        }
    }

    /// Prints an error: what happened, what to do, under its code.
    pub fn error(&self, error: &Error) {
        let mut out = anstream::stderr().lock();
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let message = safe(&error.message);
        let _ = writeln!(out, "{red}error[{}]{red:#}: {message}", error.code);
        if !error.hint.is_empty() {
            let _ = writeln!(out, "  {}", safe(&error.hint));
        }
        if self.json {
            let line = serde_json::json!({ "error": error });
            let _ = writeln!(out, "{line}");
        }
    }

    /// Says what is not as it should be and stopped nothing, on stderr.
    pub fn notices(&self) -> impl Fn(&Notice) + Send + Sync + 'static {
        let quiet = self.quiet;
        move |notice| {
            if !quiet {
                let message = safe(&notice.message);
                let _ = writeln!(anstream::stderr().lock(), "notice[{}]: {message}", notice.code);
            }
        }
    }

    fn note(&self, result: io::Result<()>) {
        if let Err(error) = result {
            let closed = error.kind() == io::ErrorKind::BrokenPipe;
            let note = if closed { &self.closed } else { &self.lost };
            note.store(true, Ordering::Relaxed);
        }
    }
}

/// Text from outside made safe for a terminal: control, bidirectional and invisible characters
/// are written out.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
        if c.is_control() || hidden {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Columns under their titles, the last one unpadded.
pub fn table(columns: &[Column<'_>]) -> String {
    let rows = columns.first().map_or(0, |(_, cells)| cells.len());
    let widths: Vec<usize> = columns
        .iter()
        .map(|(title, cells)| {
            cells.iter().map(|cell| cell.chars().count()).chain([title.len()]).max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    let dim = Style::new().dimmed();
    let line = |cells: Vec<&str>| {
        let mut line = String::new();
        for (index, cell) in cells.iter().enumerate() {
            line.push_str(cell);
            if index + 1 < cells.len() {
                let pad = widths[index].saturating_sub(cell.chars().count()) + 2;
                line.extend(std::iter::repeat_n(' ', pad));
            }
        }
        line.trim_end().to_owned()
    };
    let titles = line(columns.iter().map(|(title, _)| *title).collect());
    let _ = writeln!(out, "{dim}{titles}{dim:#}");
    for row in 0..rows {
        let cells = columns.iter().map(|(_, cells)| cells[row].as_str()).collect();
        let _ = writeln!(out, "{}", safe(&line(cells)));
    }
    out
}

/// A state in its colour; the word says it without.
pub fn state(word: &str) -> String {
    let color = match word {
        "leaked" | "expired" | "overdue" | "invalid" | "critical" | "not accepted" => {
            AnsiColor::Red
        }
        "due-soon" | "high" | "undecidable" => AnsiColor::Yellow,
        "valid" | "authenticated" | "accepted" => AnsiColor::Green,
        _ => return word.to_owned(),
    };
    let style = Style::new().fg_color(Some(color.into()));
    format!("{style}{word}{style:#}")
}

/// `2 keys`, `1 key`.
pub fn count(number: impl Into<u64>, one: &str, many: &str) -> String {
    let number = number.into();
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The calendar day of an RFC 3339 time, for reading.
pub fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_direction_marks_are_written_out() {
        assert_eq!(safe("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(safe("x\u{202e}y\u{200b}"), "x\\u{202e}y\\u{200b}");
        assert_eq!(safe("é 日本"), "é 日本");
        assert_eq!(safe("a\nb"), "a\\u{a}b");
    }
}
