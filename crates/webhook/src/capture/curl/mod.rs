//! cURL commands as browsers copy them and people type them: bash, cmd and PowerShell each cut text into
//! words in their own way, and then the options are the same. Nothing is run and no file is opened.

mod bash;
mod cmd;
mod options;
mod powershell;

use std::borrow::Cow;

use super::Sink;
use crate::request::{Request, SampleError};

/// A program and its arguments.
#[derive(Debug, Clone, Default)]
struct Command {
    words: Vec<Word>,
    /// Text that the script hands to its stdin.
    stdin: Option<Word>,
}

/// One argument as the program would get it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Word {
    bytes: Vec<u8>,
    /// The shell would put something else in place of a part of it.
    expands: bool,
    /// Blanks that cmd's writer put where a character was that it cannot write.
    blanked: usize,
    /// Backslashes stand in pairs that Windows does not halve, as browsers doubled them before 2018.
    doubled: bool,
    /// `\xNN` above ASCII that makes no UTF-8, as Firefox writes the characters from U+0080 to U+00FF.
    latin: bool,
}

/// The shell that a command is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dress {
    Bash,
    Cmd,
    PowerShell,
}

/// Reads every `curl` of a text, or every web request of PowerShell.
pub(super) fn read(text: &[u8], sink: &mut Sink) -> Result<(), SampleError> {
    let dress = dress(text);
    let commands = match dress {
        Dress::PowerShell => return powershell::read(text, sink),
        Dress::Bash => bash::commands(&continued(text))?,
        Dress::Cmd => cmd::commands(text)?,
    };
    let before = sink.requests.len();
    for command in &commands {
        let Some(at) = command.words.iter().position(|word| is_curl(&word.bytes)) else { continue };
        let mut next = Some(&command.words[at + 1..]);
        while let Some(words) = next {
            let (mut request, rest) = options::read(words, command.stdin.as_ref())?;
            if dress == Dress::Cmd {
                let arguments = &words[..words.len() - rest.map_or(0, <[Word]>::len)];
                say_cmd(arguments, has_lone_return(text), &mut request);
            }
            sink.add(request)?;
            next = rest;
        }
    }
    if commands.len() > sink.requests.len() - before {
        let note = "Other commands beside curl were left out; nothing was run.";
        if let Some(request) = sink.requests.get_mut(before) {
            request.note(note);
        }
    }
    Ok(())
}

/// `curl.exe` typed in PowerShell continues its lines with backticks, which bash does with backslashes.
fn continued(text: &[u8]) -> Cow<'_, [u8]> {
    let first = text.split(|b| *b == b'\n').next().unwrap_or_default();
    if !first.trim_ascii_end().ends_with(b" `") {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_vec();
    for at in 1..out.len() {
        let ends_line = matches!(out.get(at + 1..), Some([b'\n', ..] | [b'\r', b'\n', ..]));
        if out[at] == b'`' && out[at - 1] == b' ' && ends_line {
            out[at] = b'\\';
        }
    }
    Cow::Owned(out)
}

/// What a text is written for.
fn dress(text: &[u8]) -> Dress {
    if !starts_with_curl(text) && powershell::is_script(text) {
        return Dress::PowerShell;
    }
    let first = text.iter().position(|b| matches!(b, b'\'' | b'"'));
    let is_caret_quoted = first.is_some_and(|at| text[at] == b'"' && text[..at].ends_with(b"^"));
    let mut lines = text.split(|b| *b == b'\n');
    let is_continued = lines.next().is_some_and(|line| line.trim_ascii_end().ends_with(b" ^"));
    match is_caret_quoted || is_continued {
        true => Dress::Cmd,
        false => Dress::Bash,
    }
}

/// Whether a text starts like a command of either kind. Comments and a prompt may stand before it.
pub(super) fn is_command(text: &[u8]) -> bool {
    starts_with_curl(text) || powershell::is_script(text)
}

fn starts_with_curl(text: &[u8]) -> bool {
    let lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.into_iter().find(|line| !line.is_empty() && !line.starts_with(b"#"));
    let first = first.unwrap_or_default();
    let first = first.strip_prefix(b"$ ").unwrap_or(first);
    let word = first.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    is_curl(word)
}

