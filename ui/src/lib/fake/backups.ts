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
  if (args.passphrase === "wrong") {
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
  };
}

export function backupCommands(v: FakeVault) {
  return {
    backups: async () => {
      await v.turn();
      return { version: 1, backups: v.backups };
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
      v.record("drill", args.path);
      return backupReport(backup);
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
