//! The commands a window may call. Each forwards to one function of `keyward-app`; none decides
//! anything by itself. Those of rotation are in `rotation.rs`; `build.rs` reads the names from both.

use std::path::{Path, PathBuf};
use std::time::Duration;

use keyward_app::import::Import;
use keyward_app::input::{
    EntryEdit, ExpectedKey, ListFilter, NewEntry, NewIssuedKey, Secret, secret,
};
use keyward_app::scanner::{Cancel, Report};
use keyward_app::view::{
    AuditList, AuditVerdict, BackupList, BackupReport, CalendarReport, Doctor, DrillReport,
    EntryDetail, EntryList, Home, ImportReport, IssuedKeyCopied, IssuedKeyHash, IssuedKeyList,
    IssuedKeyVerdict, IssuedKeyView, KitReport, LockStatus, RemindStatus, RepositoryList,
    RestoreReport, ScheduleRun, ScheduleStatus, Settings, Status,
};
use keyward_app::webhooks::{Code, Framework, SchemeSummary, Snippet};
use keyward_app::{
    CaptureInput, CaptureRead, ChallengeView, Error, Key, Keyward, Merge, NewSchedule, RequestView,
    RestoreOptions, SampleInput, ScanJob, SendInput, SendView, SignedSample, VerifyInput,
    WebhookView, clipboard,
};
use secrecy::ExposeSecret as _;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::{DialogExt as _, MessageDialogButtons, MessageDialogKind};

use crate::progress::Events;
use crate::shell::Shell;
use crate::tray;

type Answer<T> = Result<T, Error>;

/// The status line.
#[tauri::command(async)]
pub fn status(keyward: State<'_, Keyward>) -> Answer<Status> {
    keyward.status()
}

/// The first screen.
#[tauri::command(async)]
pub fn home(app: AppHandle, keyward: State<'_, Keyward>) -> Answer<Home> {
    let home = keyward.home()?;
    // The page asks after each change, so the tray says what is so now.
    if let Ok(count) = keyward.pressing() {
        tray::say_due(&app, count);
    }
    Ok(home)
}

/// All entries.
#[tauri::command(async)]
pub fn entries(keyward: State<'_, Keyward>) -> Answer<EntryList> {
    keyward.list(&ListFilter::default())
}

/// One entry.
#[tauri::command(async)]
pub fn entry(keyward: State<'_, Keyward>, name: String) -> Answer<EntryDetail> {
    keyward.show(&name)
}

/// The health check.
#[tauri::command(async)]
pub fn doctor(keyward: State<'_, Keyward>) -> Answer<Doctor> {
    Ok(keyward.doctor())
}

/// A new entry.
#[tauri::command(async)]
pub fn add_entry(
    keyward: State<'_, Keyward>,
    input: NewEntry,
    value: String,
) -> Answer<EntryDetail> {
    keyward.add(&input, &secret(value.into_bytes()))
}

/// Changed fields of an entry.
#[tauri::command(async)]
pub fn edit_entry(
    keyward: State<'_, Keyward>,
    name: String,
    edit: EntryEdit,
) -> Answer<EntryDetail> {
    keyward.edit(&name, &edit)
}

/// An entry into the bin.
#[tauri::command(async)]
pub fn remove_entry(keyward: State<'_, Keyward>, name: String) -> Answer<()> {
    keyward.remove(&name).map(drop)
}

/// An entry back from the bin.
#[tauri::command(async)]
pub fn restore_entry(keyward: State<'_, Keyward>, name: String) -> Answer<()> {
    keyward.bin_restore(&name).map(drop)
}

/// A value for the eyes, after a native confirmation that the page cannot give itself.
#[tauri::command(async)]
pub fn reveal(
    app: AppHandle,
    keyward: State<'_, Keyward>,
    name: String,
    version: Option<u32>,
) -> Answer<String> {
    let name = keyward.show(&name)?.entry.name;
    let agreed = app
        .dialog()
        .message(format!("Show the value of {name}? It is recorded."))
        .title("Keyward")
        .kind(MessageDialogKind::Warning)
        .buttons(MessageDialogButtons::OkCancelCustom("Show".to_owned(), "Cancel".to_owned()))
        .blocking_show();
    if !agreed {
        return Err(Error::new("REVEAL_DENIED", "The value was not shown.", ""));
    }
    let value = keyward.reveal(&name, version)?;
    String::from_utf8(value.expose_secret().to_vec()).map_err(|_| {
        Error::new(
            "FIELD_INVALID",
            "This value is not text.",
            "`keyward get --reveal` writes its bytes.",
        )
    })
}

