//! The commands of rotation: runs, providers, places, checks and revocation. What ends a key, or lets
//! one go to an address of somebody's choice, is asked in a native dialog that the page cannot answer.

use std::path::PathBuf;

use keyward_app::input::{ConnectionEdit, NewPlace, NewRun, secret};
use keyward_app::scanner::Cancel;
use keyward_app::view::{
    CheckView, ConnectionView, DestinationList, DestinationRow, ProviderList, ProviderRow, RunList,
    RunView,
};
use keyward_app::{Error, Keyward};
use tauri::{AppHandle, Emitter as _, State};
use tauri_plugin_dialog::{DialogExt as _, MessageDialogButtons, MessageDialogKind};

use crate::shell::Shell;

type Answer<T> = Result<T, Error>;

/// All rotation runs.
#[tauri::command(async)]
pub fn runs(keyward: State<'_, Keyward>) -> Answer<RunList> {
    keyward.runs()
}

/// The run of one entry.
#[tauri::command(async)]
pub fn run(keyward: State<'_, Keyward>, name: String) -> Answer<Option<RunView>> {
    keyward.rotation_status(&name)
}

/// Begins a run.
#[tauri::command(async)]
pub fn rotation_start(keyward: State<'_, Keyward>, name: String, how: NewRun) -> Answer<RunView> {
    keyward.rotation_start(&name, &how)
}

/// Takes a run's next step.
#[tauri::command(async)]
pub fn rotation_next(
    keyward: State<'_, Keyward>,
    name: String,
    value: Option<String>,
    force: bool,
) -> Answer<RunView> {
    let value = value.map(|value| secret(value.into_bytes()));
    keyward.rotation_next(&name, value.as_ref(), force)
}

/// Notes that a person put the new value into a place.
#[tauri::command(async)]
pub fn rotation_acknowledge(
    keyward: State<'_, Keyward>,
    name: String,
    place: String,
) -> Answer<RunView> {
    keyward.rotation_acknowledge(&name, &place)
}

/// Gives a run up.
#[tauri::command(async)]
pub fn rotation_abort(keyward: State<'_, Keyward>, name: String) -> Answer<RunView> {
    keyward.rotation_abort(&name, false)
}

/// Goes on with a run by itself; each step goes out as an event.
#[tauri::command(async)]
pub fn rotation_drive(
    app: AppHandle,
    keyward: State<'_, Keyward>,
    shell: State<'_, Shell>,
    name: String,
) -> Answer<RunView> {
    driving(&app, &shell, |cancel, tell| keyward.rotation_drive(&name, cancel, tell))
}

/// Stops the run that goes on by itself, after the step that it is at.
#[tauri::command(async)]
pub fn cancel_drive(shell: State<'_, Shell>) -> Answer<()> {
    shell.cancel_drive();
    Ok(())
}

/// Revokes the current value first, after a native confirmation.
#[tauri::command(async)]
pub fn revoke(
    app: AppHandle,
    keyward: State<'_, Keyward>,
    shell: State<'_, Shell>,
    name: String,
) -> Answer<RunView> {
    let name = keyward.show(&name)?.entry.name;
    agree_to_revoke(&app, &format!("the key of {name}"))?;
    driving(&app, &shell, |cancel, tell| keyward.revoke(&name, cancel, tell))
}

/// Revokes the value of ours that a finding is, after a native confirmation. Answers with the run;
/// none for an older version, which needs no new one.
#[tauri::command(async)]
pub fn revoke_finding(
    app: AppHandle,
    keyward: State<'_, Keyward>,
    shell: State<'_, Shell>,
    fingerprint: String,
) -> Answer<Option<RunView>> {
    agree_to_revoke(&app, "the key that was found")?;
    let tell = |cancel: &Cancel, tell: &mut dyn FnMut(&RunView)| {
        keyward.revoke_finding(&fingerprint, cancel, tell)
    };
    driving(&app, &shell, tell).map(|(_, _, view)| view)
}

/// Writes the evidence of an entry's run.
#[tauri::command(async)]
pub fn save_evidence(keyward: State<'_, Keyward>, name: String, path: PathBuf) -> Answer<String> {
    keyward.save_evidence(&name, &path)?;
    Ok(path.display().to_string())
}

/// Asks the provider whether a value is alive.
#[tauri::command(async)]
pub fn check(keyward: State<'_, Keyward>, name: String, version: Option<u32>) -> Answer<CheckView> {
    keyward.check(&name, version)
}

/// Every provider whose interface is known.
#[tauri::command(async)]
pub fn providers(keyward: State<'_, Keyward>) -> Answer<ProviderList> {
    keyward.providers()
}

