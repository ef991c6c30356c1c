//! The certificate that a key was taken from: what the provider's library would judge of it, as far as that
//! can be done with what was handed in; the rest is said.

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::NamedSecret;
use crate::pki::{Chain, Distrust, judge};
use crate::report::{Code, Reason};
use crate::scheme::Scheme;
use crate::text::{count, excerpt};

/// What speaks against the certificate that fitted, or else what was looked at, in a sentence.
pub(super) fn look(
    scheme: &Scheme,
    secret: &NamedSecret,
    now: i64,
) -> Option<Result<String, Reason>> {
    let provider = &scheme.provider;
    let Some(domain) = &scheme.cert_url.as_ref()?.subject else {
        return Some(Ok(format!(
            "Of the certificate only its key was used, as {provider}'s library does: what that trusts is the URL. Take it from there."
        )));
    };
    let Some(judged) = judge(secret.bytes.expose_secret(), domain, now) else {
        return Some(Ok(format!(
            "A bare key was given, so whose it is could not be looked at: {provider}'s library takes it from a certificate."
        )));
    };
    Some(
        judged
            .map(|chain| looked_at(provider, &chain))
            .map_err(|distrust| reason(provider, domain, &distrust)),
    )
}

fn looked_at(provider: &str, chain: &Chain) -> String {
    let links = match chain.links {
        0 => String::new(),
        links => format!(" and {} up its chain", count(links, "signature")),
    };
    format!(
        "Of the certificate its name, its dates{links} were checked; not whether {} is an authority that {provider} uses, and not whether it was revoked.",
        shown(&chain.top)
    )
}

fn reason(provider: &str, domain: &str, distrust: &Distrust) -> Reason {
    let message = match distrust {
        Distrust::Name(name) => format!(
            "The certificate is made out to {}; {provider}'s are made out to names of {domain}.",
            shown(name)
        ),
        Distrust::Expired(name, at) => {
            format!("The certificate of {} ran out at {}.", shown(name), time(*at))
        }
        Distrust::NotYet(name, at) => {
            format!("The certificate of {} is good from {} on.", shown(name), time(*at))
        }
        Distrust::Forged(name, issuer) => format!(
            "The certificate of {} says that {} signed it, and that one's key did not.",
            shown(name),
            shown(issuer)
        ),
        Distrust::NoAuthority(name, issuer) => format!(
            "The certificate of {} was signed by {}, which is no authority.",
            shown(name),
            shown(issuer)
        ),
    };
    let hint = format!(
        "{provider}'s library refuses it. Take the certificate from the URL that this very request names, with those that follow it there; an old sample is judged at the time that `--at` gives."
    );
    let words = format!(
        "{provider}'s library refuses it. Take the certificate from the URL that this very request names, with those that follow it there."
    );
    Reason::new(Code::CertUntrusted, message, hint).wanting(Some("cert"), words)
}

fn shown(name: &str) -> String {
    match name {
        "" => "nobody".to_owned(),
        name => format!("`{}`", excerpt(name.as_bytes(), 100)),
    }
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
