import { expect, test } from "vitest";
import { pace } from "./progress";

test("share, rate and time left follow from what the last scan read", () => {
  expect(pace(50, 200, 10)).toEqual({ share: 0.25, rate: 5, left: 30 });
});

test("without a last scan only the rate is known", () => {
  expect(pace(50, null, 10)).toEqual({ share: null, rate: 5, left: null });
});

test("a tree that has grown is almost done, never more", () => {
  expect(pace(300, 200, 10)).toEqual({ share: 0.99, rate: 30, left: 0 });
});

test("the first moment divides by nothing", () => {
  expect(pace(0, 200, 0)).toEqual({ share: null, rate: 0, left: null });
});
