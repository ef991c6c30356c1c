//! The guard against live and test mixed up: a live key in a development environment, a test key
//! in production. And against variables that would make other programs load or run something.

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

/// Variables that decide what other programs load or run, in upper case.
const DANGEROUS: &[&str] = &[
    "PATH",
    "PATHEXT",
    "COMSPEC",
    "SHELL",
    "IFS",
    "BASH_ENV",
    "PS4",
    "PROMPT_COMMAND",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PERL5OPT",
    "PERL5LIB",
    "RUBYOPT",
    "RUBYLIB",
    "LUA_PATH",
    "LUA_CPATH",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "CLASSPATH",
    "PSMODULEPATH",
    "DOTNET_STARTUP_HOOKS",
    "RUSTC_WRAPPER",
    "PHP_INI_SCAN_DIR",
    "PHPRC",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "BROWSER",
];
/// Families of them.
const DANGEROUS_PREFIXES: &[&str] =
    &["LD_", "DYLD_", "BASH_FUNC_", "GIT_CONFIG", "GIT_SSH", "CORECLR_", "COR_"];

/// Refuses a variable that would decide what a child program loads or runs.
///
/// # Errors
/// `VAR_DANGEROUS`.
pub(crate) fn check_var(name: &str, var: &str) -> Result<(), Error> {
    let upper = var.to_ascii_uppercase();
    let dangerous = DANGEROUS.contains(&upper.as_str())
        || DANGEROUS_PREFIXES.iter().any(|prefix| upper.starts_with(prefix));
    if !dangerous {
        return Ok(());
    }
    Err(Error::new(
        "VAR_DANGEROUS",
        format!(
            "`{}` would set `{}`, which decides what programs load or run. Nothing was changed.",
            shown(name),
            shown(var)
        ),
        "Give it another variable with `--var`; `--force` does it anyway and records it.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_decide_what_runs_are_refused() {
        for var in ["PATH", "Path", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "node_options"] {
            assert_eq!(check_var("a/b/c", var).unwrap_err().code, "VAR_DANGEROUS", "{var}");
        }
        for var in ["STRIPE_KEY", "PATHS", "DB_PATH", "ENV", "LDAP_PASSWORD"] {
            assert!(check_var("a/b/c", var).is_ok(), "{var}");
        }
    }

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
