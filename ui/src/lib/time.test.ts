import { expect, test } from "vitest";
import {
  addDays,
  agoWords,
  dueWords,
  durationWords,
  everyWords,
  exact,
  mondayOf,
  shortDay,
  whenWords,
} from "./time";

test("a due day is told in words on both sides of today", () => {
  expect(dueWords(12)).toBe("in 12 days");
  expect(dueWords(1)).toBe("in 1 day");
  expect(dueWords(0)).toBe("due today");
  expect(dueWords(-1)).toBe("1 day overdue");
  expect(dueWords(-3)).toBe("3 days overdue");
  expect(dueWords(null)).toBe("never due");
});

test("the past is rounded down, and a clock that jumped back is not the future", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  expect(agoWords("2026-11-21T11:59:30Z", now)).toBe("just now");
  expect(agoWords("2026-11-21T11:58:01Z", now)).toBe("1 minute ago");
  expect(agoWords("2026-11-21T09:01:00Z", now)).toBe("2 hours ago");
  expect(agoWords("2026-11-09T12:00:00Z", now)).toBe("12 days ago");
  expect(agoWords("2027-01-01T00:00:00Z", now)).toBe("just now");
  expect(agoWords("yesterday-ish", now)).toBe("at an unknown time");
});

test("a calendar day keeps its day in every time zone", () => {
  expect(exact("2026-11-21")).toBe("21 November 2026");
  expect(shortDay("2026-01-05")).toBe("5 Jan");
  expect(exact("no date")).toBe("no date");
});

test("weeks begin on Monday, across months and years", () => {
  expect(mondayOf("2026-11-22")).toBe("2026-11-16");
  expect(mondayOf("2026-11-16")).toBe("2026-11-16");
  expect(mondayOf("2027-01-01")).toBe("2026-12-28");
  expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
});

test("durations stay short", () => {
  expect(durationWords(7.6)).toBe("8 s");
  expect(durationWords(125)).toBe("2 min 5 s");
  expect(durationWords(120)).toBe("2 min");
  expect(durationWords(3840)).toBe("1 h 4 min");
  expect(durationWords(-5)).toBe("0 s");
});

test("what comes, and how often", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  expect(whenWords("2026-11-21T11:00:00Z", now)).toBe("now");
  expect(whenWords("2026-11-21T12:05:00Z", now)).toBe("in 5 minutes");
  expect(whenWords("2026-11-21T13:30:00Z", now)).toBe("in 1 hour");
  expect(whenWords("2026-11-24T12:00:00Z", now)).toBe("in 3 days");
  expect(everyWords(3600)).toBe("every hour");
  expect(everyWords(43_200)).toBe("every 12 hours");
  expect(everyWords(86_400)).toBe("every day");
  expect(everyWords(604_800)).toBe("every week");
  expect(everyWords(864_000)).toBe("every 10 days");
});