fn is_curl(word: &[u8]) -> bool {
    let name = word.rsplit(|b| *b == b'/' || *b == b'\\').next().unwrap_or_default();
    name.eq_ignore_ascii_case(b"curl") || name.eq_ignore_ascii_case(b"curl.exe")
}

/// Chrome writes a blank for what cmd cannot say, and one kind of line break for all.
fn say_cmd(arguments: &[Word], has_lone_return: bool, request: &mut Request) {
    if arguments.iter().any(|word| word.blanked > 0) {
        request.loss("The command was written for cmd, which cannot say characters outside ASCII: blanks stand in their place, and the characters are lost.");
    } else if has_lone_return || request.body().iter().any(|b| matches!(b, b' ' | b'\n')) {
        request.loss("The command was written for cmd, which folds every line break to LF and control characters to blanks; the body may have had others.");
    } else if arguments.iter().any(|word| word.doubled) {
        request.loss("The command was written for cmd and has pairs of backslashes, which Windows keeps; older browsers doubled every backslash, and then each pair was one.");
    }
}

/// Whether a carriage return stands by itself, which cmd takes away.
fn has_lone_return(text: &[u8]) -> bool {
    text.windows(2).any(|two| two[0] == b'\r' && two[1] != b'\n')
}

#[cfg(test)]
mod tests {
    use crate::capture::{Capture, Format, read};
    use crate::request::Request;

    fn one(text: &str) -> Request {
        let capture = read(text.as_bytes(), None).expect("a command");
        assert_eq!(capture.format, Format::Curl);
        capture.only().expect("one")
    }

    #[test]
    fn as_chrome_copies_for_bash() {
        let request = one(
            "curl --url 'https://a.example/h?x=\\[1\\]' \\\n  -X 'POST' \\\n  -H 'accept: */*' \\\n  -H 'X-Empty;' \\\n  -b 'a=1; b=2' \\\n  -H $'x-quote: it\\'s' \\\n  --data-raw $'{\"a\": \"gr\\u00fc\\u0021\\n\\r\\u0000\"}' ;",
        );
        assert_eq!(request.url.as_deref(), Some("https://a.example/h?x=[1]"));
        assert_eq!(request.body(), "{\"a\": \"grü!\n\r\0\"}".as_bytes());
        assert_eq!(request.header("x-empty").as_deref(), Some(""));
        assert_eq!(request.header("cookie").as_deref(), Some("a=1; b=2"));
        assert_eq!(request.header("x-quote").as_deref(), Some("it's"));
        assert!(!request.lossy, "{:?}", request.notes);
    }

    #[test]
    fn as_chrome_copies_for_cmd() {
        let text = "curl ^\"https://a.example/h^\" ^\r\n  -H ^\"content-type: application/json^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":1,^\n\n^\\^\"b^\\^\":^\\^\"^%^41^\\^\"^}^\"";
        let request = one(text);
        assert_eq!(request.body(), b"{\"a\":1,\n\"b\":\"%41\"}");
        assert!(request.lossy, "the line break may have been CRLF");
        let plain = one(&text.replace("^\n\n", ""));
        assert!(!plain.lossy, "{:?}", plain.notes);
        let blank = one(&text.replace("^\n\n", "^ "));
        assert!(blank.lossy && blank.notes[0].contains("outside ASCII"), "{:?}", blank.notes);
    }

    #[test]
    fn as_older_browsers_copied_for_cmd() {
        let body =
            |quoted: &str| one(&format!("curl \"https://a.example\" ^\r\n --data \"{quoted}\""));
        let breaks = body("{\"^\r\n\"\"\"a\"\":1}\"^\r\n\r\n\"");
        assert_eq!((breaks.body(), breaks.lossy), (b"{\n\"a\":1}\n".as_slice(), true));
        assert!(body("a\"^\r\"b").lossy, "a return alone");
        let doubled = body("a\\\\b");
        assert!(doubled.lossy && doubled.notes[0].contains("doubled"), "{:?}", doubled.notes);
        assert!(!body("a\\b").lossy);
    }

