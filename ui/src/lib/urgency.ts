// Which entry needs the user first, and into which part of the board it falls.

import type { EntryRow } from "./bindings";

/** The parts of the rotation board, most pressing first. */
export type Bucket = "running" | "overdue" | "week" | "month" | "later" | "never";

export const BUCKETS: { id: Bucket; name: string }[] = [
  { id: "running", name: "Under way" },
  { id: "overdue", name: "Overdue" },
  { id: "week", name: "This week" },
  { id: "month", name: "This month" },
  { id: "later", name: "Later" },
  { id: "never", name: "Never" },
];

type Dated = Pick<EntryRow, "state" | "days_left" | "run">;

/** Leaked and expired values are overdue whatever the calendar says. */
export function bucketOf(entry: Dated): Bucket {
  if (entry.run) return "running";
  if (entry.state === "leaked" || entry.state === "expired" || entry.state === "overdue")
    return "overdue";
  if (entry.days_left === null) return "never";
  if (entry.days_left < 0) return "overdue";
  if (entry.days_left <= 7) return "week";
  return entry.days_left <= 31 ? "month" : "later";
}

const RANK: Record<string, number> = { leaked: 0, expired: 1, overdue: 2 };

/** Orders entries by how soon they need the user. */
export function compareUrgency(a: Dated & { name: string }, b: Dated & { name: string }): number {
  const state = (RANK[a.state] ?? 3) - (RANK[b.state] ?? 3);
  if (state !== 0) return state;
  const days = (a.days_left ?? Number.MAX_SAFE_INTEGER) - (b.days_left ?? Number.MAX_SAFE_INTEGER);
  return days !== 0 ? days : a.name.localeCompare(b.name);
}

/** How much of its life a value has used, 0 to 1; 0 when it never rotates. */
export function lifeUsed(entry: Pick<EntryRow, "age_days" | "rotate_days">): number {
  if (entry.rotate_days <= 0) return 0;
  return Math.min(1, Math.max(0, entry.age_days / entry.rotate_days));
}