/// A value onto the clipboard; the page never sees it. Returns the seconds until it is cleared.
#[tauri::command(async)]
pub fn copy(keyward: State<'_, Keyward>, name: String) -> Answer<u32> {
    let (value, seconds) = keyward.copy(&name)?;
    hold(value, seconds)?;
    keyward.copied(&name);
    Ok(seconds)
}

fn hold(value: Secret, seconds: u32) -> Answer<u32> {
    let keep = Duration::from_secs(u64::from(seconds));
    // The clipboard lives as long as its owner, so the thread outlives this call.
    let (say, hear) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let held = || {
            let _ = say.send(Ok(()));
        };
        if let Err(error) = clipboard::hold(&value, keep, held) {
            let _ = say.send(Err(error));
        }
    });
    match hear.recv_timeout(Duration::from_secs(10)) {
        Ok(held) => held.map(|()| seconds),
        Err(_) => Err(Error::new("CLIPBOARD", "The clipboard does not answer.", "Try again.")),
    }
}

/// What an import would do.
#[tauri::command(async)]
pub fn import_preview(
    keyward: State<'_, Keyward>,
    path: PathBuf,
    project: String,
    env: String,
) -> Answer<ImportReport> {
    keyward.import_preview(&dotenv(&path, &project, &env))
}

/// An import.
#[tauri::command(async)]
pub fn import_apply(
    keyward: State<'_, Keyward>,
    path: PathBuf,
    project: String,
    env: String,
) -> Answer<ImportReport> {
    keyward.import(&dotenv(&path, &project, &env))
}

fn dotenv<'a>(path: &'a Path, project: &'a str, env: &'a str) -> Import<'a> {
    Import { format: "auto", file: path, project, env, skip_bad: false, force: false }
}

/// Writes the calendar file, or brings it up to date.
#[tauri::command(async)]
pub fn save_calendar(keyward: State<'_, Keyward>, path: PathBuf) -> Answer<CalendarReport> {
    keyward.save_calendar(&path)
}

/// Repositories that are looked after.
#[tauri::command(async)]
pub fn repositories(keyward: State<'_, Keyward>) -> Answer<RepositoryList> {
    keyward.repositories()
}

/// Looks after one more.
#[tauri::command(async)]
pub fn add_repository(keyward: State<'_, Keyward>, path: PathBuf) -> Answer<RepositoryList> {
    keyward.add_repository(&path)
}

/// Forgets one.
#[tauri::command(async)]
pub fn forget_repository(keyward: State<'_, Keyward>, path: String) -> Answer<RepositoryList> {
    keyward.forget_repository(&path)
}

/// Scans a repository or folder; progress goes out as events.
#[tauri::command(async)]
pub fn scan(
    app: AppHandle,
    keyward: State<'_, Keyward>,
    shell: State<'_, Shell>,
    path: PathBuf,
) -> Answer<Report> {
    let cancel = Cancel::default();
    shell.scanning(Some(cancel.clone()));
    let events = Events::new(app, &path);
    let report = keyward.scan(ScanJob::of(path), &events, &cancel);
    shell.scanning(None);
    report
}

/// Stops the scan that is running.
#[tauri::command(async)]
pub fn cancel_scan(shell: State<'_, Shell>) -> Answer<()> {
    shell.cancel_scan();
    Ok(())
}

/// The last report of a repository.
#[tauri::command(async)]
pub fn last_report(keyward: State<'_, Keyward>, path: String) -> Answer<Option<serde_json::Value>> {
    keyward.last_report(&path)
}

/// Webhook schemes.
#[tauri::command(async)]
pub fn webhook_schemes(keyward: State<'_, Keyward>) -> Answer<Vec<SchemeSummary>> {
    Ok(keyward.webhook_schemes())
}

/// Frameworks that there is code for.
#[tauri::command(async)]
pub fn webhook_frameworks(keyward: State<'_, Keyward>) -> Answer<Vec<Framework>> {
    Ok(keyward.webhook_frameworks())
}

