import { expect, test } from "vitest";
import type { IssuedKeyRow } from "./bindings";
import { keyName, standing, verdictWords } from "./issued";

const KEY: IssuedKeyRow = {
  id: "k7Qm2XcA",
  prefix: "acme_live",
  label: null,
  project: null,
  env: null,
  created: "2026-01-01T00:00:00Z",
  expires: null,
  revoked: null,
  verified: null,
  state: "active",
  cost: "m=65536,t=3,p=4",
};

test("a key without a label is called by its public part", () => {
  expect(keyName(KEY)).toBe("acme_live_k7Qm2XcA…");
  expect(keyName({ ...KEY, label: "Partner" })).toBe("Partner");
});

test("states and verdicts that are not known are shown as they are", () => {
  expect(standing({ ...KEY, state: "revoked" }).tone).toBe("bad");
  expect(standing({ ...KEY, state: "constructor" }).words).toBe("constructor");
  const verdict = (word: string) =>
    verdictWords({ version: 1, verdict: word, message: "", key: null });
  expect(verdict("not-a-key")).toBe("Not a key");
  expect(verdict("toString")).toBe("toString");
});
