//! Answers for the handshakes with which providers check that an endpoint is yours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use ts_rs::TS;

use crate::engine::{mac, same};
use crate::lookup;
use crate::request::Request;
use crate::scheme::Algorithm;

/// Most characters of a challenge that are echoed.
const LONGEST: usize = 4_096;

/// The answer that completes a handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(rename = "ChallengeAnswer")]
pub struct Answer {
    /// Whose handshake it is.
    pub handshake: Handshake,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body; empty when there is none.
    pub body: String,
    /// What to take care of, in sentences.
    pub notes: Vec<String>,
}

/// The handshakes that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum Handshake {
    /// Slack's `url_verification`.
    Slack,
    /// Meta's `hub.challenge`.
    Meta,
    /// Zoom's `endpoint.url_validation`.
    Zoom,
    /// X's challenge-response check.
    X,
    /// The `challenge` in the query, as Dropbox and Nylas send it.
    Dropbox,
    /// Microsoft Graph's `validationToken`.
    MsGraph,
    /// Azure Event Grid's subscription validation.
    AzureEventGrid,
    /// Okta's verification header.
    Okta,
    /// Xero's intent to receive.
    Xero,
    /// Asana's `X-Hook-Secret`.
    Asana,
    /// Twitch's callback verification.
    Twitch,
    /// Discord's ping.
    Discord,
    /// monday.com's challenge.
    Monday,
}

/// A handshake that cannot be answered.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChallengeError {
    /// Nothing of a known handshake is in the request.
    #[error("the request is no handshake that is known")]
    Unknown,
    /// The answer is made with the secret.
    #[error("the answer is made with the secret; give the one of this endpoint")]
    SecretNeeded,
    /// The challenge holds what no answer may echo.
    #[error("the challenge is empty, too long, or holds control characters; it is not echoed")]
    Refused,
}

/// Answers the handshake that a request is.
///
/// `secret` is the endpoint's secret, for those whose answer is computed; for Meta it is the verify token
/// that the request must name.
///
/// # Errors
/// [`ChallengeError`] when it is none that is known, or a secret is needed and missing.
pub fn challenge(request: &Request, secret: Option<&[u8]>) -> Result<Answer, ChallengeError> {
    from_header(request)
        .or_else(|| from_query(request, secret))
        .or_else(|| from_body(request, secret))
        .unwrap_or(Err(ChallengeError::Unknown))
}

type Answered = Option<Result<Answer, ChallengeError>>;

fn answer(handshake: Handshake, kind: &str, body: String) -> Answer {
    let headers = match kind {
        "" => Vec::new(),
        kind => vec![("Content-Type".to_owned(), kind.to_owned())],
    };
    Answer { handshake, status: 200, headers, body, notes: Vec::new() }
}

/// Text from the request is only echoed when it can do no harm in a header or a terminal.
fn echo(text: &str) -> Result<String, ChallengeError> {
    let fine = !text.is_empty() && text.len() <= LONGEST && !text.contains(char::is_control);
    fine.then(|| text.to_owned()).ok_or(ChallengeError::Refused)
}

fn from_header(request: &Request) -> Answered {
    if let Some(text) = request.header("X-Okta-Verification-Challenge") {
        return Some(
            echo(&text).map(|text| json_answer(Handshake::Okta, &json!({ "verification": text }))),
        );
    }
    let secret = request.header("X-Hook-Secret")?;
    Some(echo(&secret).map(|secret| {
        let mut answer = answer(Handshake::Asana, "", String::new());
        answer.headers.push(("X-Hook-Secret".to_owned(), secret));
        answer.notes.push(
            "The header's value becomes the secret of this webhook: store it before you answer."
                .to_owned(),
        );
        answer
    }))
}

