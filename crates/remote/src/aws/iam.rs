//! IAM access keys. A user has two slots for them, so the new one is made beside the old one. IAM keeps
//! no token of a request: what a run made is whatever is there beside the old key.

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretSlice};
use zeroize::Zeroizing;

use super::call::{Action, Caller, element, elements};
use super::credentials::Credentials;
use crate::connector::{Account, Checked, Created, Liveness};
use crate::{Failure, Happened, Why};

/// An access key as IAM lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamKey {
    /// Its id, such as `AKIA…`.
    pub id: String,
    /// Whether it is active; an inactive one takes up a slot all the same.
    pub active: bool,
    /// When it was made, as IAM says.
    pub created: Option<Timestamp>,
}

/// Asks STS whose key it is. `Dead` is `InvalidClientTokenId` alone, which is what a deleted or an
/// inactive one gets; `SignatureDoesNotMatch` says that the id lives and the secret is another's.
///
/// # Errors
/// [`Failure`] when it cannot be asked.
pub(crate) fn check(account: &Account<'_>, value: &SecretSlice<u8>) -> Result<Checked, Failure> {
    let credentials = Credentials::parse(value.expose_secret())?;
    let who = Action { service: "sts", name: "GetCallerIdentity", parameters: &[], reads: true };
    let (liveness, said) = match caller(account, &credentials).query(&who) {
        Ok(answer) if element(&answer, "Arn").is_some() => (Liveness::Alive, "HTTP 200".to_owned()),
        Ok(_) => (Liveness::Unknown, "HTTP 200, without an identity".to_owned()),
        // Any other status, or "slow down", says nothing of the key.
        Err(Failure {
            why: Why::Refused { status: status @ (400..=428 | 430..=499), code },
            wait: None,
            ..
        }) => {
            let liveness = match code.as_deref() {
                Some("InvalidClientTokenId" | "ExpiredToken") => Liveness::Dead,
                Some("AccessDenied") => Liveness::NoPermission,
                _ => Liveness::Unknown,
            };
            let note = match code.as_deref() {
                Some("SignatureDoesNotMatch") => ": the secret is not that of this key id",
                _ => "",
            };
            let code = code.map(|code| format!(" ({code}{note})")).unwrap_or_default();
            (liveness, format!("HTTP {status}{code}"))
        }
        Err(failure) => return Err(failure),
    };
    Ok(Checked { liveness, said, id: Some(credentials.id), expires: None })
}

/// Makes a second key for the user of the old one, written as the old one was.
///
/// # Errors
/// [`Failure`]; `LimitExceeded` names the key that is in the way.
pub(crate) fn create(
    account: &Account<'_>,
    old: &SecretSlice<u8>,
    _token: &str,
) -> Result<Created, Failure> {
    let old = old.expose_secret();
    let own = Credentials::parse(old)?;
    if own.session.is_some() {
        let why = "it is a temporary credential, which ends by itself and cannot be renewed here";
        return Err(Failure::without_effect(Why::Local(why.to_owned())));
    }
    let admin = admin(account)?;
    let caller = caller(account, admin.as_ref().unwrap_or(&own));
    let user = user(account, &caller, admin.is_some().then_some(own.id.as_str()))?;
    let parameters: Vec<_> = user.iter().map(|name| ("UserName", name.as_str())).collect();
    let create =
        Action { service: "iam", name: "CreateAccessKey", parameters: &parameters, reads: false };
    let answer = match caller.query(&create) {
        Err(failure) if is(&failure, "LimitExceeded") => {
            return Err(quota(&caller, user.as_deref(), &own.id, failure));
        }
        answer => answer?,
    };
    let part = |name| element(&answer, name).filter(|text| !text.is_empty());
    let (Some(id), Some(secret)) = (part("AccessKeyId"), part("SecretAccessKey")) else {
        let why = Why::Answer("it holds no access key");
        return Err(Failure { happened: Happened::Perhaps, why, wait: None });
    };
    let made = Credentials { id: id.to_string(), secret, session: None };
    let value: Vec<u8> = made.like(old)?.to_vec();
    Ok(Created { value: value.into(), id: Some(made.id), expires: None, old_until: None })
}

/// Ids of the user's keys but for the one in `with`. Which of them a run made, the caller knows: those
/// that were not there when it began.
///
/// # Errors
/// [`Failure`].
pub(crate) fn made(
    account: &Account<'_>,
    with: &SecretSlice<u8>,
    _token: &str,
) -> Result<Vec<String>, Failure> {
    let own = Credentials::parse(with.expose_secret())?;
    let others = keys(account, with)?.into_iter().map(|key| key.id);
    Ok(others.filter(|id| *id != own.id).collect())
}

/// Every access key of the user whose key `with` is.
///
/// # Errors
/// [`Failure`].
pub fn keys(account: &Account<'_>, with: &SecretSlice<u8>) -> Result<Vec<IamKey>, Failure> {
    let own = Credentials::parse(with.expose_secret())?;
    let admin = admin(account)?;
    let caller = caller(account, admin.as_ref().unwrap_or(&own));
    let user = user(account, &caller, admin.is_some().then_some(own.id.as_str()))?;
    list(&caller, user.as_deref())
}

