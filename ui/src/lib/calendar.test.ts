import { expect, test } from "vitest";
import { beyond, calendarWeeks, dayMove } from "./calendar";

const TODAY = "2026-11-21";

test("weeks begin on Monday and run on without a gap", () => {
  const weeks = calendarWeeks([], TODAY, 12);
  expect(weeks).toHaveLength(12);
  expect(weeks[0]?.[0]?.day).toBe("2026-11-16");
  expect(weeks[11]?.[6]?.day).toBe("2027-02-07");
  expect(weeks[0]?.filter((day) => day.today).map((day) => day.day)).toEqual([TODAY]);
});

test("what is overdue counts today, and nothing counts in the past", () => {
  const weeks = calendarWeeks(["2026-01-01", TODAY, "2026-11-30", null], TODAY, 12);
  const due = weeks.flat().filter((day) => day.due > 0);
  expect(due.map((day) => [day.day, day.due])).toEqual([
    [TODAY, 2],
    ["2026-11-30", 1],
  ]);
  expect(due.some((day) => day.past)).toBe(false);
});

test("what comes after the last week is not lost", () => {
  const weeks = calendarWeeks([], TODAY, 2);
  const last = weeks.at(-1)?.at(-1)?.day ?? "";
  expect(beyond([last, "2030-01-01", null, "2029-01-01"], weeks)).toEqual([
    "2029-01-01",
    "2030-01-01",
  ]);
});

test("keys go from day to day and stay between today and the last one", () => {
  const weeks = calendarWeeks([], TODAY, 4);
  const last = weeks.at(-1)?.at(-1)?.day ?? "";
  expect(dayMove("ArrowLeft", TODAY, weeks, TODAY)).toBe(TODAY);
  expect(dayMove("ArrowUp", TODAY, weeks, TODAY)).toBe(TODAY);
  expect(dayMove("PageDown", last, weeks, TODAY)).toBe(last);
  expect(dayMove("ArrowDown", TODAY, weeks, TODAY)).toBe(
    new Date(Date.parse(TODAY) + 7 * 86_400_000).toISOString().slice(0, 10),
  );
  expect(dayMove("a", TODAY, weeks, TODAY)).toBeNull();
});
