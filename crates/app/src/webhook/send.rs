//! Sending a webhook to an endpoint, as its provider would: a made sample, or a capture, signed
//! afresh or as it is. It stays on this machine unless that is asked for.

use std::time::Duration;

use keyward_remote::{Exchange, Limits, Outgoing, Reach, RemoteError, Route, Target, is_carried};
use keyward_store::{Use, Version};
use keyward_webhook::{
    NamedSecret, Request, Sample, Scheme, SecretName, recognise, sign, sign_again,
};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use ts_rs::TS;

use super::captured::{CaptureInput, picked};
use super::sent::{SendView, Veil, packed};
use super::sign::{self as signing, SampleInput, WebhookSample, message_id, named_scheme};
use crate::error::{capital, shown};
use crate::{Error, Keyward, view};

/// How long an answer may take unless something else is asked for: about as long as providers wait.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait that can be asked for.
const LONGEST: Duration = Duration::from_secs(3600);
/// Bytes of an answer's body that are read.
const MOST_ANSWER: usize = 1024 * 1024;

/// What is to be sent, and where.
#[derive(Debug)]
pub struct WebhookSend {
    /// The endpoint's URL, `http` or `https`.
    pub target: String,
    /// Scheme, secret and parameters. Without a capture, method and body too; with one, they are the
    /// capture's unless given here. An empty `url` stands for the parameter `url`, else for the
    /// target. `reveal` does not count: what is shown never holds the secret.
    pub sample: WebhookSample,
    /// A capture of one request to send instead of a made sample, in any format that
    /// [`Keyward::webhook_import`] reads.
    pub capture: Option<Vec<u8>>,
    /// Which request of the capture, from 1, if it holds several.
    pub pick: Option<u32>,
    /// Leaves the capture's signature as it is.
    pub as_is: bool,
    /// Sends to another machine too; recorded.
    pub force: bool,
    /// For the whole exchange; [`SEND_TIMEOUT`] is the usual one.
    pub timeout: Duration,
}

/// The same as the window hands it over.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct SendInput {
    /// The endpoint's URL.
    pub target: String,
    /// What signs, and without a capture what is sent.
    pub sample: SampleInput,
    /// A capture to send.
    pub capture: Option<CaptureInput>,
    /// Leaves the capture's signature as it is.
    pub as_is: bool,
    /// Sends to another machine too; recorded.
    pub force: bool,
}

impl TryFrom<SendInput> for WebhookSend {
    type Error = Error;

    fn try_from(input: SendInput) -> Result<Self, Error> {
        let capture = input.capture.as_ref();
        Ok(Self {
            target: input.target,
            capture: capture.map(CaptureInput::bytes).transpose()?,
            pick: capture.and_then(|capture| capture.pick),
            sample: input.sample.into(),
            as_is: input.as_is,
            force: input.force,
            timeout: SEND_TIMEOUT,
        })
    }
}

/// A request that is ready to go.
struct Ready {
    request: Request,
    /// The value of `Host`, where it is not the target's own.
    host: Option<String>,
    /// What a scheme adds to the query of the URL.
    query: Option<String>,
    signed: Option<Signed>,
    notes: Vec<String>,
}

/// What signed a request.
struct Signed {
    scheme: String,
    veil: Veil,
    secret: SecretName,
    stored: Option<Version>,
}

/// The scheme and the secret that are to sign.
struct Signer<'a> {
    scheme: &'a Scheme,
    secret: &'a NamedSecret,
}