/// The code that avoids these causes.
#[tauri::command(async)]
pub fn webhook_snippets(
    keyward: State<'_, Keyward>,
    framework: String,
    scheme: String,
    codes: Vec<Code>,
) -> Answer<Vec<Snippet>> {
    keyward.webhook_snippets(&framework, &scheme, &codes)
}

/// Says what a capture holds.
#[tauri::command(async)]
pub fn webhook_read(keyward: State<'_, Keyward>, capture: CaptureInput) -> Answer<CaptureRead> {
    keyward.webhook_read(&capture.bytes()?)
}

/// One request of a capture.
#[tauri::command(async)]
pub fn webhook_request(keyward: State<'_, Keyward>, capture: CaptureInput) -> Answer<RequestView> {
    keyward.webhook_request(&capture.bytes()?, capture.pick)
}

/// Verifies a capture.
#[tauri::command(async)]
pub fn webhook_verify(keyward: State<'_, Keyward>, input: VerifyInput) -> Answer<WebhookView> {
    keyward.webhook_verify(input.try_into()?)
}

/// Signs a sample.
#[tauri::command(async)]
pub fn webhook_sign(keyward: State<'_, Keyward>, sample: SampleInput) -> Answer<SignedSample> {
    keyward.webhook_sign(sample.into())
}

/// Answers a handshake.
#[tauri::command(async)]
pub fn webhook_challenge(
    keyward: State<'_, Keyward>,
    capture: CaptureInput,
    secret: Option<String>,
) -> Answer<ChallengeView> {
    keyward.webhook_challenge(&capture.bytes()?, capture.pick, secret.as_deref(), None)
}

/// Sends a webhook to an endpoint: to one of another machine only after a native confirmation that the
/// page cannot give itself.
#[tauri::command(async)]
pub fn webhook_send(
    app: AppHandle,
    keyward: State<'_, Keyward>,
    input: SendInput,
) -> Answer<SendView> {
    if input.force {
        let agreed = app
            .dialog()
            .message(format!(
                "Send this webhook to another machine? It is recorded.\n\n{}",
                input.target
            ))
            .title("Keyward")
            .kind(MessageDialogKind::Warning)
            .buttons(MessageDialogButtons::OkCancelCustom("Send".to_owned(), "Cancel".to_owned()))
            .blocking_show();
        if !agreed {
            return Err(Error::new("CANCELLED", "Nothing was sent.", ""));
        }
    }
    keyward.webhook_send(input.try_into()?)
}

/// Backups that were written.
#[tauri::command(async)]
pub fn backups(keyward: State<'_, Keyward>) -> Answer<BackupList> {
    keyward.backups()
}

/// Writes a backup.
#[tauri::command(async)]
pub fn backup_create(
    keyward: State<'_, Keyward>,
    path: PathBuf,
    passphrase: String,
) -> Answer<BackupReport> {
    keyward.backup_create(&path, &words(passphrase), false, false)
}

/// Checks a backup.
#[tauri::command(async)]
pub fn backup_verify(
    keyward: State<'_, Keyward>,
    path: PathBuf,
    passphrase: String,
    identity: Option<PathBuf>,
) -> Answer<BackupReport> {
    keyward.backup_verify(&path, &key(passphrase, identity)?, None)
}

/// Rehearses a restore.
#[tauri::command(async)]
pub fn backup_drill(
    keyward: State<'_, Keyward>,
    path: PathBuf,
    passphrase: String,
    identity: Option<PathBuf>,
) -> Answer<DrillReport> {
    keyward.backup_drill(Some(&path), &key(passphrase, identity)?, None)
}

/// Makes a recovery kit as a file; the page never sees the identity.
#[tauri::command(async)]
pub fn backup_kit(keyward: State<'_, Keyward>, path: PathBuf) -> Answer<KitReport> {
    keyward.backup_kit(Some(&path)).map(|(report, _)| report)
}

/// The schedule of backups.
#[tauri::command(async)]
pub fn schedule_status(keyward: State<'_, Keyward>) -> Answer<ScheduleStatus> {
    keyward.schedule_status()
}

