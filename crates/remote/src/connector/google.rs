//! Keys of Google service accounts. The value is the JSON file that Google hands out; a signed claim is
//! exchanged for a token (RFC 7523), and the token makes and deletes keys.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::answer::{Json, code, id, time};
use super::{Account, Can, Checked, Created, Liveness};
use crate::client::{Call, Named, Patience, Reply};
use crate::{Failure, Happened, RemoteError, Why};

/// Where a claim is exchanged. The address that stands in the key file is not used: whoever wrote the
/// file would choose where the claim goes.
const TOKEN: &str = "https://oauth2.googleapis.com/token";
const IAM: &str = "https://iam.googleapis.com";
/// What the token may do.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The calls of this adapter.
pub(crate) const CAN: Can =
    Can { check: true, create: true, find: false, revoke: true, promote: false };

/// The hosts that it calls.
pub(crate) const HOSTS: [&str; 2] = ["oauth2.googleapis.com", "iam.googleapis.com"];

/// What of a key file is used.
struct KeyFile {
    email: String,
    id: String,
    /// PKCS #8.
    der: Zeroizing<Vec<u8>>,
    /// What may stand in no text: lines of the private key.
    secrets: Vec<Zeroizing<String>>,
}

/// An answer's status and JSON.
struct Answer {
    status: u16,
    json: Json,
}

impl KeyFile {
    fn read(value: &[u8]) -> Option<Self> {
        let json = Json::read(value);
        let text = |name: &str| Some(json.0.get(name)?.as_str()?.to_owned());
        if text("type")? != "service_account" {
            return None;
        }
        let pem = Zeroizing::new(text("private_key")?);
        let lines = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let secrets: Vec<_> = lines
            .filter(|line| !line.is_empty())
            .map(|line| Zeroizing::new(line.to_owned()))
            .collect();
        let base64 = Zeroizing::new(secrets.iter().map(|line| line.as_str()).collect::<String>());
        let der = Zeroizing::new(STANDARD.decode(base64.as_bytes()).ok()?);
        let (email, id) = (text("client_email")?, text("private_key_id")?);
        // Both become part of an address.
        let plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._@".contains(&b))
                && !text.starts_with('.')
        };
        (plain(&email) && plain(&id)).then_some(Self { email, id, der, secrets })
    }

    /// A claim of five minutes that this account asks for a token.
    fn claim(&self, now: i64) -> Option<Zeroizing<String>> {
        let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let header = part(json!({ "alg": "RS256", "typ": "JWT", "kid": self.id }));
        let claims = part(json!({
            "iss": self.email, "scope": SCOPE, "aud": TOKEN, "iat": now, "exp": now + 300,
        }));
        let mut claim = Zeroizing::new(format!("{header}.{claims}"));
        let key = RsaKeyPair::from_pkcs8(&self.der).ok()?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), claim.as_bytes(), &mut signature).ok()?;
        claim.push('.');
        claim.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Some(claim)
    }
}

/// One account, as [`Account`] has it.
pub(crate) struct Google<'a>(pub &'a Account<'a>);

