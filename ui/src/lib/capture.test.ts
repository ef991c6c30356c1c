import { expect, test } from "vitest";
import { decode, edited, paste, shown } from "./capture";

const CRLF = "POST /hook HTTP/1.1\r\nHost: a.example\r\n\r\n{}\r\n";

test("a paste into an empty box keeps every line end", () => {
  expect(paste("", { value: "", start: 0, end: 0 }, CRLF)).toBe(CRLF);
});

test("a paste over everything replaces it, and one in the middle leaves the rest exact", () => {
  const box = shown(CRLF);
  expect(paste(CRLF, { value: box, start: 0, end: box.length }, "x")).toBe("x");
  const host = box.indexOf("a.example");
  expect(paste(CRLF, { value: box, start: host, end: host + 1 }, "b")).toBe(
    CRLF.replace("a.example", "b.example"),
  );
});

test("typing changes what was typed and no line end", () => {
  const box = shown(CRLF);
  expect(edited(CRLF, box)).toBe(CRLF);
  expect(edited(CRLF, box.replace("{}", '{"a":1}'))).toBe(CRLF.replace("{}", '{"a":1}'));
  expect(edited(CRLF, `${box}z`)).toBe(`${CRLF}z`);
  expect(edited(CRLF, "")).toBe("");
});

test("a file that is not UTF-8 is refused, and a byte order mark is kept", () => {
  expect(decode(new Uint8Array([0xff, 0xfe, 0x41]).buffer)).toBeNull();
  expect(decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x41]).buffer)).toBe("\ufeffA");
});
