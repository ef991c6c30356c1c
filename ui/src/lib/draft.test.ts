import { expect, test } from "vitest";
import { blank, toEdit, toNew } from "./draft";

test("what was left empty is left to the program", () => {
  const sent = toNew(
    { ...blank(), name: " acme/prod/stripe ", tags: "b, a,,b", rotate: undefined },
    false,
  );
  expect(sent.name).toBe("acme/prod/stripe");
  expect(sent.tags).toEqual(["a", "b"]);
  expect(sent.kind).toBeNull();
  expect(sent.rotate_days).toBeNull();
  expect(sent.force).toBe(false);
});

test("never (0 days) is not the same as empty", () => {
  expect(toNew({ ...blank(), rotate: 0 }, false).rotate_days).toBe(0);
});

test("an edit sends what changed and nothing else", () => {
  const before = { ...blank(), name: "a/b/c", owner: "ada", rotate: 90, tags: "x" };
  const edit = toEdit(before, { ...before, owner: "", rotate: 30 });
  expect(edit.owner).toBe("");
  expect(edit.rotate_days).toBe(30);
  expect(edit.name).toBeNull();
  expect(edit.tags).toBeNull();
});
