//! Providers: what Keyward knows of their interfaces, what the user lets it do there, and what they
//! have to be told of an entry. Nothing is sent to a provider that was not allowed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::ops::Deref;
use std::path::Path;

use jiff::Timestamp;
use keyward_remote::connector::{Account, Connector, Tried, connector, connectors};
use keyward_remote::{Failure, Happened};
use keyward_rotation::{Can, Run, Shape};
use keyward_store::{Connection, Entry, ProviderSetting, Tx};
use keyward_vault::Secret;

use crate::error::{capital, io, shown};
use crate::input::ConnectionEdit;
use crate::session::Open;
use crate::snapshot::{Snapshot, resolve};
use crate::view::{ConnectionView, JSON_VERSION, ParameterRow, ProviderList, ProviderRow};
use crate::{Error, Keyward};

/// Most bytes of a connector that the user describes.
const MAX_RECIPE: u64 = 64 * 1024;

/// A connector, built in or the user's own.
#[derive(Debug)]
pub(crate) enum Known {
    BuiltIn(&'static Connector),
    Own(Box<Connector>),
}

impl Deref for Known {
    type Target = Connector;

    fn deref(&self) -> &Connector {
        match self {
            Self::BuiltIn(connector) => connector,
            Self::Own(connector) => connector,
        }
    }
}

/// Everything that is needed to act for an entry at its provider, read out of the vault.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) connector: Known,
    parameters: BTreeMap<String, String>,
    admin: Option<Secret>,
    endpoint: Option<String>,
}

impl Reached {
    /// What people call the provider.
    pub(crate) fn name(&self) -> String {
        provider_name(&self.connector)
    }

    /// The account as the connector takes it.
    pub(crate) fn account(&self, now: Timestamp) -> Account<'_> {
        Account {
            connector: &self.connector,
            parameters: &self.parameters,
            admin: self.admin.as_ref(),
            endpoint: self.endpoint.as_deref(),
            now,
        }
    }
}

/// How an entry stands with its provider, without any value.
pub(crate) struct Standing {
    pub(crate) connector: Option<Known>,
    pub(crate) connection: Option<Connection>,
    pub(crate) setting: Option<ProviderSetting>,
    /// What is missing before Keyward can act, a line each.
    pub(crate) missing: Vec<String>,
}

impl Standing {
    pub(crate) fn read(tx: &Tx<'_>, entry: &Entry) -> Result<Self, Error> {
        let connection = tx.connections()?.into_iter().find(|one| one.entry == entry.id);
        let said = connection.as_ref().and_then(|one| one.connector.clone());
        let wanted = said.or_else(|| entry.provider.clone());
        let settings = tx.providers()?;
        let known = wanted.as_deref().map(|id| find(&settings, id)).transpose()?.flatten();
        let mut missing = vec![];
        let mut setting = None;
        if let Some(known) = &known {
            setting = settings.into_iter().find(|one| one.id == known.id);
            if known.needs_endpoint() && setting.as_ref().is_none_or(|one| one.endpoint.is_none()) {
                missing.push(
                    "the server's address: `keyward provider allow ID --endpoint URL`".to_owned(),
                );
            }
            for parameter in &known.parameters {
                let given =
                    connection.as_ref().is_some_and(|c| c.parameters.contains_key(&parameter.name));
                if parameter.default.is_none() && !given {
                    missing.push(format!("{}: {}", parameter.name, parameter.about));
                }
            }
        }
        Ok(Self { connector: known, connection, setting, missing })
    }

    pub(crate) fn is_allowed(&self) -> bool {
        self.setting.as_ref().is_some_and(|setting| setting.allowed.is_some())
    }

    pub(crate) fn shape(&self) -> Shape {
        self.connector.as_ref().map_or(Shape::ConsoleOnly, |known| shape(known.shape))
    }

    /// What the program may do for a run, as far as that is known without a value.
    pub(crate) fn can_for(&self, run: &Run) -> Can {
        let Some(known) = self.connector.as_ref().filter(|_| self.is_ready()) else {
            return Can::default();
        };
        let has_admin = self.connection.as_ref().is_some_and(|c| c.admin.is_some());
        let may_act = known.admin.is_none() || has_admin;
        // A key that makes its own successor has to be alive.
        let may_create = may_act && (has_admin || !run.old_is_gone());
        Can {
            create: known.can.create && may_create,
            check: known.can.check,
            revoke: (known.can.revoke || known.can.promote) && may_act,
        }
    }

    fn is_ready(&self) -> bool {
        self.is_allowed() && self.missing.is_empty()
    }
}

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
                    connection.connector = (!id.is_empty()).then(|| id.clone());
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
            parameters: standing.connection.map(|c| c.parameters).unwrap_or_default(),
            admin,
            endpoint: standing.setting.and_then(|setting| setting.endpoint),
        })
    }
}

