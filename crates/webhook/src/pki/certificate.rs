//! Certificates that a provider's library would fetch and judge before it verifies with them (RFC 5280): whose
//! they are, their dates, and who signed them. Nothing is fetched, so what was not handed in is not judged.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::PublicKey;
use super::der::{self, Der, OID, SEQUENCE};
use crate::key::{KeyBytes, from_base64};
use crate::scheme::KeyPair;

/// Most certificates of one chain.
const MOST: usize = 10;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];

/// Why a certificate is not to be trusted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// It is made out to this name, which is not the provider's.
    Name(String),
    /// The one of this name ran out at that time, in seconds since 1970.
    Expired(String, i64),
    /// The one of this name begins at that time.
    NotYet(String, i64),
    /// The first was not signed by the second, though it says so.
    Forged(String, String),
    /// The second signed the first and is not one that may.
    NoAuthority(String, String),
}

/// What was found of a certificate that nothing speaks against.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Signatures of one certificate over another that were checked.
    pub links: usize,
    /// The name of who stands at the end of what was handed in, and answers for it.
    pub top: String,
}

/// Judges the first certificate of a text at a time: its name must be the domain or lie in it. The others of
/// the text may be those that signed it. None when the text holds no certificate.
pub(crate) fn judge(text: &[u8], domain: &str, now: i64) -> Option<Result<Chain, Distrust>> {
    let ders = certificates(text);
    let all: Vec<Certificate> = ders.iter().filter_map(|der| Certificate::parse(der)).collect();
    Some(chain(all.first()?, &all, domain, now))
}

fn chain(
    first: &Certificate,
    all: &[Certificate],
    domain: &str,
    now: i64,
) -> Result<Chain, Distrust> {
    let own = first.subject_name().to_ascii_lowercase();
    if own != domain && !own.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) {
        return Err(Distrust::Name(first.subject_name()));
    }
    let mut current = first;
    let mut links = 0;
    for _ in 0..MOST {
        let name = || current.subject_name();
        if now > current.until {
            return Err(Distrust::Expired(name(), current.until));
        }
        if now < current.from {
            return Err(Distrust::NotYet(name(), current.from));
        }
        let is_root = current.issuer == current.subject;
        // An authority may have several certificates under one name.
        let named = || all.iter().filter(|other| other.subject == current.issuer);
        let signer = || named().find(|other| current.is_signed_by(other) == Some(true));
        let issuer = if is_root { Some(current) } else { signer().or_else(|| named().next()) };
        let Some(issuer) = issuer else { break };
        match current.is_signed_by(issuer) {
            Some(true) => {}
            Some(false) => return Err(Distrust::Forged(name(), issuer.subject_name())),
            // An algorithm that is not known here: what follows is not judged.
            None => break,
        }
        if is_root {
            break;
        }
        if !issuer.is_authority {
            return Err(Distrust::NoAuthority(name(), issuer.subject_name()));
        }
        links += 1;
        current = issuer;
    }
    Ok(Chain { links, top: common_name(current.issuer) })
}

/// The certificates of a text in PEM, or the one that it is in base64.
fn certificates(text: &[u8]) -> Vec<KeyBytes> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    let Ok(whole) = std::str::from_utf8(text) else { return Vec::new() };
    if !whole.contains(BEGIN) {
        return from_base64(text.trim_ascii()).into_iter().collect();
    }
    let blocks = whole.split(BEGIN).skip(1).take(MOST);
    blocks.filter_map(|block| from_base64(&bare(block.split("-----END").next()?))).collect()
}

fn bare(text: &str) -> Vec<u8> {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

/// What is read of one certificate.
struct Certificate<'a> {
    /// What its signature covers.
    signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    issuer: &'a [u8],
    subject: &'a [u8],
    /// Its first and last second, since 1970.
    from: i64,
    until: i64,
    spki: &'a [u8],
    /// Whether it may sign others.
    is_authority: bool,
}

