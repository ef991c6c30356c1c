import { expect, test } from "vitest";
import { ageHistogram } from "./ages";

test("every age is counted once, at the edges too", () => {
  const bars = ageHistogram([0, 14, 15, 89, 90, 4000, -3]);
  expect(bars.map((bar) => bar.value)).toEqual([3, 1, 0, 0, 0, 1, 2]);
  expect(bars.at(0)?.label).toBe("0–14");
  expect(bars.at(-1)?.label).toBe("90+");
});
