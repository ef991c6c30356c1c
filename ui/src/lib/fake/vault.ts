// The vault that the browser fake keeps in memory, and what every one of its commands needs.

import { ApiError, type ScanProgress } from "../api";
import type {
  AuditRow,
  BackupRow,
  DestinationRow,
  KitRow,
  LastDrill,
  ScheduleStatus,
  EntryDetail,
  EntryRow,
  IssuedKeyRow,
  ScanReport,
  Repository,
  RunView,
  Settings,
} from "../bindings";
import { addDays, dayOf } from "../time";
import {
  daysAgo,
  type FakeEntry,
  HOSTILE,
  REPOSITORIES,
  seedBackups,
  seedEntries,
} from "./data";
import { leaksOf, reportOf } from "./findings";
import { newEntry } from "./entries";
import { seedIssued } from "./issued";
import { seedPlaces } from "./places";
import { type FakeConnection, type FakeProvider, seedProviders } from "./providers";
import { moveOn, startRun, takeIn } from "./rotation";
import { type FakeRun, hasEnded, stateOf } from "./runs";

const DAY = 86_400_000;

/** What a page's address may ask of the fake: `?empty`, `?hostile`, `?slow`, `?locked`. */
export interface FakeOptions {
  empty: boolean;
  hostile: boolean;
  /** There is a passphrase, and the window begins locked. */
  lock: boolean;
  /** The keychain does not answer. */
  locked: boolean;
  slow: boolean;
}

export const LOCKED = new ApiError(
  "KC_LOCKED",
  "The keychain is locked. Nothing was changed.",
  "Unlock it in your desktop's password dialog, then try again.",
);

const NO_SCHEDULE: ScheduleStatus = {
  version: 1,
  set: false,
  every: 0,
  recipients: [],
  next: null,
  folders: [],
  daily: 10,
  weekly: 4,
  monthly: 12,
  timer: null,
  note: null,
};

export class FakeVault {
  readonly options: FakeOptions;
  readonly now = Date.now();
  entries: FakeEntry[];
  bin: FakeEntry[] = [];
  backups: BackupRow[];
  drill: LastDrill | null = null;
  kit: KitRow | null = null;
  schedule: ScheduleStatus = NO_SCHEDULE;
  issued: IssuedKeyRow[];
  repositories: Repository[] = [];
  readonly reports = new Map<string, ScanReport>();
  readonly runs = new Map<string, FakeRun>();
  readonly runListeners = new Set<(view: RunView) => void>();
  driving: { cancelled: boolean } | null = null;
  providers: FakeProvider[] = seedProviders();
  readonly connections = new Map<string, FakeConnection>();
  places: DestinationRow[];
  /** Whether reminders come with the window closed. */
  reminders = false;
  audit: AuditRow[] = [];
  settings: Settings = {
    rotate_days: 90,
    lead_days: 14,
    clear_after: 30,
    theme: "system",
    notify: true,
    quiet_hours: "",
    lock_after: 15,
  };
  readonly listeners = new Set<(progress: ScanProgress) => void>();
  scanning: { cancelled: boolean } | null = null;

  constructor(options: FakeOptions) {
    this.options = options;
    this.entries = options.empty ? [] : seedEntries(this.now);
    this.backups = options.empty ? [] : seedBackups(this.now);
    const drilled = this.backups[1];
    if (drilled?.verified) {
      const counts = { same: 20, differs: 0, missing: 0, newer: 1 };
      this.drill = { at: drilled.verified, path: drilled.path, ok: true, ...counts };
    }
    this.places = options.empty ? [] : seedPlaces(this.now);
    this.issued = options.empty ? [] : seedIssued(this.now, options.hostile);
    if (!options.empty) this.#begin();
    if (options.hostile) this.#addHostile();
  }

  /** The time now, as RFC 3339. */
  at(): string {
    return new Date().toISOString();
  }

  record(action: string, subject: string, detail: string | null = null, when = this.at()): void {
    this.audit = [
      { seq: this.audit.length + 1, at: when, actor: "desktop", action, subject, detail },
      ...this.audit,
    ];
  }

  find(name: string): FakeEntry {
    const entry = this.entries.find((candidate) => candidate.name === name);
    if (!entry)
      throw new ApiError("NOT_FOUND", `There is no entry \`${name}\`.`, "Look in the list.");
    return entry;
  }

  row(entry: FakeEntry): EntryRow {
    const current = entry.versions.find((version) => version.stage === "current");
    const created = current?.created ?? entry.created;
    const age = Math.max(0, Math.floor((Date.now() - Date.parse(created)) / DAY));
    const due = entry.rotateDays > 0 ? addDays(dayOf(Date.parse(created)), entry.rotateDays) : null;
    const left = due ? Math.round((Date.parse(due) - Date.parse(dayOf(Date.now()))) / DAY) : null;
    const expired = entry.expires !== null && entry.expires < dayOf(Date.now());
    const state = entry.leaked
      ? "leaked"
      : expired
        ? "expired"
        : left !== null && left < 0
          ? "overdue"
          : left !== null && left <= this.settings.lead_days
            ? "due-soon"
            : "fresh";
    const [project = "", env = ""] = entry.name.split("/");
    const run = this.runs.get(entry.name);
    return {
      name: entry.name,
      id: entry.id,
      project,
      env,
      kind: entry.kind,
      provider: entry.provider,
      mode: entry.mode,
      var: entry.var,
      tags: entry.tags,
      current: { version: current?.version ?? 1, created },
      due,
      days_left: left,
      age_days: age,
      rotate_days: entry.rotateDays,
      state,
      run: run && !hasEnded(run) ? stateOf(run) : null,
      snoozed_until: entry.snoozedUntil ?? null,
    };
  }

