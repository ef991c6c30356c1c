import { expect, test } from "vitest";
import { ariaCombo, comboLabel, isTyping, listMove, matches, type Press } from "./keys";

function press(key: string, held: Partial<Press> = {}): Press {
  return { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held };
}

test("mod is Ctrl here and Cmd on a Mac", () => {
  expect(matches(press("k", { ctrlKey: true }), "mod+k", false)).toBe(true);
  expect(matches(press("k", { metaKey: true }), "mod+k", true)).toBe(true);
  expect(matches(press("k", { metaKey: true }), "mod+k", false)).toBe(false);
  expect(matches(press("k"), "mod+k", false)).toBe(false);
});

test("a plain key with a modifier held is another key", () => {
  expect(matches(press("n"), "n", false)).toBe(true);
  expect(matches(press("n", { ctrlKey: true }), "n", false)).toBe(false);
  expect(matches(press("n", { altKey: true }), "n", false)).toBe(false);
  expect(matches(press("N", { shiftKey: true }), "n", false)).toBe(false);
});

test("a slash counts wherever the layout puts it", () => {
  expect(matches(press("/", { shiftKey: true }), "/", false)).toBe(true);
});

test("presses inside an input method are left alone", () => {
  expect(matches(press("n", { isComposing: true }), "n", false)).toBe(false);
});

test("letters belong to fields, not to buttons and checkboxes", () => {
  const input = document.createElement("input");
  expect(isTyping(input)).toBe(true);
  input.type = "checkbox";
  expect(isTyping(input)).toBe(false);
  expect(isTyping(document.createElement("textarea"))).toBe(true);
  expect(isTyping(document.createElement("select"))).toBe(true);
  expect(isTyping(document.createElement("button"))).toBe(false);
  expect(isTyping(null)).toBe(false);
});

test("a list stops at its ends and pages through", () => {
  expect(listMove("ArrowDown", 0, 3)).toBe(1);
  expect(listMove("ArrowDown", 2, 3)).toBe(2);
  expect(listMove("ArrowUp", 0, 3)).toBe(0);
  expect(listMove("ArrowDown", -1, 3)).toBe(0);
  expect(listMove("PageDown", 0, 30)).toBe(10);
  expect(listMove("End", 0, 3)).toBe(2);
  expect(listMove("x", 0, 3)).toBeNull();
  expect(listMove("ArrowDown", 0, 0)).toBeNull();
});

test("combinations are printed for people and for screen readers", () => {
  expect(comboLabel("mod+k", false)).toBe("Ctrl K");
  expect(comboLabel("mod+k", true)).toBe("⌘ K");
  expect(ariaCombo("mod+k", false)).toBe("Control+k");
});
