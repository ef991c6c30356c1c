import { expect, test } from "vitest";
import { ACTIONS, SCREENS } from "./actions";

test("no key means two things on one screen", () => {
  for (const screen of SCREENS) {
    const keys = ACTIONS.filter(
      (action) => action.screen === undefined || action.screen === screen.id,
    )
      .map((action) => action.key)
      .filter((key) => key !== undefined);
    expect(new Set(keys).size, screen.name).toBe(keys.length);
  }
});

test("N is the primary action of every screen", () => {
  for (const screen of SCREENS) {
    expect(
      ACTIONS.filter((action) => action.key === "n" && action.screen === screen.id),
      screen.name,
    ).toHaveLength(1);
  }
});

test("ids are unique, so that a button names one action", () => {
  expect(new Set(ACTIONS.map((action) => action.id)).size).toBe(ACTIONS.length);
});
