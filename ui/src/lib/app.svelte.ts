// The state that more than one screen looks at: where the user is, what the program last said, and
// what is going on meanwhile.

import { tick } from "svelte";
import { api, type ScanProgress, toApiError } from "./api";
import type {
  BackupList,
  EntryList,
  Home,
  IssuedKeyList,
  LockStatus,
  ScanReport,
  RepositoryList,
  ScheduleStatus,
  Settings,
  Status,
} from "./bindings";
import { Load } from "./load.svelte";
import { isDeclined } from "./remedies";

export type ScreenId =
  | "home"
  | "secrets"
  | "rotation"
  | "leaks"
  | "webhooks"
  | "backups"
  | "audit"
  | "issued"
  | "settings";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
  hint?: string;
  code?: string;
  undo?: () => void;
}

/** A scan under way. It belongs to the window, not to the screen that started it. */
export interface ScanJob {
  path: string;
  started: number;
  /** Bytes that the last scan of this path read, to tell how much is left. */
  expected: number | null;
  progress: ScanProgress | null;
  stopping: boolean;
}

export interface Clipboard {
  name: string;
  seconds: number;
  /** When it is cleared, in milliseconds since the epoch. */
  until: number;
}

const TOAST_MILLIS = 8_000;
/** What counts as being at work, and how often the program is told. */
const ACTIVITY = ["keydown", "pointerdown", "pointermove", "wheel"];
const ACTIVE_MILLIS = 10_000;

class App {
  screen = $state<ScreenId>("home");
  /** What time it is; moves every second while something counts down, else every half minute. */
  now = $state(Date.now());
  palette = $state(false);
  toasts = $state<Toast[]>([]);
  clipboard = $state.raw<Clipboard | null>(null);
  scan = $state<ScanJob | null>(null);
  /** The newest report of each path that was scanned since the window opened. */
  fresh = $state.raw<Record<string, ScanReport>>({});

  secrets = $state({
    selected: null as string | null,
    pane: "detail" as "detail" | "edit" | "new" | "import",
    due: "all" as "all" | "due" | "leaked",
    importPath: "",
  });
  rotation = $state({ selected: null as string | null, view: "board" as "board" | "calendar" });
  leaks = $state({ selected: null as string | null, adding: false });
  backups = $state({
    selected: null as string | null,
    pane: "overview" as "overview" | "create" | "restore" | "habit",
  });

  issued = $state({
    selected: null as string | null,
    pane: "overview" as "overview" | "create" | "verify",
  });

  readonly entries = new Load<EntryList>();
  readonly home = new Load<Home>();
  readonly status = new Load<Status>();
  readonly repositories = new Load<RepositoryList>();
  readonly backupList = new Load<BackupList>();
  readonly schedule = new Load<ScheduleStatus>();
  readonly issuedList = new Load<IssuedKeyList>();
  readonly settings = new Load<Settings>();
  readonly lock = new Load<LockStatus>();
  /** Whether the lock screen stands before everything. */
  readonly locked = $derived(this.lock.value?.locked ?? false);

  #handlers = new Map<string, () => void>();
  #toastId = 0;

  go(screen: ScreenId): void {
    this.screen = screen;
  }

  /** Learns whether the vault is locked, and fetches everything if it is not. */
  async begin(): Promise<void> {
    await this.lock.run(() => api().lockStatus());
    // Neither says anything of what is kept.
    const outside = [
      this.settings.run(() => api().settings()),
      this.status.run(() => api().status()),
    ];
    await Promise.all(this.locked ? outside : [...outside, this.refresh()]);
  }

  /** Goes on after the right passphrase. */
  async unlocked(status: LockStatus): Promise<void> {
    this.lock.value = status;
    await this.refresh();
  }

  /** Locks the vault, if it has a passphrase, and forgets what was shown. */
  async lockNow(): Promise<void> {
    try {
      const status = await api().lock();
      if (status.passphrase) this.#forget(status);
      else this.say("There is no passphrase, so nothing can be locked. Set one in Settings.");
    } catch (thrown) {
      this.complain(thrown);
    }
  }

