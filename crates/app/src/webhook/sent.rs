//! What was sent and what came back, made fit to be shown: neither the secret nor another
//! credential of the request is in it, wherever the endpoint may have put it.

use keyward_remote::{Answer, Ending};
use keyward_vault::{Secret, secret};
use keyward_webhook::{Method, Scheme, SecretName, table};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use ts_rs::TS;

use crate::{Error, Masker};

/// A request that was sent to an endpoint, and its answer: the document of `keyward webhook send`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SendView {
    /// Always [`crate::view::JSON_VERSION`].
    pub version: u32,
    /// Whether the endpoint answered with success: 200 to 299.
    pub ok: bool,
    /// Id of the scheme that it was signed with; none for a capture sent as it is.
    pub scheme: Option<String>,
    /// What signed it.
    pub secret: Option<SecretName>,
    /// The request.
    pub sent: SentRequest,
    /// The answer.
    pub answer: EndpointAnswer,
    /// From connecting to the end of the answer.
    pub seconds: f64,
    /// What was left out or made anew, in sentences.
    pub notes: Vec<String>,
}

/// A request as it went out.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SentRequest {
    /// HTTP method.
    pub method: String,
    /// Where it was sent.
    pub url: String,
    /// The address and port that were connected to.
    pub address: String,
    /// Every header line in order. Credentials are replaced by a word in brackets.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body as text; bytes that are not UTF-8 are replaced.
    pub body: String,
    /// The body's length in bytes.
    pub body_bytes: u64,
}

/// What an endpoint answered.
#[derive(Debug, Clone, Serialize, TS)]
pub struct EndpointAnswer {
    /// HTTP status.
    pub status: u16,
    /// The words after it, often none.
    pub reason: String,
    /// Header lines in order.
    pub headers: Vec<(String, String)>,
    /// The body as text, at most its first MiB; bytes that are not UTF-8 are replaced. Empty for a
    /// packed body, which a note says.
    pub body: String,
    /// Bytes of the body that were received.
    pub body_bytes: u64,
    /// How the body ended.
    pub ending: AnswerEnding,
}

/// How an answer's body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerEnding {
    /// It is all there.
    Whole,
    /// It is longer than the MiB that is read.
    Bounded,
    /// The connection ended before the body did.
    CutShort,
    /// Time was up before the body ended.
    TimedOut,
}

/// Bytes of a sent body that are shown.
const SHOWN_BODY: usize = 64 * 1024;

/// Takes credentials out of what is shown.
pub(super) struct Veil {
    masker: Masker,
}