fn from_query(request: &Request, secret: Option<&[u8]>) -> Answered {
    let url = request.url.as_deref()?;
    let text = |name: &str| lookup::query(url, name);
    let plain =
        |handshake, text: String| echo(&text).map(|text| answer(handshake, "text/plain", text));
    if let Some(challenge) = text("hub.challenge") {
        return Some(meta(
            &challenge,
            &text("hub.mode").unwrap_or_default(),
            text("hub.verify_token"),
            secret,
        ));
    }
    if let Some(token) = text("crc_token") {
        let Some(secret) = secret else { return Some(Err(ChallengeError::SecretNeeded)) };
        let mac = STANDARD.encode(mac(Algorithm::Sha256, secret, &[token.as_bytes()]));
        let body = json!({ "response_token": format!("sha256={mac}") });
        return Some(echo(&token).map(|_| json_answer(Handshake::X, &body)));
    }
    if let Some(token) = text("validationToken") {
        return Some(plain(Handshake::MsGraph, token));
    }
    let challenge = text("challenge")?;
    Some(plain(Handshake::Dropbox, challenge).map(|mut answer| {
        answer.headers.push(("X-Content-Type-Options".to_owned(), "nosniff".to_owned()));
        answer
    }))
}

fn meta(
    challenge: &str,
    mode: &str,
    named: Option<String>,
    token: Option<&[u8]>,
) -> Result<Answer, ChallengeError> {
    let mut reply = answer(Handshake::Meta, "text/plain", echo(challenge)?);
    let right = token.map(|token| same(token, named.unwrap_or_default().as_bytes()));
    if right == Some(false) || mode != "subscribe" {
        reply.status = 403;
        reply.body.clear();
        reply
            .notes
            .push("The request does not name your verify token, so it is refused.".to_owned());
    } else if right.is_none() {
        reply.notes.push(
            "Compare `hub.verify_token` with yours before you answer; it was not given here."
                .to_owned(),
        );
    }
    Ok(reply)
}

fn from_body(request: &Request, secret: Option<&[u8]>) -> Answered {
    let document = lookup::parse(request.body())?;
    let text = |path: &str| lookup::values(&document, path).into_iter().find_map(lookup::text);
    let event_grid = document.as_array().and_then(|events| {
        let event = events.first()?;
        let kind = event.get("eventType")?.as_str()?;
        let code = event.get("data")?.get("validationCode")?.as_str()?;
        kind.ends_with("SubscriptionValidationEvent").then(|| code.to_owned())
    });
    if let Some(code) = event_grid {
        let body = echo(&code).map(|code| json!({ "validationResponse": code }));
        return Some(body.map(|body| json_answer(Handshake::AzureEventGrid, &body)));
    }
    if text("type").as_deref() == Some("url_verification") {
        let challenge = echo(&text("challenge").unwrap_or_default());
        return Some(challenge.map(|text| answer(Handshake::Slack, "text/plain", text)));
    }
    if text("event").as_deref() == Some("endpoint.url_validation") {
        let token = text("payload.plainToken").unwrap_or_default();
        let Some(secret) = secret else { return Some(Err(ChallengeError::SecretNeeded)) };
        let mac = hex::encode(mac(Algorithm::Sha256, secret, &[token.as_bytes()]));
        let body = echo(&token).map(|t| json!({ "plainToken": t, "encryptedToken": mac }));
        return Some(body.map(|body| json_answer(Handshake::Zoom, &body)));
    }
    let message = request.header("Twitch-Eventsub-Message-Type");
    if message.as_deref() == Some("webhook_callback_verification") {
        let challenge = echo(&text("challenge").unwrap_or_default());
        return Some(challenge.map(|text| answer(Handshake::Twitch, "text/plain", text)));
    }
    if request.header("x-xero-signature").is_some() {
        return Some(xero(request, secret));
    }
    if document.get("type").and_then(Value::as_i64) == Some(1)
        && request.header("X-Signature-Ed25519").is_some()
    {
        let mut reply = json_answer(Handshake::Discord, &json!({ "type": 1 }));
        reply.notes.push(
            "Verify the signature first: Discord also sends pings with a wrong one, which must get 401."
                .to_owned(),
        );
        return Some(Ok(reply));
    }
    let only = document.as_object().is_some_and(|object| object.len() == 1);
    let challenge = text("challenge").filter(|_| only)?;
    Some(echo(&challenge).map(|text| json_answer(Handshake::Monday, &json!({ "challenge": text }))))
}

