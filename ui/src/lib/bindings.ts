// Generated from the Rust views by `cargo xtask bindings`. Do not edit.

export type ApiError = { code: string, message: string, hint: string, };

export type NewEntry = { name: string, kind: string | null, provider: string | null, mode: string | null, var: string | null, rotate_days: number | null, expires: string | null, tags: Array<string>, owner: string | null, url: string | null, notes: string | null, ip_note: string | null, force: boolean, };

export type EntryEdit = { name: string | null, kind: string | null, provider: string | null, mode: string | null, var: string | null, rotate_days: number | null, expires: string | null, tags: Array<string> | null, owner: string | null, url: string | null, notes: string | null, ip_note: string | null, };

export type EntryList = { version: number, entries: Array<EntryRow>, };

export type EntryRow = { name: string, id: string, project: string, env: string, kind: string, provider: string | null, mode: string, var: string, tags: Array<string>, current: CurrentVersion, due: string | null, days_left: number | null, age_days: number, rotate_days: number, state: string, run: string | null, };

export type CurrentVersion = { version: number, created: string, };

export type EntryDetail = { version: number, entry: EntryRow, owner: string | null, url: string | null, notes: string | null, ip_note: string | null, expires: string | null, created: string, versions: Array<VersionRow>, uses: Array<UseRow>, };

export type VersionRow = { version: number, stage: string, created: string, retired: string | null, size: number, };

export type UseRow = { how: string, place: string, version: number, last: string, };

export type ImportReport = { version: number, applied: boolean, rows: Array<ImportRow>, };

export type ImportRow = { line: number, var: string, name: string, kind: string, provider: string | null, mode: string, action: string, note: string | null, };

export type RunList = { version: number, runs: Array<RunView>, };

export type RunView = { version: number, id: string, entry: string, state: string, started: string, updated: string, from_version: number, to_version: number | null, steps: Array<RunStep>, next: NextStep | null, can_abort: boolean, };

export type RunStep = { id: string, title: string, state: string, done: string | null, };

export type NextStep = { title: string, text: string, needs_value: boolean, console_url: string | null, };

export type BackupList = { version: number, backups: Array<BackupRow>, };

export type BackupRow = { path: string, created: string, size: number, entries: number, verified: string | null, present: boolean, };

export type BackupReport = { version: number, path: string, vault: string, created: string, entries: number, values: number, size: number, origin_proved: boolean | null, };

export type RestoreReport = { version: number, applied: boolean, added: number, changed: number, older: number, same: number, origin_proved: boolean | null, changes: Array<RestoreChange>, };

export type RestoreChange = { name: string, change: string, apply: boolean, note: string | null, };

export type Status = { program: string, vault: boolean, keychain: KeychainStatus, last_backup: string | null, home: string, };

export type KeychainStatus = { kind: string, ok: boolean, code: string | null, message: string, hint: string | null, };

export type Doctor = { version: number, ok: boolean, checks: Array<Check>, };

export type Check = { id: string, ok: boolean, code: string | null, message: string, hint: string | null, };

export type AuditList = { version: number, rows: Array<AuditRow>, };

export type AuditRow = { seq: number, at: string, actor: string, action: string, subject: string, detail: string | null, };

export type AuditVerdict = { version: number, ok: boolean, rows: number, head: string | null, broken_at: number | null, message: string, checked: string, };

export type Settings = { rotate_days: number, lead_days: number, clear_after: number, theme: string, notify: boolean, };

export type Home = { needs: Array<Need>, entries: number, ages: Array<number>, weeks: Array<Week>, };

export type Need = { kind: string, name: string, text: string, };

export type Week = { start: string, due: number, };

export type RepositoryList = { repositories: Array<Repository>, };

export type Repository = { path: string, scanned: string | null, leaks: LeakCount, };

export type LeakCount = { own: number, critical: number, high: number, other: number, low_confidence: number, };

export type ScanReport = { version: number, findings: Array<Finding>, summary: Summary, };

export type Finding = { rule: string, name: string, provider: string | null, kind: Kind, mode: Mode | null, severity: Severity, confidence: Confidence, path: string, line: number, column: number, end_line: number, end_column: number, commit: string | null, blob: string | null, source: Source, secret: string, fingerprint: string, places: Array<Place>, decoded: Array<Decoding>, own: Own | null, advice: string | null, console: string | null, };

export type Place = { path: string, line: number, column: number, commit: string | null, source: Source, };

export type Own = { entry: string, version: number, stage: string, };

export type Summary = { findings: number, files: number, blobs: number, messages: number, bytes: number, complete: boolean, own_values: OwnValues, baselined: number, skipped: Array<Skipped>, skipped_more: number, notices: Array<Notice>, seconds: number, };

export type Skipped = { path: string, reason: string, };

export type Notice = { code: string, message: string, };

export type Kind = "api-key" | "webhook-secret" | "token" | "password" | "private-key" | "other";

export type Mode = "live" | "test";

export type Severity = "low" | "medium" | "high" | "critical";

export type Confidence = "low" | "medium" | "high";

export type Source = "worktree" | "index" | "history" | "commit-message" | "stdin";

export type Decoding = "base64" | "hex" | "percent" | "json" | "utf16" | "utf32";

export type OwnValues = "checked" | "unavailable" | "none";

export type WebhookView = { request: RequestView, report: WebhookReport, };

export type RequestView = { method: string | null, url: string | null, headers: Array<[string, string]>, body: string, body_bytes: number, };

export type WebhookReport = { version: number, verdict: Verdict, scheme: string, scheme_name: string, secret: SecretName | null, checks: Array<WebhookCheck>, reasons: Array<Reason>, signed: string, signed_text: string | null, difference: Difference | null, delivery_id: string | null, notes: Array<string>, };

export type Verdict = "valid" | "authenticated" | "invalid" | "undecidable";

export type SecretName = { name: string, version: number | null, };

export type WebhookCheck = { name: CheckName, ok: boolean, age_seconds?: number, };

export type CheckName = "signature" | "timestamp" | "replay";

export type Reason = { code: Code, message: string, hint: string, proved: boolean, secret: SecretName | null, };

export type Code = "body-reserialised" | "body-modified" | "body-missing" | "body-compressed" | "trailing-newline-added" | "trailing-newline-stripped" | "line-endings-changed" | "bom-added" | "charset-changed" | "form-payload-decoded" | "other-stored-secret" | "wrong-secret" | "secret-whitespace" | "secret-encoding" | "secret-format" | "secret-prefix" | "secret-is-api-key" | "header-missing" | "header-repeated" | "signature-field-missing" | "signature-empty" | "signature-truncated" | "signature-modified" | "signature-encoding" | "signature-case" | "prefix-missing" | "unsupported-version" | "algorithm-mismatch" | "wrong-template" | "timestamp-too-old" | "timestamp-in-future" | "timestamp-modified" | "timestamp-malformed" | "timestamp-missing" | "timestamp-unit" | "replayed" | "url-mismatch" | "url-missing" | "public-key-needed";

export type Difference = { offset: number, received: string, signed: string, };

export type SchemeSummary = { id: string, provider: string, header: string, signed: string, verified: boolean, legacy: boolean, needs_url: boolean, public_key: boolean, past_seconds: number | null, future_seconds: number | null, note: string | null, sources: Array<string>, };
