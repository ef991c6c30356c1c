import { expect, test } from "vitest";
import type { Finding } from "./bindings";
import { groupFindings, isEnvFile, under } from "./findings";

function finding(
  id: string,
  severity: string,
  confidence: Finding["confidence"] = "high",
  stage?: string,
): Finding {
  return {
    rule: "r",
    name: "R",
    kind: "token",
    mode: null,
    provider: null,
    severity: severity as Finding["severity"],
    confidence,
    path: "p",
    line: 1,
    column: 1,
    end_line: 1,
    end_column: 2,
    commit: null,
    blob: null,
    source: "worktree",
    secret: "s",
    fingerprint: id,
    places: [],
    decoded: [],
    own: stage ? { entry: "a/b/c", version: 1, stage } : null,
    author: null,
    date: null,
    in_head: true,
    pushed: false,
    advice: null,
    steps: [],
    console: null,
  };
}

test("our own come first, the one in use before the dead one, low confidence last", () => {
  const groups = groupFindings([
    finding("high", "high"),
    finding("noise", "critical", "low"),
    finding("dead", "critical", "high", "dead"),
    finding("critical", "critical"),
    finding("current", "medium", "low", "current"),
  ]);
  expect(groups.own.map((f) => f.fingerprint)).toEqual(["current", "dead"]);
  expect(groups.others.map((f) => f.fingerprint)).toEqual(["critical", "high"]);
  expect(groups.low.map((f) => f.fingerprint)).toEqual(["noise"]);
});

test("a severity of tomorrow sorts last and is not lost", () => {
  const groups = groupFindings([finding("new", "cosmic"), finding("low", "low")]);
  expect(groups.others.map((f) => f.fingerprint)).toEqual(["low", "new"]);
});

test("files and paths", () => {
  expect(isEnvFile("app/.env.production")).toBe(true);
  expect(isEnvFile("environment.py")).toBe(false);
  expect(under("/a/b/", ".env")).toBe("/a/b/.env");
});
