//! What is handed in beside the request: the public URL, keys and certificates, ids that are signed, and
//! which of several versions is meant.

use super::{Case, NamedSecret, VerifyError};
use crate::delivery::first;
use crate::lookup;
use crate::report::{Code, Reason};
use crate::request::Request;
use crate::scheme::{ApiKey, Method, Scheme};
use crate::schemes::find;
use crate::text::excerpt;
use crate::url::Url;

/// The scheme with this id, or its sibling of the version that the parameter `version` asks for.
pub(super) fn version<'a>(case: &Case, id: &str) -> Option<&'a Scheme> {
    let asked = case.params.get("version").and_then(|v| std::str::from_utf8(v).ok());
    let Some(asked) = asked.map(str::trim) else { return find(id) };
    let stem = id.rsplit_once("_v").map_or(id, |(stem, digits)| {
        if digits.bytes().all(|b| b.is_ascii_digit()) { stem } else { id }
    });
    find(&format!("{stem}_{asked}")).or_else(|| find(id))
}

/// The URL that stands in for the capture's; notes parameters that are not needed.
pub(super) fn read(
    case: &Case,
    scheme: &Scheme,
    notes: &mut Vec<String>,
) -> Result<Option<String>, VerifyError> {
    for name in case.params.keys() {
        if !is_needed(scheme, name) {
            let shown = excerpt(name.as_bytes(), 40);
            notes.push(format!(
                "The parameter `{shown}` is not needed by {} and was left out.",
                scheme.id
            ));
        }
    }
    let timed = scheme.signs_timestamp()
        || scheme.timestamp.is_some()
        || matches!(scheme.sign, Method::Jwt(_));
    if !timed && case.tolerance.is_some() {
        notes.push(format!(
            "{} sends no timestamp, so the tolerance was left out.",
            scheme.provider
        ));
    }
    let Some(url) = case.params.get("url").filter(|_| scheme.needs_url()) else {
        return Ok(None);
    };
    let url =
        std::str::from_utf8(url).map_err(|_| VerifyError::BadParameter { name: "url".into() })?;
    Ok(Some(url.trim().to_owned()))
}

fn is_needed(scheme: &Scheme, name: &str) -> bool {
    match name {
        "url" => scheme.needs_url(),
        "public-key" => scheme.has_public_key() || scheme.signature.field.as_deref() == Some("*"),
        "cert" => scheme.has_public_key(),
        "header" => scheme.signature.chosen,
        "audience" | "issuer" => matches!(scheme.sign, Method::Jwt(_)),
        "api-key" => scheme.api_key.is_some(),
        "version" => scheme.id.contains("_v"),
        _ => scheme.signed_params().any(|needed| needed == name),
    }
}

/// The keys among the parameters.
pub(super) fn keys(case: &Case, scheme: &Scheme) -> Vec<NamedSecret> {
    let public = ["public-key", "cert"].into_iter().filter(|_| scheme.has_public_key());
    let api_key = Some("api-key").filter(|_| scheme.api_key == Some(ApiKey::Secret));
    let names = public.chain(api_key);
    let key = |name: &str| {
        let bytes = case.params.get(name)?.clone().into();
        Some(NamedSecret { name: name.into(), version: None, bytes })
    };
    names.filter_map(key).collect()
}

/// Why the question cannot be decided with what is at hand, if it cannot.
pub(super) fn undecided(case: &Case, scheme: &Scheme, has_key: bool) -> Option<Reason> {
    if !scheme.has_key() {
        return Some(Reason::new(
            Code::NothingSigned,
            format!(
                "{} signs nothing, so nothing of this request can be verified.",
                scheme.provider
            ),
            "Protect the endpoint in another way: a secret in its URL, or an allow-list of addresses.",
        ));
    }
    if scheme.has_public_key() && !has_key {
        return Some(key_needed(case, scheme));
    }
    let missing = scheme
        .signed_params()
        .find(|name| case.params.get(*name).is_none_or(|value| value.trim_ascii().is_empty()))?;
    Some(
        Reason::new(
            Code::PublicKeyNeeded,
            format!(
                "{} signs a value that the request does not hold: the {missing}.",
                scheme.provider
            ),
            format!(
                "Copy it from the provider's dashboard and give it with `--param {missing}=…`."
            ),
        )
        .wanting(Some(missing), "Copy it from the provider's dashboard."),
    )
}

fn key_needed(case: &Case, scheme: &Scheme) -> Reason {
    let published = match &scheme.sign {
        Method::PublicKey(recipe) => recipe.published.as_deref(),
        Method::Jwt(jwt) => jwt.published.as_deref(),
        _ => None,
    };
    let message =
        format!("{} signs with a key pair, and its public key was not given.", scheme.provider);
    let Some(url) = cert_url(scheme, case.request) else {
        let place = published.unwrap_or("the provider's developer portal");
        let hint = format!(
            "Copy the public key from {place} and give it with `--param public-key=…`, or `--param-file public-key=F`."
        );
        return Reason::new(Code::PublicKeyNeeded, message, hint)
            .wanting(Some("public-key"), format!("Copy the public key from {place}."));
    };
    let shown = excerpt(url.as_bytes(), 200);
    let hint =
        format!("Fetch the certificate from {shown} and give it with `--param-file cert=F`.");
    Reason::new(Code::PublicKeyNeeded, message, hint)
        .wanting(Some("cert"), format!("Fetch the certificate from {shown}."))
}

fn cert_url(scheme: &Scheme, request: &Request) -> Option<String> {
    let field = scheme.cert_url.as_ref()?;
    match (&field.header, &field.json) {
        (Some(name), _) => first(request, std::slice::from_ref(name)).map(|url| url.into_owned()),
        (None, Some(path)) => lookup::json_first(request.body(), path),
        (None, None) => None,
    }
}

/// A certificate that is named at a host of somebody else.
pub(super) fn untrusted_cert_url(scheme: &Scheme, request: &Request) -> Option<Reason> {
    let url = cert_url(scheme, request)?;
    let hosts = &scheme.cert_url.as_ref()?.hosts;
    let trusted = Url::parse(&url).is_some_and(|url| {
        url.scheme.eq_ignore_ascii_case("https")
            && url.user.is_none()
            && url.port.is_none_or(|port| port == "443")
            && hosts.iter().any(|pattern| is_host(pattern, url.host))
    });
    (!trusted).then(|| {
        Reason::new(
            Code::CertUrlUntrusted,
            format!(
                "The request names a certificate that is not at one of {}'s hosts: {}.",
                scheme.provider,
                excerpt(url.as_bytes(), 200)
            ),
            format!(
                "Refuse it: whoever wrote it could sign with a key of their own. The hosts are {}.",
                hosts.join(", ")
            ),
        )
    })
}

/// Whether a host name fits a pattern in which `*` stands for one label.
fn is_host(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.split('.'), host.split('.'));
    if pattern.clone().count() != host.clone().count() {
        return false;
    }
    pattern.zip(host).all(|(wanted, label)| match wanted {
        "*" => !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        _ => wanted.eq_ignore_ascii_case(label),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_label() {
        let sns = "sns.*.amazonaws.com";
        assert!(is_host(sns, "sns.us-east-1.amazonaws.com"));
        assert!(!is_host(sns, "sns.evil.s3.amazonaws.com"));
        assert!(!is_host(sns, "sns.amazonaws.com"));
        assert!(!is_host(sns, "sns.us-east-1.amazonaws.com.evil.example"));
        assert!(!is_host(sns, "sns.@x.amazonaws.com"));
    }
}