impl<'a> Certificate<'a> {
    fn parse(der: &'a [u8]) -> Option<Self> {
        let mut outer = Der(der).sequence()?;
        let (_, contents, signed) = outer.next().filter(|(tag, ..)| *tag == SEQUENCE)?;
        let (algorithm, _) = der::algorithm(&mut outer)?;
        let (_, signature) = outer.expect(der::BIT_STRING)?.split_first()?;
        let mut tbs = Der(contents);
        // A version stands first unless it is 1; then the serial number and the algorithm again.
        if tbs.next()?.0 == 0xa0 {
            tbs.next()?;
        }
        tbs.sequence()?;
        let issuer = tbs.expect(SEQUENCE)?;
        let mut dates = tbs.sequence()?;
        let (from, until) = (time(&mut dates)?, time(&mut dates)?);
        let subject = tbs.expect(SEQUENCE)?;
        let (_, _, spki) = tbs.next().filter(|(tag, ..)| *tag == SEQUENCE)?;
        let extensions = std::iter::from_fn(|| tbs.next()).find(|(tag, ..)| *tag == 0xa3);
        let is_authority = extensions.is_some_and(|(_, contents, _)| may_sign(contents));
        let names =
            Self { signed, algorithm, signature, issuer, subject, from, until, spki, is_authority };
        Some(names)
    }

    fn subject_name(&self) -> String {
        common_name(self.subject)
    }

    /// Whether another one's key made this one's signature; none for an algorithm that is not known here.
    fn is_signed_by(&self, other: &Self) -> Option<bool> {
        let algorithm = match self.algorithm {
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05] => KeyPair::RsaSha1,
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b] => KeyPair::RsaSha256,
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d] => KeyPair::RsaSha512,
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02] => KeyPair::EcdsaSha256,
            _ => return None,
        };
        let key = PublicKey::from_spki(other.spki)?;
        Some(key.suits(algorithm) && key.verify(algorithm, self.signed, self.signature))
    }
}

/// `UTCTime` or `GeneralizedTime`, in seconds since 1970.
fn time(dates: &mut Der) -> Option<i64> {
    let (tag, contents, _) = dates.next()?;
    let text = std::str::from_utf8(contents).ok()?.strip_suffix('Z')?;
    let year = match tag {
        // Years of two digits are those from 1950 to 2049.
        0x17 if text.len() == 12 && text.as_bytes()[0] < b'5' => "20",
        0x17 if text.len() == 12 => "19",
        0x18 if text.len() == 14 => "",
        _ => return None,
    };
    let civil = DateTime::strptime("%Y%m%d%H%M%S", format!("{year}{text}")).ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// The first common name of a distinguished name; empty when it has none.
fn common_name(name: &[u8]) -> String {
    let mut sets = Der(name);
    let named = std::iter::from_fn(|| sets.next()).find_map(|(_, set, _)| {
        let mut attribute = Der(set).sequence()?;
        let is_common = attribute.expect(OID)? == COMMON_NAME;
        let (_, text, _) = attribute.next()?;
        is_common.then(|| String::from_utf8_lossy(text).into_owned())
    });
    named.unwrap_or_default()
}

/// Whether the extensions say that this is an authority.
fn may_sign(extensions: &[u8]) -> bool {
    let Some(mut list) = Der(extensions).sequence() else { return false };
    let constraints = std::iter::from_fn(|| list.next()).find_map(|(_, extension, _)| {
        let mut extension = Der(extension);
        let is_wanted = extension.expect(OID)? == BASIC_CONSTRAINTS;
        let (tag, mut contents, _) = extension.next()?;
        if tag != der::OCTET_STRING {
            contents = extension.expect(der::OCTET_STRING)?;
        }
        is_wanted.then_some(contents)
    });
    let flag = constraints.and_then(|contents| Der(contents).sequence()?.expect(0x01));
    flag.is_some_and(|flag| flag.first().is_some_and(|byte| *byte != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_those_of_both_forms() {
        for (tag, text, seconds) in [
            (0x17, "700101000000Z", Some(0)),
            (0x17, "491231235959Z", Some(2_524_607_999)),
            (0x17, "500101000000Z", Some(-631_152_000)),
            (0x18, "20260528202640Z", Some(1_780_000_000)),
            (0x18, "20261328202640Z", None),
            (0x17, "20260528202640Z", None),
            (0x17, "7001010000Z", None),
        ] {
            let length = u8::try_from(text.len()).unwrap();
            let der = [&[tag, length], text.as_bytes()].concat();
            assert_eq!(time(&mut Der(&der)), seconds, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..300), now in any::<i64>()) {
            let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
            let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
            let _ = judge(pem.as_bytes(), "a.example", now);
            let _ = judge(&bytes, "a.example", now);
        }
    }
}
