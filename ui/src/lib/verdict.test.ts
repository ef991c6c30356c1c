import { expect, test } from "vitest";
import { facts, verdictLine, whatToChange } from "./verdict";

test("only a valid one is called valid", () => {
  expect(verdictLine({ verdict: "valid" }).text).toBe("Valid");
  expect(verdictLine({ verdict: "authenticated" }).text).not.toMatch(/valid/i);
  expect(verdictLine({ verdict: "undecidable" }).tone).toBe("warn");
  expect(verdictLine({ verdict: "invalid" }).tone).toBe("bad");
  expect(verdictLine({ verdict: "a word of tomorrow" as "invalid" }).tone).toBe("bad");
});

test("what to change names no flag of the command line", () => {
  const hint = "Give it with `--param cert=F`.";
  expect(whatToChange({ hint: "Trim it." })).toBe("Trim it.");
  const words = "Fetch the certificate.";
  expect(whatToChange({ hint, wanted: { parameter: null, words } })).toBe(words);
  expect(whatToChange({ hint, wanted: { parameter: "cert", words } })).toBe(
    "Fetch the certificate. Put it under “Replays and parameters” as `cert`, and verify again.",
  );
});

test("signature, age and replay are facts of their own", () => {
  const list = facts({
    checks: [
      { name: "signature", ok: true },
      { name: "timestamp", ok: false, age_seconds: 4000 },
      { name: "replay", ok: true },
    ],
  });
  expect(list.map((fact) => `${fact.name}: ${fact.text}`)).toEqual([
    "Signature: fits",
    "Age: 1 h 6 min old, outside the window",
    "Replay: not seen before",
  ]);
});

test("a clock ahead is said so, and an age may be missing", () => {
  expect(facts({ checks: [{ name: "timestamp", ok: true, age_seconds: -30 }] })[0]?.text).toBe(
    "30 s in the future",
  );
  expect(facts({ checks: [{ name: "timestamp", ok: false }] })[0]?.text).toBe("outside the window");
});