impl Keyward {
    /// Sends a webhook to an endpoint and hands back its answer, whatever its status is. The use of
    /// a stored secret is recorded before it is sent.
    ///
    /// # Errors
    /// `SEND_NOT_LOCAL` for a target that is not this machine, before anything is connected to or
    /// read from the vault; `SEND_FAILED` when no answer came; `USAGE` for what is no URL or is
    /// missing; and those of [`Keyward::webhook_sign`] and [`Keyward::webhook_import`].
    pub fn webhook_send(&self, send: WebhookSend) -> Result<SendView, Error> {
        let target = Target::parse(&send.target).map_err(|error| refused(&error))?;
        let reach = if send.force { Reach::Anywhere } else { Reach::Loopback };
        let time = send.timeout.clamp(Duration::from_secs(1), LONGEST);
        let captured = send.capture.as_deref().map(|bytes| picked(bytes, send.pick)).transpose()?;
        let mut route = Route::find(target, reach, time).map_err(|error| refused(&error))?;
        let ready = match captured {
            Some(captured) if send.as_is => as_captured(captured, &send.sample),
            captured => self.signed(captured, &send.sample, &route.target().url())?,
        };
        if let Some(query) = &ready.query {
            route.add_query(query);
        }
        self.record(&ready, &route)?;
        let body = ready.request.body();
        let outgoing = Outgoing {
            method: ready.request.method.as_deref().unwrap_or("POST"),
            host: ready.host.as_deref(),
            headers: &ready.request.headers,
            body,
        };
        let limits = Limits { time, body: MOST_ANSWER };
        let exchange = route.send(&outgoing, limits).map_err(|error| refused(&error))?;
        ready.view(&route, &exchange)
    }

    /// Signs a sample, or a capture afresh.
    fn signed(
        &self,
        captured: Option<Request>,
        sample: &WebhookSample,
        target: &str,
    ) -> Result<Ready, Error> {
        let mut notes = captured.as_ref().map(losses).unwrap_or_default();
        let (secret, stored) = self.signing_secret(sample)?;
        let named = named_scheme(sample)?;
        let guessed = match (&named, &captured) {
            (None, Some(captured)) => {
                let secrets = std::slice::from_ref(&secret);
                let found = recognise(captured, secrets, &sample.params, &mut notes);
                Some(found.map_err(|error| super::refused(&error))?)
            }
            _ => None,
        };
        let Some(scheme) = named.as_deref().or(guessed) else {
            return Err(Error::new("USAGE", "No scheme was named.", "`--scheme ID`."));
        };
        let url = signed_url(sample, target)?;
        let signer = Signer { scheme, secret: &secret };
        let request = self.sign_with(&signer, captured, sample, &url)?;
        let of_scheme = scheme.signs_host().then(|| request.header("host")).flatten();
        let host = asked_host(sample).or(of_scheme.map(std::borrow::Cow::into_owned));
        let query = added_query(&url, request.url.as_deref().unwrap_or_default());
        let signed = Signed {
            scheme: scheme.id.clone(),
            veil: Veil::new(Some((&secret.name, &secret.bytes, scheme)))?,
            secret: SecretName { name: secret.name.clone(), version: secret.version },
            stored,
        };
        Ok(Ready { request, host, query, signed: Some(signed), notes })
    }

    fn sign_with(
        &self,
        signer: &Signer<'_>,
        captured: Option<Request>,
        sample: &WebhookSample,
        url: &str,
    ) -> Result<Request, Error> {
        let made_up = message_id()?;
        let is_made = captured.is_none();
        let base = captured.map_or_else(|| made(sample), |captured| changed(captured, sample));
        let parts = Sample {
            scheme: signer.scheme,
            key: signer.secret.bytes.expose_secret(),
            method: base.method.as_deref().unwrap_or("POST"),
            url,
            body: base.body(),
            headers: &base.headers,
            time: self.now().as_second(),
            id: sample.id.as_deref().unwrap_or(&made_up),
            params: &sample.params,
        };
        let signed = match is_made {
            true => sign(&parts),
            false => sign_again(&base, &parts, sample.id.as_deref()),
        };
        signed.map_err(|error| signing::refused(&error))
    }

    /// The secret that signs, and its version if it is a stored one.
    fn signing_secret(
        &self,
        sample: &WebhookSample,
    ) -> Result<(NamedSecret, Option<Version>), Error> {
        if let Some(given) = &sample.secret_file {
            let bytes = keyward_vault::secret(given.value.expose_secret().to_vec());
            return Ok((NamedSecret { name: given.label.clone(), version: None, bytes }, None));
        }
        let stored = self.current_version(sample.secret.as_deref())?;
        let version = Some(stored.version.number);
        let secret = NamedSecret { name: stored.path, version, bytes: stored.value };
        Ok((secret, Some(stored.version)))
    }

