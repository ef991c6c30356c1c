import { expect, test } from "vitest";
import { emptyScheme, schemeFile } from "./ownscheme";

test("a form becomes a scheme file", () => {
  const file = schemeFile({ ...emptyScheme(), prefix: "sha256=", header: " X-Own " });
  expect(file).toContain('header = "X-Own"\nprefix = "sha256="\n[sign]\n');
  expect(file).toContain('template = "{body}"');
  expect(file).not.toContain("[timestamp]");
});

test("what was typed cannot end a string of the file", () => {
  const template = '{body}"\nmethod = "none';
  const file = schemeFile({ ...emptyScheme(), template, timestamp: "X-Time" });
  expect(file).toContain('template = "{body}\\"\\nmethod = \\"none"\n');
  expect(file).toContain('[timestamp]\nheader = "X-Time"\n');
});
