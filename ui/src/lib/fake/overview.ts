// What is asked of the whole vault: its state, what needs the user, its record, its settings.

import type { Api } from "../api";
import type { Check, EntryRow, Need, RemindStatus } from "../bindings";
import { addDays, dayOf, dueWords, mondayOf } from "../time";
import { LOCKED, type FakeVault } from "./vault";

const DAY = 86_400_000;

function needs(v: FakeVault): Need[] {
  const words: Record<string, (entry: EntryRow) => string> = {
    leaked: (e) => `Rotate \`${e.name}\`: it was committed to a repository.`,
    expired: (e) => `Rotate \`${e.name}\`: the provider let it expire.`,
    overdue: (e) => `Rotate \`${e.name}\`: ${e.age_days} days old.`,
    "due-soon": (e) => `\`${e.name}\` is due ${dueWords(e.days_left)}.`,
  };
  const order = ["leaked", "expired", "overdue", "run", "due-soon"];
  const list = v.rows().map((entry): Need | null => {
    if (entry.run) {
      return {
        kind: "run",
        name: entry.name,
        text: `Continue the rotation of \`${entry.name}\`.`,
      };
    }
    const text = words[entry.state]?.(entry);
    return text ? { kind: entry.state, name: entry.name, text } : null;
  });
  const found = list.filter((need): need is Need => need !== null);
  found.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const newest = v.backups[0];
  if (v.entries.length > 0 && (!newest || Date.now() - Date.parse(newest.created) > 2 * DAY)) {
    found.push({
      kind: "backup",
      name: "",
      text: newest ? "The last backup is 3 days old." : "There is no backup yet.",
    });
  }
  if (v.options.locked)
    found.unshift({ kind: "keychain", name: "", text: "The keychain is locked." });
  return found;
}

function remindStatus(v: FakeVault): RemindStatus {
  return {
    version: 1,
    installed: v.reminders,
    timer: v.reminders ? "/home/ada/.config/systemd/user/keyward-remind-01.timer" : null,
    next: null,
    notify: v.settings.notify,
    quiet_hours: v.settings.quiet_hours || null,
    quiet_until: null,
    due: v.rows().filter((row) => row.state !== "fresh").length,
    snoozed: v.rows().filter((row) => row.snoozed_until).length,
    last_looked: null,
    last_notified: null,
    failure: null,
    note: null,
  };
}

export function overviewCommands(v: FakeVault) {
  return {
    status: async () => {
      await v.turn();
      return {
        program: "0.1.0",
        vault: v.entries.length > 0,
        keychain: v.options.locked
          ? {
              kind: "os",
              ok: false,
              code: LOCKED.code,
              message: "The keychain is locked.",
              hint: LOCKED.hint,
            }
          : { kind: "os", ok: true, code: null, message: "GNOME Keyring answers.", hint: null },
        last_backup: v.backups[0]?.created ?? null,
        last_drill: v.drill?.at ?? null,
        home: "/home/ada/.local/share/keyward",
      };
    },
    home: async () => {
      await v.turn();
      const all = v.rows();
      const start = mondayOf(dayOf(Date.now()));
      const weeks = Array.from({ length: 12 }, (_, index) => ({
        start: addDays(start, index * 7),
        due: 0,
      }));
      for (const entry of all) {
        if (!entry.due) continue;
        const week =
          weeks.findLast((candidate) => candidate.start <= (entry.due ?? "")) ?? weeks[0];
        if (week && entry.due < addDays(start, 84)) week.due += 1;
      }
      return {
        needs: needs(v),
        entries: all.length,
        ages: all.map((entry) => entry.age_days),
        weeks,
      };
    },
    doctor: async () => {
      await v.turn();
      const checks: Check[] = [
        v.options.locked
          ? {
              id: "keychain",
              ok: false,
              code: LOCKED.code,
              message: "The keychain is locked.",
              hint: LOCKED.hint,
            }
          : {
              id: "keychain",
              ok: true,
              code: null,
              message: "GNOME Keyring answers in 4 ms.",
              hint: null,
            },
        { id: "database", ok: true, code: null, message: "The database is whole.", hint: null },
        {
          id: "values",
          ok: true,
          code: null,
          message: `All ${v.entries.length} values are in the keychain.`,
          hint: null,
        },
        {
          id: "permissions",
          ok: true,
          code: null,
          message: "Only you can read the data folder.",
          hint: null,
        },
        {
          id: "backup",
          ok: false,
          code: "BACKUP_LATE",
          message: "The last backup is 3 days old.",
          hint: "Make one under Backups.",
        },
      ];
      return { version: 1, ok: checks.every((check) => check.ok), checks };
    },

    audit: async ({ entry }) => {
      await v.turn();
      return {
        version: 1,
        rows: entry ? v.audit.filter((line) => line.subject === entry) : v.audit,
      };
    },
    auditVerify: async () => {
      await v.turn();
      return {
        version: 1,
        ok: true,
        rows: v.audit.length,
        head: `${v.audit.length}:5f1c09ab77e2`,
        broken_at: null,
        message: "Every row fits, and the last one is the anchored head.",
        checked: v.at(),
      };
    },

    settings: async () => {
      await v.turn();
      return v.settings;
    },
    saveSettings: async (args) => {
      await v.turn();
      v.settings = args.settings;
      return v.settings;
    },
    sendReminder: async () => {
      await v.turn();
      return "3 entries need you: acme/prod/stripe is 97 days old.";
    },
    remindStatus: async () => {
      await v.turn();
      return remindStatus(v);
    },
    remindInstall: async () => {
      await v.turn();
      v.reminders = true;
      v.settings = { ...v.settings, notify: true };
      return remindStatus(v);
    },
    remindRemove: async () => {
      await v.turn();
      v.reminders = false;
      return remindStatus(v);
    },
  } satisfies Partial<Api>;
}
