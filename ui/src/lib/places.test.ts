import { expect, test } from "vitest";
import { isComplete, PLACE_KINDS, placeOf, placeOfSeen, type Typed } from "./places";

const kind = (id: string) => PLACE_KINDS.find((known) => known.id === id) ?? PLACE_KINDS[0]!;

test("a place takes the fields of its kind and no others", () => {
  const typed: Typed = { path: " /a/.env ", key: "", address: "https://x", credential: "a/b/c" };
  expect(placeOf(kind("dotenv"), typed)).toMatchObject({
    kind: "dotenv",
    path: "/a/.env",
    key: null,
    address: null,
    credential: null,
  });
});

test("arguments stand a line each, and keep their blanks", () => {
  const place = placeOf(kind("command"), { argv: "fly\nsecrets import \n\n", check: "" });
  expect(place.argv).toEqual(["fly", "secrets import"]);
  expect(place.check).toEqual([]);
});

test("a kind with a credential of its own needs it", () => {
  const typed: Typed = { project: "ada/blog" };
  expect(isComplete(kind("github-actions"), typed)).toBe(false);
  expect(isComplete(kind("github-actions"), { ...typed, credential: "a/b/c" })).toBe(true);
  expect(isComplete(kind("dotenv"), { path: "  " })).toBe(false);
});

test("what was seen becomes a place where it is one", () => {
  expect(placeOfSeen({ how: "import", place: "/a/.env" })).toMatchObject({
    kind: "dotenv",
    path: "/a/.env",
  });
  expect(placeOfSeen({ how: "env", place: "sh" })).toBeNull();
  expect(placeOfSeen({ how: "leak", place: "/a: b.py" })).toBeNull();
  expect(placeOfSeen({ how: "run", place: "npm run server" })).toMatchObject({
    kind: "by-hand",
    note: "Start again: npm run server",
  });
});
