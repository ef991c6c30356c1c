//! What happened to the signature itself: missing prefix, other encoding, wrong case, cut short, or a
//! few characters changed.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};

use super::{Context, Finding};
use crate::delivery::Delivery;
use crate::engine::{self, same};
use crate::key::{from_base64, from_hex};
use crate::report::{Code, Reason};
use crate::scheme::{Algorithm, Encoding, Hmac, Jwt, JwtAlgorithm, Method, Scheme};
use crate::verdict::Key;

/// Characters of a signature that may differ for the rest to prove that it is the same signature.
const FEW: usize = 4;

/// Fewest characters of a cut signature that prove something: 32 bits of hex.
const ENOUGH: usize = 8;

/// The faults that reading the request found, each proved if undoing it alone makes it fit.
pub(super) fn faults(context: &Context) -> Vec<Finding> {
    let faults = &context.reading.faults;
    // Joined, a repeated header may look as if it had no prefix; that is no fault of its own.
    let repeated = faults.first().filter(|fault| fault.code == Code::HeaderRepeated);
    let faults = repeated.map_or(faults.as_slice(), std::slice::from_ref);
    let only = faults.len() == 1;
    let prove = |fault: &Reason| -> Option<Finding> {
        let key = match fault.code {
            Code::HeaderRepeated
            | Code::PrefixMissing
            | Code::UnsupportedVersion
            | Code::SignatureFieldMissing => fits_loosely(context),
            Code::AlgorithmMismatch => fits_loosely(context).or_else(|| fits_other_hash(context)),
            Code::TimestampMalformed => fits_digits(context),
            _ => None,
        }?;
        Some(Finding::by(key, Reason { proved: true, ..fault.clone() }))
    };
    let finding = |fault: &Reason| {
        let proved = if only { prove(fault) } else { None };
        proved.unwrap_or_else(|| fault.clone().into())
    };
    faults.iter().map(finding).collect()
}

/// Every piece of the header that may be a signature, whatever stands before it.
fn pieces(context: &Context) -> Vec<String> {
    let header = context.reading.header.as_deref().unwrap_or_default();
    let words = header.split([' ', ',', ';']).filter(|word| !word.is_empty()).take(200);
    let both = |word: &str| {
        let word = word.trim_matches(['"', '\'']);
        let value = word.split_once(['=', ':']).map(|(_, value)| value.to_owned());
        [Some(word.to_owned()), value.filter(|value| !value.is_empty())]
    };
    words.flat_map(both).flatten().collect()
}

fn fits_loosely<'a>(context: &'a Context) -> Option<&'a Key<'a>> {
    let signatures = pieces(context);
    context.fits(&Delivery { signatures: &signatures, ..context.delivery })
}

fn fits_other_hash<'a>(context: &'a Context) -> Option<&'a Key<'a>> {
    let signatures = pieces(context);
    let delivery = Delivery { signatures: &signatures, ..context.delivery };
    let fits = |sign: Method, delivery: Delivery| {
        let other = Scheme { sign, ..context.scheme.clone() };
        let fits = |key: &Key| engine::fits(&other, &key.bytes, &delivery);
        context.keys.iter().find(|key| context.spend(&context.delivery) && fits(key))
    };
    if let Method::Jwt(recipe) = &context.scheme.sign {
        // The key stays of its kind: a public key is never tried as a shared secret.
        let shared = recipe.algorithm.iter().any(|a| a.hmac().is_some());
        let algorithm = match shared {
            true => vec![JwtAlgorithm::Hs256, JwtAlgorithm::Hs384, JwtAlgorithm::Hs512],
            false => vec![JwtAlgorithm::Rs256, JwtAlgorithm::Es256],
        };
        let other = Jwt { algorithm, ..recipe.as_ref().clone() };
        return fits(Method::Jwt(Box::new(other)), context.delivery);
    }
    let recipe = context.scheme.hmac()?;
    let others = Algorithm::ALL.into_iter().filter(|a| *a != recipe.algorithm);
    others.into_iter().find_map(|algorithm| {
        fits(Method::Hmac(Hmac { algorithm, also: Vec::new(), ..recipe.clone() }), delivery)
    })
}

fn fits_digits<'a>(context: &'a Context) -> Option<&'a Key<'a>> {
    let digits: String = context.delivery.timestamp.chars().filter(char::is_ascii_digit).collect();
    context.fits(&Delivery { timestamp: &digits, ..context.delivery })
}

