// The audit record as a quiet timeline: rows by day, actions in words.

import type { AuditRow } from "./bindings";

const WORDS: Record<string, string> = {
  add: "Added",
  edit: "Edited",
  remove: "Removed",
  restore: "Restored",
  reveal: "Revealed",
  copy: "Copied",
  import: "Imported",
  export: "Exported",
  run: "Run",
  env: "Exported",
  scan: "Scanned",
  backup: "Backed up",
  drill: "Rehearsed",
  "recovery-kit": "Made a recovery kit",
  "backup-schedule": "Changed the schedule",
  "backup-prune": "Let an old backup go",
  issue: "Issued a key",
  "issue-revoke": "Revoked a key",
  "issue-hash": "Showed a hash",
  "rotate-start": "Rotation started",
  "rotate-next": "Rotation moved on",
  "rotate-abort": "Rotation cancelled",
  "rotate-begin": "Rotation at work",
  "rotate-failed": "Rotation held up",
  "rotate-place": "Place written",
  "rotate-settled": "Cleared up",
  "rotate-lost": "Answer lost",
  "rotate-expiry": "Expiry read back",
  revoke: "Revoked",
  check: "Asked the provider",
  connect: "Connected",
  "provider-allow": "Provider allowed",
  "provider-forbid": "Provider forbidden",
  "provider-add": "Connector taken in",
  "destination-add": "Place added",
  "destination-remove": "Place forgotten",
  "destination-push": "Place written",
  "destination-check": "Place looked at",
};

/** An action in words; one that is not known is shown by its own name. */
export function actionWords(action: string): string {
  const known = Object.hasOwn(WORDS, action) ? WORDS[action] : undefined;
  if (known) return known;
  const words = action.replace(/[-_]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Rows in their order, parted by calendar day (UTC). */
export function byDay(rows: AuditRow[]): { day: string; rows: AuditRow[] }[] {
  const days: { day: string; rows: AuditRow[] }[] = [];
  for (const row of rows) {
    const day = row.at.slice(0, 10);
    const found = days.find((known) => known.day === day);
    if (found) found.rows.push(row);
    else days.push({ day, rows: [row] });
  }
  return days;
}
