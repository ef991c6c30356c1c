//! The age envelope round a document (age-encryption.org/v1): passphrase or X25519 recipients,
//! armoured or not. Plugins and SSH keys are off, so no file can make us start a program.

use std::io::{Read, Write};
use std::str::FromStr;

use age::secrecy::SecretString;
use age::x25519;
use keyward_vault::{Secret, secret};
use secrecy::ExposeSecret;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::MAX_DOCUMENT;

/// scrypt work factor that we write, as log2(N): 256 MiB and about a second.
const WORK_FACTOR: u8 = 18;
/// Highest work factor that is read unless the caller asks for more.
pub const MAX_WORK_FACTOR: u8 = 18;
/// Longest passphrase, in bytes.
const MAX_PASSPHRASE: usize = 4096;

/// What a backup is locked to.
pub enum Lock {
    /// A passphrase that a person chose (scrypt).
    Passphrase(SecretString),
    /// One or more X25519 recipients, `age1…`.
    Recipients(Vec<x25519::Recipient>),
}

/// What opens a backup.
pub enum Opener {
    /// A passphrase.
    Passphrase(SecretString),
    /// X25519 identities, `AGE-SECRET-KEY-1…`.
    Identities(Vec<x25519::Identity>),
}

/// Why a passphrase, recipient or identity is not taken.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LockError {
    /// No passphrase at all.
    #[error("the passphrase is empty")]
    PassphraseEmpty,
    /// Over 4,096 bytes, or not UTF-8.
    #[error("the passphrase is too long or is not text")]
    PassphraseUnfit,
    /// Not an `age1…` recipient.
    #[error("`{0}` is not an age recipient (`age1…`)")]
    Recipient(String),
    /// A plugin's recipient or identity; plugins are never run.
    #[error("age plugins are not supported, since they run programs")]
    Plugin,
    /// A recipient or identity of a kind that age knows and this program does not: post-quantum.
    #[error("post-quantum age keys (`age1pq1…`) are not supported")]
    Unsupported,
    /// No identity in the identity file.
    #[error("the file holds no age identity (`AGE-SECRET-KEY-1…`)")]
    NoIdentity,
    /// An age file stands where the identity file should.
    #[error("the identity file is itself an encrypted file")]
    BackupAsIdentity,
    /// An SSH key stands where the identity file should.
    #[error("the identity file is an SSH key; backups are not locked to SSH keys")]
    SshKey,
}

/// Why an envelope did not open.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// Not an age file.
    #[error("this is not an age file")]
    NotAge,
    /// The passphrase is wrong; a damaged header looks the same.
    #[error("the passphrase is wrong, or the file's header is damaged")]
    WrongPassphrase,
    /// None of the identities is among the recipients, or the file wants the other kind of key.
    #[error("none of the given keys opens this file")]
    NoMatchingKey,
    /// The file asks for more scrypt work than allowed.
    #[error("the file asks for work factor {required}; at most {allowed} is done")]
    WorkFactor {
        /// What the file asks for.
        required: u8,
        /// What the caller allows.
        allowed: u8,
    },
    /// Cut short, changed, or with bytes after its end.
    #[error("the file is damaged")]
    Damaged,
    /// More than [`MAX_DOCUMENT`] bytes inside.
    #[error("the file holds over 64 MiB")]
    TooLarge,
    /// Made for an age plugin's key; plugins are never run.
    #[error("the file was made for an age plugin, and plugins are not run")]
    Plugin,
    /// Made for a kind of key that is not read: SSH or post-quantum.
    #[error("the file was made for an SSH or post-quantum key, which is not supported")]
    Unsupported,
    /// An identity file stands where the backup should.
    #[error("this is an age identity file, not a backup")]
    IdentityAsBackup,
}

impl Lock {
    /// A passphrase from a file's bytes: one final newline is dropped.
    ///
    /// # Errors
    /// [`LockError::PassphraseEmpty`] or [`LockError::PassphraseUnfit`].
    pub fn passphrase(bytes: &Secret) -> Result<Self, LockError> {
        passphrase(bytes).map(Self::Passphrase)
    }