impl Google<'_> {
    /// See [`Account::check`].
    pub(crate) fn check(&self, value: &SecretSlice<u8>) -> Result<Checked, Failure> {
        let file = key_file(value)?;
        let answer = self.exchange(&file)?;
        let text = |name: &str| answer.json.0.get(name).and_then(Value::as_str).unwrap_or_default();
        let described = text("error_description");
        // `invalid_grant` is said of a clock that is wrong too.
        let is_gone =
            described.contains("Invalid JWT Signature") || described.contains("account not found");
        let liveness = match answer.status {
            200 if !text("access_token").is_empty() => Liveness::Alive,
            400 | 401 if text("error") == "invalid_grant" && is_gone => Liveness::Dead,
            _ => Liveness::Unknown,
        };
        let reason = code(text("error"), &file.secrets).filter(|_| liveness != Liveness::Alive);
        let said = match reason {
            Some(reason) => format!("HTTP {} ({reason})", answer.status),
            None => format!("HTTP {}", answer.status),
        };
        Ok(Checked { liveness, said, id: Some(file.id), expires: None })
    }

    /// See [`Account::create`].
    pub(crate) fn create(&self, old: &SecretSlice<u8>) -> Result<Created, Failure> {
        let file = key_file(old)?;
        let token = self.token(&file)?;
        let path = format!("/v1/projects/-/serviceAccounts/{}/keys", file.email);
        let answer = self.call("POST", IAM, &path, Some(&token), ("application/json", b"{}"))?;
        refused(&answer, &file)?;
        let lost = |why| Failure { happened: Happened::Perhaps, why: Why::Answer(why), wait: None };
        let data = answer.json.0.get("privateKeyData").and_then(Value::as_str);
        let data = data.ok_or(lost("no value is in it"))?;
        let value = Zeroizing::new(STANDARD.decode(data).map_err(|_| lost("no value is in it"))?);
        let new = KeyFile::read(&value).ok_or(lost("the value in it is no key file"))?;
        let expires = answer.json.0.get("validBeforeTime").and_then(time);
        let id = id(new.id, &new.secrets);
        Ok(Created { value: SecretSlice::from(value.to_vec()), id, expires, old_until: None })
    }

    /// See [`Account::revoke`].
    pub(crate) fn revoke(
        &self,
        with: &SecretSlice<u8>,
        doomed: Option<&SecretSlice<u8>>,
        id: Option<&str>,
    ) -> Result<(), Failure> {
        let file = key_file(with)?;
        let (email, id) = match (doomed, id) {
            (Some(doomed), _) => {
                let doomed = key_file(doomed)?;
                (doomed.email, doomed.id)
            }
            (None, Some(id)) if id.bytes().all(|b| b.is_ascii_alphanumeric()) && !id.is_empty() => {
                (file.email.clone(), id.to_owned())
            }
            _ => {
                let what = "the provider's id of the key".to_owned();
                return Err(Failure::without_effect(Why::Missing(what)));
            }
        };
        let token = self.token(&file)?;
        let path = format!("/v1/projects/-/serviceAccounts/{email}/keys/{id}");
        let answer = self.call("DELETE", IAM, &path, Some(&token), ("", b""))?;
        if answer.status == 404 { Ok(()) } else { refused(&answer, &file) }
    }

    /// A token to work with: the stronger credential, which is one, or one for the key.
    fn token(&self, file: &KeyFile) -> Result<Zeroizing<String>, Failure> {
        if let Some(admin) = self.0.admin {
            let text = std::str::from_utf8(admin.expose_secret());
            let needed = || Failure::without_effect(Why::Missing("an access token".to_owned()));
            return Ok(Zeroizing::new(text.map_err(|_| needed())?.to_owned()));
        }
        let answer = self.exchange(file)?;
        // Nothing was made or deleted yet, whatever the answer is.
        refused(&answer, file).map_err(|failure| Failure { happened: Happened::No, ..failure })?;
        let token = answer.json.0.get("access_token").and_then(Value::as_str);
        let why = Failure::without_effect(Why::Answer("no token is in it"));
        token.map(|token| Zeroizing::new(token.to_owned())).ok_or(why)
    }

    fn exchange(&self, file: &KeyFile) -> Result<Answer, Failure> {
        let claim = file.claim(self.0.now.as_second()).ok_or_else(no_key)?;
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(8 * 1024));
        form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        form.append_pair("assertion", &claim);
        let body = Zeroizing::new(form.finish());
        let form = ("application/x-www-form-urlencoded", body.as_bytes());
        let place = TOKEN.strip_suffix("/token").unwrap_or(TOKEN);
        // A token that nobody uses is no effect.
        self.call("POST", place, "/token", None, form)
            .map_err(|failure| Failure { happened: Happened::No, ..failure })
    }

    fn call(
        &self,
        method: &str,
        place: &str,
        path: &str,
        token: Option<&Zeroizing<String>>,
        (kind, body): (&str, &[u8]),
    ) -> Result<Answer, Failure> {
        let (place, named) = match self.0.endpoint {
            Some(endpoint) if endpoint.contains(['?', '#']) => {
                let why = RemoteError::Target("an endpoint ends before any `?` and `#`");
                return Err(Failure::without_effect(Why::Remote(why)));
            }
            Some(endpoint) => (endpoint.trim_end_matches('/'), Named::ByUser),
            None => (place, Named::BuiltIn),
        };
        let header = |name: &str, value: &str| (name.to_owned(), Zeroizing::new(value.to_owned()));
        let mut headers = vec![
            header("User-Agent", concat!("keyward/", env!("CARGO_PKG_VERSION"))),
            header("Accept", "application/json"),
        ];
        if !kind.is_empty() {
            headers.push(header("Content-Type", kind));
        }
        if let Some(token) = token {
            headers.push(header("Authorization", &format!("Bearer {}", **token)));
        }
        let call = Call {
            method: method.to_owned(),
            url: Zeroizing::new(format!("{place}{path}")),
            headers,
            body: Zeroizing::new(body.to_vec()),
            repeatable: false,
        };
        let Reply { status, body, wait } = call.make(named, Patience::USUAL)?;
        if status >= 500 {
            let why = Why::Refused { status, code: None };
            return Err(Failure { happened: Happened::Perhaps, why, wait });
        }
        Ok(Answer { status, json: Json::read(&body) })
    }
}

/// An answer that is no success, with Google's own word for the reason (`error` of OAuth, `error.status`
/// of its other interfaces).
fn refused(answer: &Answer, file: &KeyFile) -> Result<(), Failure> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let error = answer.json.0.get("error");
    let status = error.and_then(|error| error.get("status")?.as_str());
    let word = error.and_then(Value::as_str).or(status);
    let code = word.and_then(|word| code(word, &file.secrets));
    Err(Failure::without_effect(Why::Refused { status: answer.status, code }))
}

/// Whether a value is a key file.
pub(crate) fn takes(value: &[u8]) -> bool {
    KeyFile::read(value).is_some()
}

fn key_file(value: &SecretSlice<u8>) -> Result<KeyFile, Failure> {
    KeyFile::read(value.expose_secret()).ok_or_else(no_key)
}

fn no_key() -> Failure {
    let what = "the JSON key file of a Google service account".to_owned();
    Failure::without_effect(Why::Missing(what))
}
