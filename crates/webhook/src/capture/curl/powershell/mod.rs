//! PowerShell's `Invoke-WebRequest` and `Invoke-RestMethod`, as browsers copy them and people write them.
//! Only literals are read: strings, tables of headers, and variables that hold them. Nothing is run
//! (<https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.core/about/about_quoting_rules>).

mod values;

use std::collections::BTreeMap;

use crate::capture::Sink;
use crate::capture::draft::NO_FILE;
use crate::capture::text::Text;
use crate::request::{MAX_INPUT, Request, SampleError};

const COMMANDS: [&str; 4] = ["invoke-webrequest", "invoke-restmethod", "iwr", "irm"];

/// Whether a line of the text starts a web request, by itself or in an assignment.
pub(super) fn is_script(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n').any(|line| {
        let line = line.trim_ascii();
        let right = match line.first() {
            Some(b'$') => line.splitn(2, |b| *b == b'=').nth(1).unwrap_or_default(),
            _ => line,
        };
        is_request(
            right.trim_ascii_start().split(u8::is_ascii_whitespace).next().unwrap_or_default(),
        )
    })
}

fn is_request(word: &[u8]) -> bool {
    COMMANDS.iter().any(|command| word.eq_ignore_ascii_case(command.as_bytes()))
}

/// What a literal stands for.
#[derive(Debug, Clone)]
enum Value {
    /// Text, and whether it was turned into UTF-8 bytes explicitly.
    Text {
        text: Text,
        is_bytes: bool,
    },
    Table(Vec<(String, String)>),
    /// An expression that would have to be run.
    Unknown,
}

/// Reads every web request of a script.
pub(super) fn read(text: &[u8], sink: &mut Sink) -> Result<(), SampleError> {
    let mut script = Script {
        text,
        at: 0,
        variables: BTreeMap::new(),
        session: vec![],
        left: MAX_INPUT,
        expands: false,
    };
    while script.at < text.len() {
        script.statement(sink)?;
    }
    Ok(())
}

struct Script<'a> {
    text: &'a [u8],
    at: usize,
    variables: BTreeMap<String, Value>,
    /// Headers that the web session adds.
    session: Vec<(String, String)>,
    /// Bytes that variables may still be copied in all.
    left: usize,
    /// A part of the last string would have to be run.
    expands: bool,
}