    /// Recipients as text.
    ///
    /// # Errors
    /// [`LockError::Recipient`] names the first that is none; [`LockError::Plugin`];
    /// [`LockError::Unsupported`].
    pub fn recipients(texts: &[String]) -> Result<Self, LockError> {
        texts
            .iter()
            .map(|text| {
                let unfit = || {
                    if text.trim().starts_with("age1pq1") {
                        return LockError::Unsupported;
                    }
                    let kind = text.trim_start_matches("age1");
                    // Plugin recipients are `age1name1…`; a plain one has no second `1`.
                    if kind.len() < text.len() && kind.contains('1') {
                        LockError::Plugin
                    } else {
                        LockError::Recipient(text.chars().take(80).collect())
                    }
                };
                x25519::Recipient::from_str(text.trim()).map_err(|_| unfit())
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Self::Recipients)
    }
}

impl Opener {
    /// A passphrase from a file's bytes: one final newline is dropped.
    ///
    /// # Errors
    /// [`LockError::PassphraseEmpty`] or [`LockError::PassphraseUnfit`].
    pub fn passphrase(bytes: &Secret) -> Result<Self, LockError> {
        passphrase(bytes).map(Self::Passphrase)
    }

    /// Identities from the bytes of an identity file: one a line, `#` begins a comment.
    ///
    /// # Errors
    /// [`LockError`]; a file of another kind is named where it can be told.
    pub fn identities(bytes: &Secret) -> Result<Self, LockError> {
        let bytes = bytes.expose_secret();
        if is_age(bytes) {
            return Err(LockError::BackupAsIdentity);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| LockError::NoIdentity)?;
        let ssh = ["ssh-", "-----BEGIN OPENSSH", "-----BEGIN RSA"];
        if ssh.iter().any(|begin| text.trim_start().starts_with(begin)) {
            return Err(LockError::SshKey);
        }
        let mut identities = vec![];
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with("AGE-PLUGIN-") {
                return Err(LockError::Plugin);
            }
            if line.starts_with("AGE-SECRET-KEY-PQ-") {
                return Err(LockError::Unsupported);
            }
            identities.push(x25519::Identity::from_str(line).map_err(|_| LockError::NoIdentity)?);
        }
        if identities.is_empty() {
            return Err(LockError::NoIdentity);
        }
        Ok(Self::Identities(identities))
    }

    /// A lock that this opens again: the same passphrase, or the identities' recipients.
    #[must_use]
    pub fn lock(&self) -> Lock {
        match self {
            Self::Passphrase(passphrase) => Lock::Passphrase(passphrase.clone()),
            Self::Identities(identities) => {
                Lock::Recipients(identities.iter().map(x25519::Identity::to_public).collect())
            }
        }
    }
}

fn passphrase(bytes: &Secret) -> Result<SecretString, LockError> {
    let bytes = bytes.expose_secret();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if bytes.is_empty() {
        return Err(LockError::PassphraseEmpty);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= MAX_PASSPHRASE => Ok(SecretString::from(text.to_owned())),
        _ => Err(LockError::PassphraseUnfit),
    }
}

/// Encrypts `plain`, as ASCII armour if asked.
///
/// # Errors
/// The text of an I/O error of the encryption, which in memory does not happen; an empty list of
/// recipients.
pub fn seal(plain: &[u8], lock: &Lock, armor: bool) -> Result<Vec<u8>, std::io::Error> {
    let scrypt;
    let recipients: Vec<&dyn age::Recipient> = match lock {
        Lock::Passphrase(passphrase) => {
            let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
            recipient.set_work_factor(WORK_FACTOR);
            scrypt = recipient;
            vec![&scrypt]
        }
        Lock::Recipients(list) => list.iter().map(|one| one as &dyn age::Recipient).collect(),
    };
    let encryptor =
        age::Encryptor::with_recipients(recipients.into_iter()).map_err(std::io::Error::other)?;
    let format = if armor { age::armor::Format::AsciiArmor } else { age::armor::Format::Binary };
    let armored = age::armor::ArmoredWriter::wrap_output(vec![], format)?;
    let mut writer = encryptor.wrap_output(armored)?;
    writer.write_all(plain)?;
    writer.finish()?.finish()
}

