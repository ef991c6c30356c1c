//! Providers: what Keyward knows of their interfaces, what the user lets it do there, and what they
//! have to be told of an entry. Nothing is sent to a provider that was not allowed.
mod shown;
mod standing;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use keyward_remote::connector::{Connector, connectors};
use keyward_remote::{Failure, Happened};
use keyward_store::{Connection, Entry, ProviderSetting};

use self::shown::{connection_view, row};
use self::standing::{find, parse_own};
use crate::error::{capital, io, shown};
use crate::input::ConnectionEdit;
use crate::session::Open;
use crate::snapshot::{Snapshot, resolve};
use crate::view::{ConnectionView, JSON_VERSION, ProviderList, ProviderRow};
use crate::{Error, Keyward};

pub(crate) use self::shown::provider_name;
pub(crate) use self::standing::{KEY_ID, Known, Reached, Standing};

/// Most bytes of a connector that the user describes.
const MAX_RECIPE: u64 = 64 * 1024;

impl Keyward {
    /// Every provider whose interface is known, with what the user lets Keyward do.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn providers(&self) -> Result<ProviderList, Error> {
        let settings = self.with(|open| open.read(|tx| Ok(tx.providers()?)))?.unwrap_or_default();
        let setting = |id: &str| settings.iter().find(|one| one.id == id);
        let mut rows: Vec<ProviderRow> =
            connectors().iter().map(|known| row(known, setting(&known.id), false)).collect();
        for own in settings.iter().filter(|one| one.recipe.is_some()) {
            if let Some(known) = parse_own(own)? {
                rows.push(row(&known, Some(own), true));
            }
        }
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(ProviderList { version: JSON_VERSION, providers: rows })
    }

    /// Lets Keyward talk to a provider, or no longer. An `endpoint` is an address of the user's own
    /// instead of the built-in one; an empty one is forgotten.
    ///
    /// # Errors
    /// `PROVIDER_UNKNOWN`, `PROVIDER_INVALID` for the address, the keychain or the disk.
    pub fn allow_provider(
        &self,
        id: &str,
        allowed: bool,
        endpoint: Option<&str>,
    ) -> Result<ProviderRow, Error> {
        if let Some(url) = endpoint.filter(|url| !url.is_empty()) {
            check_endpoint(url)?;
        }
        self.with_new(|open| {
            open.change(|tx, _| {
                let settings = tx.providers()?;
                let known = find(&settings, id)?.ok_or_else(|| unknown(id))?;
                let mut setting = settings
                    .into_iter()
                    .find(|one| one.id == known.id)
                    .unwrap_or_else(|| fresh(&known.id));
                match (allowed, setting.allowed) {
                    (true, None) => setting.allowed = Some(self.clock()),
                    (false, _) => setting.allowed = None,
                    _ => {}
                }
                if let Some(url) = endpoint {
                    setting.endpoint = (!url.is_empty()).then(|| url.to_owned());
                }
                tx.put_provider(&setting)?;
                let action = if allowed { "provider-allow" } else { "provider-forbid" };
                let event = self.event(action, &known.id, setting.endpoint.clone());
                let own = matches!(known, Known::Own(_));
                Ok((row(&known, Some(&setting), own), vec![event]))
            })
        })
    }

    /// Takes in a connector that the user describes (TOML), without letting Keyward use it yet.
    ///
    /// # Errors
    /// `NOT_FOUND` for the file, `PROVIDER_INVALID` says what is wrong in it, the keychain or the disk.
    pub fn add_provider(&self, path: &Path) -> Result<ProviderRow, Error> {
        let mut text = String::new();
        let file = File::open(path).map_err(|error| io(&error, "the connector's file"))?;
        file.take(MAX_RECIPE + 1).read_to_string(&mut text).map_err(|error| {
            match error.kind() {
                std::io::ErrorKind::InvalidData => invalid("The file is no text.", "It is TOML."),
                _ => io(&error, "the connector's file"),
            }
        })?;
        if text.len() as u64 > MAX_RECIPE {
            return Err(invalid("The file has more than 64 KiB.", "A connector is a short file."));
        }
        let known = Connector::parse(&text).map_err(|error| {
            invalid(&format!("{}.", capital(&error.to_string())), "See docs/providers.md.")
        })?;
        self.with_new(|open| {
            open.change(|tx, _| {
                let mut setting = fresh(&known.id);
                setting.recipe = Some(text.clone());
                tx.put_provider(&setting)?;
                let event = self.event("provider-add", &known.id, None);
                Ok((row(&known, Some(&setting), true), vec![event]))
            })
        })
    }

    /// How an entry is connected to its provider.
    ///
    /// # Errors
    /// `NOT_FOUND`, the keychain or the disk.
    pub fn connection(&self, name: &str) -> Result<ConnectionView, Error> {
        self.with_entry(name, |open| {
            open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                connection_view(tx, &snapshot, snapshot.resolve(name)?)
            })
        })
    }

    /// Changes how an entry is connected to its provider.
    ///
    /// # Errors
    /// `NOT_FOUND`, `PROVIDER_UNKNOWN`, `FIELD_INVALID` for a parameter that the provider does not
    /// have, the keychain or the disk.
    pub fn connect(&self, name: &str, edit: &ConnectionEdit) -> Result<ConnectionView, Error> {
        self.with_entry(name, |open| {
            open.change(|tx, _| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?;
                let mut connection =
                    tx.connections()?.into_iter().find(|one| one.entry == entry.id).unwrap_or_else(
                        || Connection {
                            entry: entry.id.clone(),
                            connector: None,
                            admin: None,
                            parameters: BTreeMap::new(),
                        },
                    );
                if let Some(id) = &edit.provider {
                    let wanted = (!id.is_empty()).then(|| id.clone());
                    let said = |id: &Option<String>| id.clone().or_else(|| entry.provider.clone());
                    if said(&wanted) != said(&connection.connector) {
                        // What was told to one provider is not told to another.
                        connection.admin = None;
                        connection.parameters.clear();
                    }
                    connection.connector = wanted;
                }
                if let Some(admin) = &edit.admin {
                    connection.admin = match admin.as_str() {
                        "" => None,
                        name => Some(resolve(&snapshot.entries, name)?.id.clone()),
                    };
                }
                let settings = tx.providers()?;
                let wanted = connection.connector.as_deref().or(entry.provider.as_deref());
                let known = match wanted {
                    None => return Err(no_connector(entry)),
                    Some(id) => find(&settings, id)?.ok_or_else(|| unknown(id))?,
                };
                for (key, value) in &edit.parameters {
                    set_parameter(&known, &mut connection.parameters, key, value)?;
                }
                tx.put_connection(&connection)?;
                let view = connection_view(tx, &snapshot, entry)?;
                Ok((view, vec![self.event("connect", &entry.path(), Some(known.id.clone()))]))
            })
        })
    }

    /// What is needed to act for an entry at its provider.
    ///
    /// # Errors
    /// `PROVIDER_UNKNOWN`, `PROVIDER_NOT_ALLOWED`, `PROVIDER_NOT_CONNECTED`, or the keychain.
    pub(crate) fn reach(&self, open: &mut Open, entry: &Entry) -> Result<Reached, Error> {
        let (standing, admin) = open.read(|tx| {
            let standing = Standing::read(tx, entry)?;
            let snapshot = Snapshot::read(tx)?;
            let admin = standing.connection.as_ref().and_then(|c| c.admin.clone());
            let admin = admin.and_then(|id| snapshot.entries.iter().find(|e| e.id == id).cloned());
            let admin = admin.and_then(|entry| snapshot.current(&entry).cloned());
            Ok((standing, admin))
        })?;
        let allowed = standing.is_allowed();
        let Some(connector) = standing.connector else { return Err(no_connector(entry)) };
        if !allowed {
            return Err(Error::new(
                "PROVIDER_NOT_ALLOWED",
                format!(
                    "Keyward does not talk to {} unless you let it. Nothing was sent.",
                    provider_name(&connector)
                ),
                format!("Let it with `keyward provider allow {}`.", connector.id),
            ));
        }
        if !standing.missing.is_empty() {
            return Err(Error::new(
                "PROVIDER_NOT_CONNECTED",
                format!(
                    "{} has to be told more of `{}`: {}. Nothing was sent.",
                    provider_name(&connector),
                    entry.path(),
                    standing.missing.join("; ")
                ),
                "Tell it with `keyward provider connect NAME --param KEY=VALUE`.",
            ));
        }
        let admin = admin.map(|version| self.read_one(open, &version)).transpose()?;
        Ok(Reached {
            connector,
            parameters: {
                let mut given = standing.connection.map(|c| c.parameters).unwrap_or_default();
                given.remove(KEY_ID);
                given
            },
            admin,
            endpoint: standing.setting.and_then(|setting| setting.endpoint),
        })
    }
}