    /// Records the use of a stored secret, and that something leaves this machine.
    fn record(&self, ready: &Ready, route: &Route) -> Result<(), Error> {
        let place = place(route.target());
        let abroad = if route.is_local() { "" } else { ", forced past the guard" };
        let stored = ready.signed.as_ref().and_then(|s| Some((s, s.stored.as_ref()?)));
        let (subject, detail) = match stored {
            Some((signed, version)) => (
                signed.secret.name.as_str(),
                format!("version {} to {place}{abroad}", version.number),
            ),
            None if route.is_local() || !self.vault_exists()? => return Ok(()),
            None => ("webhook", format!("to {place}{abroad}")),
        };
        let event = self.event("send", subject, Some(detail));
        self.with(|open| {
            open.change(|tx, _| {
                if let Some((_, version)) = stored {
                    tx.put_use(&Use {
                        entry: version.entry.clone(),
                        how: "send".to_owned(),
                        place,
                        version: version.number,
                        last: self.clock(),
                    })?;
                }
                Ok(((), vec![event]))
            })
        })?;
        Ok(())
    }
}

impl Ready {
    fn view(mut self, route: &Route, exchange: &Exchange) -> Result<SendView, Error> {
        self.notes.extend(remarks(&self.request, route, exchange));
        let unsigned;
        let veil = match &self.signed {
            Some(signed) => &signed.veil,
            None => {
                unsigned = Veil::new(None)?;
                &unsigned
            }
        };
        let sent = veil.request(
            self.request.method.as_deref().unwrap_or("POST"),
            &route.target().url(),
            exchange.address.to_string(),
            &exchange.headers,
            self.request.body(),
        );
        Ok(SendView {
            version: view::JSON_VERSION,
            ok: (200..300).contains(&exchange.answer.status),
            scheme: self.signed.as_ref().map(|signed| signed.scheme.clone()),
            secret: self.signed.as_ref().map(|signed| signed.secret.clone()),
            sent,
            answer: veil.answer(&exchange.answer),
            seconds: exchange.took.as_secs_f64(),
            notes: self.notes,
        })
    }
}

