//! Numbers of a JSON body that was parsed and written again: languages write the same number otherwise (`1.0`
//! and `1`, `1.50` and `1.5`, `1e5` and `100000`), and JSON does not say which was there.

use super::Context;
use super::Finding;
use super::json::rewritten;
use crate::json_text::{Document, Layout};

/// Another spelling of a number; none when it would be the same.
type Spelling = fn(&str) -> Option<String>;

/// Each with the words for it, those of everyday first.
const SPELLINGS: [(Spelling, &str); 9] = [
    (with_point_zero, "whole numbers as `1.0`"),
    (shortest, "numbers without zeros at their end, as JavaScript writes them"),
    (with_one_zero, "numbers without zeros at their end but `.0`, as Python writes them"),
    (with_two_digits, "numbers with two digits after the point"),
    (longer_fraction, "fractions with two digits after the point"),
    (plain, "numbers without an exponent"),
    (plain_with_zero, "numbers without an exponent and with `.0`"),
    (|text| respelled(text, "e"), "exponents as `e5`"),
    (|text| respelled(text, "e+"), "exponents as `e+5`"),
];

/// Spellings that one number alone may have had.
const ALONE: usize = 5;

/// Numbers of a body that are tried one by one.
const FEW: usize = 24;

/// Longest body whose numbers are tried, in bytes: each spelling is a copy that is cut and laid out anew.
const LONGEST: usize = 256 * 1024;

/// Largest exponent that is written out.
const MOST_DIGITS: i32 = 40;

/// Tries the numbers in other spellings: all of them, then each by itself.
pub(super) fn find(context: &Context, document: &Document) -> Option<Finding> {
    if context.delivery.body.len() > LONGEST {
        return None;
    }
    let all = SPELLINGS.into_iter().find_map(|(spelling, words)| {
        let text = document.respelled(|_, number| spelling(number))?;
        let document = Document::parse(&text)?;
        let what = |layout: &str| format!("the same JSON{layout} with {words}");
        let layouts = [
            (Layout::Compact, ", compact,"),
            (Layout::Spaced, ", with a blank after each comma and colon,"),
            (Layout::Indented("  "), ", indented by 2 blanks,"),
        ];
        rewritten(context, text.clone(), &what(""), true).or_else(|| {
            let mut written = layouts
                .into_iter()
                .filter(|_| !context.is_spent())
                .filter_map(|(layout, name)| Some((document.write(layout, None)?, name)))
                .filter(|(written, _)| *written != text);
            written.find_map(|(text, name)| rewritten(context, text, &what(name), false))
        })
    });
    all.or_else(|| {
        let numbers = document.numbers().min(FEW);
        (0..numbers).filter(|_| numbers > 1 && !context.is_spent()).find_map(|at| {
            SPELLINGS.into_iter().take(ALONE).find_map(|(spelling, words)| {
                let one = |number: usize, text: &str| {
                    if number == at { spelling(text) } else { None }
                };
                let text = document.respelled(one)?;
                let what = format!("the same JSON with one number as others have {words}");
                rewritten(context, text, &what, false)
            })
        })
    })
}

fn is_whole(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// Whole part and fraction of a number without an exponent.
fn parts(text: &str) -> Option<(&str, &str)> {
    text.split_once('.').filter(|(_, fraction)| is_whole(fraction))
}

fn with_point_zero(text: &str) -> Option<String> {
    is_whole(text).then(|| format!("{text}.0"))
}

fn shortest(text: &str) -> Option<String> {
    let (whole, fraction) = parts(text).filter(|(_, fraction)| fraction.ends_with('0'))?;
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

fn with_one_zero(text: &str) -> Option<String> {
    let (whole, fraction) = parts(text).filter(|(_, f)| f.len() > 1 && f.ends_with('0'))?;
    let fraction = fraction.trim_end_matches('0');
    Some(format!("{whole}.{}", if fraction.is_empty() { "0" } else { fraction }))
}

fn longer_fraction(text: &str) -> Option<String> {
    parts(text).filter(|(_, fraction)| fraction.len() == 1).map(|_| format!("{text}0"))
}

fn with_two_digits(text: &str) -> Option<String> {
    longer_fraction(text).or_else(|| is_whole(text).then(|| format!("{text}.00")))
}

/// A number cut into its digits, as one, and its exponent.
fn scientific(text: &str) -> Option<(&str, &str, i32)> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    Some((whole, fraction, exponent.parse().ok()?))
}

fn plain(text: &str) -> Option<String> {
    let (whole, fraction, exponent) = scientific(text)?;
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    if !(-MOST_DIGITS..=MOST_DIGITS).contains(&exponent) || digits.len() > 60 {
        return None;
    }
    let length = i32::try_from(digits.len()).ok()?;
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let (whole, fraction) = match point {
        ..=0 => ("0".to_owned(), format!("{}{digits}", zeros(-point))),
        _ if point >= length => (format!("{digits}{}", zeros(point - length)), String::new()),
        _ => {
            let (whole, fraction) = digits.split_at_checked(usize::try_from(point).ok()?)?;
            (whole.to_owned(), fraction.to_owned())
        }
    };
    let whole = Some(whole.trim_start_matches('0')).filter(|whole| !whole.is_empty());
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{}{point}{fraction}", whole.unwrap_or("0")))
}

fn plain_with_zero(text: &str) -> Option<String> {
    plain(text).filter(|text| is_whole(text)).map(|text| format!("{text}.0"))
}

/// The same exponent after another mark.
fn respelled(text: &str, mark: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let digits = exponent.trim_start_matches('+');
    if digits.starts_with('-') {
        return None;
    }
    Some(format!("{mantissa}{mark}{digits}")).filter(|other| other != text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_value() {
        for (number, others) in [
            ("1", &["1.0", "1.00"][..]),
            ("-7", &["-7.0", "-7.00"]),
            ("1.0", &["1", "1.00", "1.00"]),
            ("1.50", &["1.5", "1.5"]),
            ("2.00", &["2", "2.0"]),
            ("1e5", &["100000", "100000.0", "1e+5"]),
            ("1.25E+1", &["12.5", "1.25e1", "1.25e+1"]),
            ("-2.5e-3", &["-0.0025"]),
            ("0e0", &["0", "0.0", "0e+0"]),
            ("1e999", &["1e+999"]),
        ] {
            let all: Vec<_> =
                SPELLINGS.iter().filter_map(|(spelling, _)| spelling(number)).collect();
            assert_eq!(all, others, "{number}");
            for other in &all {
                assert_eq!(other.parse::<f64>(), number.parse::<f64>(), "{number} {other}");
            }
        }
    }
}
