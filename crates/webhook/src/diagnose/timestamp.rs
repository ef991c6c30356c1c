//! How old a request is, and what happened to its timestamp.

use jiff::Timestamp;

use super::{Context, Finding, cost};
use crate::delivery::{Delivery, Reading, iso};
use crate::json_text::Document;
use crate::jwt;
use crate::report::{AHEAD_HINT, AHEAD_WORDS, Check, CheckName, Code, OLD_HINT, OLD_WORDS, Reason};
use crate::scheme::{Jwt, Method, Scheme, Unit};
use crate::text::{duration, excerpt};
use crate::verdict::Case;

/// Bytes that looking for the signed timestamp may hash.
const WORK: u64 = 24 * 1024 * 1024;

/// Furthest that the signed timestamp is looked for, in seconds.
const FURTHEST: i64 = 7_200;

/// The age check, with the reasons if it does not hold.
pub(crate) struct Age {
    pub check: Option<Check>,
    pub reasons: Vec<Reason>,
}

/// How old a request is by its timestamp; `None` for schemes without one.
pub(crate) fn age(case: &Case, scheme: &Scheme, reading: &Reading, matched: bool) -> Option<Age> {
    if let Method::Jwt(recipe) = &scheme.sign {
        return token_age(case, scheme, recipe, reading, matched);
    }
    let field = scheme.timestamp.as_ref()?;
    let check = |ok, age_seconds| Some(Check { name: CheckName::Timestamp, ok, age_seconds });
    let limited = field.past.is_some() || field.future.is_some();
    let Some(seconds) = reading.seconds else {
        // Without a limit, a provider's library does not read the timestamp at all.
        return limited.then(|| Age { check: check(false, None), reasons: Vec::new() });
    };
    let (past, future) = match (limited, case.tolerance) {
        (false, both) => (both, both),
        (true, None) => (field.past, field.future),
        (true, Some(t)) => (field.past.map(|_| t), field.future.map(|_| t)),
    };
    let age = case.now.saturating_sub(seconds);
    let distance = age.unsigned_abs();
    let beyond = |limit: Option<u64>| limit.filter(|limit| distance > *limit);
    let limit = if age > 0 { beyond(past) } else { beyond(future) };
    let reason = limit.map(|limit| {
        let other = other_unit(seconds, field.unit).map(|other| case.now.saturating_sub(other));
        match other {
            Some(other) if other.unsigned_abs() <= limit => unit_reason(field.unit),
            _ => late(case.now, seconds, limit, scheme),
        }
    });
    Some(Age { check: check(reason.is_none(), Some(age)), reasons: reason.into_iter().collect() })
}

/// What a token says of its time; who it is from and for counts only once its signature fits.
fn token_age(
    case: &Case,
    scheme: &Scheme,
    recipe: &Jwt,
    reading: &Reading,
    matched: bool,
) -> Option<Age> {
    let text = reading.signatures.first()?;
    let all = jwt::claims(recipe, scheme, text, case.params, case.now, case.tolerance);
    let of_time = |reason: &Reason| {
        matches!(reason.code, Code::TokenExpired | Code::TimestampInFuture | Code::TimestampTooOld)
    };
    let in_time = !all.iter().any(of_time);
    let age_seconds = reading.seconds.map(|sent| case.now.saturating_sub(sent));
    let shown = age_seconds.is_some() || !in_time;
    let check = Check { name: CheckName::Timestamp, ok: in_time, age_seconds };
    let reasons = all.into_iter().filter(|reason| matched || of_time(reason)).collect();
    Some(Age { check: shown.then_some(check), reasons })
}

fn late(now: i64, seconds: i64, limit: u64, scheme: &Scheme) -> Reason {
    let times = format!("sent {}, checked {}", shown(seconds), shown(now));
    let window = duration(limit);
    let by = duration(now.saturating_sub(seconds).unsigned_abs());
    if now > seconds {
        Reason::new(
            Code::TimestampTooOld,
            format!("The timestamp is {by} old ({times}); {} allows {window}.", scheme.provider),
            OLD_HINT,
        )
        .wanting(None, OLD_WORDS)
    } else {
        Reason::new(
            Code::TimestampInFuture,
            format!("The timestamp is {by} ahead ({times}); {} allows {window}.", scheme.provider),
            AHEAD_HINT,
        )
        .wanting(None, AHEAD_WORDS)
    }
}

