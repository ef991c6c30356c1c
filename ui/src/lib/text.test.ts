import { expect, test } from "vitest";
import { count, middleEllipsis, oneLine, plural, sizeWords, splitPath, visible } from "./text";

test("text that would turn, hide or escape is spelled out", () => {
  expect(visible("invoice\u202egnp.exe")).toBe("invoice⟨U+202E⟩gnp.exe");
  expect(visible("a\u200bb\u0007\u001b[31m")).toBe("a⟨U+200B⟩b⟨U+0007⟩⟨U+001B⟩[31m");
  expect(visible("tag\u{e0041}")).toBe("tag⟨U+E0041⟩");
  expect(visible("two\nlines\t")).toBe("two\nlines\t");
  expect(oneLine("two\r\nlines")).toBe("two␍␊lines");
});

test("markup is left as the characters it is", () => {
  expect(visible("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
});

test("the middle gives way, never the end, and no character is cut in half", () => {
  expect(middleEllipsis("/home/ada/work/acme/app/config.py", 15)).toBe("/home/a…nfig.py");
  expect(middleEllipsis("short", 5)).toBe("short");
  expect(middleEllipsis("🙂🙂🙂🙂", 3)).toBe("🙂…🙂");
  expect(middleEllipsis("abc", 1)).toBe("…");
  expect(middleEllipsis("abc", 2)).toBe("a…");
});

test("a path is parted before its last name", () => {
  expect(splitPath("/home/ada/acme")).toEqual(["/home/ada/", "acme"]);
  expect(splitPath("/home/ada/acme/")).toEqual(["/home/ada/", "acme/"]);
  expect(splitPath("C:\\work\\acme")).toEqual(["C:\\work\\", "acme"]);
  expect(splitPath(".env")).toEqual(["", ".env"]);
  expect(splitPath("/")).toEqual(["", "/"]);
});

test("counts and sizes", () => {
  expect(count(1234567)).toBe("1\u202f234\u202f567");
  expect(plural(1, "entry", "entries")).toBe("1 entry");
  expect(plural(0, "finding")).toBe("0 findings");
  expect(sizeWords(512)).toBe("512 B");
  expect(sizeWords(196_838_471)).toBe("188 MiB");
  expect(sizeWords(1536)).toBe("1.5 KiB");
});
