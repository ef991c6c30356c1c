//! One signed call to a service of AWS, and what its refusals mean.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use zeroize::Zeroizing;

use super::credentials::Credentials;
use super::sigv4::{Request, Scope, sign};
use crate::client::{Call, Named, Patience, Reply};
use crate::connector::Json;
use crate::{Failure, Happened, Target, Why};

/// Who calls, and where to.
pub(super) struct Caller<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) region: &'a str,
    /// An address of the user's own.
    pub(super) endpoint: Option<&'a str>,
    pub(super) now: Timestamp,
}

/// An action of the query protocol (IAM, STS): a form there, XML back.
pub(super) struct Action<'a> {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) parameters: &'a [(&'a str, &'a str)],
    /// Whether it only reads.
    pub(super) reads: bool,
}

impl Caller<'_> {
    /// Makes an action; its answer is XML.
    pub(super) fn query(&self, action: &Action<'_>) -> Result<Zeroizing<String>, Failure> {
        let version = if action.service == "sts" { "2011-06-15" } else { "2010-05-08" };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action.name).append_pair("Version", version);
        form.extend_pairs(action.parameters);
        let body = Zeroizing::new(form.finish().into_bytes());
        let (host, region) = global(action.service, self.region)?;
        let types = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
        let reply = self.send(action.service, &host, region, &[types], body, action.reads)?;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let text = Zeroizing::new(text);
        match reply.status {
            200..300 => Ok(text),
            status => Err(refused(status, code_of_xml(&text), reply.wait, action.reads)),
        }
    }

    /// Calls an operation of a service that speaks JSON.
    pub(super) fn json(
        &self,
        service: &'static str,
        operation: &str,
        question: &Zeroizing<String>,
        reads: bool,
    ) -> Result<Json, Failure> {
        let host = regional(service, self.region)?;
        let target = format!("{service}.{operation}");
        let headers =
            [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", target.as_str())];
        let body = Zeroizing::new(question.as_bytes().to_vec());
        let reply = self.send(service, &host, self.region, &headers, body, reads)?;
        let answer = Json::read(&reply.body);
        if (200..300).contains(&reply.status) {
            if answer.0.is_object() {
                return Ok(answer);
            }
            let happened = if reads { Happened::No } else { Happened::Perhaps };
            return Err(Failure { happened, why: Why::Answer("it is no JSON object"), wait: None });
        }
        // `com.amazonaws.secretsmanager#ResourceNotFoundException`, or the name alone.
        let named = answer.0.get("__type").and_then(Value::as_str);
        let named = named.map(|name| name.rsplit('#').next().unwrap_or(name).to_owned());
        let code = named.or_else(|| code_of_xml(&String::from_utf8_lossy(&reply.body)));
        Err(refused(reply.status, code, reply.wait, reads))
    }

    fn send(
        &self,
        service: &str,
        host: &str,
        region: &str,
        headers: &[(&str, &str)],
        body: Zeroizing<Vec<u8>>,
        reads: bool,
    ) -> Result<Reply, Failure> {
        let (url, named) = match self.endpoint {
            Some(endpoint) => (endpoint.to_owned(), Named::ByUser),
            None => (format!("https://{host}/"), Named::BuiltIn),
        };
        let target = Target::parse(&url).map_err(|e| Failure::without_effect(Why::Remote(e)))?;
        let mut signed = vec![("Host", target.authority.as_str())];
        signed.extend_from_slice(headers);
        let (path, query) = target.path.split_once('?').unwrap_or((&target.path, ""));
        let request = Request { method: "POST", path, query, headers: &signed, body: &body };
        let scope = Scope { region, service, now: self.now };
        let mut lines = sign(&request, &scope, self.credentials);
        let given = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned())));
        lines.extend(given);
        let url = Zeroizing::new(url);
        let call = Call { method: "POST".to_owned(), url, headers: lines, body, repeatable: reads };
        call.make(named, Patience::USUAL)
    }
}

/// A refusal; AWS says "slow down" with 400. A server that broke down may have done it before.
fn refused(status: u16, code: Option<String>, wait: Option<Duration>, reads: bool) -> Failure {
    let throttled = code.as_deref().is_some_and(|code| code.contains("Throttl"));
    let wait = wait.or(throttled.then_some(Duration::from_secs(2)));
    let happened = if status >= 500 && !reads { Happened::Perhaps } else { Happened::No };
    Failure { happened, why: Why::Refused { status, code }, wait }
}