/// Xero's intent to receive: 200 for a right signature, 401 for a wrong one, and no body.
fn xero(request: &Request, secret: Option<&[u8]>) -> Result<Answer, ChallengeError> {
    let secret = secret.ok_or(ChallengeError::SecretNeeded)?;
    let right = STANDARD.encode(mac(Algorithm::Sha256, secret, &[request.body()]));
    let given = request.header("x-xero-signature").unwrap_or_default();
    let mut reply = answer(Handshake::Xero, "", String::new());
    if !same(right.as_bytes(), given.as_bytes()) {
        reply.status = 401;
        reply.notes.push("The signature does not fit this secret: Xero expects a 401.".to_owned());
    }
    Ok(reply)
}

fn json_answer(handshake: Handshake, body: &Value) -> Answer {
    answer(handshake, "application/json", body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
        secret: Option<&[u8]>,
    ) -> Result<Answer, ChallengeError> {
        let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        let url = Some(format!("https://a.example/h{url}"));
        challenge(&Request { url, headers, body: Some(body.into()), ..Request::default() }, secret)
    }

    #[test]
    fn each_handshake_is_answered() {
        let body = |url, headers: &[(&str, &str)], body, secret| {
            ask(url, headers, body, secret).map(|a| (a.handshake, a.body))
        };
        let slack = r#"{"token":"t","challenge":"3eZbrw1aB","type":"url_verification"}"#;
        assert_eq!(body("", &[], slack, None), Ok((Handshake::Slack, "3eZbrw1aB".into())));
        let meta = "?hub.mode=subscribe&hub.verify_token=mine&hub.challenge=1158201444";
        assert_eq!(body(meta, &[], "", Some(b"mine")), Ok((Handshake::Meta, "1158201444".into())));
        assert_eq!(ask(meta, &[], "", Some(b"other")).map(|a| a.status), Ok(403));
        let zoom = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"#;
        let (_, text) = body("", &[], zoom, Some(b"s")).unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["plainToken"], "qgg8vlvZRS6UYooatFL8Aw");
        assert_eq!(answer["encryptedToken"].as_str().map(str::len), Some(64));
        assert_eq!(body("", &[], zoom, None), Err(ChallengeError::SecretNeeded));
        let (_, crc) = body("?crc_token=x&nonce=y", &[], "", Some(b"s")).unwrap();
        assert!(crc.starts_with("{\"response_token\":\"sha256="), "{crc}");
        assert_eq!(body("?challenge=abc", &[], "", None), Ok((Handshake::Dropbox, "abc".into())));
        assert_eq!(
            body("?validationToken=Validation%3A+Testing", &[], "", None),
            Ok((Handshake::MsGraph, "Validation: Testing".into()))
        );
        assert_eq!(
            body("", &[("x-okta-verification-challenge", "v")], "", None),
            Ok((Handshake::Okta, r#"{"verification":"v"}"#.into()))
        );
        let asana =
            ask("", &[("X-Hook-Secret", "b537207f20cbfa02357cf448134da559")], "", None).unwrap();
        assert!(
            asana
                .headers
                .contains(&("X-Hook-Secret".into(), "b537207f20cbfa02357cf448134da559".into()))
        );
        let grid = r#"[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"512d38b6"}}]"#;
        assert_eq!(body("", &[], grid, None).unwrap().1, r#"{"validationResponse":"512d38b6"}"#);
        assert_eq!(
            body("", &[], r#"{"challenge":"c"}"#, None),
            Ok((Handshake::Monday, r#"{"challenge":"c"}"#.into()))
        );
    }

    #[test]
    fn xero_wants_both_answers() {
        let right = STANDARD.encode(mac(Algorithm::Sha256, b"s", &[b"{}"]));
        let status = |signature: &str| {
            ask("", &[("x-xero-signature", signature)], "{}", Some(b"s")).map(|a| a.status)
        };
        assert_eq!((status(&right), status("wrong")), (Ok(200), Ok(401)));
    }

    #[test]
    fn nothing_harmful_is_echoed() {
        assert_eq!(
            ask("?challenge=a%0D%0ASet-Cookie:b", &[], "", None),
            Err(ChallengeError::Refused)
        );
        assert_eq!(ask("", &[], "{}", None), Err(ChallengeError::Unknown));
        assert_eq!(ask("", &[], "not json", None), Err(ChallengeError::Unknown));
    }
}