fn shown(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// The same number read in the other unit, in seconds, if it is of that unit's size.
fn other_unit(seconds: i64, unit: Unit) -> Option<i64> {
    match unit {
        Unit::Seconds => (seconds > 100_000_000_000).then_some(seconds / 1_000),
        // The reading divided by a thousand already.
        Unit::Milliseconds => (seconds < 100_000_000).then(|| seconds.saturating_mul(1_000)),
        Unit::Iso => None,
    }
}

fn unit_reason(unit: Unit) -> Reason {
    let (is, should) = match unit {
        Unit::Seconds => ("milliseconds", "seconds"),
        Unit::Milliseconds | Unit::Iso => ("seconds", "milliseconds"),
    };
    Reason::new(
        Code::TimestampUnit,
        format!("The timestamp is in {is}; the scheme has {should}."),
        format!("Send and sign the timestamp in {should} since 1970."),
    )
}

/// Looks for the timestamp that was signed.
pub(super) fn find(context: &Context) -> Option<Finding> {
    if !context.scheme.signs_timestamp() {
        return None;
    }
    let unit = context.scheme.timestamp.as_ref()?.unit;
    if unit == Unit::Iso {
        return rewritten(context);
    }
    let given: i64 = context.delivery.timestamp.parse().ok()?;
    let fits = |number: i64| {
        let text = number.to_string();
        context.fits(&Delivery { timestamp: &text, ..context.delivery })
    };
    let other = match unit {
        Unit::Seconds => Some(given / 1_000),
        Unit::Milliseconds | Unit::Iso => given.checked_mul(1_000),
    };
    if let Some(key) = other.and_then(fits) {
        return Some(Finding::by(key, Reason { proved: true, ..unit_reason(unit) }));
    }
    let step = match unit {
        Unit::Seconds => 1,
        Unit::Milliseconds | Unit::Iso => 1_000,
    };
    let tries = tries(context);
    // Milliseconds that were rounded, or set to nought, lie within a second.
    let rounded = if step == 1 { 0 } else { (tries / 4).min(2_000) };
    near(given, step, tries / 2)
        .chain(near(given, 1, rounded))
        .chain(from_body(context, step, tries / 2))
        .find_map(|number| Some((number, fits(number)?)))
        .map(|(number, key)| {
            let apart = match number.abs_diff(given) {
                away if away < step.unsigned_abs() => format!("{away} ms"),
                away => duration(away / step.unsigned_abs()),
            };
            let reason = Reason::proved(
                Code::TimestampModified,
                format!(
                    "The timestamp was changed: {number} was signed, {given} is here ({apart} apart)."
                ),
                "Pass the timestamp on as it came; do not put the time of receipt in its place.",
            );
            Finding::by(key, reason)
        })
}

/// A date and time in the spellings that other writers have for the same moment.
fn rewritten(context: &Context) -> Option<Finding> {
    let given = context.delivery.timestamp;
    let time = iso(given)?;
    let whole = Timestamp::from_second(time.as_second()).ok()?;
    let plain = whole.to_string();
    let bare = plain.trim_end_matches('Z').to_owned();
    let exact = time.to_string();
    let spellings = [
        exact.clone(),
        exact.trim_end_matches('Z').to_owned(),
        plain.clone(),
        bare.clone(),
        format!("{bare}.000Z"),
        format!("{bare}+00:00"),
        format!("{bare}-00:00"),
        plain.replace('T', " "),
        time.as_second().to_string(),
        time.as_millisecond().to_string(),
    ];
    let fits = |text: &String| context.fits(&Delivery { timestamp: text, ..context.delivery });
    let others = spellings.iter().filter(|text| text.as_str() != given);
    let (text, key) = others.into_iter().find_map(|text| Some((text, fits(text)?)))?;
    let numeric = text.bytes().all(|b| b.is_ascii_digit());
    let code = if numeric { Code::TimestampUnit } else { Code::TimestampModified };
    let reason = Reason::proved(
        code,
        format!(
            "The timestamp was written anew: `{text}` was signed, `{}` is here.",
            excerpt(given.as_bytes(), 40)
        ),
        "Pass the timestamp on as it came, without reading it as a date in between.",
    );
    Some(Finding::by(key, reason))
}

/// How many timestamps may be tried.
fn tries(context: &Context) -> i64 {
    let size = cost(context.scheme, &context.delivery);
    let keys = u64::try_from(context.keys.len().max(1)).unwrap_or(1);
    i64::try_from(WORK / size.saturating_mul(keys)).unwrap_or(0)
}

/// Numbers round one, nearest first.
fn near(middle: i64, step: i64, tries: i64) -> impl Iterator<Item = i64> {
    let reach = (tries / 2).min(FURTHEST);
    (1..=reach).flat_map(move |n| {
        let away = n.saturating_mul(step);
        [middle.saturating_sub(away), middle.saturating_add(away)]
    })
}

/// Times that the body names, such as Stripe's `created`, and the minutes after them.
fn from_body(context: &Context, step: i64, tries: i64) -> impl Iterator<Item = i64> {
    let times = Document::parse(context.delivery.body).map(|d| d.times(8)).unwrap_or_default();
    let reach = (tries / 8).min(600);
    times
        .into_iter()
        .flat_map(move |time| (0..reach).map(move |n| time.saturating_add(n).saturating_mul(step)))
}