/// `<Code>` of an error; a signature of another time has a code of its own here, for the cure is another.
fn code_of_xml(text: &str) -> Option<String> {
    let code = element(text, "Code")?;
    let is_code = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if code.is_empty() || code.len() > 60 || !code.bytes().all(is_code) {
        return None;
    }
    let message = element(text, "Message").unwrap_or_default();
    let late = message.contains("Signature expired") || message.contains("not yet current");
    let note = if late { ", the clock here is wrong" } else { "" };
    Some(format!("{}{note}", code.as_str()))
}

/// The text of the first element of this name. Not XML at large: AWS's answers have neither attributes
/// nor CDATA in what is read here.
pub(super) fn element(text: &str, name: &str) -> Option<Zeroizing<String>> {
    elements(text, name).next().map(unescaped)
}

/// What each element of this name holds.
pub(super) fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&open)?;
        let (inner, after) = after.split_once(&close)?;
        rest = after;
        Some(inner)
    })
}

fn unescaped(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let known = [("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("apos;", '\''), ("amp;", '&')];
        match known.into_iter().find_map(|(name, c)| Some((c, after.strip_prefix(name)?))) {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The host of a service that a whole partition shares, and the region that signatures for it name
/// (<https://docs.aws.amazon.com/general/latest/gr/iam-service.html>).
fn global<'a>(service: &str, region: &'a str) -> Result<(String, &'a str), Failure> {
    let region = valid(region)?;
    Ok(match (service, region) {
        ("iam", china) if china.starts_with("cn-") => {
            ("iam.cn-north-1.amazonaws.com.cn".to_owned(), "cn-north-1")
        }
        ("iam", gov) if gov.starts_with("us-gov-") => {
            ("iam.us-gov.amazonaws.com".to_owned(), "us-gov-west-1")
        }
        ("iam", _) => ("iam.amazonaws.com".to_owned(), "us-east-1"),
        _ => (regional(service, region)?, region),
    })
}

/// The host of a service in a region.
fn regional(service: &str, region: &str) -> Result<String, Failure> {
    let end = if region.starts_with("cn-") { ".cn" } else { "" };
    Ok(format!("{service}.{}.amazonaws.com{end}", valid(region)?))
}

/// A region goes into a host's name.
fn valid(region: &str) -> Result<&str, Failure> {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    match region.len() {
        1..=32 if region.bytes().all(is_part) => Ok(region),
        _ => Err(Failure::without_effect(Why::Local(format!("`{region}` is no AWS region")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_amazons_whatever_the_region_says() {
        for (service, region, host) in [
            ("iam", "eu-central-1", "iam.amazonaws.com"),
            ("sts", "eu-central-1", "sts.eu-central-1.amazonaws.com"),
            ("iam", "cn-northwest-1", "iam.cn-north-1.amazonaws.com.cn"),
            ("sts", "cn-northwest-1", "sts.cn-northwest-1.amazonaws.com.cn"),
            ("iam", "us-gov-east-1", "iam.us-gov.amazonaws.com"),
        ] {
            assert_eq!(global(service, region).unwrap().0, host);
        }
        for region in ["", "evil.example/", "a.b", "EU", "x@y", "é", &"a".repeat(33)] {
            assert!(regional("secretsmanager", region).is_err() && global("iam", region).is_err());
        }
    }

    #[test]
    fn xml_is_read_as_far_as_it_is_needed() {
        let text = "<A><B>1</B><B>&lt;&amp;lt;&apos;&x;</B></A>";
        assert_eq!(elements(text, "B").collect::<Vec<_>>().len(), 2);
        assert_eq!(unescaped(elements(text, "B").nth(1).unwrap()).as_str(), "<&lt;'&x;");
        assert!(element("<A>1", "A").is_none() && element("", "A").is_none());
        let late = "<Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: x</Message></Error>";
        assert!(code_of_xml(late).unwrap().contains("clock"));
        assert!(code_of_xml("<Code>a b</Code>").is_none());
    }
}
