import { expect, test } from "vitest";
import { actionWords, byDay } from "./audit";
import type { AuditRow } from "./bindings";

const row = (seq: number, at: string): AuditRow => ({
  seq,
  at,
  actor: "cli",
  action: "add",
  subject: "",
  detail: null,
});

test("an action of tomorrow is shown by its name", () => {
  expect(actionWords("rotate-start")).toBe("Rotation started");
  expect(actionWords("swap-values")).toBe("Swap values");
  expect(actionWords("constructor")).toBe("Constructor");
});

test("rows stay in order below their day, even when a clock jumped", () => {
  const days = byDay([
    row(3, "2026-11-21T09:00:00Z"),
    row(2, "2026-11-20T09:00:00Z"),
    row(1, "2026-11-21T08:00:00Z"),
  ]);
  expect(days.map((day) => [day.day, day.rows.map((r) => r.seq)])).toEqual([
    ["2026-11-21", [3, 1]],
    ["2026-11-20", [2]],
  ]);
});
