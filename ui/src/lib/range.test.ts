import { expect, test } from "vitest";
import { whole } from "./range";

test("numbers are kept within their range", () => {
  expect(whole("30", 5, 600)).toBe(30);
  expect(whole("4", 5, 600)).toBe(5);
  expect(whole("99999999999999999999999", 5, 600)).toBe(600);
  expect(whole("-1", 0, 365)).toBe(0);
});

test("what is no number is not guessed", () => {
  expect(whole("", 5, 600)).toBeNull();
  expect(whole("1e3", 5, 600)).toBeNull();
  expect(whole("12.5", 5, 600)).toBeNull();
});
