import { expect, test } from "vitest";
import { bucketOf, compareUrgency, lifeUsed } from "./urgency";

function entry(name: string, state: string, days_left: number | null, run: string | null = null) {
  return { name, state, days_left, run };
}

test("every entry falls into one part of the board", () => {
  expect(bucketOf(entry("a", "fresh", 8))).toBe("month");
  expect(bucketOf(entry("a", "due-soon", 7))).toBe("week");
  expect(bucketOf(entry("a", "due-soon", 0))).toBe("week");
  expect(bucketOf(entry("a", "overdue", -1))).toBe("overdue");
  expect(bucketOf(entry("a", "fresh", 32))).toBe("later");
  expect(bucketOf(entry("a", "fresh", null))).toBe("never");
});

test("a leak is overdue however fresh it is, and a run under way comes before all", () => {
  expect(bucketOf(entry("a", "leaked", 60))).toBe("overdue");
  expect(bucketOf(entry("a", "overdue", -9, "created"))).toBe("running");
});

test("leaked before expired before overdue before the calendar", () => {
  const sorted = [
    entry("never", "fresh", null),
    entry("soon", "due-soon", 3),
    entry("late", "overdue", -9),
    entry("leak", "leaked", 60),
    entry("gone", "expired", 4),
  ].sort(compareUrgency);
  expect(sorted.map((row) => row.name)).toEqual(["leak", "gone", "late", "soon", "never"]);
});

test("the age bar stays within its frame", () => {
  expect(lifeUsed({ age_days: 45, rotate_days: 90 })).toBe(0.5);
  expect(lifeUsed({ age_days: 200, rotate_days: 90 })).toBe(1);
  expect(lifeUsed({ age_days: 200, rotate_days: 0 })).toBe(0);
});