fn find(settings: &[ProviderSetting], id: &str) -> Result<Option<Known>, Error> {
    if let Some(known) = connector(id) {
        return Ok(Some(Known::BuiltIn(known)));
    }
    let own = settings.iter().find(|one| one.id == id).map(parse_own).transpose()?.flatten();
    Ok(own.map(|own| Known::Own(Box::new(own))))
}

fn parse_own(setting: &ProviderSetting) -> Result<Option<Connector>, Error> {
    let Some(text) = &setting.recipe else { return Ok(None) };
    Connector::parse(text).map(Some).map_err(|error| {
        let hint = "Take it in again with `keyward provider add FILE`.";
        invalid(&format!("The connector `{}`: {error}.", setting.id), hint)
    })
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
    if known.parameters.iter().all(|parameter| parameter.name != key) {
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

fn connection_view(
    tx: &Tx<'_>,
    snapshot: &Snapshot,
    entry: &Entry,
) -> Result<ConnectionView, Error> {
    let standing = Standing::read(tx, entry)?;
    let admin = standing.connection.as_ref().and_then(|c| c.admin.as_deref());
    let admin = admin.and_then(|id| snapshot.entries.iter().find(|e| e.id == id));
    let mut missing = standing.missing.clone();
    if let Some(known) = &standing.connector {
        if !standing.is_allowed() {
            missing.push(format!("your leave: `keyward provider allow {}`", known.id));
        }
        if let (Some(what), None) = (&known.admin, admin) {
            missing.push(format!("a stronger credential to make and revoke: {what}"));
        }
    }
    let is_own = matches!(standing.connector, Some(Known::Own(_)));
    Ok(ConnectionView {
        version: JSON_VERSION,
        entry: entry.path(),
        provider: standing.connector.as_deref().map(|k| row(k, standing.setting.as_ref(), is_own)),
        admin: admin.map(Entry::path),
        parameters: standing.connection.map(|c| c.parameters).unwrap_or_default(),
        missing,
    })
}

fn row(known: &Connector, setting: Option<&ProviderSetting>, own: bool) -> ProviderRow {
    let parameter = |p: &keyward_remote::connector::Parameter| ParameterRow {
        name: p.name.clone(),
        about: p.about.clone(),
        default: p.default.clone(),
    };
    ProviderRow {
        id: known.id.clone(),
        title: known.title.clone(),
        shape: shape(known.shape).word().to_owned(),
        allowed: setting.is_some_and(|setting| setting.allowed.is_some()),
        endpoint: setting.and_then(|setting| setting.endpoint.clone()),
        can_check: known.can.check,
        can_create: known.can.create,
        can_revoke: known.can.revoke || known.can.promote,
        admin: known.admin.clone(),
        parameters: known.parameters.iter().map(parameter).collect(),
        tried: match known.tried {
            Tried::Real => "real",
            Tried::Simulated => "simulated",
            Tried::Documented => "documented",
        }
        .to_owned(),
        console: known.console.clone(),
        notes: known.notes.clone(),
        sources: known.sources.clone(),
        own,
    }
}

fn shape(shape: keyward_remote::connector::Shape) -> Shape {
    use keyward_remote::connector::Shape as S;
    match shape {
        S::IssueDelete => Shape::IssueDelete,
        S::RollInPlace => Shape::RollInPlace,
        S::RollWithGrace => Shape::RollWithGrace,
        S::PrimarySecondary => Shape::PrimarySecondary,
        S::DisableOnly => Shape::DisableOnly,
        S::SelfRevoke => Shape::SelfRevoke,
        S::ConsoleOnly => Shape::ConsoleOnly,
    }
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
        format!("{title}, {what}: {failure}. {effect} {kept}"),
        match failure.wait {
            Some(wait) => format!("Try again in {} s.", wait.as_secs().max(1)),
            None => "Try again; the run goes on where it stands.".to_owned(),
        },
    )
}

/// Words that say what kind of credential a connector's title means; what stands before them is the
/// provider.
const KINDS: [&str; 11] = [
    "API",
    "AppRole",
    "access",
    "auth",
    "authorization",
    "client",
    "integration",
    "personal",
    "project",
    "secret",
    "service",
];

/// What people call the provider of a connector: `GitLab` of "GitLab access token".
pub(crate) fn provider_name(known: &Connector) -> String {
    let words = known.title.split(' ');
    let name: Vec<&str> =
        words.take_while(|word| !KINDS.contains(word) && *word != "token").collect();
    if name.is_empty() { known.title.clone() } else { name.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_called_by_its_name() {
        let name = |id| provider_name(connector(id).unwrap());
        for (id, wanted) in [
            ("gitlab", "GitLab"),
            ("huggingface", "Hugging Face"),
            ("vault-approle", "Vault or OpenBao"),
            ("aws", "AWS"),
            ("stripe", "Stripe"),
        ] {
            assert_eq!(name(id), wanted);
        }
        for known in connectors() {
            assert_ne!(provider_name(known), known.title, "{}: which kind is it?", known.id);
        }
    }
}
