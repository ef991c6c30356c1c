import { expect, test } from "vitest";
import { toApiError } from "./api";
import { hintOf, isDeclined, remedy } from "./remedies";

test("each family of codes has one button", () => {
  expect(remedy("KC_LOCKED")).toBe("retry");
  expect(remedy("KC_TIMEOUT")).toBe("retry");
  expect(remedy("ENV_MISMATCH")).toBe("force");
  expect(remedy("VAULT_BUSY")).toBe("retry");
  expect(remedy("VAULT_DAMAGED")).toBe("health");
  expect(remedy("NAME_INVALID")).toBe("correct");
  expect(remedy("A_CODE_OF_TOMORROW")).toBe("correct");
});

test("a declined reveal is an answer, not a fault", () => {
  expect(isDeclined("REVEAL_DENIED")).toBe(true);
  expect(isDeclined("KC_LOCKED")).toBe(false);
});

test("whatever is thrown becomes one kind of error", () => {
  const known = toApiError({ code: "KC_LOCKED", message: "Locked.", hint: "Unlock it." });
  expect([known.code, known.message, known.hint]).toEqual(["KC_LOCKED", "Locked.", "Unlock it."]);
  expect(toApiError("plain words").message).toBe("plain words");
  expect(toApiError(new Error("boom")).code).toBe("INTERNAL");
  expect(toApiError({ code: "X", message: "m", hint: null }).hint).toBe("");
});

test("a hint that names a flag becomes one of the window", () => {
  expect(hintOf({ code: "VALUE_UNFIT", hint: "`--force` takes it as it is." })).not.toMatch(/--/);
  expect(hintOf({ code: "RUN_STATE", hint: "Look at it with `--status`." })).not.toMatch(/--/);
  expect(hintOf({ code: "RUN_STATE", hint: "Make a new key." })).toBe("Make a new key.");
  expect(hintOf({ code: "KC_LOCKED", hint: "Unlock it." })).toBe("Unlock it.");
  expect(hintOf({ code: "constructor", hint: "x" })).toBe("x");
});
