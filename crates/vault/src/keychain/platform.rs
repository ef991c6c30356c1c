//! The three platforms: how to connect, what fits, and what their errors mean. Library errors can
//! carry item bytes in their `Debug`, so they are named here and go no further.

use std::collections::HashMap;

use keyring_core::Error;

use super::KeychainError;

#[cfg(target_os = "linux")]
pub(super) use linux::{Store, connect, fits, is_locked, may_prompt, modifiers};
#[cfg(target_os = "macos")]
pub(super) use macos::{Store, connect, fits, is_locked, may_prompt, modifiers};
#[cfg(windows)]
pub(super) use windows::{Store, connect, fits, is_locked, may_prompt, modifiers};

/// Names a library error by its kind alone.
pub(super) fn name(error: &Error) -> KeychainError {
    match error {
        Error::NoStorageAccess(cause) | Error::PlatformFailure(cause) => cause_of(cause.as_ref())
            .unwrap_or(match error {
                Error::NoStorageAccess(_) => KeychainError::Locked,
                _ => KeychainError::Failed("platform failure".to_owned()),
            }),
        Error::Ambiguous(items) => KeychainError::Ambiguous(items.len()),
        Error::NoEntry => KeychainError::Failed("no entry".to_owned()),
        Error::BadEncoding(_) => KeychainError::Failed("bad encoding".to_owned()),
        Error::BadDataFormat(..) => KeychainError::Failed("bad data format".to_owned()),
        Error::BadStoreFormat(_) => KeychainError::Failed("bad store format".to_owned()),
        Error::TooLong(..) => KeychainError::WriteFailed,
        Error::Invalid(..) => KeychainError::Failed("invalid parameter".to_owned()),
        Error::NotSupportedByStore(_) => KeychainError::Failed("not supported".to_owned()),
        _ => KeychainError::Failed("unknown".to_owned()),
    }
}