  #forget(status: LockStatus): void {
    this.lock.value = status;
    this.palette = false;
    this.toasts = [];
    this.fresh = {};
    this.secrets.selected = null;
    this.secrets.pane = "detail";
    this.rotation.selected = null;
    this.leaks.selected = null;
    this.backups.selected = null;
    this.backups.pane = "overview";
    this.issued.selected = null;
    this.issued.pane = "overview";
    for (const shown of [
      this.entries,
      this.home,
      this.repositories,
      this.backupList,
      this.schedule,
      this.issuedList,
    ])
      shown.clear();
  }

  /** Fetches everything that is shown on more than one screen. */
  async refresh(): Promise<void> {
    if (this.locked) return;
    await Promise.all([
      this.status.run(() => api().status()),
      this.entries.run(() => api().entries()),
      this.home.run(() => api().home()),
      this.repositories.run(() => api().repositories()),
      this.backupList.run(() => api().backups()),
      this.schedule.run(() => api().scheduleStatus()),
      this.issuedList.run(() => api().issueList()),
    ]);
  }

  /** Opens an entry on the screen of secrets. */
  openEntry(name: string): void {
    this.secrets.selected = name;
    this.secrets.pane = "detail";
    this.secrets.due = "all";
    this.go("secrets");
  }

  openRotation(name: string): void {
    this.rotation.selected = name;
    this.go("rotation");
  }

  openRepository(path: string): void {
    this.leaks.selected = path;
    this.leaks.adding = false;
    this.go("leaks");
  }

  /** Lets a screen say what one of the actions does while it is shown. Answers with its end. */
  handle(action: string, handler: () => void): () => void {
    this.#handlers.set(action, handler);
    return () => {
      if (this.#handlers.get(action) === handler) this.#handlers.delete(action);
    };
  }

  /** Goes to a screen and runs what it registered for an action. */
  async trigger(screen: ScreenId, action: string): Promise<void> {
    this.go(screen);
    await tick();
    this.#handlers.get(action)?.();
  }

  say(text: string, undo?: () => void): void {
    this.#show({ id: ++this.#toastId, text, tone: "plain", undo });
  }

  /** Says what went wrong with something that has no place of its own on the screen. */
  complain(thrown: unknown): void {
    const error = toApiError(thrown);
    if (isDeclined(error.code)) return;
    // Another Keyward set a passphrase, or the vault locked while this was under way.
    if (error.code === "VAULT_LOCKED") void this.lock.run(() => api().lockStatus());
    this.#show({
      id: ++this.#toastId,
      text: error.message,
      hint: error.hint,
      code: error.code,
      tone: "bad",
    });
  }

  #show(toast: Toast): void {
    this.toasts = [...this.toasts.slice(-2), toast];
    // An error stays until it was read.
    if (toast.tone === "plain") setTimeout(() => this.dismiss(toast.id), TOAST_MILLIS);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  async copy(name: string): Promise<void> {
    try {
      this.copied(name, await api().copy({ name }));
    } catch (thrown) {
      this.complain(thrown);
    }
  }

  /** Shows how long something stays on the clipboard. */
  copied(name: string, seconds: number): void {
    this.now = Date.now();
    this.clipboard = { name, seconds, until: this.now + seconds * 1000 };
  }

  /** Starts a rotation and opens its run, whichever screen asked for it. */
  async rotate(name: string): Promise<void> {
    try {
      await api().rotationStart({ name, how: { overlap: null, emergency: false } });
      await this.refresh();
      this.openRotation(name);
    } catch (thrown) {
      this.complain(thrown);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await api().removeEntry({ name });
      if (this.secrets.selected === name) this.secrets.selected = null;
      await this.refresh();
      this.say(`Removed \`${name}\`. It stays in the bin for 30 days.`, () => this.#restore(name));
    } catch (thrown) {
      this.complain(thrown);
    }
  }

  async #restore(name: string): Promise<void> {
    try {
      await api().restoreEntry({ name });
      await this.refresh();
      this.openEntry(name);
    } catch (thrown) {
      this.complain(thrown);
    }
  }

  async startScan(path: string): Promise<void> {
    if (this.scan) return;
    const known =
      this.fresh[path] ??
      (await api()
        .lastReport({ path })
        .catch(() => null));
    this.scan = {
      path,
      started: Date.now(),
      expected: known?.summary.bytes ?? null,
      progress: null,
      stopping: false,
    };
    try {
      const report = await api().scan({ path });
      this.fresh = { ...this.fresh, [path]: report };
    } catch (thrown) {
      if (toApiError(thrown).code === "CANCELLED")
        this.say("The scan was stopped. The last report was kept.");
      else this.complain(thrown);
    } finally {
      this.scan = null;
      await this.refresh();
    }
  }

  async stopScan(): Promise<void> {
    if (!this.scan) return;
    this.scan.stopping = true;
    await api()
      .cancelScan()
      .catch((thrown: unknown) => this.complain(thrown));
  }

  /** Keeps time and status up to date while the window lives. Answers with its end. */
  start(): () => void {
    const clock = setInterval(() => {
      const now = Date.now();
      if (this.clipboard && now >= this.clipboard.until) this.clipboard = null;
      const counting = this.clipboard !== null || this.scan !== null;
      if (counting || now - this.now > 30_000) this.now = now;
    }, 1000);
    const status = setInterval(() => {
      if (!document.hidden) void this.status.run(() => api().status());
    }, 20_000);
    const focus = () => void this.refresh();
    window.addEventListener("focus", focus);
    let told = 0;
    const active = () => {
      if (this.locked || Date.now() - told < ACTIVE_MILLIS) return;
      told = Date.now();
      api()
        .active()
        .catch((thrown: unknown) => this.complain(thrown));
    };
    for (const event of ACTIVITY) window.addEventListener(event, active, { passive: true });
    const locked = api().onLocked(() => {
      if (this.lock.value?.passphrase) this.#forget({ ...this.lock.value, locked: true });
    });
    const progress = api().onScanProgress((step) => {
      if (this.scan && this.scan.path === step.path) this.scan.progress = step;
    });
    return () => {
      clearInterval(clock);
      clearInterval(status);
      window.removeEventListener("focus", focus);
      for (const event of ACTIVITY) window.removeEventListener(event, active);
      void locked.then((end) => end());
      void progress.then((end) => end());
    };
  }
}

export const app = new App();
