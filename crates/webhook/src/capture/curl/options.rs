//! curl's options (<https://curl.se/docs/manpage.html>), as far as they say what is sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Word;
use crate::capture::draft::{NO_FILE, contains, malformed, quote_plus, with_query};
use crate::request::{Request, SampleError};

/// Short options that take a value.
const SHORT_WITH_VALUE: &[u8] = b"XHdFbAeuTmowxcCDEKPQrtUYyz";

/// Long options that take a value and say nothing about the request.
const LONG_WITH_VALUE: &str = "\
    abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout connect-to continue-at cookie-jar create-file-mode crlfile curves delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url dump-header ech egd-file engine \
    etag-compare etag-save expect100-timeout ftp-account ftp-alternative-to-user ftp-method ftp-port ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip hostpubmd5 hostpubsha256 \
    hsts interface ip-tos ipfs-gateway keepalive-cnt keepalive-time key key-type krb libcurl \
    limit-rate local-port login-options mail-auth mail-from mail-rcpt max-filesize max-redirs \
    max-time netrc-file noproxy output output-dir parallel-max pass pinnedpubkey preproxy proto \
    proto-default proto-redir proxy proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key proxy-key-type proxy-pass proxy-pinnedpubkey \
    proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser \
    proxy-user proxy1.0 pubkey quote random-file range rate request-target resolve retry retry-delay retry-max-time sasl-authzid service-name socks4 socks4a socks5 socks5-gssapi-service \
    socks5-hostname speed-limit speed-time stderr telnet-option tftp-blksize time-cond tls-max \
    tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config unix-socket \
    variable vlan-priority write-out";

/// What the options of one request add up to.
#[derive(Default)]
struct Order {
    request: Request,
    urls: Vec<String>,
    query: Vec<u8>,
    data: Option<Vec<u8>>,
    is_json: bool,
    is_get: bool,
    is_head: bool,
    no_globs: bool,
    /// The body cannot be known.
    is_lost: bool,
    is_multipart: bool,
    is_upload: bool,
    expands: bool,
    is_latin: bool,
}

/// Reads the arguments of one request, and says which are those of the next: what follows `--next`
/// or `-:` where an option may stand (as an option's value they are words like others).
pub(super) fn read<'a>(
    words: &'a [Word],
    stdin: Option<&Word>,
) -> Result<(Request, Option<&'a [Word]>), SampleError> {
    let mut order = Order::default();
    let mut words = words.iter();
    let mut are_options = true;
    let mut rest = None;
    while let Some(word) = words.next() {
        order.expands |= word.expands;
        let text = text(word);
        if !are_options || !text.starts_with('-') || text == "-" {
            order.urls.push(text);
        } else if text == "--" {
            are_options = false;
        } else if text == "--next" {
            rest = Some(words.as_slice());
            break;
        } else if let Some(name) = text.strip_prefix("--") {
            let name = name.to_owned();
            if takes_value(&name) {
                let value = words.next().ok_or_else(|| no_value(&name))?;
                order.option(&name, value, stdin);
            } else {
                order.switch(&name);
            }
        } else if order.short(&word.bytes[1..], &mut words, stdin)? {
            rest = Some(words.as_slice());
            break;
        }
    }
    Ok((order.finish(), rest))
}

