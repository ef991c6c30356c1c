//! Errors as people and scripts meet them: one stable code, what happened, what to do next.

use keyward_backup::{DocumentError, FileError, LockError, OpenError};
use keyward_scan::ScanError;
use keyward_store::StoreError;
use keyward_vault::{
    KeychainError, NameError, PassphraseError, SealError, SecretError, VaultError,
};
use serde::Serialize;
use ts_rs::TS;

/// What went wrong, for both faces. It never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, thiserror::Error)]
#[error("{message}")]
#[ts(rename = "ApiError")]
pub struct Error {
    /// Stable code, one of [`CODES`].
    pub code: String,
    /// What happened and what was kept.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// Every code and the exit status it stands for: 2 usage, 3 input refused, 4 not found or
/// ambiguous, 5 keychain, 6 integrity, 7 disk, 8 busy or in conflict, 70 a fault of ours.
pub const CODES: &[(&str, u8)] = &[
    ("USAGE", 2),
    ("USE_STDIN", 2),
    ("NO_INPUT", 2),
    ("NAME_INVALID", 3),
    ("SECRET_EMPTY", 3),
    ("SECRET_TOO_LARGE", 3),
    ("FIELD_INVALID", 3),
    ("ENV_MISMATCH", 3),
    ("IMPORT_TOO_LARGE", 3),
    ("IMPORT_BAD_ROWS", 3),
    ("FORMAT_UNKNOWN", 3),
    ("VAULT_TOO_NEW", 3),
    ("VAULT_NOT_A_FILE", 3),
    ("VAULT_SYMLINK", 3),
    ("VAULT_PERMISSIONS", 3),
    ("VAULT_LIMIT", 3),
    ("VAR_DANGEROUS", 3),
    ("PASSPHRASE_EMPTY", 3),
    ("PASSPHRASE_UNFIT", 3),
    ("RECIPIENT_INVALID", 3),
    ("IDENTITY_INVALID", 3),
    ("BACKUP_PLUGIN", 3),
    ("BACKUP_WORK_FACTOR", 3),
    ("BACKUP_NOT_OURS", 3),
    ("BACKUP_TOO_LARGE", 3),
    ("BACKUP_TOO_NEW", 3),
    ("BACKUP_MALFORMED", 3),
    ("BACKUP_NOT_A_FILE", 3),
    ("BACKUP_EXISTS", 3),
    ("BACKUP_UNSUPPORTED", 3),
    ("BACKUP_BAD_ENTRIES", 3),
    ("BACKUP_NO_RECIPIENT", 3),
    ("REPO_OUTSIDE_ROOT", 3),
    ("NOT_A_REPOSITORY", 3),
    ("RULE_INVALID", 3),
    ("RULE_FILE_TOO_LARGE", 3),
    ("RULE_TOO_COMPLEX", 3),
    ("RULE_TOO_DEEP", 3),
    ("RULE_UNSUPPORTED", 3),
    ("RULE_MATCHES_EMPTY", 3),
    ("RULE_DUPLICATE", 3),
    ("RULE_EXAMPLE_MISSED", 3),
    ("RULE_COUNTER_EXAMPLE_FOUND", 3),
    ("BASELINE_INVALID", 3),
    ("IGNORE_INVALID", 3),
    ("OUT_NOT_A_FILE", 3),
    ("CALENDAR_INVALID", 3),
    ("SAMPLE_INVALID", 3),
    ("SCHEME_INVALID", 3),
    ("REVEAL_DENIED", 3),
    ("SEND_NOT_LOCAL", 3),
    ("PROVIDER_NOT_ALLOWED", 3),
    ("PROVIDER_NOT_CONNECTED", 3),
    ("PROVIDER_INVALID", 3),
    ("PLACE_INVALID", 3),
    ("VALUE_UNFIT", 3),
    ("NOT_FOUND", 4),
    ("PROVIDER_UNKNOWN", 4),
    ("AMBIGUOUS", 4),
    ("VAR_CLASH", 4),
    ("REVISION_NOT_FOUND", 4),
    ("KC_NO_BUS", 5),
    ("KC_NO_SERVICE", 5),
    ("KC_LOCKED", 5),
    ("KC_TIMEOUT", 5),
    ("KC_LOST_CONN", 5),
    ("KC_WRITE_FAILED", 5),
    ("KC_DENIED", 5),
    ("KC_AMBIGUOUS", 5),
    ("KC_FAILED", 5),
    ("KC_KEY_MISSING", 5),
    ("KC_VALUE_MISSING", 5),
    ("VAULT_LOCKED", 5),
    ("UNLOCK_WAIT", 5),
    ("VAULT_WRONG_PASSPHRASE", 6),
    ("VAULT_DAMAGED", 6),
    ("VAULT_EMPTY", 6),
    ("VAULT_MISSING", 6),
    ("VAULT_NOT_OURS", 6),
    ("VAULT_KDF_LIMIT", 6),
    ("KEY_MALFORMED", 6),
    ("KEY_WRONG_VAULT", 6),
    ("VALUE_CHANGED", 6),
    ("BACKUP_DAMAGED", 6),
    ("BACKUP_WRONG_KEY", 6),
    ("BACKUP_NO_MATCHING_KEY", 6),
    ("BACKUP_MANIFEST", 6),
    ("AUDIT_BROKEN", 6),
    ("VAULT_ROLLBACK", 6),
    ("REPO_UNREADABLE", 6),
    ("DISK_FULL", 7),
    ("DISK_READ_ONLY", 7),
    ("DISK_ERROR", 7),
    ("DISK_LIMIT", 7),
    ("CLIPBOARD", 7),
    ("NOTIFY", 7),
    ("COMMAND_NOT_STARTED", 7),
    ("SEND_FAILED", 7),
    ("PROVIDER_FAILED", 7),
    ("PLACE_FAILED", 7),
    ("AGENT_UNAVAILABLE", 7),
    ("NAME_EXISTS", 8),
    ("VAULT_BUSY", 8),
    ("PASSPHRASE_STATE", 8),
    ("LOCK_UNFINISHED", 8),
    ("HOOK_MANAGED", 8),
    ("HOOK_CONFLICT", 8),
    ("HOOKS_ELSEWHERE", 8),
    ("RUN_OPEN", 8),
    ("RUN_STATE", 8),
    ("RUN_BUSY", 8),
    ("STILL_ALIVE", 8),
    ("PLACE_CONFLICT", 8),
    ("CANCELLED", 130),
    ("FAULT", 70),
];

/// The exit status of a code; 70 for one that is not in the table.
#[must_use]
pub fn exit_status(code: &str) -> u8 {
    CODES.iter().find(|(name, _)| *name == code).map_or(70, |(_, status)| *status)
}

impl Error {
    /// Puts an error together.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        debug_assert!(CODES.iter().any(|(name, _)| *name == code), "{code} is not in the table");
        Self { code: code.to_owned(), message: message.into(), hint: hint.into() }
    }