    #[test]
    fn as_firefox_copies_what_is_not_ascii() {
        let json = one(r#"curl 'https://a.example' --data-raw $'{"a":"gr\xfc\xdfe\u20ac"}'"#);
        assert_eq!((json.body(), json.lossy), ("{\"a\":\"grüße€\"}".as_bytes(), true));
        let text = one(r"curl 'https://a.example' --data-raw $'gr\xfcn'");
        assert_eq!((text.body(), text.lossy), (b"gr\xfcn".as_slice(), true));
        let bytes = one(r"curl 'https://a.example' --data-raw $'gr\xc3\xbcn'");
        assert_eq!((bytes.body(), bytes.lossy), ("grün".as_bytes(), false));
    }

    #[test]
    fn as_typed_in_powershell() {
        let request =
            one("curl.exe -X PUT `\r\n  -H 'X-A: 1' `\r\n  https://a.example -d '{}'\r\n");
        assert_eq!(
            (request.body(), request.headers.len(), request.lossy),
            (b"{}".as_slice(), 2, false)
        );
    }

    #[test]
    fn several_commands_are_several_requests() {
        let all = "curl 'https://a.example/1' ;\ncurl 'https://a.example/2' -d a ;\necho curl; curl u --next -d b v";
        let capture = read(all.as_bytes(), None).expect("commands");
        let urls: Vec<_> = capture.requests.iter().filter_map(|r| r.url.as_deref()).collect();
        assert_eq!(urls, ["https://a.example/1", "https://a.example/2", "http://u", "http://v"]);
        let bodies = |text: &str| {
            let capture = read(text.as_bytes(), None).expect("commands");
            capture.requests.iter().map(|r| r.body().to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(bodies("curl u --data-raw '-:' -d --next"), [b"-:&--next"]);
        assert_eq!(bodies("curl u -da -s: v -db -: w -dc"), [b"a", b"b", b"c"]);
        let windows = "curl ^\"https://a.example/1^\" &\r\ncurl ^\"https://a.example/2^\"";
        assert_eq!(read(windows.as_bytes(), None).map(|c| c.requests.len()), Ok(2));
    }

    #[test]
    fn nothing_is_opened_or_run() {
        for (text, is_kept) in [
            ("curl https://a.example -d @/etc/passwd", false),
            ("curl https://a.example -T /etc/passwd", false),
            ("curl https://a.example -F a=@/etc/passwd", false),
            ("curl https://a.example --data-urlencode x@/etc/passwd", false),
            ("curl https://a.example -d @- < /etc/passwd", false),
            ("curl https://a.example -d \"$(cat /etc/passwd)\"", true),
            ("curl https://a.example -d `id`", true),
        ] {
            let request = one(text);
            assert!(request.lossy, "{text}");
            assert_eq!(request.body.is_some(), is_kept, "{text}");
            assert!(!request.body().starts_with(b"root"), "{text}");
        }
        let raw = one("curl file:///etc/passwd --data-raw @/etc/passwd");
        assert_eq!((raw.body(), raw.lossy), (b"@/etc/passwd".as_slice(), false));
    }

    #[test]
    fn as_mitmproxy_exports() {
        let request = one(
            "curl -H 'content-type: application/json' -X POST https://a.example/h -d '{\\x0a\"a\": 1\\x0d\\x0a}'",
        );
        assert_eq!(request.body(), b"{\n\"a\": 1\r\n}");
        assert!(request.lossy && request.notes[0].contains("mitmproxy"), "{:?}", request.notes);
    }

    #[test]
    fn a_here_document_is_the_body() {
        let request = one("curl https://a.example --data-binary @- <<'EOF'\n{\"a\": 1}\nEOF\n");
        assert_eq!((request.body(), request.lossy), (b"{\"a\": 1}\n".as_slice(), false));
        let stripped = one("curl https://a.example -d @- <<'EOF'\n{\n}\nEOF\n");
        assert_eq!(stripped.body(), b"{}");
        assert!(matches!(
            read(b"curl https://a.example -d 'x", None).and_then(Capture::only),
            Err(crate::request::SampleError::CutShort(_))
        ));
    }
}