/// What happened to a signature that was read.
pub(super) fn find(context: &Context) -> Option<Finding> {
    rewritten(context).or_else(|| altered(context))
}

/// Another encoding of the same bytes.
fn rewritten(context: &Context) -> Option<Finding> {
    let encoding = context.scheme.encoding()?;
    let texts = context.delivery.signatures.iter().take(20).flat_map(|s| decodings(s.trim()));
    let texts: Vec<String> = texts.map(|bytes| engine::write(encoding, &bytes)).collect();
    let key = context.fits(&Delivery { signatures: &texts, ..context.delivery })?;
    let written =
        context.delivery.signatures.iter().any(|s| s.bytes().any(|b| b.is_ascii_uppercase()));
    let length = context.scheme.signature_length();
    let hex = |s: &String| Some(s.len()) == length.map(|length| 2 * length);
    if encoding == Encoding::Hex && written && context.delivery.signatures.iter().any(hex) {
        return Some(Finding::by(key, wrong_case()));
    }
    let reason = Reason::proved(
        Code::SignatureEncoding,
        format!(
            "The signature is right, but it is not written in {}, as {} writes it.",
            encoding.name(),
            context.scheme.provider
        ),
        format!("Compare as {}; take care of padding, and of `-_` for `+/`.", encoding.name()),
    );
    Some(Finding::by(key, reason))
}

/// What the text may stand for in any encoding.
fn decodings(text: &str) -> Vec<Vec<u8>> {
    let text = text.trim_matches(['"', '\'']).as_bytes();
    let mut all: Vec<Vec<u8>> = Vec::new();
    all.extend([from_hex(text), from_base64(text)].into_iter().flatten().map(|b| b.to_vec()));
    all.extend([URL_SAFE_NO_PAD.decode(text), URL_SAFE.decode(text)].into_iter().flatten());
    all
}

fn wrong_case() -> Reason {
    Reason::proved(
        Code::SignatureCase,
        "The signature is right but for the case of its letters.",
        "Pass the header on as it came: nothing may change its letters.",
    )
}

/// The right signature with something done to its text. Only for keys that can sign.
fn altered(context: &Context) -> Option<Finding> {
    // Two secrets that differ in a few characters are still two secrets.
    let few = !matches!(context.scheme.sign, Method::Token | Method::Basic);
    for key in context.keys {
        if !context.spend(&context.delivery) {
            return None;
        }
        for right in engine::expected(context.scheme, &key.bytes, &context.delivery) {
            let compared = context
                .delivery
                .signatures
                .iter()
                .map(|s| compare(s.as_bytes(), right.as_bytes(), few));
            if let Some(reason) = compared.flatten().next() {
                return Some(Finding::by(key, reason));
            }
        }
    }
    None
}

fn compare(given: &[u8], right: &[u8], may_be_changed: bool) -> Option<Reason> {
    if same(given, right) {
        // The signature itself is right: what fails is what stands beside it.
        return None;
    }
    if same(&given.to_ascii_lowercase(), &right.to_ascii_lowercase()) {
        return Some(wrong_case());
    }
    if !may_be_changed {
        return None;
    }
    let (short, long) = if given.len() < right.len() { (given, right) } else { (right, given) };
    let missing = long.len() - short.len();
    let (head, tail) = (&long[..short.len()], &long[missing..]);
    if given.len() < right.len()
        && given.len() >= ENOUGH
        && (same(head, short) || same(tail, short))
    {
        return Some(Reason::proved(
            Code::SignatureTruncated,
            format!(
                "The signature is cut short: {} of {} characters are there, and they fit.",
                given.len(),
                right.len()
            ),
            "Look for a column, a log line or a copy that holds too few characters.",
        ));
    }
    let clean: Vec<u8> =
        given.iter().copied().filter(|b| !b.is_ascii_whitespace() && *b != b'"').collect();
    let differing = given.iter().zip(right).filter(|(a, b)| a != b).count();
    let few = given.len() == right.len() && right.len() >= 5 * FEW && differing <= FEW;
    let longer = given.len() > right.len() && (same(head, right) || same(tail, right));
    (few || longer || same(&clean, right)).then(|| {
        Reason::proved(
            Code::SignatureModified,
            "The signature is the right one with a few characters changed or added.",
            "Copy the header again, whole and as it came.",
        )
    })
}