/// Deletes a key. It is made inactive before, so that it is refused even where deleting is not allowed;
/// but not by itself, for it could not delete itself then.
///
/// # Errors
/// [`Failure`]. A key that is gone is none.
pub(crate) fn revoke(
    account: &Account<'_>,
    with: &SecretSlice<u8>,
    doomed: Option<&SecretSlice<u8>>,
    id: Option<&str>,
) -> Result<(), Failure> {
    let own = Credentials::parse(with.expose_secret())?;
    let doomed = doomed.map(|value| Credentials::parse(value.expose_secret())).transpose()?;
    let Some(id) = id.map(str::to_owned).or(doomed.map(|key| key.id)) else {
        return Err(Failure::without_effect(Why::Missing("id".to_owned())));
    };
    let admin = admin(account)?;
    let by = admin.as_ref().unwrap_or(&own);
    let caller = caller(account, by);
    let user = match user(account, &caller, admin.is_some().then_some(id.as_str())) {
        Err(failure) if is(&failure, "NoSuchEntity") => return Ok(()),
        user => user?,
    };
    let mut parameters = vec![("AccessKeyId", id.as_str())];
    parameters.extend(user.iter().map(|name| ("UserName", name.as_str())));
    let mut is_inactive = false;
    if by.id != id {
        let parameters = [&parameters[..], &[("Status", "Inactive")]].concat();
        let update = Action {
            service: "iam",
            name: "UpdateAccessKey",
            parameters: &parameters,
            reads: false,
        };
        match caller.query(&update) {
            Ok(_) => is_inactive = true,
            Err(failure) if is(&failure, "NoSuchEntity") => return Ok(()),
            // Deleting may be allowed all the same.
            Err(failure) if is(&failure, "AccessDenied") => {}
            Err(failure) => return Err(failure),
        }
    }
    let delete =
        Action { service: "iam", name: "DeleteAccessKey", parameters: &parameters, reads: false };
    match caller.query(&delete) {
        Ok(_) => Ok(()),
        Err(failure) if is(&failure, "NoSuchEntity") => Ok(()),
        // Itself, and gone already.
        Err(failure) if by.id == id && is(&failure, "InvalidClientTokenId") => Ok(()),
        Err(Failure { why: Why::Refused { status, code }, wait, .. }) if is_inactive => {
            let code = format!("{}; the key is inactive now", code.unwrap_or_default());
            let why = Why::Refused { status, code: Some(code) };
            Err(Failure { happened: Happened::Perhaps, why, wait })
        }
        Err(failure) => Err(failure),
    }
}

fn caller<'a>(account: &Account<'a>, credentials: &'a Credentials) -> Caller<'a> {
    let region = account.parameters.get("region").map_or("us-east-1", String::as_str);
    Caller { credentials, region, endpoint: account.endpoint, now: account.now }
}

fn admin(account: &Account<'_>) -> Result<Option<Credentials>, Failure> {
    account.admin.map(|value| Credentials::parse(value.expose_secret())).transpose()
}

/// The user that a stronger credential acts on: the one that was named, or the one whose key this is.
/// A key that acts by itself needs none.
fn user(
    account: &Account<'_>,
    caller: &Caller<'_>,
    key: Option<&str>,
) -> Result<Option<String>, Failure> {
    if let Some(named) = account.parameters.get("user").filter(|name| !name.is_empty()) {
        return Ok(Some(named.clone()));
    }
    let Some(key) = key else { return Ok(None) };
    let parameters = [("AccessKeyId", key)];
    let last_used = Action {
        service: "iam",
        name: "GetAccessKeyLastUsed",
        parameters: &parameters,
        reads: true,
    };
    let answer = caller.query(&last_used)?;
    let name = element(&answer, "UserName").filter(|name| !name.is_empty());
    let unknown = || Failure::without_effect(Why::Missing("user".to_owned()));
    name.map(|name| Some(name.to_string())).ok_or_else(unknown)
}

fn list(caller: &Caller<'_>, user: Option<&str>) -> Result<Vec<IamKey>, Failure> {
    let parameters: Vec<_> = user.iter().map(|name| ("UserName", *name)).collect();
    let list =
        Action { service: "iam", name: "ListAccessKeys", parameters: &parameters, reads: true };
    let answer = caller.query(&list)?;
    let Some(members) = element_of(&answer) else {
        return Err(Failure::without_effect(Why::Answer("it holds no list of keys")));
    };
    let key = |member: &str| {
        let part = |name| element(member, name).map(|text: Zeroizing<String>| text.to_string());
        let created = part("CreateDate").and_then(|time| time.parse().ok());
        Some(IamKey { id: part("AccessKeyId")?, active: part("Status")? == "Active", created })
    };
    Ok(elements(members, "member").filter_map(key).collect())
}

fn element_of(answer: &str) -> Option<&str> {
    // None at all is written as an element without content.
    let empty = answer.contains("<AccessKeyMetadata/>").then_some("");
    elements(answer, "AccessKeyMetadata").next().or(empty)
}

/// Which key takes up the second slot.
fn quota(caller: &Caller<'_>, user: Option<&str>, own: &str, failure: Failure) -> Failure {
    let Why::Refused { status, .. } = failure.why else { return failure };
    let keys = list(caller, user).unwrap_or_default();
    let Some(other) = keys.into_iter().find(|key| key.id != own) else { return failure };
    let state = if other.active { "active" } else { "inactive" };
    let code = format!("LimitExceeded, in the way is {} ({state})", other.id);
    Failure { why: Why::Refused { status, code: Some(code) }, ..failure }
}

fn is(failure: &Failure, wanted: &str) -> bool {
    matches!(&failure.why, Why::Refused { code: Some(code), .. } if code == wanted)
}