/// Sets the schedule: a folder, and the seconds between backups.
#[tauri::command(async)]
pub fn schedule_set(
    keyward: State<'_, Keyward>,
    folder: PathBuf,
    every: u64,
) -> Answer<ScheduleStatus> {
    keyward.schedule_set(&NewSchedule {
        to: vec![folder],
        every,
        timer: true,
        ..NewSchedule::default()
    })
}

/// Ends the schedule.
#[tauri::command(async)]
pub fn schedule_remove(keyward: State<'_, Keyward>) -> Answer<()> {
    keyward.schedule_remove()
}

/// Writes into every folder of the schedule now.
#[tauri::command(async)]
pub fn schedule_run(keyward: State<'_, Keyward>) -> Answer<ScheduleRun> {
    keyward.schedule_run(true)
}

/// What a restore would change.
#[tauri::command(async)]
pub fn restore_preview(
    keyward: State<'_, Keyward>,
    path: PathBuf,
    passphrase: String,
    identity: Option<PathBuf>,
    merge: String,
) -> Answer<RestoreReport> {
    keyward.restore(&path, &key(passphrase, identity)?, restore_options(&merge, true)?)
}

/// A restore.
#[tauri::command(async)]
pub fn restore_apply(
    keyward: State<'_, Keyward>,
    path: PathBuf,
    passphrase: String,
    identity: Option<PathBuf>,
    merge: String,
) -> Answer<RestoreReport> {
    keyward.restore(&path, &key(passphrase, identity)?, restore_options(&merge, false)?)
}

fn restore_options(merge: &str, dry_run: bool) -> Answer<RestoreOptions> {
    Ok(RestoreOptions { merge: Merge::parse(merge)?, dry_run, ..RestoreOptions::default() })
}

/// The identity file where one is named, else the passphrase.
fn key(passphrase: String, identity: Option<PathBuf>) -> Answer<Key> {
    match identity {
        Some(path) => Key::identity_file(&path),
        None => Ok(words(passphrase)),
    }
}

fn words(passphrase: String) -> Key {
    Key::Passphrase(secret(passphrase.into_bytes()))
}

/// Keys that were issued.
#[tauri::command(async)]
pub fn issue_list(keyward: State<'_, Keyward>) -> Answer<IssuedKeyList> {
    keyward.issue_list()
}

/// A new key onto the clipboard, once; the page never sees it.
#[tauri::command(async)]
pub fn issue_create(keyward: State<'_, Keyward>, input: NewIssuedKey) -> Answer<IssuedKeyCopied> {
    let (made, seconds) = keyward.issue_create(&input, |key| {
        hold(secret(key.expose_secret().to_vec()), keyward.settings()?.clear_after)
    })?;
    Ok(IssuedKeyCopied { version: made.version, key: made.key, seconds })
}

/// Whether a key that was pasted is valid.
#[tauri::command(async)]
pub fn issue_verify(keyward: State<'_, Keyward>, key: String) -> Answer<IssuedKeyVerdict> {
    keyward.issue_verify(&secret(key.into_bytes()), &ExpectedKey::default())
}

/// Revokes a key.
#[tauri::command(async)]
pub fn issue_revoke(keyward: State<'_, Keyward>, id: String) -> Answer<IssuedKeyView> {
    keyward.issue_revoke(&id)
}

/// The hash line of a key.
#[tauri::command(async)]
pub fn issue_hash(keyward: State<'_, Keyward>, id: String) -> Answer<IssuedKeyHash> {
    keyward.issue_hash(&id)
}

/// The audit record.
#[tauri::command(async)]
pub fn audit(keyward: State<'_, Keyward>, entry: Option<String>) -> Answer<AuditList> {
    keyward.audit(entry.as_deref())
}

/// Checks the audit record.
#[tauri::command(async)]
pub fn audit_verify(keyward: State<'_, Keyward>) -> Answer<AuditVerdict> {
    keyward.audit_verify(None)
}

/// Whether the vault has a passphrase, and whether it is locked.
#[tauri::command(async)]
pub fn lock_status(keyward: State<'_, Keyward>) -> Answer<LockStatus> {
    keyward.lock_status()
}

/// Forgets every key, here and in the agent of the command line.
#[tauri::command(async)]
pub fn lock(keyward: State<'_, Keyward>, shell: State<'_, Shell>) -> Answer<LockStatus> {
    shell.cancel_scan();
    shell.cancel_drive();
    keyward.lock_everything("the window");
    keyward.lock_status()
}