fn fresh(id: &str) -> ProviderSetting {
    ProviderSetting { id: id.to_owned(), allowed: None, endpoint: None, recipe: None }
}

fn set_parameter(
    known: &Connector,
    parameters: &mut BTreeMap<String, String>,
    key: &str,
    value: &str,
) -> Result<(), Error> {
    let refuse = |message: String, hint: String| Err(Error::new("FIELD_INVALID", message, hint));
    let has_id = key == KEY_ID && known.can.revoke;
    if !has_id && known.parameters.iter().all(|parameter| parameter.name != key) {
        let names: Vec<&str> = known.parameters.iter().map(|p| p.name.as_str()).collect();
        let hint = match names.is_empty() {
            true => "It has no parameters.".to_owned(),
            false => format!("It has {}.", names.join(", ")),
        };
        return refuse(
            format!("{} has no parameter `{}`. Nothing was changed.", known.title, shown(key)),
            hint,
        );
    }
    if value.len() > 1024 || value.contains(char::is_control) {
        return refuse(
            format!("The parameter `{}` is too long or holds control characters.", shown(key)),
            "Give at most 1,024 bytes.".to_owned(),
        );
    }
    match value {
        "" => parameters.remove(key),
        _ => parameters.insert(key.to_owned(), value.to_owned()),
    };
    Ok(())
}

