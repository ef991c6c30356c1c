// The desktop shell behind the interface: each method is one command of the same name in snake
// case. The only file that knows Tauri.

import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { type Api, type ScanProgress, toApiError } from "./api";
import type { RunView } from "./bindings";

async function call<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw toApiError(thrown);
  }
}

export const tauriApi: Api = {
  status: () => call("status"),
  home: () => call("home"),
  entries: () => call("entries"),
  entry: (args) => call("entry", args),
  doctor: () => call("doctor"),

  addEntry: (args) => call("add_entry", args),
  editEntry: (args) => call("edit_entry", args),
  removeEntry: (args) => call("remove_entry", args),
  restoreEntry: (args) => call("restore_entry", args),
  reveal: (args) => call("reveal", args),
  copy: (args) => call("copy", args),

  importPreview: (args) => call("import_preview", { ...args }),
  importApply: (args) => call("import_apply", { ...args }),

  runs: () => call("runs"),
  run: (args) => call("run", args),
  rotationStart: (args) => call("rotation_start", args),
  rotationNext: (args) => call("rotation_next", args),
  rotationAcknowledge: (args) => call("rotation_acknowledge", args),
  rotationAbort: (args) => call("rotation_abort", args),
  rotationDrive: (args) => call("rotation_drive", args),
  cancelDrive: () => call("cancel_drive"),
  onRotationProgress: (handler) =>
    listen<RunView>("rotation-progress", (event) => handler(event.payload)),
  revoke: (args) => call("revoke", args),
  revokeFinding: (args) => call("revoke_finding", args),
  saveEvidence: (args) => call("save_evidence", args),
  check: (args) => call("check", args),

  providers: () => call("providers"),
  allowProvider: (args) => call("allow_provider", { ...args }),
  addProvider: (args) => call("add_provider", args),
  connection: (args) => call("connection", args),
  connect: (args) => call("connect", args),

  destinations: (args) => call("destinations", args),
  destinationAdd: (args) => call("destination_add", args),
  destinationRemove: (args) => call("destination_remove", args),
  destinationPush: (args) => call("destination_push", args),
  destinationCheck: (args) => call("destination_check", args),

  saveCalendar: (args) => call("save_calendar", args),
  snooze: (args) => call("snooze", args),

  repositories: () => call("repositories"),
  addRepository: (args) => call("add_repository", args),
  forgetRepository: (args) => call("forget_repository", args),
  scan: (args) => call("scan", args),
  cancelScan: () => call("cancel_scan"),
  lastReport: (args) => call("last_report", args),
  onScanProgress: (handler) =>
    listen<ScanProgress>("scan-progress", (event) => handler(event.payload)),

  webhookSchemes: () => call("webhook_schemes"),
  webhookFrameworks: () => call("webhook_frameworks"),
  webhookSnippets: (args) => call("webhook_snippets", args),
  webhookRead: (args) => call("webhook_read", args),
  webhookRequest: (args) => call("webhook_request", args),
  webhookVerify: (args) => call("webhook_verify", { ...args }),
  webhookSign: (args) => call("webhook_sign", args),
  webhookSend: (args) => call("webhook_send", args),
  webhookChallenge: (args) => call("webhook_challenge", args),

  backups: () => call("backups"),
  backupCreate: (args) => call("backup_create", { ...args }),
  backupVerify: (args) => call("backup_verify", { ...args }),
  backupDrill: (args) => call("backup_drill", { ...args }),
  backupKit: (args) => call("backup_kit", { ...args }),
  scheduleStatus: () => call("schedule_status"),
  scheduleSet: (args) => call("schedule_set", { ...args }),
  scheduleRemove: () => call("schedule_remove"),
  scheduleRun: () => call("schedule_run"),
  restorePreview: (args) => call("restore_preview", { ...args }),
  restoreApply: (args) => call("restore_apply", { ...args }),

  issueList: () => call("issue_list"),
  issueCreate: (args) => call("issue_create", args),
  issueVerify: (args) => call("issue_verify", args),
  issueRevoke: (args) => call("issue_revoke", args),
  issueHash: (args) => call("issue_hash", args),

  audit: (args) => call("audit", args),
  auditVerify: () => call("audit_verify"),

  lockStatus: () => call("lock_status"),
  lock: () => call("lock"),
  unlock: (args) => call("unlock", args),
  passphraseSet: (args) => call("passphrase_set", args),
  passphraseChange: (args) => call("passphrase_change", args),
  passphraseRemove: (args) => call("passphrase_remove", args),
  active: () => call("active"),
  onLocked: (handler) => listen("locked", () => handler()),

  settings: () => call("settings"),
  saveSettings: (args) => call("save_settings", args),
  sendReminder: () => call("send_reminder"),
  remindStatus: () => call("remind_status"),
  remindInstall: () => call("remind_install"),
  remindRemove: () => call("remind_remove"),

  pickFile: (args) => call("pick_file", args),
  pickFolder: (args) => call("pick_folder", args),
  pickSave: (args) => call("pick_save", args),
  openUrl: (args) => call("open_url", args),
};
