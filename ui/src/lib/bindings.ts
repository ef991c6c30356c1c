// The shapes that cross from the Rust side to the window. Generated; do not edit by hand.

export type CurrentVersion = { version: number; created: string };

export type EntryRow = {
  name: string;
  id: string;
  project: string;
  env: string;
  kind: string;
  provider: string | null;
  mode: string;
  var: string;
  tags: Array<string>;
  current: CurrentVersion;
  due: string | null;
  days_left: number | null;
  age_days: number;
  rotate_days: number;
  state: string;
  run: string | null;
};

export type EntryList = { version: number; entries: Array<EntryRow> };

export type VersionRow = {
  version: number;
  stage: string;
  created: string;
  retired: string | null;
  size: number;
};

export type UseRow = { how: string; place: string; version: number; last: string };

export type EntryDetail = {
  version: number;
  entry: EntryRow;
  owner: string | null;
  url: string | null;
  notes: string | null;
  ip_note: string | null;
  expires: string | null;
  created: string;
  versions: Array<VersionRow>;
  uses: Array<UseRow>;
};

export type NewEntry = {
  name: string;
  kind: string | null;
  provider: string | null;
  mode: string | null;
  var: string | null;
  rotate_days: number | null;
  expires: string | null;
  tags: Array<string>;
  owner: string | null;
  url: string | null;
  notes: string | null;
  ip_note: string | null;
  force: boolean;
};

export type EntryEdit = {
  name: string | null;
  kind: string | null;
  provider: string | null;
  mode: string | null;
  var: string | null;
  rotate_days: number | null;
  expires: string | null;
  tags: Array<string> | null;
  owner: string | null;
  url: string | null;
  notes: string | null;
  ip_note: string | null;
};

export type ImportRow = {
  line: number;
  var: string;
  name: string;
  kind: string;
  provider: string | null;
  mode: string;
  action: string;
  note: string | null;
};

export type ImportReport = { version: number; applied: boolean; rows: Array<ImportRow> };

export type NextStep = {
  title: string;
  text: string;
  needs_value: boolean;
  console_url: string | null;
};

export type RunStep = { id: string; title: string; state: string; done: string | null };

export type RunView = {
  version: number;
  id: string;
  entry: string;
  state: string;
  started: string;
  updated: string;
  from_version: number;
  to_version: number | null;
  steps: Array<RunStep>;
  next: NextStep | null;
  can_abort: boolean;
};

export type RunList = { version: number; runs: Array<RunView> };

export type KeychainStatus = {
  kind: string;
  ok: boolean;
  code: string | null;
  message: string;
  hint: string | null;
};

export type Status = {
  program: string;
  vault: boolean;
  keychain: KeychainStatus;
  last_backup: string | null;
  home: string;
};

export type Check = {
  id: string;
  ok: boolean;
  code: string | null;
  message: string;
  hint: string | null;
};

export type Doctor = { version: number; ok: boolean; checks: Array<Check> };

export type Need = { kind: string; name: string; text: string };

export type Week = { start: string; due: number };

export type Home = { needs: Array<Need>; entries: number; ages: Array<number>; weeks: Array<Week> };

export type LeakCount = {
  own: number;
  critical: number;
  high: number;
  other: number;
  low_confidence: number;
};

export type Repository = { path: string; scanned: string | null; leaks: LeakCount };

export type RepositoryList = { repositories: Array<Repository> };

export type Place = { path: string; line: number; commit: string | null };

export type Own = { entry: string; version: number; stage: string };

export type Finding = {
  rule: string;
  provider: string | null;
  severity: string;
  confidence: string;
  path: string;
  line: number;
  column: number;
  end_line: number;
  end_column: number;
  commit: string | null;
  blob: string | null;
  source: string;
  secret: string;
  fingerprint: string;
  places: Array<Place>;
  decoded: Array<string>;
  own: Own | null;
  advice: string | null;
  console: string | null;
};

export type Skipped = { path: string; reason: string };

export type Notice = { code: string; message: string };

export type Summary = {
  findings: number;
  files: number;
  blobs: number;
  bytes: number;
  complete: boolean;
  own_values: string;
  skipped: Array<Skipped>;
  notices: Array<Notice>;
  seconds: number;
};

export type Report = { version: number; findings: Array<Finding>; summary: Summary };

export type SchemeInfo = { id: string; provider: string; header: string };

export type WebhookCheck = { name: string; ok: boolean; age_seconds?: number | null };

export type WebhookReason = {
  code: string;
  message: string;
  hint: string;
  proved: boolean;
  secret: string | null;
};

export type WebhookSecret = { name: string; version: number | null };

export type WebhookReport = {
  version: number;
  verdict: string;
  scheme: string | null;
  scheme_name: string | null;
  secret: WebhookSecret | null;
  checks: Array<WebhookCheck>;
  reasons: Array<WebhookReason>;
  signed: string | null;
  difference: WebhookDifference | null;
  notes: Array<string>;
};

export type WebhookDifference = { offset: number; received: string; signed_form: string };

export type WebhookRequest = {
  method: string;
  url: string;
  headers: Array<[string, string]>;
  body: string;
  body_bytes: number;
};

export type WebhookView = { request: WebhookRequest; report: WebhookReport };

export type BackupRow = {
  path: string;
  created: string;
  size: number;
  entries: number;
  verified: string | null;
  present: boolean;
};

export type BackupList = { version: number; backups: Array<BackupRow> };

export type BackupReport = {
  version: number;
  path: string;
  vault: string;
  created: string;
  entries: number;
  values: number;
  size: number;
  origin_proved: boolean | null;
};

export type RestoreChange = { name: string; change: string; apply: boolean; note: string | null };

export type RestoreReport = {
  version: number;
  applied: boolean;
  added: number;
  changed: number;
  older: number;
  same: number;
  origin_proved: boolean | null;
  changes: Array<RestoreChange>;
};

export type AuditRow = {
  seq: number;
  at: string;
  actor: string;
  action: string;
  subject: string;
  detail: string | null;
};

export type AuditList = { version: number; rows: Array<AuditRow> };

export type AuditVerdict = {
  version: number;
  ok: boolean;
  rows: number;
  head: string | null;
  broken_at: number | null;
  message: string;
  checked: string;
};

export type Settings = {
  rotate_days: number;
  lead_days: number;
  clear_after: number;
  theme: string;
  notify: boolean;
};