impl Veil {
    /// Knows the secret that signs, if one does.
    pub(super) fn new(signing: Option<(&str, &Secret, &Scheme)>) -> Result<Self, Error> {
        let Some((name, value, scheme)) = signing else {
            return Ok(Self { masker: Masker::new([])? });
        };
        let bytes = value.expose_secret();
        let mut values = vec![secret(bytes.to_vec()), secret(bytes.trim_ascii().to_vec())];
        if matches!(scheme.sign, Method::Basic)
            && let Some(at) = bytes.iter().position(|&byte| byte == b':')
        {
            values.push(secret(bytes[at + 1..].trim_ascii().to_vec()));
        }
        let values = values.iter().map(|value| (name, value));
        // A key of a few letters stands in ordinary words, but a token is sent as it is.
        let masker = match scheme.sign {
            Method::Token | Method::Basic => Masker::of_any_length(values)?,
            _ => Masker::new(values)?,
        };
        Ok(Self { masker })
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let mut out = vec![];
        // Reading and writing memory does not fail; if it did, less would be shown.
        let _ = self.masker.copy(bytes, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn text(&self, text: &str) -> String {
        self.bytes(text.as_bytes())
    }

    fn headers(&self, headers: &[(String, String)]) -> Vec<(String, String)> {
        let shown = |(name, value): &(String, String)| (self.text(name), self.text(value));
        headers.iter().map(shown).collect()
    }

    pub(super) fn request(
        &self,
        method: &str,
        url: &str,
        address: String,
        headers: &[(String, String)],
        body: &[u8],
    ) -> SentRequest {
        let hidden = |(name, value): &(String, String)| {
            let value = if is_credential(name, value) { HIDDEN } else { value };
            (name.clone(), value.to_owned())
        };
        let headers: Vec<_> = headers.iter().map(hidden).collect();
        // Masked with some more round it, so that a secret is not cut in two before.
        let mut shown = self.bytes(&body[..body.len().min(2 * SHOWN_BODY)]);
        if shown.len() > SHOWN_BODY {
            shown.truncate(shown.floor_char_boundary(SHOWN_BODY));
        }
        SentRequest {
            method: method.to_owned(),
            url: self.text(url),
            address,
            headers: self.headers(&headers),
            body: shown,
            body_bytes: body.len() as u64,
        }
    }

    pub(super) fn answer(&self, answer: &Answer) -> EndpointAnswer {
        let body = if packed(answer).is_some() { String::new() } else { self.bytes(&answer.body) };
        EndpointAnswer {
            status: answer.status,
            reason: self.text(&answer.reason),
            headers: self.headers(&answer.headers),
            body,
            body_bytes: answer.body.len() as u64,
            ending: match answer.ending {
                Ending::Whole => AnswerEnding::Whole,
                Ending::Bounded => AnswerEnding::Bounded,
                Ending::CutShort => AnswerEnding::CutShort,
                Ending::TimedOut => AnswerEnding::TimedOut,
            },
        }
    }
}

/// How a body is packed, if it is (RFC 9110 section 8.4).
pub(super) fn packed(answer: &Answer) -> Option<&str> {
    let coding = answer.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("content-encoding"));
    let coding = coding.map(|(_, value)| value.trim());
    coding.filter(|coding| !coding.eq_ignore_ascii_case("identity") && !answer.body.is_empty())
}

/// Stands for a credential that a capture brought along.
const HIDDEN: &str = "[hidden]";

/// Whether a header of a request holds what opens a door by itself: a cookie, a password, a token.
/// A signature is none, for it fits this one message.
fn is_credential(name: &str, value: &str) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    if is("cookie") || is("proxy-authorization") {
        return true;
    }
    if is("authorization") {
        let (kind, rest) = value.split_once(' ').unwrap_or((value, ""));
        let signed = rest.bytes().filter(|&byte| byte == b'.').count() == 2;
        return kind.eq_ignore_ascii_case("basic")
            || kind.eq_ignore_ascii_case("bearer") && !signed;
    }
    let sends_it = |scheme: &&Scheme| matches!(scheme.sign, Method::Token);
    table().iter().filter(sends_it).any(|scheme| scheme.signature.header.iter().any(|h| is(h)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_door_by_itself_is_hidden_and_signatures_are_not() {
        for (name, value, hidden) in [
            ("Cookie", "sid=1", true),
            ("authorization", "Basic dTpw", true),
            ("Authorization", "Bearer tok-en", true),
            ("Authorization", "Bearer aaa.bbb.ccc", false),
            ("Authorization", "HMAC abc=", false),
            ("x-gitlab-TOKEN", "tok-en", true),
            ("X-Telegram-Bot-Api-Secret-Token", "tok-en", true),
            ("Stripe-Signature", "t=1,v1=00", false),
            ("X-Hub-Signature-256", "sha256=00", false),
            ("Content-Type", "application/json", false),
        ] {
            assert_eq!(is_credential(name, value), hidden, "{name}: {value}");
        }
    }

    #[test]
    fn a_secret_is_masked_in_every_dress_and_a_token_even_when_short() {
        let value = secret(b"user:pass\n".to_vec());
        let scheme = table().iter().find(|s| matches!(s.sign, Method::Basic)).unwrap();
        let veil = Veil::new(Some(("a/b/c", &value, scheme))).unwrap();
        let shown = veil.text("Basic dXNlcjpwYXNz and pass and user:pass");
        assert!(!shown.contains("dXNlcjpwYXNz") && !shown.contains("pass"), "{shown}");
        let token = keyward_webhook::find("telegram").unwrap();
        let veil = Veil::new(Some(("a/b/c", &secret(b"tok".to_vec()), token))).unwrap();
        assert_eq!(veil.text("tok"), "[a/b/c]");
    }
}
