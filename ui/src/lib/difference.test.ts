import { expect, test } from "vitest";
import { byteIndex, excerptRuns, firstChange, part, runs } from "./difference";

test("two texts part round what differs", () => {
  expect(part('{"a": 1}', '{"a":1}')).toEqual({
    before: '{"a":',
    left: " ",
    right: "",
    after: "1}",
  });
  expect(part("same", "same")).toEqual({ before: "same", left: "", right: "", after: "" });
  expect(part("", "x")).toEqual({ before: "", left: "", right: "x", after: "" });
  expect(part("aa", "aaa")).toEqual({ before: "aa", left: "", right: "a", after: "" });
});

test("the parts always make up the two texts", () => {
  const pairs = [
    ["", ""],
    ["abcabc", "abc"],
    ["🙂", "🙃"],
    ["x🙂y", "x🙃y"],
    ["line\n", "line\r\n"],
  ] as const;
  for (const [left, right] of pairs) {
    const parted = part(left, right);
    expect(parted.before + parted.left + parted.after).toBe(left);
    expect(parted.before + parted.right + parted.after).toBe(right);
  }
});

test("a character outside the basic plane is never cut", () => {
  expect(part("x🙂y", "x🙃y")).toEqual({ before: "x", left: "🙂", right: "🙃", after: "y" });
});

test("a byte offset becomes a place in the text", () => {
  expect(byteIndex("abc", 1)).toBe(1);
  expect(byteIndex("aü🙂b", 3)).toBe(2);
  expect(byteIndex("aü🙂b", 5)).toBe(2);
  expect(byteIndex("aü🙂b", 7)).toBe(4);
  expect(byteIndex("abc", 3)).toBe(3);
  expect(byteIndex("abc", 4)).toBe(-1);
  expect(byteIndex("a\ufffdc", 2)).toBe(-1);
});

test("several small changes are told apart", () => {
  expect(runs('{"a": 1, "b": 2}', '{"a":1,"b":2}').filter((run) => run.side !== "both")).toEqual([
    { text: " ", side: "left" },
    { text: " ", side: "left" },
    { text: " ", side: "left" },
  ]);
});

test("the runs make up both texts, whatever they are", () => {
  const texts = [
    "",
    "a",
    "abcabc",
    "cabbage",
    "line\r\nline\n",
    "🙂🙃",
    "x".repeat(900),
    "xy".repeat(500),
  ];
  for (const left of texts) {
    for (const right of texts) {
      const all = runs(left, right);
      const side = (skip: string) =>
        all
          .filter((run) => run.side !== skip)
          .map((run) => run.text)
          .join("");
      expect(side("right")).toBe(left);
      expect(side("left")).toBe(right);
    }
  }
});

test("the first change is a span of the first text", () => {
  expect(firstChange('{"a": 1, "b": 2}', '{"a":1,"b":2}')).toEqual({ start: 5, end: 6 });
  expect(firstChange("ab", "axb")).toEqual({ start: 1, end: 1 });
  expect(firstChange("same", "same")).toEqual({ start: 4, end: 4 });
});

test("what only one excerpt still shows where both were cut is no difference", () => {
  const marked = (left: string, right: string) =>
    excerptRuns(left, right)
      .filter((run) => run.side !== "both" && !run.same)
      .map((run) => `${run.side} ${run.text}`);
  expect(marked('{"a": 1,"b…', '{"a":1,"bcd…')).toEqual(["left  "]);
  expect(marked('{"a": 1,"b', '{"a":1,"bcd')).toEqual(["left  ", "right cd"]);
  expect(marked("{}\\n", "{}")).toEqual(["left \\n"]);
  expect(marked("abc…", "abcd…")).toEqual(["right d"]);
});