    /// The exit status this error ends the program with.
    #[must_use]
    pub fn status(&self) -> u8 {
        exit_status(&self.code)
    }

    pub(crate) fn not_found(name: &str) -> Self {
        Self::new(
            "NOT_FOUND",
            format!("There is no entry `{}`.", shown(name)),
            "`keyward list` shows the entries there are.",
        )
    }
}

/// A name as typed, safe to show: short, and without control or invisible characters.
pub(crate) fn shown(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_graphic() || c == ' ' { c } else { '\u{fffd}' }
    };
    let mut out: String = text.chars().take(80).map(plain).collect();
    if text.chars().count() > 80 {
        out.push('…');
    }
    out
}

const UNCHANGED: &str = "Nothing was changed.";

impl From<KeychainError> for Error {
    fn from(error: KeychainError) -> Self {
        use KeychainError as E;
        let says = format!("{}. {UNCHANGED}", capital(&error.to_string()));
        let restore =
            || "Restore a backup into a new KEYWARD_HOME with `keyward backup restore`.".to_owned();
        let file = "On a machine without a desktop set KEYWARD_KEYCHAIN=file; values are then kept in an encrypted file.";
        let (code, hint) = match &error {
            E::NoBus(_) => ("KC_NO_BUS", file.to_owned()),
            E::NoService => (
                "KC_NO_SERVICE",
                format!("Install or start gnome-keyring, KWallet or KeePassXC. {file}"),
            ),
            E::Locked => (
                "KC_LOCKED",
                "Unlock it in your desktop's password dialog, then try again.".to_owned(),
            ),
            E::Timeout(_) => (
                "KC_TIMEOUT",
                "Its service hangs or waits for an answer. Restart it, or log in again; `keyward doctor` tells more.".to_owned(),
            ),
            E::LostConnection => ("KC_LOST_CONN", "Try again; `keyward doctor` tells more.".to_owned()),
            E::WriteFailed => (
                "KC_WRITE_FAILED",
                "Look for a full disk or a quota where the keychain keeps its file.".to_owned(),
            ),
            E::Denied => ("KC_DENIED", "Allow access when the system asks, then try again.".to_owned()),
            E::Ambiguous(_) => (
                "KC_AMBIGUOUS",
                "Another program added an item of the same name. Remove it in the system's keychain tool; ours has no further attributes.".to_owned(),
            ),
            E::Failed(_) => ("KC_FAILED", "`keyward doctor` tells more.".to_owned()),
            E::WrongPassphrase => (
                "VAULT_WRONG_PASSPHRASE",
                "Check KEYWARD_PASSPHRASE_FILE. If the passphrase is right the file is damaged: restore a backup into a new KEYWARD_HOME.".to_owned(),
            ),
            E::FileDamaged => ("VAULT_DAMAGED", restore()),
            E::FileEmpty => ("VAULT_EMPTY", restore()),
            E::FileNotOurs => (
                "VAULT_NOT_OURS",
                "Another program's file is in the way: move it, or set KEYWARD_HOME to another folder.".to_owned(),
            ),
            E::FileNotAFile => (
                "VAULT_NOT_A_FILE",
                "Move what is there, or set KEYWARD_HOME to another folder.".to_owned(),
            ),
            E::FileSymlink => (
                "VAULT_SYMLINK",
                "Links are not followed; set KEYWARD_HOME to the folder itself.".to_owned(),
            ),
            E::FilePermissions => {
                ("VAULT_PERMISSIONS", "Use a KEYWARD_HOME that belongs to you.".to_owned())
            }
            E::FileBusy(_) => {
                ("VAULT_BUSY", "Wait for it to finish, then try again.".to_owned())
            }
            E::FileLimit => ("VAULT_KDF_LIMIT", "The file was not written by Keyward as it is; restore a backup.".to_owned()),
            E::FileTooNew(_) => ("VAULT_TOO_NEW", "Install the newest Keyward.".to_owned()),
            E::FileIo(kind) => {
                let named = io(&std::io::Error::from(*kind), "the keychain file");
                let code = if named.code == "NOT_FOUND" { "DISK_ERROR" } else { &named.code };
                return Self::new(code, says, named.hint);
            }
        };
        Self::new(code, says, hint)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        use StoreError as E;
        let says = format!("{}. {UNCHANGED}", capital(&error.to_string()));
        let restore = "Restore the newest backup into a new KEYWARD_HOME with `keyward backup restore`; the values themselves are still in the keychain.";
        let (code, hint) = match &error {
            E::Empty => ("VAULT_EMPTY", restore),
            E::Damaged { .. } => ("VAULT_DAMAGED", restore),
            E::NotOurs => (
                "VAULT_NOT_OURS",
                "Another program's file is in the way; set KEYWARD_HOME to another folder.",
            ),
            E::NotAFile => {
                ("VAULT_NOT_A_FILE", "Move what is there, or set KEYWARD_HOME to another folder.")
            }
            E::Symlink => {
                ("VAULT_SYMLINK", "Links are not followed; set KEYWARD_HOME to the folder itself.")
            }
            E::Permissions => ("VAULT_PERMISSIONS", "Use a KEYWARD_HOME that belongs to you."),
            E::TooNew { .. } => ("VAULT_TOO_NEW", "Install the newest Keyward."),
            E::Busy { .. } => {
                ("VAULT_BUSY", "Wait for the other program to finish, then try again.")
            }
            E::NoLocks => {
                ("DISK_ERROR", "Keep KEYWARD_HOME on a local disk, or on a share with locks.")
            }
            E::Limit => ("DISK_LIMIT", "Raise the limit (`ulimit -f unlimited`), then try again."),
            E::Taken => (
                "NAME_EXISTS",
                "Choose another name, or start a rotation to give the entry a new value.",
            ),
            E::Full => ("DISK_FULL", "Make room on the disk, then try again."),
            E::ReadOnly => ("DISK_READ_ONLY", "Make KEYWARD_HOME writable, then try again."),
            E::Io(_) => ("DISK_ERROR", "Look at the disk; `keyward doctor` tells more."),
            E::Fault(_) => {
                ("FAULT", "This is a fault of Keyward; please report it with this message.")
            }
        };
        Self::new(code, says, hint)
    }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        let says = format!("{}. {UNCHANGED}", capital(&error.to_string()));
        match error {
            VaultError::Keychain(error) => error.into(),
            VaultError::Store(error) => error.into(),
            VaultError::Seal(error) => error.into(),
            VaultError::KeyMissing => Self::new(
                "KC_KEY_MISSING",
                says,
                "If your keychain was reset or is another one, put it back; else restore a backup into a new KEYWARD_HOME with `keyward backup restore`.",
            ),
            VaultError::KeyMalformed => Self::new(
                "KEY_MALFORMED",
                says,
                "Another program overwrote the item. Restore a backup into a new KEYWARD_HOME.",
            ),
            VaultError::WrongVault => Self::new(
                "KEY_WRONG_VAULT",
                says,
                "The database was exchanged for another vault's. Put the right one back, or restore a backup.",
            ),
            VaultError::ValueMissing { .. } => Self::new(
                "KC_VALUE_MISSING",
                says,
                "It was deleted in the keychain. Restore it from a backup, or rotate the key.",
            ),
            VaultError::ValueChanged { .. } => Self::new(
                "VALUE_CHANGED",
                says,
                "Another program changed the item. Restore it from a backup, or rotate the key.",
            ),
            VaultError::Locked => crate::locked(),
            VaultError::LockMoved => Self::new("VAULT_BUSY", says, "Try again."),
        }
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::new("FAULT", capital(&error.to_string()), "Try again.")
    }
}

impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        let code = match error {
            SecretError::Empty => "SECRET_EMPTY",
            SecretError::TooLarge(_) => "SECRET_TOO_LARGE",
        };
        let says = format!("{}. {UNCHANGED}", capital(&error.to_string()));
        Self::new(code, says, "Hand in the credential itself, not a file that holds more.")
    }
}

impl From<PassphraseError> for Error {
    fn from(error: PassphraseError) -> Self {
        let says = format!("{}. {UNCHANGED}", capital(&error.to_string()));
        match error {
            PassphraseError::Empty => {
                Self::new("PASSPHRASE_EMPTY", says, "Choose a passphrase of several words.")
            }
            PassphraseError::Unfit => {
                Self::new("PASSPHRASE_UNFIT", says, "A passphrase is text of at most 4,096 bytes.")
            }
        }
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Self {
        let says = format!("{}. {UNCHANGED}", capital(&error.to_string()));
        Self::new("NAME_INVALID", says, "For example `acme/prod/stripe`.")
    }
}

impl From<LockError> for Error {
    fn from(error: LockError) -> Self {
        let says = format!("{}. {UNCHANGED}", capital(&error.to_string()));
        let (code, hint) = match error {
            LockError::PassphraseEmpty => {
                ("PASSPHRASE_EMPTY", "Choose a passphrase of several words.")
            }
            LockError::PassphraseUnfit => {
                ("PASSPHRASE_UNFIT", "A passphrase is text of at most 4,096 bytes.")
            }
            LockError::Recipient(_) => (
                "RECIPIENT_INVALID",
                "`age-keygen` prints a recipient beside the identity it makes.",
            ),
            LockError::Plugin => {
                ("BACKUP_PLUGIN", "Use a passphrase or an X25519 key of `age-keygen`.")
            }
            LockError::Unsupported => {
                ("BACKUP_UNSUPPORTED", "Use a passphrase or an X25519 key of `age-keygen`.")
            }
            LockError::NoIdentity => (
                "IDENTITY_INVALID",
                "Give your recovery kit, or the file that `age-keygen -o` wrote.",
            ),
            LockError::BackupAsIdentity => (
                "IDENTITY_INVALID",
                "The backup comes first; after `--identity` give your recovery kit, or the file that `age-keygen -o` wrote.",
            ),
            LockError::SshKey => (
                "IDENTITY_INVALID",
                "Give your recovery kit, or the file that `age-keygen -o` wrote.",
            ),
        };
        Self::new(code, says, hint)
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        let says = format!("{}. {UNCHANGED}", capital(&error.to_string()));
        match error {
            FileError::Io(error) => io(&error, "the backup file"),
            FileError::NotAFile => {
                Self::new("BACKUP_NOT_A_FILE", says, "Give the path of a file, not of a folder.")
            }
            FileError::Exists => Self::new(
                "BACKUP_EXISTS",
                says,
                "Choose another name; the command line replaces it with `--force`.",
            ),
            FileError::ReadBack => {
                Self::new("DISK_ERROR", says, "Do not trust this disk; write the backup elsewhere.")
            }
            FileError::Open(error) => {
                let (code, hint) = match error {
                    OpenError::NotAge => {
                        ("BACKUP_NOT_OURS", "Give a file that `keyward backup create` wrote.")
                    }
                    OpenError::WrongPassphrase => (
                        "BACKUP_WRONG_KEY",
                        "Check the passphrase, and whether letters with accents are stored the same way; if it is right, try an older backup.",
                    ),
                    OpenError::NoMatchingKey => (
                        "BACKUP_NO_MATCHING_KEY",
                        "Give the identity, or the passphrase, that this file was made for.",
                    ),
                    OpenError::WorkFactor { .. } => (
                        "BACKUP_WORK_FACTOR",
                        "If you trust the file, allow it with `--max-work-factor`.",
                    ),
                    OpenError::Damaged => (
                        "BACKUP_DAMAGED",
                        "Nothing of it can be trusted. Use another copy or an older backup.",
                    ),
                    OpenError::TooLarge => (
                        "BACKUP_TOO_LARGE",
                        "Keyward writes no such file; check where it comes from.",
                    ),
                    OpenError::Plugin => (
                        "BACKUP_PLUGIN",
                        "Open it with age itself and encrypt it again for an X25519 key of `age-keygen`.",
                    ),
                    OpenError::Unsupported => (
                        "BACKUP_UNSUPPORTED",
                        "Open it with age itself (1.3 or newer for post-quantum keys) and encrypt it again for an X25519 key of `age-keygen`.",
                    ),
                    OpenError::IdentityAsBackup => (
                        "BACKUP_NOT_OURS",
                        "Give the backup first, and this file after `--identity`.",
                    ),
                };
                Self::new(code, says, hint)
            }
            FileError::Document(error) => {
                let (code, hint) = match error {
                    DocumentError::NotOurs => {
                        ("BACKUP_NOT_OURS", "Give a file that `keyward backup create` wrote.")
                    }
                    DocumentError::TooNew(_) => ("BACKUP_TOO_NEW", "Install the newest Keyward."),
                    DocumentError::Malformed { .. } => (
                        "BACKUP_MALFORMED",
                        "The document was edited by hand or by another program; use another copy.",
                    ),
                    DocumentError::Manifest => (
                        "BACKUP_MANIFEST",
                        "The document was changed after it was written; use another copy.",
                    ),
                    DocumentError::TooLarge => (
                        "BACKUP_TOO_LARGE",
                        "Keyward writes no such file; check where it comes from.",
                    ),
                };
                Self::new(code, says, hint)
            }
        }
    }
}

impl From<ScanError> for Error {
    fn from(error: ScanError) -> Self {
        crate::scan::name(&error)
    }
}

/// An I/O error on something of the user's, named in words.
pub(crate) fn io(error: &std::io::Error, what: &str) -> Error {
    use std::io::ErrorKind as K;
    let says = |text: &str| format!("{}: {text}. {UNCHANGED}", capital(what));
    match error.kind() {
        K::NotFound => Error::new("NOT_FOUND", says("there is no such file"), "Check the path."),
        K::PermissionDenied | K::ReadOnlyFilesystem => {
            Error::new("DISK_READ_ONLY", says("no permission"), "Check the file's permissions.")
        }
        K::FileTooLarge => Error::new(
            "DISK_LIMIT",
            says("it would be larger than this session may write"),
            "Raise the limit (`ulimit -f unlimited`), then try again.",
        ),
        K::StorageFull | K::QuotaExceeded => {
            Error::new("DISK_FULL", says("the disk is full"), "Make room, then try again.")
        }
        kind => Error::new("DISK_ERROR", says(&kind.to_string()), "Check the disk and the path."),
    }
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