impl Order {
    /// `-sXPOST`: switches, and at last one that takes the rest or the next word. True when one of
    /// them, `:`, ends the request.
    fn short<'a>(
        &mut self,
        letters: &[u8],
        words: &mut impl Iterator<Item = &'a Word>,
        stdin: Option<&Word>,
    ) -> Result<bool, SampleError> {
        for (at, letter) in letters.iter().enumerate() {
            if *letter == b':' {
                return Ok(true);
            }
            let name = long_name(*letter);
            if !SHORT_WITH_VALUE.contains(letter) {
                self.switch(name);
                continue;
            }
            let rest = &letters[at + 1..];
            let value = match rest.is_empty() {
                true => words.next().ok_or_else(|| no_value(name))?.clone(),
                false => Word { bytes: rest.to_vec(), ..Word::default() },
            };
            self.option(name, &value, stdin);
            return Ok(false);
        }
        Ok(false)
    }

    fn switch(&mut self, name: &str) {
        match name {
            "get" => self.is_get = true,
            "head" => self.is_head = true,
            "globoff" => self.no_globs = true,
            _ => {}
        }
    }

    fn option(&mut self, name: &str, value: &Word, stdin: Option<&Word>) {
        self.expands |= value.expands;
        self.is_latin |= value.latin;
        let as_text = || text(value);
        match name {
            "request" => self.request.method = Some(as_text()),
            "url" => self.urls.push(as_text()),
            "header" => self.header(&as_text()),
            "user-agent" => self.replace_header("User-Agent", as_text()),
            "referer" => {
                let value = as_text();
                let url = value.split(";auto").next().unwrap_or_default();
                self.replace_header("Referer", url.to_owned());
            }
            "user" => {
                let value = format!("Basic {}", STANDARD.encode(&value.bytes));
                self.request.default_header("Authorization", value);
            }
            "oauth2-bearer" => {
                let value = format!("Bearer {}", as_text());
                self.request.default_header("Authorization", value);
            }
            "cookie" => self.cookie(&as_text()),
            "data" | "data-ascii" => self.data(value, stdin, true, false),
            "data-binary" => self.data(value, stdin, false, false),
            "json" => self.data(value, stdin, false, true),
            "data-raw" => self.add_data(&value.bytes, true),
            "data-urlencode" => match urlencoded(&value.bytes) {
                Some(bytes) => self.add_data(&bytes, true),
                None => self.is_lost = true,
            },
            "url-query" => match urlencoded(&value.bytes) {
                Some(bytes) => {
                    if !self.query.is_empty() {
                        self.query.push(b'&');
                    }
                    self.query.extend(bytes);
                }
                None => {
                    self.request.loss("A part of the query stands in a file, which is not opened.")
                }
            },
            "form" | "form-string" => self.is_multipart = true,
            "upload-file" => self.is_upload = true,
            "config" => {
                self.request.loss("Options stand in another file (`-K`), which is not opened.")
            }
            _ => {}
        }
    }

    fn data(&mut self, value: &Word, stdin: Option<&Word>, strips: bool, is_json: bool) {
        self.is_json |= is_json;
        match value.bytes.strip_prefix(b"@") {
            None => self.add_data(&value.bytes, !is_json),
            Some(b"-") if let Some(stdin) = stdin => {
                self.expands |= stdin.expands;
                let kept = |b: &u8| !strips || !matches!(b, b'\r' | b'\n' | 0);
                let bytes: Vec<u8> = stdin.bytes.iter().copied().filter(kept).collect();
                self.add_data(&bytes, !is_json);
            }
            Some(_) => self.is_lost = true,
        }
    }

    /// Several pieces are joined with `&`; those of `--json` are not.
    fn add_data(&mut self, bytes: &[u8], separates: bool) {
        match &mut self.data {
            Some(data) => {
                if separates {
                    data.push(b'&');
                }
                data.extend_from_slice(bytes);
            }
            None => self.data = Some(bytes.to_vec()),
        }
    }

    /// `Name: value` sends it, `Name;` sends it empty, `Name:` takes back one of curl's own.
    fn header(&mut self, line: &str) {
        if line.starts_with('@') {
            self.request.loss("Headers stand in a file, which is not opened.");
        } else if let Some((name, value)) = line.split_once(':') {
            let value = value.trim_matches([' ', '\t']);
            if !value.is_empty() {
                self.request.push_header(name, value);
            }
        } else if let Some(name) = line.strip_suffix(';') {
            self.request.push_header(name, "");
        }
    }

    fn replace_header(&mut self, name: &str, value: String) {
        self.request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.request.push_header(name, value);
    }

    fn cookie(&mut self, value: &str) {
        if !value.contains('=') {
            self.request.note("Cookies stand in a file, which is not opened.");
            return;
        }
        let known = self.request.headers.iter_mut().find(|(name, _)| name == "Cookie");
        match known {
            Some((_, cookies)) => {
                cookies.push_str("; ");
                cookies.push_str(value);
            }
            None => self.request.push_header("Cookie", value),
        }
    }

    fn finish(mut self) -> Request {
        self.set_url();
        let mut request = self.request;
        let has_body = self.data.is_some() || self.is_lost || self.is_multipart;
        let method = match () {
            () if self.is_head => "HEAD",
            () if self.is_get => "GET",
            () if self.is_upload => "PUT",
            () if has_body => "POST",
            () => "GET",
        };
        request.method.get_or_insert_with(|| method.to_owned());
        if self.is_json {
            request.default_header("Content-Type", "application/json");
            request.default_header("Accept", "application/json");
        } else if has_body && !self.is_multipart && !self.is_get {
            request.default_header("Content-Type", "application/x-www-form-urlencoded");
        }
        if self.expands {
            request.loss("The command has parts that the shell would fill in; nothing is run, and they stand here as they are written.");
        }
        if self.is_lost || self.is_upload {
            request.loss(NO_FILE);
        } else if self.is_multipart {
            request.loss("curl would put the multipart form together; its bytes are not in the command, so the body is missing here.");
        } else if self.is_get {
            request.body = Some(Vec::new());
        } else {
            request.body = Some(self.data.unwrap_or_default());
            put_back_controls(&mut request);
            if self.is_latin {
                put_back_latin(&mut request);
            }
        }
        request.compare_length();
        request
    }

    fn set_url(&mut self) {
        if self.urls.len() > 1 {
            self.request.note("The command names several URLs; the first is taken.");
        }
        let Some(url) = self.urls.first() else { return };
        // The part after `#` is never sent.
        let mut url = url.split('#').next().unwrap_or_default().to_owned();
        if !self.no_globs {
            for bracket in ['[', ']', '{', '}'] {
                url = url.replace(&format!("\\{bracket}"), &bracket.to_string());
            }
        }
        if !url.contains("://") {
            url = format!("http://{url}");
        }
        url = with_query(&url, &String::from_utf8_lossy(&self.query));
        if self.is_get
            && let Some(data) = &self.data
        {
            url = with_query(&url, &String::from_utf8_lossy(data));
        }
        self.request.url = Some(url);
    }
}