/// Decrypts a whole file, or hands out nothing.
///
/// # Errors
/// [`OpenError`]. The work factor is read from the header and checked before any work is done.
pub fn open(sealed: &[u8], opener: &Opener, max_work_factor: u8) -> Result<Secret, OpenError> {
    if !is_age(sealed) {
        return Err(if holds_identity(sealed) {
            OpenError::IdentityAsBackup
        } else {
            OpenError::NotAge
        });
    }
    // Blank lines round armour mean nothing; a mail program may have added them.
    let armored = sealed.trim_ascii_start().starts_with(b"-----BEGIN");
    let sealed = if armored { sealed.trim_ascii() } else { sealed };
    let reader = age::armor::ArmoredReader::new(sealed);
    let name = |error: age::DecryptError| match name(&error, max_work_factor) {
        OpenError::NoMatchingKey => no_key(sealed),
        other => other,
    };
    let decryptor = age::Decryptor::new_buffered(reader).map_err(name)?;
    let scrypt;
    let identities: Vec<&dyn age::Identity> = match opener {
        Opener::Passphrase(_) if !decryptor.is_scrypt() => return Err(no_key(sealed)),
        Opener::Identities(_) if decryptor.is_scrypt() => return Err(OpenError::NoMatchingKey),
        Opener::Passphrase(passphrase) => {
            let mut identity = age::scrypt::Identity::new(passphrase.clone());
            identity.set_max_work_factor(max_work_factor);
            scrypt = identity;
            vec![&scrypt]
        }
        Opener::Identities(list) => list.iter().map(|one| one as &dyn age::Identity).collect(),
    };
    let stream = decryptor.decrypt(identities.into_iter()).map_err(name)?;
    // Reserved in one piece, so that growing leaves no unwiped copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len().min(MAX_DOCUMENT) + 1));
    stream.take(MAX_DOCUMENT as u64 + 1).read_to_end(&mut plain).map_err(|_| OpenError::Damaged)?;
    if plain.len() > MAX_DOCUMENT {
        return Err(OpenError::TooLarge);
    }
    Ok(secret(plain.to_vec()))
}

fn is_age(bytes: &[u8]) -> bool {
    let begins = |magic: &[u8]| bytes.trim_ascii_start().starts_with(magic);
    begins(b"age-encryption.org/") || begins(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

/// Whether a line of a short file begins as an identity does.
fn holds_identity(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(16 * 1024)];
    head.split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"AGE-SECRET-KEY-") || line.starts_with(b"AGE-PLUGIN-"))
}

/// Why none of our keys can open a file, told from the kinds of recipient that its header names.
fn no_key(sealed: &[u8]) -> OpenError {
    let kinds = recipient_kinds(sealed);
    let has = |kind: &str| kinds.iter().any(|one| one == kind);
    // `-grease` is padding that every reader passes over.
    let foreign = |kind: &&String| !kind.ends_with("-grease");
    if kinds.is_empty() || has("X25519") || has("scrypt") {
        OpenError::NoMatchingKey
    } else if kinds.iter().any(|kind| kind.starts_with("ssh-") || kind.starts_with("mlkem768")) {
        OpenError::Unsupported
    } else if kinds.iter().any(|kind| foreign(&kind)) {
        OpenError::Plugin
    } else {
        OpenError::NoMatchingKey
    }
}

/// The kinds of recipient that a header names, in order: `X25519`, `scrypt`, a plugin's own word.
pub(crate) fn recipient_kinds(sealed: &[u8]) -> Vec<String> {
    let mut head = vec![];
    // A header that is longer than this, or cut short, is another error's business.
    let read = age::armor::ArmoredReader::new(sealed).take(64 * 1024).read_to_end(&mut head);
    if read.is_err() && head.is_empty() {
        return vec![];
    }
    head.split(|byte| *byte == b'\n')
        .take_while(|line| !line.starts_with(b"---"))
        .filter_map(|line| line.strip_prefix(b"-> "))
        .filter_map(|line| line.split(|byte| *byte == b' ').next())
        .map(|kind| String::from_utf8_lossy(kind).into_owned())
        .collect()
}

