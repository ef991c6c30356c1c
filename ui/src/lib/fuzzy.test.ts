import { expect, test } from "vitest";
import { contains, fuzzy, rank } from "./fuzzy";

const names = ["acme/prod/stripe", "acme/test/stripe", "acme/prod/sendgrid", "blog/prod/postgres"];

test("letters count in their order only", () => {
  expect(fuzzy("aps", "acme/prod/stripe")?.at).toEqual([0, 5, 10]);
  expect(fuzzy("spa", "acme/prod/stripe")).toBeNull();
  expect(fuzzy("", "anything")).toEqual({ score: 0, at: [] });
});

test("the start of a word wins over its middle, a whole word over scattered letters", () => {
  expect(rank("stripe", names, (n) => n).map((r) => r.item)).toEqual(names.slice(0, 2));
  expect(rank("aps", names, (n) => n)[0]?.item).toBe("acme/prod/stripe");
  expect(rank("prod post", names, (n) => n)[0]?.item).toBe("blog/prod/postgres");
});

test("an empty query keeps the order", () => {
  expect(rank("", names, (n) => n).map((r) => r.item)).toEqual(names);
});

test("letters whose lower case is longer do not shift the marks", () => {
  expect(fuzzy("b", "İb")?.at).toEqual([1]);
});

test("a filter wants all of its words, in any order", () => {
  expect(contains("stripe prod", "acme/prod/stripe")).toBe(true);
  expect(contains("stripe test", "acme/prod/stripe")).toBe(false);
  expect(contains("  ", "acme")).toBe(true);
});