/// `https` anywhere; `http` on this machine alone. The network crate says the same again.
pub(crate) fn check_endpoint(url: &str) -> Result<(), Error> {
    let target = keyward_remote::Target::parse(url)
        .map_err(|error| invalid(&format!("{}.", capital(&error.to_string())), "Give https://…"))?;
    let address: Option<std::net::IpAddr> = target.host.parse().ok();
    let local = target.host.eq_ignore_ascii_case("localhost")
        || address.is_some_and(|ip| keyward_remote::Reach::Loopback.allows(ip));
    if !target.secure && !local {
        return Err(invalid(
            "A key is not sent over `http` to another machine.",
            "Give an https:// address.",
        ));
    }
    Ok(())
}

fn invalid(message: &str, hint: &str) -> Error {
    Error::new("PROVIDER_INVALID", format!("{message} Nothing was changed."), hint)
}

fn unknown(id: &str) -> Error {
    Error::new(
        "PROVIDER_UNKNOWN",
        format!("No interface of a provider `{}` is known.", shown(id)),
        "`keyward provider list` shows those that are; `keyward provider add FILE` takes in your own.",
    )
}

fn no_connector(entry: &Entry) -> Error {
    let path = entry.path();
    let message = match &entry.provider {
        Some(provider) => {
            format!("No interface of {} is known for `{path}`. Nothing was sent.", shown(provider))
        }
        None => format!("It is not known which provider `{path}` is of. Nothing was sent."),
    };
    Error::new(
        "PROVIDER_UNKNOWN",
        message,
        "Say it with `keyward provider connect NAME --provider ID`; `keyward provider list` shows them.",
    )
}

/// A call to a provider that failed, in words; `kept` says how things stand now.
pub(crate) fn failed(title: &str, what: &str, failure: &Failure, kept: &str) -> Error {
    let effect = match failure.happened {
        Happened::No => "It had no effect.",
        Happened::Perhaps => "It may have had its effect all the same.",
    };
    Error::new(
        "PROVIDER_FAILED",
        format!("{title}, {what}: {failure}. {effect} {kept}").trim_end(),
        match failure.wait {
            Some(wait) => format!("Try again in {} s.", wait.as_secs().max(1)),
            None => "Try again; the run goes on where it stands.".to_owned(),
        },
    )
}