/// A new X25519 key pair: the identity's line, `AGE-SECRET-KEY-1…`, and its recipient, `age1…`.
#[must_use]
pub fn new_identity() -> (Secret, String) {
    use age::secrecy::ExposeSecret as _;
    let identity = x25519::Identity::generate();
    let line = secret(identity.to_string().expose_secret().as_bytes().to_vec());
    (line, identity.to_public().to_string())
}

fn name(error: &age::DecryptError, allowed: u8) -> OpenError {
    use age::DecryptError as E;
    match error {
        // The `target` in it is age's guess at this machine, not our limit.
        E::ExcessiveWork { required, .. } => OpenError::WorkFactor { required: *required, allowed },
        E::DecryptionFailed | E::KeyDecryptionFailed => OpenError::WrongPassphrase,
        E::NoMatchingKeys => OpenError::NoMatchingKey,
        E::UnknownFormat => OpenError::NotAge,
        _ => OpenError::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Secret {
        secret(text.as_bytes().to_vec())
    }

    fn identity() -> (Lock, Opener) {
        let identity = x25519::Identity::generate();
        let recipients = vec![identity.to_public()];
        (Lock::Recipients(recipients), Opener::Identities(vec![identity]))
    }

    #[test]
    fn a_recipients_file_opens_whole_and_every_damage_is_refused() {
        let (lock, opener) = identity();
        let plain = vec![b'x'; 70_000];
        for armor in [false, true] {
            let sealed = seal(&plain, &lock, armor).unwrap();
            assert_eq!(open(&sealed, &opener, 18).unwrap().expose_secret(), plain);
            for at in (0..sealed.len()).step_by(997) {
                let mut bad = sealed.clone();
                bad[at] ^= 1;
                assert!(open(&bad, &opener, 18).is_err(), "opened with byte {at} changed");
                assert!(open(&sealed[..at], &opener, 18).is_err(), "opened when cut at {at}");
            }
            let doubled = [sealed.clone(), sealed.clone()].concat();
            assert!(open(&doubled, &opener, 18).is_err());
            assert!(open(&[&sealed[..], b"x"].concat(), &opener, 18).is_err());
        }
        let (_, other) = identity();
        let sealed = seal(b"x", &lock, false).unwrap();
        assert_eq!(open(&sealed, &other, 18).unwrap_err(), OpenError::NoMatchingKey);
    }

    #[test]
    fn a_passphrase_file_tells_wrong_words_from_too_much_work() {
        let lock = Lock::passphrase(&words("correct horse\n")).unwrap();
        let sealed = seal(b"plain", &lock, false).unwrap();
        let right = Opener::passphrase(&words("correct horse")).unwrap();
        assert_eq!(open(&sealed, &right, 18).unwrap().expose_secret(), b"plain");
        assert_eq!(
            open(&sealed, &right, 17).unwrap_err(),
            OpenError::WorkFactor { required: 18, allowed: 17 }
        );
        let wrong = Opener::passphrase(&words("wrong")).unwrap();
        assert_eq!(open(&sealed, &wrong, 18).unwrap_err(), OpenError::WrongPassphrase);
        let (_, identity) = identity();
        assert_eq!(open(&sealed, &identity, 18).unwrap_err(), OpenError::NoMatchingKey);
        assert_eq!(open(b"PNG", &right, 18).unwrap_err(), OpenError::NotAge);
    }

    #[test]
    fn plugins_and_empty_words_are_refused() {
        assert_eq!(Opener::passphrase(&words("\n")).err(), Some(LockError::PassphraseEmpty));
        assert_eq!(
            Opener::identities(&words("AGE-PLUGIN-EVIL-1QQQ")).err(),
            Some(LockError::Plugin)
        );
        assert_eq!(Opener::identities(&words("# only this\n")).err(), Some(LockError::NoIdentity));
        assert_eq!(
            Lock::recipients(&["age1yubikey1qqq".to_owned()]).err(),
            Some(LockError::Plugin)
        );
        assert!(matches!(
            Lock::recipients(&["ssh-rsa AAAA".to_owned()]).err(),
            Some(LockError::Recipient(_))
        ));
    }
}
