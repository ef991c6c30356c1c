import { beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "./api";
import { tauriApi } from "./tauri";

const invoke = vi.hoisted(() => vi.fn());
vi.mock("@tauri-apps/api/core", () => ({ invoke }));

beforeEach(() => {
  invoke.mockReset();
});

test("each method is the one command of its name, with its own arguments", async () => {
  const args = { name: "acme/prod/stripe", path: "/tmp/x" };
  for (const [method, call] of Object.entries(tauriApi)) {
    // Those listen to events.
    if (["onScanProgress", "onRotationProgress", "onLocked"].includes(method)) continue;
    invoke.mockReset();
    invoke.mockResolvedValue(null);
    // Every method takes at most one object.
    await (call as (given: object) => Promise<unknown>)(args);
    const command = method.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect(invoke).toHaveBeenCalledTimes(1);
    expect(invoke.mock.calls[0]?.[0]).toBe(command);
    const sent = invoke.mock.calls[0]?.[1];
    if (sent !== undefined) expect(sent).toEqual(args);
  }
});

test("what the program rejects with arrives as one kind of error", async () => {
  invoke.mockRejectedValue({ code: "KC_LOCKED", message: "Locked.", hint: "Unlock it." });
  const error = await tauriApi.status().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: "KC_LOCKED", hint: "Unlock it." });
});
