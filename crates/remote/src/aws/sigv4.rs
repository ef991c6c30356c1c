//! Signature Version 4, as AWS documents it for requests with a header
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).

use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::credentials::Credentials;

/// What a signature is made for besides the request.
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) now: Timestamp,
}

/// A request as it is signed: its path and query are in their canonical form already.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    /// `Host` and every other header that is to be signed.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

/// The headers that make it a signed one: `X-Amz-Date`, with temporary credentials
/// `X-Amz-Security-Token`, and `Authorization`.
pub(super) fn sign(
    request: &Request<'_>,
    scope: &Scope<'_>,
    credentials: &Credentials,
) -> Vec<(String, Zeroizing<String>)> {
    let time = scope.now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = &time[..8];
    let session = credentials.session.as_ref();
    let mut lines: Vec<(String, Zeroizing<String>)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), Zeroizing::new(trimmed(value))))
        .chain([("x-amz-date".to_owned(), Zeroizing::new(time.clone()))])
        .chain(session.map(|token| ("x-amz-security-token".to_owned(), token.clone())))
        .collect();
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    let names = lines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let mut canonical = Zeroizing::new(String::with_capacity(4096));
    for part in [request.method, "\n", request.path, "\n", request.query, "\n"] {
        canonical.push_str(part);
    }
    for (name, value) in &lines {
        for part in [name, ":", value, "\n"] {
            canonical.push_str(part);
        }
    }
    canonical.push_str(&format!("\n{names}\n{}", hex::encode(Sha256::digest(request.body))));
    let place = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let hashed = hex::encode(Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{place}\n{hashed}");
    let first = Zeroizing::new([b"AWS4", credentials.secret.as_bytes()].concat());
    let key = [day, scope.region, scope.service, "aws4_request"]
        .iter()
        .fold(first, |key, part| Zeroizing::new(mac(&key, part.as_bytes()).to_vec()));
    let signature = hex::encode(mac(&key, to_sign.as_bytes()));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{place}, SignedHeaders={names}, Signature={signature}",
        credentials.id
    );
    let mut headers = vec![("X-Amz-Date".to_owned(), Zeroizing::new(time))];
    headers.extend(session.map(|token| ("X-Amz-Security-Token".to_owned(), token.clone())));
    headers.push(("Authorization".to_owned(), Zeroizing::new(authorization)));
    headers
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// A header's value without blanks at its ends, and with single ones inside.
fn trimmed(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The access key of AWS's published test suite.
    fn example(session: Option<&str>) -> Credentials {
        let session = session.map(|token| format!(":{token}")).unwrap_or_default();
        let text = format!("AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY{session}"); // keyward:allow
        Credentials::parse(text.as_bytes()).unwrap()
    }

    fn signature(service: &str, request: &Request<'_>, session: Option<&str>) -> String {
        let now = "2015-08-30T12:36:00Z".parse().unwrap();
        let scope = Scope { region: "us-east-1", service, now };
        let headers = sign(request, &scope, &example(session));
        headers.last().unwrap().1.to_string()
    }

    const HOST: (&str, &str) = ("Host", "example.amazonaws.com");

    #[test]
    fn the_published_suite_is_signed_alike() {
        let form = [HOST, ("Content-Type", "application/x-www-form-urlencoded")];
        let get = |path, query| Request { method: "GET", path, query, headers: &[HOST], body: b"" };
        let post = |headers, body| Request { method: "POST", path: "/", query: "", headers, body };
        for (name, request, wanted) in [
            (
                "get-vanilla",
                get("/", ""),
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "get-vanilla-query-order-key-case",
                get("/", "Param1=value1&Param2=value2"),
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "get-vanilla-utf8-query",
                get("/", "%E1%88%B4=bar"),
                "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
            ),
            (
                "get-utf8",
                get("/%E1%88%B4", ""),
                "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
            ),
            (
                "get-header-value-trim",
                Request {
                    headers: &[HOST, ("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
                    ..get("/", "")
                },
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ),
            (
                "post-vanilla",
                post(&[HOST], b""),
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "post-header-key-sort",
                post(&[HOST, ("My-Header1", "value1")], b""),
                "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ),
            (
                "post-x-www-form-urlencoded",
                post(&form, b"Param1=value1"),
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ] {
            let authorization = signature("service", &request, None);
            assert!(authorization.ends_with(&format!("Signature={wanted}")), "{name}");
            let place = "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ";
            assert!(authorization.contains(place), "{name}");
        }
        // With a session's token, signed like any header (`post-sts-header-before`).
        let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
        let authorization = signature("service", &post(&[HOST], b""), Some(token));
        let wanted = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead";
        assert!(authorization.ends_with(wanted), "{authorization}");
    }

    #[test]
    fn the_example_of_the_documentation_is_signed_alike() {
        let request = Request {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: &[
                ("Host", "iam.amazonaws.com"),
                ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
            ],
            body: b"",
        };
        let authorization = signature("iam", &request, None);
        let wanted = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert!(authorization.ends_with(wanted), "{authorization}");
    }
}