/// Lets Keyward talk to a provider, or no longer. Where keys would go to an address that is not built
/// in, a native confirmation comes first.
#[tauri::command(async)]
pub fn allow_provider(
    app: AppHandle,
    keyward: State<'_, Keyward>,
    id: String,
    allowed: bool,
    endpoint: Option<String>,
) -> Answer<ProviderRow> {
    if allowed {
        let known = keyward.providers()?.providers.into_iter().find(|row| row.id == id);
        let before = known.as_ref().and_then(|row| row.endpoint.clone());
        let address = match &endpoint {
            Some(url) => Some(url.clone()).filter(|url| !url.is_empty()),
            None => before,
        };
        let question = match (address, known) {
            (Some(url), _) => Some(format!("Send keys of {id} to this address?\n\n{url}")),
            (None, Some(row)) if row.own => Some(format!(
                "Let Keyward talk to {}? Where its keys go is said by the connector that you took in.",
                row.title
            )),
            _ => None,
        };
        if let Some(question) = question {
            agree(&app, &question, "Allow", "Nothing was changed.")?;
        }
    }
    keyward.allow_provider(&id, allowed, endpoint.as_deref())
}

/// How an entry is connected to its provider.
#[tauri::command(async)]
pub fn connection(keyward: State<'_, Keyward>, name: String) -> Answer<ConnectionView> {
    keyward.connection(&name)
}

/// Changes how an entry is connected to its provider.
#[tauri::command(async)]
pub fn connect(
    keyward: State<'_, Keyward>,
    name: String,
    edit: ConnectionEdit,
) -> Answer<ConnectionView> {
    keyward.connect(&name, &edit)
}

/// Takes in a connector that the user described.
#[tauri::command(async)]
pub fn add_provider(keyward: State<'_, Keyward>, path: PathBuf) -> Answer<ProviderRow> {
    keyward.add_provider(&path)
}

/// The places of one entry, or of all.
#[tauri::command(async)]
pub fn destinations(keyward: State<'_, Keyward>, name: Option<String>) -> Answer<DestinationList> {
    keyward.destinations(name.as_deref())
}

/// Makes a place known. One that runs a program, or that is written at an address of one's own, is
/// asked about first.
#[tauri::command(async)]
pub fn destination_add(
    app: AppHandle,
    keyward: State<'_, Keyward>,
    name: String,
    place: NewPlace,
) -> Answer<DestinationRow> {
    let address = place.address.as_deref().filter(|url| !url.is_empty());
    let question = if place.kind == "command" {
        let lines = [&place.argv, &place.check].map(|argv| argv.join(" "));
        Some(format!("Let Keyward run this for {name}?\n\n{}", lines.join("\n")))
    } else {
        address.map(|url| format!("Send the value of {name} to this address?\n\n{url}"))
    };
    if let Some(question) = question {
        agree(&app, &question, "Add", "Nothing was changed.")?;
    }
    keyward.destination_add(&name, &place)
}

/// Forgets a place.
#[tauri::command(async)]
pub fn destination_remove(keyward: State<'_, Keyward>, id: String) -> Answer<DestinationRow> {
    keyward.destination_remove(&id)
}

/// Writes the current value to a place, or to all of an entry.
#[tauri::command(async)]
pub fn destination_push(
    keyward: State<'_, Keyward>,
    name: String,
    id: Option<String>,
) -> Answer<DestinationList> {
    keyward.destination_push(&name, id.as_deref())
}

/// Looks whether a place, or all of an entry, hold the current value.
#[tauri::command(async)]
pub fn destination_check(
    keyward: State<'_, Keyward>,
    name: String,
    id: Option<String>,
) -> Answer<DestinationList> {
    keyward.destination_check(&name, id.as_deref())
}

/// Runs what goes on by itself: it can be cancelled, and tells each step to the window.
fn driving<T>(
    app: &AppHandle,
    shell: &Shell,
    work: impl FnOnce(&Cancel, &mut dyn FnMut(&RunView)) -> Answer<T>,
) -> Answer<T> {
    let cancel = shell.begin_drive().ok_or_else(|| {
        Error::new(
            "RUN_BUSY",
            "This window is at work on a rotation already. Nothing was changed.",
            "Try again when it is done.",
        )
    })?;
    let answer = work(&cancel, &mut |view| {
        // A window that is gone needs no progress.
        let _ = app.emit("rotation-progress", view.clone());
    });
    shell.end_drive();
    answer
}

fn agree_to_revoke(app: &AppHandle, what: &str) -> Answer<()> {
    let question = format!("Revoke {what} now? Whatever uses it stops working. It is recorded.");
    agree(app, &question, "Revoke", "Nothing was revoked.")
}

fn agree(app: &AppHandle, question: &str, verb: &str, otherwise: &str) -> Answer<()> {
    let agreed = app
        .dialog()
        .message(question)
        .title("Keyward")
        .kind(MessageDialogKind::Warning)
        .buttons(MessageDialogButtons::OkCancelCustom(verb.to_owned(), "Cancel".to_owned()))
        .blocking_show();
    match agreed {
        true => Ok(()),
        false => Err(Error::new("CANCELLED", otherwise, "")),
    }
}
