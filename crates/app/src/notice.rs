//! Things to know beside a result: they change no exit status, and each is told once.

use serde::Serialize;

use crate::Keyward;
use crate::session::lock;

/// Something that is not as it should be and stopped nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Stable code such as `VAULT_ROLLBACK`.
    pub code: &'static str,
    /// What was found, what was kept, and what to do.
    pub message: String,
}

impl Keyward {
    /// Tells a notice through [`crate::Config::tell`], unless this session told it before.
    pub(crate) fn notice(&self, code: &'static str, message: impl Into<String>) {
        let notice = Notice { code, message: message.into() };
        let mut told = lock(&self.told);
        if !told.contains(&notice) {
            (self.config.tell)(&notice);
            told.push(notice);
        }
    }

    /// What this session has told so far.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        lock(&self.told).clone()
    }
}
