//! The URL that a provider called against the one that the receiver sees: proxies change the scheme,
//! the host and the port; frameworks the last slash and the query.

use std::collections::BTreeSet;

use super::{Context, Finding};
use crate::delivery::Delivery;
use crate::report::{Code, Reason};
use crate::text::excerpt;
use crate::url::Url;

/// Headers that may hold the public host.
const HOSTS: [&str; 4] = ["x-forwarded-host", "x-original-host", "host", "forwarded"];

/// Most URLs that are tried.
const MOST: usize = 400;

/// Tries other spellings of the URL.
pub(super) fn find(context: &Context) -> Option<Finding> {
    if !context.scheme.needs_url() {
        return None;
    }
    let given = context.delivery.url;
    let candidates = candidates(context, &Url::parse(given)?);
    let fits = |url: &String| context.fits(&Delivery { url, ..context.delivery });
    let (url, key) = candidates.iter().find_map(|url| Some((url, fits(url)?)))?;
    let reason = Reason::proved(
        Code::UrlMismatch,
        format!(
            "The signature was made for another URL: `{}`, not `{}`.",
            shown(url),
            shown(given)
        ),
        "Verify with the public URL exactly as it is set at the provider; behind a proxy, build it from what the proxy received.",
    );
    Some(Finding::by(key, reason))
}

fn shown(url: &str) -> String {
    excerpt(url.as_bytes(), 300)
}

fn candidates(context: &Context, given: &Url) -> Vec<String> {
    let hosts = hosts(context);
    let path = other_path(given.path);
    let queries =
        [given.query, None, context.case.request.url.as_deref().and_then(|u| Url::parse(u)?.query)];
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (host, port) in [(given.host, given.port)].into_iter().chain(hosts.iter().map(|h| split(h)))
    {
        for scheme in [given.scheme, "https", "http"] {
            for path in [given.path, &path] {
                for query in queries {
                    for port in [port, None, Some(if scheme == "https" { "443" } else { "80" })] {
                        for fragment in [None, given.fragment] {
                            let url =
                                Url { scheme, host, port, path, query, fragment, ..given.clone() };
                            let url = url.text();
                            if all.len() < MOST
                                && url != context.delivery.url
                                && seen.insert(url.clone())
                            {
                                all.push(url);
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

/// The path with its last slash gone, or added.
fn other_path(path: &str) -> String {
    path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned)
}

fn hosts(context: &Context) -> Vec<String> {
    let values = HOSTS.iter().filter_map(|name| context.delivery.request.header(name));
    let hosts = values.flat_map(|value| {
        let words = value.split([',', ';']).map(str::trim);
        let hosts = words.filter_map(|word| match word.split_once('=') {
            Some((key, host)) => {
                key.eq_ignore_ascii_case("host").then(|| host.trim_matches('"').to_owned())
            }
            None => Some(word.to_owned()),
        });
        hosts.collect::<Vec<_>>()
    });
    hosts.filter(|host| !host.is_empty()).take(6).collect()
}

fn split(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, Some(port))
        }
        _ => (host, None),
    }
}