impl<'a> Script<'a> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips blanks and continued lines, but no line end.
    fn blanks(&mut self) {
        loop {
            match (self.peek(0), self.peek(1), self.peek(2)) {
                (Some(b' ' | b'\t'), ..) => self.at += 1,
                (Some(b'`'), Some(b'\n'), _) => self.at += 2,
                (Some(b'`'), Some(b'\r'), Some(b'\n')) => self.at += 3,
                _ => return,
            }
        }
    }

    /// Skips white space, separators and comments.
    fn space(&mut self) {
        loop {
            self.blanks();
            match self.peek(0) {
                Some(b'\r' | b'\n' | b';') => self.at += 1,
                Some(b'#') => {
                    let length = self.rest().iter().position(|b| *b == b'\n');
                    self.at = length.map_or(self.text.len(), |length| self.at + length);
                }
                _ => return,
            }
        }
    }

    fn word(&mut self, part: impl Fn(u8) -> bool) -> String {
        let rest = self.rest();
        let length = rest.iter().position(|b| !part(*b)).unwrap_or(rest.len());
        self.at += length;
        String::from_utf8_lossy(&rest[..length]).into_owned()
    }

    fn statement(&mut self, sink: &mut Sink) -> Result<(), SampleError> {
        self.space();
        if self.peek(0) == Some(b'$') {
            self.at += 1;
            let name = self.word(is_name).to_ascii_lowercase();
            self.blanks();
            if self.peek(0) == Some(b'=') {
                self.at += 1;
                self.blanks();
                if self.peek(0).is_some_and(|b| b.is_ascii_alphabetic()) {
                    return self.command(sink);
                }
                let value = self.value()?;
                self.assign(name, value);
            } else if name.ends_with(".cookies.add") {
                self.cookie()?;
            }
            return self.skip_statement();
        }
        if self.peek(0).is_some_and(|b| b.is_ascii_alphabetic()) {
            return self.command(sink);
        }
        self.skip_statement()
    }

    fn assign(&mut self, name: String, value: Value) {
        if let (true, Value::Text { text, .. }) = (name.ends_with(".useragent"), &value) {
            self.session.push(("User-Agent".into(), text.lossy()));
        }
        self.variables.insert(name, value);
    }

    /// `$session.Cookies.Add((New-Object System.Net.Cookie("name", "value", "/", "host")))`
    fn cookie(&mut self) -> Result<(), SampleError> {
        let mut texts = vec![];
        while !matches!(self.peek(0), None | Some(b'\n')) && texts.len() < 2 {
            if matches!(self.peek(0), Some(b'"' | b'\'')) {
                texts.push(self.string()?.lossy());
            } else {
                self.at += 1;
            }
        }
        if let [name, value] = texts.as_slice() {
            let pair = format!("{name}={value}");
            match self.session.iter_mut().find(|(name, _)| name == "Cookie") {
                Some((_, cookies)) => {
                    cookies.push_str("; ");
                    cookies.push_str(&pair);
                }
                None => self.session.push(("Cookie".into(), pair)),
            }
        }
        Ok(())
    }

    /// To the end of the statement, over strings and what stands in brackets.
    fn skip_statement(&mut self) -> Result<(), SampleError> {
        let mut depth = 0_usize;
        loop {
            self.blanks();
            match self.peek(0) {
                None => return Ok(()),
                Some(b'\n' | b';') if depth == 0 => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'"' | b'\'') => {
                    self.string()?;
                    continue;
                }
                Some(b'(' | b'{' | b'[') => depth += 1,
                Some(b')' | b'}' | b']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }

    fn command(&mut self, sink: &mut Sink) -> Result<(), SampleError> {
        let name = self.word(|b| !b.is_ascii_whitespace() && b != b';');
        if !is_request(name.as_bytes()) {
            return self.skip_statement();
        }
        let mut request = Request::default();
        let mut uses_session = false;
        self.expands = false;
        loop {
            self.blanks();
            match self.peek(0) {
                None | Some(b'\n' | b'\r' | b';' | b'|' | b')') => break,
                Some(b'-') if self.peek(1).is_some_and(|b| b.is_ascii_alphabetic()) => {
                    self.at += 1;
                    let name = self.word(|b| b.is_ascii_alphanumeric()).to_ascii_lowercase();
                    self.blanks();
                    let is_switch = matches!(
                        self.peek(0),
                        None | Some(b'-' | b'\n' | b'\r' | b';' | b'|' | b')' | b':')
                    );
                    if is_switch {
                        self.word(|b| !b.is_ascii_whitespace());
                        continue;
                    }
                    uses_session |= name == "websession";
                    let value = self.value()?;
                    take(&name, value, &mut request);
                }
                _ => {
                    let value = self.value()?;
                    take("uri", value, &mut request);
                }
            }
        }
        self.skip_statement()?;
        self.finish(&mut request, uses_session);
        sink.add(request)
    }

    fn finish(&mut self, request: &mut Request, uses_session: bool) {
        if uses_session {
            for (name, value) in self.session.clone() {
                request.default_header(&name, value);
            }
        }
        // Chrome lists HTTP/2 pseudo-headers without their colon.
        if ["authority", "method", "path", "scheme"].iter().all(|name| request.has_header(name)) {
            let pseudo = |name: &str| matches!(name, "authority" | "method" | "path" | "scheme");
            request.headers.retain(|(name, _)| !pseudo(name));
        }
        if self.expands {
            request.loss("The script has parts that PowerShell would fill in; nothing is run, and they stand here as they are written.");
        }
        let is_get = request.body.is_none() && !request.lossy;
        request.method.get_or_insert_with(|| "GET".into());
        if is_get {
            request.body = Some(Vec::new());
        }
        request.compare_length();
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_:.".contains(&byte)
}

/// A parameter of the command.
fn take(name: &str, value: Value, request: &mut Request) {
    match (name, value) {
        ("uri", Value::Text { text, .. }) => request.url = Some(text.lossy()),
        ("method" | "custommethod", Value::Text { text, .. }) => {
            request.method = Some(text.lossy().to_ascii_uppercase());
        }
        ("contenttype", Value::Text { text, .. }) => {
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            request.push_header("Content-Type", text.lossy());
        }
        ("useragent", Value::Text { text, .. }) => request.push_header("User-Agent", text.lossy()),
        ("headers", Value::Table(rows)) => request.headers.extend(rows),
        ("body", Value::Text { text, is_bytes }) => {
            let is_plain = is_bytes || text.bytes.is_ascii();
            request.take_text(text);
            if !is_plain {
                request.loss("Windows PowerShell sends text in Latin-1 and PowerShell 7 in UTF-8; it stands here in UTF-8.");
            }
        }
        ("body", _) => request
            .loss("The body is an expression that PowerShell would work out; it is missing here."),
        ("infile" | "form", _) => request.loss(NO_FILE),
        ("uri" | "headers", _) => request.loss(format!(
            "`-{name}` is an expression that PowerShell would work out; it is missing here."
        )),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::capture::{Capture, Format, read};
    use crate::request::{Request, SampleError};

    fn one(text: &str) -> Request {
        let capture = read(text.as_bytes(), None).expect("a script");
        assert_eq!(capture.format, Format::Curl);
        capture.only().expect("one")
    }

    #[test]
    fn as_chrome_copies() {
        let request = one(
            "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n$session.UserAgent = \"Mozilla/5.0 (X11)\"\n$session.Cookies.Add((New-Object System.Net.Cookie(\"a\", \"1\", \"/\", \"a.example\")))\n$session.Cookies.Add((New-Object System.Net.Cookie(\"b\", \"2\", \"/\", \"a.example\")))\nInvoke-WebRequest -UseBasicParsing -Uri \"https://a.example/h?x=`$1\" `\n-Method \"POST\" `\n-WebSession $session `\n-Headers @{\n\"authority\"=\"a.example\"\n  \"method\"=\"POST\"\n  \"path\"=\"/h\"\n  \"scheme\"=\"https\"\n  \"x-a\"=\"it`\"s\"\n} `\n-ContentType \"application/json\" `\n-Body ([System.Text.Encoding]::UTF8.GetBytes(\"{`\"a`\":`\"gr$([char]252)$([char]55357)$([char]56832)`\"}$([char]13)$([char]10)\"))",
        );
        assert_eq!(request.url.as_deref(), Some("https://a.example/h?x=$1"));
        assert_eq!(request.body(), "{\"a\":\"grü😀\"}\r\n".as_bytes());
        assert_eq!(request.header("cookie").as_deref(), Some("a=1; b=2"));
        assert_eq!(request.header("x-a").as_deref(), Some("it\"s"));
        assert_eq!(request.header("content-type").as_deref(), Some("application/json"));
        assert_eq!(request.headers.len(), 4, "{:?}", request.headers);
        assert!(!request.lossy, "{:?}", request.notes);
    }

    #[test]
    fn variables_and_here_strings() {
        let request = one(
            "$body = @'\n{\"a\": \"$x\"}\n'@\n$headers = @{ 'X-A' = '1'; XB = \"2\" }\n# a comment\n$answer = Invoke-RestMethod https://a.example -Method Post -Headers $headers -Body $body\n",
        );
        assert_eq!((request.body(), request.lossy), (b"{\"a\": \"$x\"}".as_slice(), false));
        assert_eq!(request.method.as_deref(), Some("POST"));
        assert_eq!(request.header("xb").as_deref(), Some("2"));
    }

    #[test]
    fn what_would_be_run_is_lost() {
        for (body, kept) in [
            ("(Get-Content /etc/passwd)", false),
            ("(@{a=1} | ConvertTo-Json)", false),
            ("$unknown", false),
            ("@{a=1}", false),
            ("\"$(id)\"", true),
            ("\"$env:HOME\"", true),
            ("\"ü\"", true),
        ] {
            let request = one(&format!("iwr https://a.example -Method POST -Body {body}\n"));
            assert!(request.lossy, "{body}");
            assert_eq!(request.body.is_some(), kept, "{body}");
        }
        let file = one("iwr https://a.example -Method POST -InFile /etc/passwd");
        assert_eq!((file.body.as_ref(), file.lossy), (None, true));
        let open = read(b"iwr https://a.example -Body \"x", None).and_then(Capture::only);
        assert!(matches!(open, Err(SampleError::CutShort(_))));
    }

    #[test]
    fn deep_nesting_costs_nothing() {
        for open in ["(", "@{a=", "[", "([", "$(", "\"$("] {
            let _ = read(format!("iwr -Body {}", open.repeat(200_000)).as_bytes(), None);
        }
    }
}
