//! The URL that a provider called against the one that the receiver sees: proxies change the scheme, the host,
//! the port and the start of the path; frameworks the last slash, and the query and its order.

use std::collections::BTreeSet;

use super::{Context, Finding};
use crate::delivery::Delivery;
use crate::report::{Code, Reason};
use crate::text::excerpt;
use crate::url::Url;

/// Headers that may hold the public host.
const HOSTS: [&str; 4] = ["x-forwarded-host", "x-original-host", "host", "forwarded"];

/// Headers in which proxies leave what they took off the path.
const PREFIXES: [&str; 3] = ["x-forwarded-prefix", "x-forwarded-path", "x-script-name"];

/// Headers in which they leave the target, or the whole URL, as it came.
const ORIGINALS: [&str; 6] = [
    "x-original-uri",
    "x-original-url",
    "x-forwarded-uri",
    "x-rewrite-url",
    "x-envoy-original-path",
    "x-replaced-path",
];

/// Most URLs that are tried.
const MOST: usize = 400;

/// Fields of a query that are put into every order.
const FEW: usize = 4;

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

/// URLs to try, each once and at most [`MOST`], the likely ones first: large bodies get only a few tries.
struct Candidates<'a> {
    given: &'a str,
    seen: BTreeSet<String>,
    all: Vec<String>,
}

impl Candidates<'_> {
    fn add(&mut self, url: &Url) {
        let text = url.text();
        if self.all.len() < MOST && text != self.given && self.seen.insert(text.clone()) {
            self.all.push(text);
        }
    }
}

fn candidates(context: &Context, given: &Url) -> Vec<String> {
    let mut urls =
        Candidates { given: context.delivery.url, seen: BTreeSet::new(), all: Vec::new() };
    let hosts = hosts(context);
    let targets = targets(context, given.path);
    let targets: Vec<(&str, Option<&str>)> = targets
        .iter()
        .map(|target| target.split_once('?').map_or((target.as_str(), None), |(p, q)| (p, Some(q))))
        .collect();
    // What the proxy's headers say, taken together.
    let proto = context.delivery.request.header("x-forwarded-proto");
    let proto = proto.as_deref().and_then(|list| list.split(',').next()).map(str::trim);
    for (host, port) in hosts.iter().map(|host| split(host)) {
        for (path, query) in targets.iter().copied().chain([(given.path, None)]) {
            let query = query.or(given.query);
            for scheme in [proto.unwrap_or("https"), given.scheme] {
                urls.add(&Url { scheme, host, port, path, query, ..given.clone() });
            }
        }
    }
    // One thing by itself.
    for (path, query) in targets.iter().copied().chain(shorter(given.path).map(|path| (path, None)))
    {
        urls.add(&Url { path, query: query.or(given.query), ..given.clone() });
    }
    for query in given.query.map(reordered).unwrap_or_default() {
        urls.add(&Url { query: Some(&query), ..given.clone() });
    }
    let path = other_path(given.path);
    let queries =
        [given.query, None, context.case.request.url.as_deref().and_then(|u| Url::parse(u)?.query)];
    for (host, port) in [(given.host, given.port)].into_iter().chain(hosts.iter().map(|h| split(h)))
    {
        for scheme in [given.scheme, "https", "http"] {
            for path in [given.path, &path] {
                for query in queries {
                    for port in [port, None, Some(if scheme == "https" { "443" } else { "80" })] {
                        for fragment in [None, given.fragment] {
                            urls.add(&Url {
                                scheme,
                                host,
                                port,
                                path,
                                query,
                                fragment,
                                ..given.clone()
                            });
                        }
                    }
                }
            }
        }
    }
    urls.all
}

/// The path with its last slash gone, or added.
fn other_path(path: &str) -> String {
    path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned)
}

/// The path without its first parts, which a proxy put before it.
fn shorter(path: &str) -> impl Iterator<Item = &str> {
    let slashes = path.char_indices().filter(|(at, c)| *at > 0 && *c == '/');
    slashes.map(|(at, _)| &path[at..]).take(3)
}

/// Paths, some with a query, that the proxy's headers say it was called by.
fn targets(context: &Context, path: &str) -> Vec<String> {
    let request = context.delivery.request;
    let prefixes = PREFIXES.iter().filter_map(|name| request.header(name)).map(|prefix| {
        let path = if path == "/" { "" } else { path };
        format!("/{}{path}", prefix.trim_matches('/'))
    });
    let whole = ORIGINALS.iter().filter_map(|name| request.header(name)).map(|original| {
        let original = original.trim();
        // Some of them hold the whole URL.
        original.split_once("://").map_or_else(
            || original.to_owned(),
            |(_, rest)| rest.find('/').map_or_else(String::new, |at| rest[at..].to_owned()),
        )
    });
    prefixes.chain(whole).filter(|target| target.starts_with('/')).collect()
}

/// The fields of a query in every order where they are few, else sorted and the other way round.
fn reordered(query: &str) -> Vec<String> {
    let fields: Vec<&str> = query.split('&').collect();
    let mut orders: Vec<Vec<&str>> = vec![vec![]];
    if fields.len() <= FEW {
        for field in &fields {
            let mut longer = Vec::new();
            for order in &orders {
                for at in 0..=order.len() {
                    longer.push([&order[..at], &[*field], &order[at..]].concat());
                }
            }
            orders = longer;
        }
    } else {
        let mut sorted = fields.clone();
        sorted.sort_unstable();
        orders = vec![sorted, fields.into_iter().rev().collect()];
    }
    orders.into_iter().map(|order| order.join("&")).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_fields_come_in_every_order() {
        let mut all = reordered("a=1&b=2&c=3");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6);
        assert_eq!(reordered("a"), ["a"]);
        assert_eq!(reordered("b&a&e&d&c"), ["a&b&c&d&e", "c&d&e&a&b"]);
    }

    #[test]
    fn paths_lose_their_first_parts() {
        assert_eq!(shorter("/a/b/c").collect::<Vec<_>>(), ["/b/c", "/c"]);
        assert_eq!(shorter("/a").count(), 0);
        assert_eq!(shorter("/ü/é/").collect::<Vec<_>>(), ["/é/", "/"]);
    }
}