/// The request of a made sample, before it is signed.
fn made(sample: &WebhookSample) -> Request {
    let mut headers = sample.headers.clone();
    let typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    // Without it most frameworks hand an empty body to the endpoint.
    if !typed && matches!(sample.body.trim_ascii_start().first(), Some(b'{' | b'[')) {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    let method = Some(&sample.method).filter(|method| !method.is_empty());
    Request {
        method: Some(method.map_or("POST", String::as_str).to_owned()),
        headers,
        body: Some(sample.body.clone()),
        ..Request::default()
    }
}

/// A capture with what is to be other than it was.
fn changed(mut captured: Request, sample: &WebhookSample) -> Request {
    let given = |name: &str| sample.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    captured.headers.retain(|(name, _)| !given(name));
    captured.headers.extend(sample.headers.iter().cloned());
    if !sample.method.is_empty() {
        captured.method = Some(sample.method.clone());
    }
    captured
}

fn as_captured(captured: Request, sample: &WebhookSample) -> Ready {
    let notes = losses(&captured);
    let request = changed(captured, sample);
    Ready { request, host: asked_host(sample), query: None, signed: None, notes }
}

/// `Host`, when it was asked for as a header.
fn asked_host(sample: &WebhookSample) -> Option<String> {
    let host = sample.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    host.map(|(_, value)| value.clone())
}

/// The URL that is signed: the one that was given, else the target's.
fn signed_url(sample: &WebhookSample, target: &str) -> Result<String, Error> {
    if !sample.url.is_empty() {
        return Ok(sample.url.clone());
    }
    let Some(url) = sample.params.get("url") else { return Ok(target.to_owned()) };
    match std::str::from_utf8(url) {
        Ok(url) => Ok(url.trim().to_owned()),
        Err(_) => Err(Error::new("SAMPLE_INVALID", "The URL is not text.", "`--param url=…`.")),
    }
}

/// What a scheme added to the URL's query, such as Twilio's `bodySHA256=…`.
fn added_query(before: &str, after: &str) -> Option<String> {
    let added = after.strip_prefix(before)?.strip_prefix(['?', '&'])?;
    Some(added.to_owned())
}

/// Scheme, host, port and path of a target; its query may hold anything.
fn place(target: &Target) -> String {
    let url = target.url();
    shown(url.split('?').next().unwrap_or_default())
}

/// What a capture says that it could not carry.
fn losses(captured: &Request) -> Vec<String> {
    let mut notes = captured.notes.clone();
    if captured.body.is_none() {
        notes.push("The capture holds no body, so an empty one was sent.".to_owned());
    }
    notes
}

/// What was not sent as it was given, and what else is good to know.
fn remarks(request: &Request, route: &Route, exchange: &Exchange) -> Vec<String> {
    let mut notes = vec![];
    let connection = request.header("connection");
    let renewed = ["connection", "content-length", "host"];
    let left: Vec<String> = request
        .headers
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !is_carried(name, connection.as_deref()))
        .filter(|name| !renewed.iter().any(|known| known.eq_ignore_ascii_case(name)))
        .map(|name| format!("`{}`", shown(name)))
        .collect();
    if !left.is_empty() {
        let left = left.join(", ");
        notes.push(format!("Left out, for it belongs to the captured connection: {left}."));
    }
    for (name, _) in request.headers.iter().filter(|(_, value)| !value.is_ascii()) {
        let name = shown(name);
        notes.push(format!("The header `{name}` holds letters beyond ASCII; they went as UTF-8."));
    }
    if exchange.unchecked {
        notes.push("The certificate was not checked, as the endpoint is this machine.".to_owned());
    }
    if !route.is_local() && !route.target().secure {
        notes.push("This went to another machine without encryption.".to_owned());
    }
    if let Some(coding) = packed(&exchange.answer) {
        let coding = shown(coding);
        notes.push(format!("The answer's body is packed ({coding}) and is not shown."));
    }
    if (300..400).contains(&exchange.answer.status) {
        notes.push("Redirects are not followed; most providers do not either.".to_owned());
    }
    notes
}

fn refused(error: &RemoteError) -> Error {
    use RemoteError as E;
    let what = capital(&error.to_string());
    let none = format!("{what}. Nothing was sent.");
    let maybe = format!("{what}. The request may have arrived all the same.");
    match error {
        E::Target(_) => Error::new("USAGE", none, "Such as `http://localhost:3000/webhooks`."),
        E::Unsendable(_) => Error::new("SAMPLE_INVALID", none, "Mend it in the capture."),
        E::TooFar { .. } => Error::new(
            "SEND_NOT_LOCAL",
            none,
            "Give an endpoint of this machine. `--force` sends it there all the same, and records it.",
        ),
        E::NoAddress(_) => Error::new("SEND_FAILED", none, "Check the URL's host."),
        E::Connect { .. } => {
            Error::new("SEND_FAILED", none, "Start the endpoint, and check the URL's port.")
        }
        E::Tls(_) => Error::new("SEND_FAILED", none, "Check the URL's scheme and port."),
        E::Timeout(_) => Error::new(
            "SEND_FAILED",
            maybe,
            "Answer first and work afterwards: providers do not wait longer either. `--timeout` does.",
        ),
        E::Closed => Error::new("SEND_FAILED", maybe, "Look into the endpoint's log for a crash."),
        E::NotHttp(_) => Error::new(
            "SEND_FAILED",
            maybe,
            "Check the port; is it `https://`, or another service?",
        ),
        E::Broken(_) => Error::new("SEND_FAILED", maybe, "Try again."),
    }
}