/// Unlocks the window.
#[tauri::command(async)]
pub fn unlock(
    keyward: State<'_, Keyward>,
    shell: State<'_, Shell>,
    passphrase: String,
) -> Answer<LockStatus> {
    let status = keyward.unlock_session(&secret(passphrase.into_bytes()))?;
    shell.presence().seen();
    Ok(status)
}

/// Sets a passphrase.
#[tauri::command(async)]
pub fn passphrase_set(
    keyward: State<'_, Keyward>,
    shell: State<'_, Shell>,
    passphrase: String,
) -> Answer<LockStatus> {
    let status = keyward.passphrase_set(&secret(passphrase.into_bytes()))?;
    shell.presence().seen();
    Ok(status)
}

/// Changes the passphrase.
#[tauri::command(async)]
pub fn passphrase_change(
    keyward: State<'_, Keyward>,
    passphrase: String,
    next: String,
) -> Answer<LockStatus> {
    keyward.passphrase_change(&secret(passphrase.into_bytes()), &secret(next.into_bytes()))
}

/// Removes the passphrase.
#[tauri::command(async)]
pub fn passphrase_remove(keyward: State<'_, Keyward>, passphrase: String) -> Answer<LockStatus> {
    keyward.passphrase_remove(&secret(passphrase.into_bytes()))
}

/// The person is at work.
#[tauri::command(async)]
pub fn active(shell: State<'_, Shell>) -> Answer<()> {
    shell.presence().seen();
    Ok(())
}

/// The settings in force.
#[tauri::command(async)]
pub fn settings(keyward: State<'_, Keyward>) -> Answer<Settings> {
    keyward.settings()
}

/// Saves the settings.
#[tauri::command(async)]
pub fn save_settings(keyward: State<'_, Keyward>, settings: Settings) -> Answer<Settings> {
    keyward.save_settings(&settings)
}

/// Sends the reminder now.
#[tauri::command(async)]
pub fn send_reminder(keyward: State<'_, Keyward>) -> Answer<String> {
    Ok(match keyward.notify_due()? {
        Some(reminder) => format!("{}\n{}", reminder.title, reminder.text),
        None => "Nothing is due, so nothing was sent.".to_owned(),
    })
}

/// Puts off the reminders of an entry: `7d`, a day, or `off`.
#[tauri::command(async)]
pub fn snooze(keyward: State<'_, Keyward>, name: String, until: String) -> Answer<EntryDetail> {
    keyward.snooze(&name, &until)
}

/// Whether reminders come with the window closed, and how they go.
#[tauri::command(async)]
pub fn remind_status(keyward: State<'_, Keyward>) -> Answer<RemindStatus> {
    keyward.remind_status()
}

/// Has the system remind with the window closed too.
#[tauri::command(async)]
pub fn remind_install(keyward: State<'_, Keyward>) -> Answer<RemindStatus> {
    keyward.remind_install()
}

/// Takes the system's timer away.
#[tauri::command(async)]
pub fn remind_remove(keyward: State<'_, Keyward>) -> Answer<RemindStatus> {
    keyward.remind_remove()
}

/// A file of the user's choice.
#[tauri::command(async)]
pub fn pick_file(app: AppHandle, title: String) -> Answer<Option<String>> {
    Ok(app.dialog().file().set_title(title).blocking_pick_file().map(|path| path.to_string()))
}

/// A folder of the user's choice.
#[tauri::command(async)]
pub fn pick_folder(app: AppHandle, title: String) -> Answer<Option<String>> {
    Ok(app.dialog().file().set_title(title).blocking_pick_folder().map(|path| path.to_string()))
}

/// A place for a new file.
#[tauri::command(async)]
pub fn pick_save(app: AppHandle, title: String, name: String) -> Answer<Option<String>> {
    let dialog = app.dialog().file().set_title(title).set_file_name(name);
    Ok(dialog.blocking_save_file().map(|path| path.to_string()))
}

/// Opens a console page in the user's browser: https only.
#[tauri::command(async)]
pub fn open_url(url: String) -> Answer<()> {
    keyward_app::open_url(&url)
}
