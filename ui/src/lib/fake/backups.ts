// Backups and restores.

import { type Api, ApiError, type BackupArgs, type Merge } from "../api";
import type { BackupReport, BackupRow, RestoreReport } from "../bindings";
import type { FakeVault } from "./vault";

function restore(
  v: FakeVault,
  args: BackupArgs & { merge: Merge },
  applied: boolean,
): RestoreReport {
  open(v, args);
  const lost = v.bin.at(-1);
  const changes: RestoreReport["changes"] = v.rows().map((entry) => ({
    name: entry.name,
    change: "same",
    apply: false,
    note: null,
  }));
  const first = changes.find((change) => change.name === "acme/prod/sendgrid");
  if (first) {
    first.change = "older";
    first.apply = args.merge === "overwrite";
    first.note = "The vault's tags are newer.";
  }
  const second = changes.find((change) => change.name === "acme/prod/openai");
  if (second) {
    second.change = "changed";
    second.apply = args.merge !== "skip";
    second.note = "The backup has another value, made later.";
  }
  changes.push({
    name: lost?.name ?? "acme/prod/old-pager",
    change: "added",
    apply: true,
    note: "Removed from the vault since.",
  });
  const number = (kind: string) => changes.filter((change) => change.change === kind).length;
  return {
    version: 1,
    applied,
    added: number("added"),
    changed: number("changed"),
    older: number("older"),
    same: number("same"),
    origin_proved: true,
    changes,
    before: null,
    bad: [],
    warnings: [],
  };
}

function open(v: FakeVault, args: BackupArgs): BackupRow {
  const backup = v.backups.find((candidate) => candidate.path === args.path);
  if (!backup || !backup.present) {
    throw new ApiError(
      "NOT_FOUND",
      `There is no file \`${args.path}\`.`,
      "Choose the backup file.",
    );
  }
  if (args.identity === null && args.passphrase === "wrong") {
    throw new ApiError(
      "BACKUP_WRONG_KEY",
      "The passphrase is wrong, or the head of the file is damaged. Nothing was changed.",
      "Enter the passphrase again.",
    );
  }
  return backup;
}

function backupReport(backup: BackupRow): BackupReport {
  return {
    version: 1,
    path: backup.path,
    vault: "01JD0VAULT",
    created: backup.created,
    entries: backup.entries,
    values: backup.entries + 6,
    size: backup.size,
    origin_proved: true,
    opened: true,
  };
}

export function backupCommands(v: FakeVault) {
  return {
    backups: async () => {
      await v.turn();
      return {
        version: 1,
        backups: v.backups,
        drill: v.drill,
        drill_due: v.drill ? null : "No restore was rehearsed yet.",
        kit: v.kit,
      };
    },
    backupCreate: async ({ path, passphrase }) => {
      await v.keychain();
      if (passphrase === "")
        throw new ApiError(
          "PASSPHRASE_EMPTY",
          "The passphrase is empty. No backup was written.",
          "Enter one that you will remember.",
        );
      const backup: BackupRow = {
        path,
        created: v.at(),
        size: 22_104,
        entries: v.entries.length,
        verified: v.at(),
        present: true,
      };
      v.backups = [backup, ...v.backups.filter((known) => known.path !== path)];
      v.record("backup", path, `${v.entries.length} entries`);
      return backupReport(backup);
    },
    backupVerify: async (args) => {
      await v.turn();
      const backup = open(v, args);
      backup.verified = v.at();
      return backupReport(backup);
    },
    backupDrill: async (args) => {
      await v.turn();
      const backup = open(v, args);
      const at = v.at();
      backup.verified = at;
      const counts = { same: 20, differs: 0, missing: 0, newer: 1 };
      v.drill = { at, path: args.path, ok: true, ...counts };
      v.record("drill", args.path, "20 same, 0 differ, 0 missing, 1 newer since");
      return {
        version: 1,
        path: args.path,
        created: backup.created,
        drilled: at,
        ok: true,
        ...counts,
        removed: 0,
        origin_proved: true,
        rows: [{ name: "acme/prod/openai", number: 2, result: "newer" }],
      };
    },
    backupKit: async ({ path }) => {
      await v.keychain();
      const replaced = v.kit?.recipient ?? null;
      const recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
      v.kit = { recipient, created: v.at() };
      v.record("recovery-kit", recipient);
      return { version: 1, path, replaced, ...v.kit };
    },
    scheduleStatus: async () => {
      await v.turn();
      return v.schedule;
    },
    scheduleSet: async ({ folder, every }) => {
      await v.keychain();
      if (!v.kit)
        throw new ApiError(
          "BACKUP_NO_RECIPIENT",
          "A scheduled backup needs to know for whom it is. Nothing was changed.",
          "Make a recovery kit first.",
        );
      v.schedule = {
        ...v.schedule,
        set: true,
        every,
        recipients: [v.kit.recipient],
        next: v.at(),
        folders: [{ folder, present: true, files: 0, last: null }],
        timer: "/home/ada/.config/systemd/user/keyward-backup-01jd0vault.timer",
      };
      return v.schedule;
    },
    scheduleRemove: async () => {
      await v.keychain();
      v.schedule = { ...v.schedule, set: false, folders: [], timer: null };
    },
    scheduleRun: async () => {
      await v.keychain();
      const at = v.at();
      const folders = v.schedule.folders.map((row) => {
        const path = `${row.folder}/keyward-01JD0VAULT-${at.replaceAll(/[-:]|\.\d+/g, "")}.age`;
        const backup: BackupRow = {
          path,
          created: at,
          size: 21_980,
          entries: v.entries.length,
          verified: null,
          present: true,
        };
        v.backups = [backup, ...v.backups];
        row.files += 1;
        row.last = at;
        return { folder: row.folder, state: "written", path, pruned: [], error: null };
      });
      return { version: 1, ok: true, folders };
    },
    restorePreview: async (args) => {
      await v.turn();
      return restore(v, args, false);
    },
    restoreApply: async (args) => {
      await v.keychain();
      const report = restore(v, args, true);
      const lost = v.bin.pop();
      if (lost) v.entries.push(lost);
      v.record("restore", args.path, `${report.added} added`);
      return report;
    },
  } satisfies Partial<Api>;
}
