import { expect, test } from "vitest";
import type { AuditRow, RunView } from "./bindings";
import { briefWords, doesWords, doneBy, leftSeconds, sentWords, shapeWords, tookWords } from "./run";

const row = (seconds: number, action: string, detail: string, actor = "desktop"): AuditRow => ({
  seq: seconds,
  at: new Date(seconds * 1000).toISOString(),
  actor,
  action,
  subject: "a/b/c",
  detail,
});

function run(step: string, seconds: number, more: Partial<RunView> = {}) {
  const done = new Date(seconds * 1000).toISOString();
  return {
    started: new Date(10_000).toISOString(),
    steps: [{ id: step, title: "", state: "done", done }],
    places: [],
    proofs: [],
    ...more,
  };
}

test("a key that Keyward made is told from one that was handed in", () => {
  const made = [row(20, "rotate-next", "created"), row(15, "rotate-begin", "planned")];
  expect(doneBy(run("generate", 20), "generate", made)).toBe("by Keyward");
  const byHand = [row(20, "rotate-next", "created", "cli")];
  expect(doneBy(run("generate", 20), "generate", byHand)).toBe("by you, on the command line");
  const failed = [
    row(20, "rotate-next", "created"),
    row(16, "rotate-failed", "planned"),
    row(15, "rotate-begin", "planned"),
  ];
  expect(doneBy(run("generate", 20), "generate", failed)).toBe("by you, in this window");
});

test("what an earlier run did says nothing of this one", () => {
  expect(doneBy(run("generate", 20), "generate", [row(2, "rotate-begin", "planned")])).toBe("");
});

test("a proof is Keyward's only with the provider's own words", () => {
  const proof = (said: string | null) => ({
    proofs: [{ of: "old-dead", at: "", said, after_ms: null }],
  });
  expect(doneBy(run("prove", 20, proof("401")), "prove", [])).toBe("by Keyward");
  const told = [row(20, "rotate-next", "verified-dead")];
  expect(doneBy(run("prove", 20, proof(null)), "prove", told)).toBe("by you, in this window");
});

test("each shape has its sentence, and an unknown one none", () => {
  expect(shapeWords("roll-in-place")).toMatch(/at once: have the places ready/);
  expect(shapeWords("constructor")).toBe("");
});

test("what Keyward does and what it sends is said", () => {
  const all = { can_check: true, can_create: true, can_revoke: true };
  expect(doesWords(all)).toBe("make the new key, ask whether a key works and revoke the old one");
  expect(doesWords({ ...all, can_create: false, can_revoke: false })).toBe(
    "ask whether a key works",
  );
  expect(doesWords({ can_check: false, can_create: false, can_revoke: false })).toBe("");
  const gitlab = { endpoint: null, admin: null, own: false };
  expect(sentWords(gitlab)).toMatch(/the provider's own address/);
  expect(sentWords({ ...gitlab, endpoint: "https://git.acme.example" })).toMatch(
    /to https:\/\/git\.acme\.example/,
  );
});

test("a provider in a few words", () => {
  const none = { can_check: false, can_create: false, can_revoke: false, tried: "real" };
  expect(briefWords(none)).toBe("guides · tried for real");
  expect(briefWords({ ...none, can_check: true, can_revoke: true, tried: "documented" })).toBe(
    "checks, revokes · from documentation",
  );
});

test("time left and time taken", () => {
  expect(leftSeconds("1970-01-01T00:01:00Z", 20_000)).toBe(40);
  expect(leftSeconds(null, 0)).toBe(0);
  expect(leftSeconds("not a time", 0)).toBe(0);
  const proof = { of: "old-dead", at: "", said: "401", after_ms: 4310 };
  expect(tookWords(proof)).toBe("4.3 s after it was revoked");
  expect(tookWords({ ...proof, of: "new-alive", after_ms: 120_000 })).toBe("2 min after it was made");
});
