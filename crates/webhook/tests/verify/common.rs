//! Good deliveries to break, signed here with the primitives rather than with the crate under test.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac};
use keyward_webhook::{Case, NamedSecret, Report, Request, verify};
use sha1::Sha1;
use sha2::Sha256;

/// When every delivery was sent.
pub const NOW: i64 = 1_760_000_000;

/// Encoding as the providers write it.
pub mod sign {
    use base64::Engine as _;

    /// Standard base64 with padding.
    pub fn base64(bytes: &[u8]) -> String {
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }
}

/// Standard base64, decoded.
pub fn standard_b64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

/// HMAC-SHA256.
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// HMAC-SHA1.
pub fn hmac_sha1(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// A delivery with all that is asked about it.
#[derive(Clone)]
pub struct Good {
    pub scheme: &'static str,
    pub request: Request,
    pub secret: Vec<u8>,
    pub also: Vec<(&'static str, Vec<u8>)>,
    pub params: BTreeMap<String, Vec<u8>>,
    pub now: i64,
    pub tolerance: Option<u64>,
    /// The signature header's name.
    pub header: &'static str,
    /// The signature's own text.
    pub signature: String,
}

impl Good {
    /// A delivery of which only the scheme is set.
    pub fn empty(scheme: &'static str) -> Self {
        Self {
            scheme,
            request: Request::default(),
            secret: Vec::new(),
            also: Vec::new(),
            params: BTreeMap::new(),
            now: NOW,
            tolerance: None,
            header: "",
            signature: String::new(),
        }
    }

    /// The signature header's value.
    pub fn value(&self) -> String {
        let header = self.request.headers.iter().find(|(name, _)| name == self.header);
        header.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Sets a header.
    pub fn set(&mut self, name: &str, value: String) {
        self.request.headers.retain(|(n, _)| n != name);
        self.request.headers.push((name.into(), value));
    }

    /// Replaces text in every header.
    pub fn replace(&mut self, from: &str, to: &str) {
        for (_, value) in &mut self.request.headers {
            *value = value.replace(from, to);
        }
    }

    /// Signs again with another timestamp.
    pub fn resign(&mut self, timestamp: &str) {
        let body = String::from_utf8_lossy(self.request.body()).into_owned();
        let (secret, also) = (self.secret.clone(), self.also.clone());
        *self = Self { secret, also, ..signed(self.scheme, &body, timestamp) };
    }
}

/// A delivery that verifies at [`NOW`].
pub fn good(scheme: &str, body: &str) -> Good {
    let known = ["stripe", "github", "slack", "shopify", "standard_webhooks"];
    let scheme = known.into_iter().find(|s| *s == scheme).expect("a scheme of the table");
    signed(scheme, body, &NOW.to_string())
}

fn signed(scheme: &'static str, body: &str, timestamp: &str) -> Good {
    let key = b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let (secret, text, header) = match scheme {
        "stripe" => (
            [b"whsec_".as_slice(), key].concat(),
            format!("{timestamp}.{body}"),
            "Stripe-Signature",
        ),
        "slack" => (key.to_vec(), format!("v0:{timestamp}:{body}"), "X-Slack-Signature"),
        "github" => (key.to_vec(), body.to_owned(), "X-Hub-Signature-256"),
        "shopify" => (key.to_vec(), body.to_owned(), "X-Shopify-Hmac-Sha256"),
        _ => (
            [b"whsec_".as_slice(), key].concat(),
            format!("msg_1.{timestamp}.{body}"),
            "webhook-signature",
        ),
    };
    let decoded = standard_b64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let is_standard = scheme == "standard_webhooks";
    let mac = hmac_sha256(if is_standard { &decoded } else { &secret }, text.as_bytes());
    let signature =
        if is_standard || scheme == "shopify" { sign::base64(&mac) } else { hex::encode(&mac) };
    let value = match scheme {
        "stripe" => format!("t={timestamp},v1={signature}"),
        "slack" => format!("v0={signature}"),
        "github" => format!("sha256={signature}"),
        "shopify" => signature.clone(),
        _ => format!("v1,{signature}"),
    };
    let mut good = Good { secret, header, signature, ..Good::empty(scheme) };
    good.request.body = Some(body.into());
    good.set(header, value);
    match scheme {
        "slack" => good.set("X-Slack-Request-Timestamp", timestamp.into()),
        "standard_webhooks" => {
            good.set("webhook-timestamp", timestamp.into());
            good.set("webhook-id", "msg_1".into());
        }
        _ => {}
    }
    good
}

/// Asks the crate about a delivery.
pub fn ask(good: &Good) -> Report {
    let named = |name: &str, bytes: &[u8]| NamedSecret {
        name: name.into(),
        version: None,
        bytes: bytes.to_vec().into(),
    };
    let secrets = [named("mine", &good.secret)];
    let also: Vec<_> = good.also.iter().map(|(name, bytes)| named(name, bytes)).collect();
    let case = Case {
        request: &good.request,
        scheme: Some(good.scheme),
        custom: None,
        secrets: &secrets,
        also: &also,
        params: &good.params,
        now: good.now,
        tolerance: good.tolerance,
    };
    verify(&case).expect("a complete question")
}