/// mitmproxy writes control characters as four characters, `\x0a`, which no shell turns back.
fn put_back_controls(request: &mut Request) {
    let body = request.body();
    let is_control = |at: usize| matches!(body.get(at..at + 4), Some([b'\\', b'x', b'0' | b'1', d]) if d.is_ascii_hexdigit());
    if !contains(body, b"\\x") || !(0..body.len()).any(is_control) {
        return;
    }
    let is_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    if !is_json {
        request.loss("The body has `\\x0a` and the like as four characters, as mitmproxy writes control characters; they are left as they stand.");
        return;
    }
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        if is_control(at) {
            let digit = |at: usize| char::from(body[at]).to_digit(16).unwrap_or(0);
            out.push(u8::try_from(digit(at + 2) * 16 + digit(at + 3)).unwrap_or(0));
            at += 4;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    request.body = Some(out);
    request.loss("The body had `\\x0a` and the like as four characters, as mitmproxy writes control characters; in JSON they can be nothing else, and were put back.");
}

/// Firefox writes the characters from U+0080 to U+00FF as one byte each, which is no UTF-8.
fn put_back_latin(request: &mut Request) {
    let body = request.body();
    if !matches!(body.trim_ascii_start().first(), Some(b'{' | b'[')) {
        request.loss("The body has bytes that are no UTF-8. Firefox copies the characters from U+0080 to U+00FF so; if this is its, the body was another.");
        return;
    }
    let mut out = Vec::with_capacity(body.len());
    for part in body.utf8_chunks() {
        out.extend_from_slice(part.valid().as_bytes());
        for byte in part.invalid() {
            out.extend_from_slice(char::from(*byte).encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    request.body = Some(out);
    request.loss("The body had single bytes where characters from U+0080 to U+00FF belong, as Firefox copies them; in JSON they can be nothing else, and were put back.");
}

/// `content`, `=content` or `name=content`; `None` when the content stands in a file.
fn urlencoded(value: &[u8]) -> Option<Vec<u8>> {
    let place = |byte: u8| value.iter().position(|b| *b == byte);
    let (name, content): (&[u8], &[u8]) = match (place(b'='), place(b'@')) {
        (Some(at), _) => (&value[..at], &value[at + 1..]),
        (None, Some(_)) => return None,
        (None, None) => (b"", value),
    };
    let mut out = name.to_vec();
    if !name.is_empty() {
        out.push(b'=');
    }
    quote_plus(content, &mut out);
    Some(out)
}

fn text(word: &Word) -> String {
    String::from_utf8_lossy(&word.bytes).into_owned()
}

fn takes_value(name: &str) -> bool {
    const SAYING: &str = "\
        request url header user-agent referer user oauth2-bearer cookie data data-ascii data-binary data-raw data-urlencode json url-query form form-string upload-file";
    [SAYING, LONG_WITH_VALUE].iter().any(|list| list.split(' ').any(|known| known == name))
}

fn long_name(letter: u8) -> &'static str {
    match letter {
        b'X' => "request",
        b'H' => "header",
        b'd' => "data",
        b'F' => "form",
        b'b' => "cookie",
        b'A' => "user-agent",
        b'e' => "referer",
        b'u' => "user",
        b'T' => "upload-file",
        b'K' => "config",
        b'G' => "get",
        b'I' => "head",
        b'g' => "globoff",
        _ => "",
    }
}

fn no_value(name: &str) -> SampleError {
    malformed("curl", format!("the option `{name}` has no value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(words: &[&str]) -> Request {
        let words: Vec<Word> = words
            .iter()
            .map(|word| Word { bytes: word.as_bytes().to_vec(), ..Word::default() })
            .collect();
        read(&words, None).expect("options").0
    }

    #[test]
    fn data_makes_a_post_with_the_type_of_a_form() {
        let request =
            one(&["a.example/h#x", "-sd", "a=1", "--data", "b", "--data-urlencode", "c=d e/ü"]);
        assert_eq!(request.method.as_deref(), Some("POST"));
        assert_eq!(request.url.as_deref(), Some("http://a.example/h"));
        assert_eq!(request.body(), b"a=1&b&c=d+e%2F%C3%BC");
        assert_eq!(
            request.header("content-type").as_deref(),
            Some("application/x-www-form-urlencoded")
        );
        let json = one(&["u", "--json", "{", "--json", "}", "-H", "content-type: text/plain"]);
        assert_eq!(json.body(), b"{}");
        assert_eq!(json.header("content-type").as_deref(), Some("text/plain"));
        assert_eq!(json.header("accept").as_deref(), Some("application/json"));
    }

    #[test]
    fn options_in_all_their_forms() {
        let request = one(&[
            "-sSkXPUT",
            "--max-time",
            "5",
            "-ome",
            "-u",
            "me:pw",
            "-A",
            "ua",
            "-e",
            "ref;auto",
            "https://a.example",
        ]);
        assert_eq!(request.method.as_deref(), Some("PUT"));
        assert_eq!(request.url.as_deref(), Some("https://a.example"));
        assert_eq!(request.header("authorization").as_deref(), Some("Basic bWU6cHc="));
        assert_eq!(request.header("referer").as_deref(), Some("ref"));
        let get = one(&["-G", "https://a.example?x=1", "-d", "a=1", "-d", "b=2"]);
        assert_eq!(get.url.as_deref(), Some("https://a.example?x=1&a=1&b=2"));
        assert_eq!((get.method.as_deref(), get.body()), (Some("GET"), b"".as_slice()));
        assert_eq!(one(&["-I", "u"]).method.as_deref(), Some("HEAD"));
        let removed = one(&["u", "-H", "Accept:", "-H", "X;"]);
        assert_eq!(removed.headers, [("X".to_owned(), String::new())]);
        assert!(matches!(
            read(&[Word { bytes: b"-d".to_vec(), ..Word::default() }], None),
            Err(SampleError::Malformed { .. })
        ));
    }
}
