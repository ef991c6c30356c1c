//! The guard against live and test mixed up: a live key in a development environment, a test key
//! in production.

use crate::Error;
use crate::error::shown;

/// Refuses a value whose mode contradicts its environment.
///
/// # Errors
/// `ENV_MISMATCH`.
pub(crate) fn check(name: &str, env: &str, mode: &str) -> Result<(), Error> {
    let production = match env.to_ascii_lowercase().as_str() {
        "prod" | "production" | "live" => true,
        "dev" | "development" | "test" | "testing" | "staging" | "local" | "ci" | "sandbox" => {
            false
        }
        // Other names say nothing about what they are for.
        _ => return Ok(()),
    };
    let words = match (mode, production) {
        ("live", false) => "a live key",
        ("test", true) => "a test key",
        _ => return Ok(()),
    };
    Err(Error::new(
        "ENV_MISMATCH",
        format!("`{}` would put {words} into `{}`. Nothing was changed.", shown(name), shown(env)),
        "Check the key and the environment; `--force` does it anyway and records it.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_and_test_are_kept_apart() {
        for (env, mode, fits) in [
            ("prod", "live", true),
            ("prod", "test", false),
            ("production", "unknown", true),
            ("dev", "live", false),
            ("Staging", "live", false),
            ("dev", "test", true),
            ("eu-1", "live", true),
        ] {
            assert_eq!(check("a/b/c", env, mode).is_ok(), fits, "{mode} in {env}");
        }
    }
}
