// What the window asks of the program: one interface, one error shape. The desktop shell and the
// browser fake both implement it; nothing else in the window knows which one is behind it.

import type {
  AuditList,
  AuditVerdict,
  BackupList,
  BackupReport,
  CalendarReport,
  CaptureInput,
  CaptureRead,
  ChallengeView,
  CheckView,
  Code,
  ConnectionEdit,
  ConnectionView,
  DestinationList,
  DestinationRow,
  Doctor,
  DrillReport,
  EntryDetail,
  EntryEdit,
  EntryList,
  Framework,
  Home,
  ImportReport,
  IssuedKeyCopied,
  IssuedKeyHash,
  IssuedKeyList,
  IssuedKeyVerdict,
  IssuedKeyView,
  KitReport,
  LockStatus,
  NewEntry,
  NewIssuedKey,
  NewPlace,
  NewRun,
  ProviderList,
  ProviderRow,
  RemindStatus,
  RepositoryList,
  RequestView,
  RestoreReport,
  RunList,
  RunView,
  SampleInput,
  ScanReport,
  ScheduleRun,
  ScheduleStatus,
  SchemeSummary,
  SendInput,
  SendView,
  Settings,
  SignedSample,
  Snippet,
  Status,
  VerifyInput,
  WebhookView,
} from "./bindings";

/** How a restore treats an entry that exists in both places. */
export type Merge = "skip" | "newer" | "overwrite";

/** What a running scan has read so far. */
export interface ScanProgress {
  path: string;
  /** What it is reading now, such as `history`. */
  stage: string;
  files: number;
  blobs: number;
  bytes: number;
}

/** The commands of the program, by their own names. Every one may reject with an `ApiError`. */
export interface Api {
  status(): Promise<Status>;
  home(): Promise<Home>;
  entries(): Promise<EntryList>;
  entry(args: { name: string }): Promise<EntryDetail>;
  doctor(): Promise<Doctor>;

  addEntry(args: { input: NewEntry; value: string }): Promise<EntryDetail>;
  editEntry(args: { name: string; edit: EntryEdit }): Promise<EntryDetail>;
  removeEntry(args: { name: string }): Promise<void>;
  restoreEntry(args: { name: string }): Promise<void>;
  /** Asks the person in a native dialog first; rejects with `REVEAL_DENIED` when they decline. */
  reveal(args: { name: string; version: number | null }): Promise<string>;
  /** Answers with the seconds until the clipboard is cleared. */
  copy(args: { name: string }): Promise<number>;

  importPreview(args: ImportArgs): Promise<ImportReport>;
  importApply(args: ImportArgs): Promise<ImportReport>;

  runs(): Promise<RunList>;
  run(args: { name: string }): Promise<RunView | null>;
  rotationStart(args: { name: string; how: NewRun }): Promise<RunView>;
  /** `force` takes a value that does not look like one of the provider's. */
  rotationNext(args: { name: string; value: string | null; force: boolean }): Promise<RunView>;
  rotationAcknowledge(args: { name: string; place: string }): Promise<RunView>;
  rotationAbort(args: { name: string }): Promise<RunView>;
  /** Goes on by itself until a person or the clock is waited for; rejects with `CANCELLED`. */
  rotationDrive(args: { name: string }): Promise<RunView>;
  /** Stops a run that goes on by itself, after the step it is at. */
  cancelDrive(): Promise<void>;
  /** Calls back after each step of a run that goes on by itself; the answer ends the subscription. */
  onRotationProgress(handler: (view: RunView) => void): Promise<() => void>;
  /** Asks the person in a native dialog first; rejects with `CANCELLED` when they decline. */
  revoke(args: { name: string }): Promise<RunView>;
  /** As `revoke`, for a finding of our own; null when it was an older version. */
  revokeFinding(args: { fingerprint: string }): Promise<RunView | null>;
  /** Markdown, or JSON where the path ends so. Answers with the path that was written. */
  saveEvidence(args: { name: string; path: string }): Promise<string>;
  check(args: { name: string; version: number | null }): Promise<CheckView>;

  providers(): Promise<ProviderList>;
  /** Asks the person in a native dialog first where keys go to an address that is not built in. */
  allowProvider(args: AllowArgs): Promise<ProviderRow>;
  addProvider(args: { path: string }): Promise<ProviderRow>;
  connection(args: { name: string }): Promise<ConnectionView>;
  connect(args: { name: string; edit: ConnectionEdit }): Promise<ConnectionView>;

  destinations(args: { name: string | null }): Promise<DestinationList>;
  /** Asks the person in a native dialog first where a program is run or an address is their own. */
  destinationAdd(args: { name: string; place: NewPlace }): Promise<DestinationRow>;
  destinationRemove(args: { id: string }): Promise<DestinationRow>;
  destinationPush(args: { name: string; id: string | null }): Promise<DestinationList>;
  destinationCheck(args: { name: string; id: string | null }): Promise<DestinationList>;

  /** Writes the calendar, or brings one that is there up to date. */
  saveCalendar(args: { path: string }): Promise<CalendarReport>;
  /** `7d`, a day from which reminders name it again, or `off`. */
  snooze(args: { name: string; until: string }): Promise<EntryDetail>;

