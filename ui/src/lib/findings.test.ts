import { expect, test } from "vitest";
import type { Finding, Place } from "./bindings";
import {
  groupFindings,
  isEnvFile,
  origin,
  pathless,
  reach,
  splitAuthor,
  standing,
  under,
  wrappings,
} from "./findings";

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

function at(source: Place["source"], commit: string | null = null): Place {
  return { path: "p", line: 1, column: 1, commit, source };
}

function standingOf(places: Place[], facts: Partial<Finding> = {}) {
  const [first] = places;
  return standing({
    ...finding("f", "high"),
    commit: first?.commit ?? null,
    source: first?.source ?? "worktree",
    places,
    ...facts,
  });
}

test("what was never committed says how far it came, and nothing of a push", () => {
  expect(standingOf([at("worktree")])).toEqual({ held: "Only on this disk", sent: null });
  expect(standingOf([at("worktree"), at("index")])).toEqual({
    held: "Staged, not committed",
    sent: null,
  });
  expect(standingOf([at("history")], { in_head: false })?.held).toMatch(/no branch/);
  expect(standingOf([at("stdin")])).toBeNull();
});

test("what was committed says where it still is and whether it was pushed", () => {
  const commit = "41c08e2b6d1f0a9e57c3d24f8a6b19e0c7d5f312";
  const both = [at("worktree"), at("history", commit)];
  expect(standingOf(both, { pushed: true })).toEqual({ held: "Still in the files", sent: "Pushed" });
  const history = [at("history", commit)];
  expect(standingOf(history, { in_head: true, pushed: false })).toEqual({
    held: "Still in the last commit",
    sent: "Not pushed yet, as far as this copy knows",
  });
  expect(standingOf(history, { in_head: false, pushed: true })).toEqual({
    held: "Only in history",
    sent: "Pushed",
  });
  expect(standingOf([at("commit-message", commit)], { in_head: false })?.held).toBe(
    "Only in history",
  );
});

test("who can use it depends on how far it came", () => {
  expect(reach({ ...finding("f", "high"), pushed: true })).toMatch(/the repository/);
  expect(reach({ ...finding("f", "high"), commit: "41c08e2" })).toMatch(/this history/);
  expect(reach(finding("f", "high"))).toMatch(/this folder/);
});

test("a report of before findings said all this can still be shown", () => {
  const old: Partial<Finding> = finding("old", "high");
  for (const field of ["author", "date", "in_head", "pushed", "steps"] as const) delete old[field];
  const [shown] = groupFindings([old as Finding]).others;
  expect(shown?.steps).toEqual([]);
  expect(standing(old as Finding)).toBeNull();
});

test("an author is a name and an address", () => {
  expect(splitAuthor("Ada Lovelace <ada@acme.example>")).toEqual({
    name: "Ada Lovelace",
    address: "ada@acme.example",
  });
  expect(splitAuthor("Ada")).toEqual({ name: "Ada", address: "" });
  expect(splitAuthor("<ada@acme.example>")).toEqual({ name: "ada@acme.example", address: "" });
});

test("wrappings are told from the inside out", () => {
  expect(wrappings(["archive", "base64"])).toBe("base64 inside an archive");
  expect(wrappings(["utf16"])).toBe("UTF-16");
});

test("a place without a path or a commit has words for it", () => {
  expect(pathless({ path: "", source: "commit-message" })).toBe("commit message");
  expect(pathless({ path: "", source: "history" })).toBe("no file leads to it");
  expect(pathless({ path: "a", source: "history" })).toBeNull();
  expect(origin(at("history", "41c08e2b6d1f"))).toBe("41c08e2");
  expect(origin(at("index"))).toBe("staged");
  expect(origin(at("worktree"))).toBe("on disk");
  expect(origin(at("history"))).toBe("unreachable");
});
