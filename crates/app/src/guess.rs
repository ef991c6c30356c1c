//! What a value says of itself: provider, kind and mode by its form, else by the entry's name.

use keyward_vault::Secret;
use secrecy::ExposeSecret;

/// What a value says of itself.
pub(crate) struct Guess {
    pub(crate) kind: String,
    pub(crate) provider: Option<String>,
    pub(crate) mode: String,
    pub(crate) console: Option<String>,
    /// Whether the value has a provider's form, and doubtfully so: its checksum does not fit.
    pub(crate) doubtful: bool,
}

impl Guess {
    pub(crate) fn of(name: &str, value: &Secret) -> Self {
        if let Some(class) = keyward_scan::classify(value.expose_secret()) {
            return Self {
                kind: class.kind.as_str().to_owned(),
                provider: Some(class.provider),
                mode: class.mode.map_or("unknown", |mode| mode.as_str()).to_owned(),
                console: class.console,
                doubtful: class.confidence == keyward_scan::Confidence::Low,
            };
        }
        let name = name.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let kind = if has(&["webhook", "signing"]) {
            "webhook-secret"
        } else if has(&["password", "passwd", "pwd"]) {
            "password"
        } else if has(&["token"]) {
            "token"
        } else if has(&["key", "secret"]) {
            "api-key"
        } else {
            "other"
        };
        Self {
            kind: kind.to_owned(),
            provider: None,
            mode: "unknown".to_owned(),
            console: None,
            doubtful: false,
        }
    }
}