  repositories(): Promise<RepositoryList>;
  addRepository(args: { path: string }): Promise<RepositoryList>;
  forgetRepository(args: { path: string }): Promise<RepositoryList>;
  scan(args: { path: string }): Promise<ScanReport>;
  cancelScan(): Promise<void>;
  lastReport(args: { path: string }): Promise<ScanReport | null>;
  /** Calls back while a scan runs; the answer ends the subscription. */
  onScanProgress(handler: (progress: ScanProgress) => void): Promise<() => void>;

  webhookSchemes(): Promise<SchemeSummary[]>;
  webhookFrameworks(): Promise<Framework[]>;
  /** The code that avoids these causes, one for each remedy. */
  webhookSnippets(args: { framework: string; scheme: string; codes: Code[] }): Promise<Snippet[]>;
  webhookRead(args: { capture: CaptureInput }): Promise<CaptureRead>;
  webhookRequest(args: { capture: CaptureInput }): Promise<RequestView>;
  webhookVerify(args: { input: VerifyInput }): Promise<WebhookView>;
  webhookSign(args: { sample: SampleInput }): Promise<SignedSample>;
  /** Asks the person in a native dialog first when `force` is set; rejects with `CANCELLED`. */
  webhookSend(args: { input: SendInput }): Promise<SendView>;
  webhookChallenge(args: { capture: CaptureInput; secret: string | null }): Promise<ChallengeView>;

  backups(): Promise<BackupList>;
  backupCreate(args: { path: string; passphrase: string }): Promise<BackupReport>;
  backupVerify(args: BackupArgs): Promise<BackupReport>;
  /** Restores into a throw-away vault, compares every value, and records it. */
  backupDrill(args: BackupArgs): Promise<DrillReport>;
  /** Writes a recovery kit to a file; its identity never comes here. */
  backupKit(args: { path: string }): Promise<KitReport>;
  scheduleStatus(): Promise<ScheduleStatus>;
  scheduleSet(args: { folder: string; every: number }): Promise<ScheduleStatus>;
  scheduleRemove(): Promise<void>;
  scheduleRun(): Promise<ScheduleRun>;
  restorePreview(args: BackupArgs & { merge: Merge }): Promise<RestoreReport>;
  restoreApply(args: BackupArgs & { merge: Merge }): Promise<RestoreReport>;

  issueList(): Promise<IssuedKeyList>;
  /** The key goes onto the clipboard and never to the page. */
  issueCreate(args: { input: NewIssuedKey }): Promise<IssuedKeyCopied>;
  issueVerify(args: { key: string }): Promise<IssuedKeyVerdict>;
  issueRevoke(args: { id: string }): Promise<IssuedKeyView>;
  issueHash(args: { id: string }): Promise<IssuedKeyHash>;

  audit(args: { entry: string | null }): Promise<AuditList>;
  auditVerify(): Promise<AuditVerdict>;

  lockStatus(): Promise<LockStatus>;
  /** Forgets every key. Without a passphrase there is nothing to lock. */
  lock(): Promise<LockStatus>;
  unlock(args: { passphrase: string }): Promise<LockStatus>;
  passphraseSet(args: { passphrase: string }): Promise<LockStatus>;
  passphraseChange(args: { passphrase: string; next: string }): Promise<LockStatus>;
  passphraseRemove(args: { passphrase: string }): Promise<LockStatus>;
  /** Says that the person is at work, so that the window does not lock. */
  active(): Promise<void>;
  /** Calls back when the program locked by itself; the answer ends the subscription. */
  onLocked(handler: () => void): Promise<() => void>;

  settings(): Promise<Settings>;
  saveSettings(args: { settings: Settings }): Promise<Settings>;
  /** Answers with the words that were sent. */
  sendReminder(): Promise<string>;
  remindStatus(): Promise<RemindStatus>;
  remindInstall(): Promise<RemindStatus>;
  remindRemove(): Promise<RemindStatus>;

  pickFile(args: { title: string }): Promise<string | null>;
  pickFolder(args: { title: string }): Promise<string | null>;
  pickSave(args: { title: string; name: string }): Promise<string | null>;
  openUrl(args: { url: string }): Promise<void>;
}

export interface ImportArgs {
  path: string;
  project: string;
  env: string;
}

export interface AllowArgs {
  id: string;
  allowed: boolean;
  /** The person's own address for it; empty forgets it, null leaves it. */
  endpoint: string | null;
}

export interface BackupArgs {
  path: string;
  passphrase: string;
  /** A recovery kit or another age identity file; then the passphrase is not looked at. */
  identity: string | null;
}

/** What went wrong: a stable code, what happened and was kept, and what to do next. */
export class ApiError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint = "") {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.hint = hint;
  }
}

/** Turns whatever was thrown into an `ApiError`, so that every screen can show it the same way. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    const { code, message } = thrown;
    const hint = "hint" in thrown && typeof thrown.hint === "string" ? thrown.hint : "";
    return new ApiError(String(code), String(message), hint);
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ApiError(
    "INTERNAL",
    message,
    "Try again. If it happens again, run the health check in Settings.",
  );
}

let current: Api | undefined;

/** Chooses the implementation; called once, before the first screen is drawn. */
export function setApi(implementation: Api): void {
  current = implementation;
}

/** The implementation in use. */
export function api(): Api {
  if (!current) throw new Error("setApi was not called");
  return current;
}