#[cfg(target_os = "linux")]
fn cause_of(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<KeychainError> {
    linux::cause_of(cause)
}

/// macOS: `errSecUserCanceled` (-128), `errSecAuthFailed` (-25293) and
/// `errSecInteractionNotAllowed` (-25308) of Security.framework, by their numbers in the message.
#[cfg(target_os = "macos")]
fn cause_of(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<KeychainError> {
    let text = cause.to_string();
    let has = |code: &str| text.contains(code);
    if has("-128") || has("-25293") || text.contains("canceled") {
        Some(KeychainError::Denied)
    } else if has("-25308") {
        Some(KeychainError::Locked)
    } else {
        None
    }
}

#[cfg(windows)]
fn cause_of(_cause: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<KeychainError> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    //! The Secret Service over D-Bus: gnome-keyring, KWallet, KeePassXC.

    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;
    use std::sync::Arc;

    use dbus_secret_service::{EncryptionType, Error as ServiceError, SecretService};

    use super::{HashMap, KeychainError};

    pub(crate) type Store = Arc<dbus_secret_service_keyring_store::Store>;

    pub(crate) fn connect() -> Result<Store, KeychainError> {
        bus()?;
        dbus_secret_service_keyring_store::Store::new().map_err(|error| super::name(&error))
    }

    /// Whether a session bus answers at all, asked before the library does: left alone it would
    /// start a bus of its own.
    fn bus() -> Result<(), KeychainError> {
        let address = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default();
        if address.is_empty() {
            let socket = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
            return match socket.map(|folder| UnixStream::connect(folder.join("bus"))) {
                Some(Ok(_)) => Ok(()),
                _ => Err(KeychainError::NoBus(String::new())),
            };
        }
        // Other transports (abstract sockets, tcp) are left to the library.
        let Some(path) = address.strip_prefix("unix:path=") else {
            return Ok(());
        };
        let path = path.split([',', ';']).next().unwrap_or(path);
        match UnixStream::connect(path) {
            Ok(_) => Ok(()),
            Err(_) => Err(KeychainError::NoBus(format!(" at {path}"))),
        }
    }

    /// Whether the default collection is locked, asked without unlocking it. No collection at all
    /// is not locked.
    pub(crate) fn is_locked() -> Result<bool, KeychainError> {
        let name = |error: ServiceError| cause_of(&error).unwrap_or(KeychainError::NoService);
        let service = SecretService::connect(EncryptionType::Plain).map_err(name)?;
        match service.get_default_collection() {
            Ok(collection) => collection.is_locked().map_err(name),
            Err(ServiceError::NoResult) => Ok(false),
            Err(error) => Err(name(error)),
        }
    }

    pub(crate) fn modifiers(label: &str) -> Option<HashMap<&str, &str>> {
        Some(HashMap::from([("label", label)]))
    }

    /// KWallet keeps text only, so bytes that are not UTF-8 go to the sealed box.
    pub(crate) fn fits(value: &[u8]) -> bool {
        std::str::from_utf8(value).is_ok()
    }

    pub(crate) fn may_prompt() -> bool {
        ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    pub(super) fn cause_of(
        cause: &(dyn std::error::Error + Send + Sync + 'static),
    ) -> Option<KeychainError> {
        let error = cause.downcast_ref::<ServiceError>()?;
        Some(match error {
            ServiceError::Locked | ServiceError::Prompt => KeychainError::Locked,
            ServiceError::Unavailable => KeychainError::NoService,
            ServiceError::NoResult => KeychainError::Failed("no result".to_owned()),
            ServiceError::Dbus(error) => bus_error(error.name().unwrap_or_default()),
            ServiceError::Crypto(_) => KeychainError::Failed("session encryption".to_owned()),
            _ => KeychainError::Failed("unexpected answer".to_owned()),
        })
    }

    /// D-Bus error names, from the D-Bus and the Secret Service specifications.
    fn bus_error(name: &str) -> KeychainError {
        match name {
            "org.freedesktop.Secret.Error.IsLocked" => KeychainError::Locked,
            "org.freedesktop.Secret.Error.NoSession"
            | "org.freedesktop.Secret.Error.NoSuchObject"
            | "org.freedesktop.DBus.Error.Disconnected"
            | "org.freedesktop.DBus.Error.NoReply" => KeychainError::LostConnection,
            "org.freedesktop.DBus.Error.Timeout" | "org.freedesktop.DBus.Error.TimedOut" => {
                KeychainError::LostConnection
            }
            "org.freedesktop.DBus.Error.AccessDenied" => KeychainError::Denied,
            "org.freedesktop.DBus.Error.NoServer" | "org.freedesktop.DBus.Error.FileNotFound" => {
                KeychainError::NoBus(String::new())
            }
            name if name.starts_with("org.freedesktop.DBus.Error.Spawn")
                || name == "org.freedesktop.DBus.Error.ServiceUnknown"
                || name == "org.freedesktop.DBus.Error.NameHasNoOwner" =>
            {
                KeychainError::NoService
            }
            name => KeychainError::Failed(name.to_owned()),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_a_wallet_of_texts_cannot_keep_goes_to_the_sealed_box() {
            assert!(fits("text, é".as_bytes()));
            assert!(!fits(b"\xff\xfe"));
        }

        #[test]
        fn bus_errors_are_named_by_what_helps() {
            assert_eq!(bus_error("org.freedesktop.Secret.Error.IsLocked"), KeychainError::Locked);
            assert_eq!(
                bus_error("org.freedesktop.DBus.Error.Spawn.ChildExited"),
                KeychainError::NoService
            );
            assert_eq!(
                bus_error("org.freedesktop.Secret.Error.NoSession"),
                KeychainError::LostConnection
            );
        }
    }
}

#[cfg(target_os = "macos")]
mod macos {
    //! The login keychain.

    use std::sync::Arc;

    use super::{HashMap, KeychainError};

    pub(crate) type Store = Arc<apple_native_keyring_store::keychain::Store>;

    pub(crate) fn connect() -> Result<Store, KeychainError> {
        apple_native_keyring_store::keychain::Store::new().map_err(|error| super::name(&error))
    }

    /// Nothing tells beforehand.
    pub(crate) fn is_locked() -> Result<bool, KeychainError> {
        Ok(false)
    }

    /// Items in the login keychain are labelled by their service and account.
    pub(crate) fn modifiers(_label: &str) -> Option<HashMap<&str, &str>> {
        None
    }

    pub(crate) fn fits(_value: &[u8]) -> bool {
        true
    }

    /// The system asks for the keychain's password whenever it likes.
    pub(crate) fn may_prompt() -> bool {
        true
    }
}

#[cfg(windows)]
mod windows {
    //! The Credential Manager.

    use std::sync::Arc;

    use super::{HashMap, KeychainError};

    /// `CRED_MAX_CREDENTIAL_BLOB_SIZE`, wincred.h.
    const MAX_BLOB: usize = 5 * 512;

    pub(crate) type Store = Arc<windows_native_keyring_store::Store>;

    pub(crate) fn connect() -> Result<Store, KeychainError> {
        windows_native_keyring_store::Store::new().map_err(|error| super::name(&error))
    }

    /// It is open as long as the user is logged in.
    pub(crate) fn is_locked() -> Result<bool, KeychainError> {
        Ok(false)
    }

    /// Items are named by their target, made of service and account.
    pub(crate) fn modifiers(_label: &str) -> Option<HashMap<&str, &str>> {
        None
    }

    pub(crate) fn fits(value: &[u8]) -> bool {
        value.len() <= MAX_BLOB
    }

    pub(crate) fn may_prompt() -> bool {
        false
    }
}
