//! Names of entries: `project/env/name`.

use std::fmt;

use thiserror::Error;

/// A full name whose parts are valid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryName {
    /// First part.
    pub project: String,
    /// Second part.
    pub env: String,
    /// Third part.
    pub name: String,
}

/// Longest part, in bytes.
const MAX_PART: usize = 64;

/// Why a name is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// A part is empty, too long, or has a character that a name may not have.
    #[error(
        "a name's parts have 1 to 64 letters, digits, `-`, `_` or `.`, and begin with a letter, a digit or `_`"
    )]
    Part,
    /// There are more than three parts, or too few and no project or environment was given.
    #[error("a name is `project/env/name`")]
    Shape,
}

impl EntryName {
    /// Puts a name together from its parts.
    ///
    /// # Errors
    /// [`NameError::Part`] when one of them is not valid: only ASCII letters, digits, `-`, `_` and
    /// `.`, so that no look-alike, invisible or control character can stand in a name.
    pub fn new(project: &str, env: &str, name: &str) -> Result<Self, NameError> {
        for part in [project, env, name] {
            if !valid_part(part) {
                return Err(NameError::Part);
            }
        }
        Ok(Self { project: project.to_owned(), env: env.to_owned(), name: name.to_owned() })
    }

    /// Reads `project/env/name`; `project` and `env` fill in what a shorter text lacks.
    ///
    /// # Errors
    /// [`NameError`], also when the text and the arguments contradict each other.
    pub fn parse(text: &str, project: Option<&str>, env: Option<&str>) -> Result<Self, NameError> {
        let parts: Vec<&str> = text.split('/').collect();
        let (p, e, n) = match parts[..] {
            [n] => (project, env, n),
            [e, n] => (project, Some(e), n),
            [p, e, n] => (Some(p), Some(e), n),
            _ => return Err(NameError::Shape),
        };
        let agree = |given: Option<&str>, used: Option<&str>| given.is_none() || given == used;
        if !agree(project, p) || !agree(env, e) {
            return Err(NameError::Shape);
        }
        match (p, e) {
            (Some(p), Some(e)) => Self::new(p, e, n),
            _ => Err(NameError::Shape),
        }
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.project, self.env, self.name)
    }
}

/// Whether two different names look alike on a screen. Names are ASCII, so there are few such
/// characters (Unicode's confusables.txt, UTS 39): `0` and `O`, `1`, `I` and `l`, `rn` and `m`,
/// `vv` and `w`.
#[must_use]
pub fn looks_like(one: &str, other: &str) -> bool {
    let skeleton = |name: &str| {
        name.replace('I', "l")
            .to_ascii_lowercase()
            .replace('1', "l")
            .replace('0', "o")
            .replace("rn", "m")
            .replace("vv", "w")
    };
    !one.eq_ignore_ascii_case(other) && skeleton(one) == skeleton(other)
}

fn valid_part(part: &str) -> bool {
    let first = part.bytes().next().unwrap_or(b'-');
    part.len() <= MAX_PART
        && (first.is_ascii_alphanumeric() || first == b'_')
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !part.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_and_without_their_first_parts() {
        let full = EntryName::new("acme", "prod", "stripe").unwrap();
        assert_eq!(EntryName::parse("acme/prod/stripe", None, None), Ok(full.clone()));
        assert_eq!(EntryName::parse("stripe", Some("acme"), Some("prod")), Ok(full.clone()));
        assert_eq!(EntryName::parse("prod/stripe", Some("acme"), None), Ok(full));
        assert_eq!(EntryName::parse("stripe", None, None), Err(NameError::Shape));
        assert_eq!(EntryName::parse("a/b/c", Some("x"), None), Err(NameError::Shape));
    }

    #[test]
    fn names_that_look_alike_are_seen() {
        assert!(looks_like("acme/prod/paypal", "acme/prod/paypa1"));
        assert!(looks_like("acme/prod/pay0ut", "acme/prod/payout"));
        assert!(looks_like("acme/prod/modern", "acme/prod/modem"));
        assert!(!looks_like("acme/prod/stripe", "acme/prod/stripe"));
        assert!(!looks_like("acme/prod/stripe-1", "acme/prod/stripe-2"));
    }

    #[test]
    fn hostile_names_are_refused() {
        for bad in [
            "../../etc",
            "a//b",
            "a/b/c/d",
            "a/b/-rf",
            "a/b/.",
            "a/b/",
            "a/b/\u{202e}x",
            "a/b/c\0d",
            "a/b/c d",
            "a/b/🙂",
            "a/b/cа",
            "a/b/a..b",
        ] {
            assert!(EntryName::parse(bad, None, None).is_err(), "{bad:?} was taken");
        }
        assert!(EntryName::new("a", "b", &"x".repeat(65)).is_err());
    }
}
