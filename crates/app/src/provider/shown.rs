//! Providers and connections as people see them, and what a provider is called.

use keyward_remote::connector::{Connector, Tried};
use keyward_store::{Entry, ProviderSetting, Tx};

use super::standing::{KEY_ID, Known, Standing, shape};
use crate::Error;
use crate::snapshot::Snapshot;
use crate::view::{ConnectionView, JSON_VERSION, ParameterRow, ProviderRow};

pub(super) fn connection_view(
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

pub(super) fn row(known: &Connector, setting: Option<&ProviderSetting>, own: bool) -> ProviderRow {
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
        parameters: known.parameters.iter().map(parameter).chain(key_id(known)).collect(),
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

/// The id of the current key can be given where a key is revoked by it.
fn key_id(known: &Connector) -> Option<ParameterRow> {
    known.can.revoke.then(|| ParameterRow {
        name: KEY_ID.to_owned(),
        about: "The provider's id of the current key, where asking does not tell it; kept up to date by runs"
            .to_owned(),
        default: Some(String::new()),
    })
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
    use keyward_remote::connector::{connector, connectors};

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