  rows(): EntryRow[] {
    return this.entries
      .map((entry) => this.row(entry))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  detail(entry: FakeEntry): EntryDetail {
    return {
      version: 1,
      entry: this.row(entry),
      owner: entry.owner,
      url: entry.url,
      notes: entry.notes,
      ip_note: entry.ipNote,
      expires: entry.expires,
      created: entry.created,
      versions: entry.versions,
      uses: entry.uses,
    };
  }

  /** A moment, as a command takes one. */
  async turn(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.options.slow ? 1500 : 12));
  }

  /** A moment with the keychain, which may not answer. */
  async keychain(): Promise<void> {
    await this.turn();
    if (this.options.locked) throw LOCKED;
  }

  #begin(): void {
    this.repositories = REPOSITORIES.map((path, index) => ({
      path,
      scanned: index < 2 ? daysAgo(this.now, 2 + index * 9) : null,
      leaks: leaksOf(index < 2 ? reportOf(path, this.now) : null),
    }));
    for (const repository of this.repositories) {
      if (repository.scanned) this.reports.set(repository.path, reportOf(repository.path, this.now));
    }
    for (const entry of seedEntries(this.now)) this.record("add", entry.name, null, entry.created);
    this.record("backup", this.backups[1]?.path ?? "", "14 entries", this.backups[1]?.created);
    this.record("backup", this.backups[0]?.path ?? "", "15 entries", this.backups[0]?.created);
    this.record("scan", "/home/ada/work/blog", "1 finding", daysAgo(this.now, 2));
    this.record("copy", "acme/prod/stripe", null, daysAgo(this.now, 0.2));
    this.audit.sort((a, b) => b.at.localeCompare(a.at));
    this.audit = this.audit.map((line, index) => ({ ...line, seq: this.audit.length - index }));
    this.#beginRun();
  }

  /** A run that has both values out, and waits for the clock. */
  #beginRun(): void {
    const name = "blog/prod/s3-upload";
    const ago = (minutes: number) => new Date(this.now - minutes * 60_000).toISOString();
    const run = startRun(this, name, { emergency: false, overlap: 3600 }, ago(24));
    this.record("rotate-begin", name, "planned", ago(23));
    takeIn(this, run, "AKIAFAKEFAKEFAKEFAK2");
    run.proofs.push({ of: "new-alive", at: ago(21), said: "200 OK", after_ms: 8_420 });
    moveOn(this, run);
    for (const place of run.places) place.done = ago(19);
    moveOn(this, run);
    moveOn(this, run);
    const at = [24, 22, 21, 19, 18];
    run.history = run.history.map(([state], index) => [state, ago(at[index] ?? 18)]);
    for (const line of this.audit) {
      const index = run.history.findIndex(([state]) => state === line.detail);
      if (line.action === "rotate-next" && line.subject === name) line.at = ago(at[index] ?? 18);
    }
    run.until = new Date(this.now + 42 * 60_000).toISOString();
    this.audit.sort((a, b) => b.at.localeCompare(a.at));
    this.audit = this.audit.map((line, index) => ({ ...line, seq: this.audit.length - index }));
  }

  #addHostile(): void {
    const entry = newEntry(
      this,
      {
        name: HOSTILE.entry,
        kind: "api-key",
        provider: "<b>x</b>",
        mode: "test",
        var: "X",
        rotate_days: 90,
        expires: null,
        tags: ["<i>tag</i>"],
        owner: null,
        url: null,
        notes: HOSTILE.notes,
        ip_note: null,
        force: false,
      },
      "v",
    );
    this.entries.push(entry);
    const [place] = seedPlaces(this.now);
    if (place)
      this.places.push({
        ...place,
        id: "01JD0PLACEHOSTILE000000000",
        entry: HOSTILE.entry,
        place: `/tmp/\u202e${HOSTILE.entry}`,
        state: "failed",
        note: "<img src=x onerror=window.pwned=1>",
      });
    this.repositories.push({
      path: HOSTILE.repository,
      scanned: daysAgo(this.now, 1),
      leaks: leaksOf(reportOf("blog", this.now)),
    });
    const hostile = structuredClone(reportOf("blog", this.now));
    for (const found of hostile.findings) {
      found.path = "<img src=x onerror=window.pwned=1>/\u202eexe.png";
      found.author = "<img src=x onerror=window.pwned=1>\u202e <a@b.example>";
      found.steps = ["Type `git log \u202e# <img src=x onerror=window.pwned=1>` and see."];
    }
    this.reports.set(HOSTILE.repository, hostile);
  }
}
