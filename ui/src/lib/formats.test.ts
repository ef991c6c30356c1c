import { expect, test } from "vitest";
import type { CaptureFormat } from "./bindings";
import { formatWords, fromBase64, httpText, requestWords, toBase64 } from "./formats";

test("what a request has is told in one line, and a missing body is not an empty one", () => {
  expect(requestWords({ headers: 1, body_bytes: 2048 })).toBe("1 header, body of 2.0 KiB");
  expect(requestWords({ headers: 2, body_bytes: 0 })).toBe("2 headers, empty body");
  expect(requestWords({ headers: 0, body_bytes: null })).toBe("0 headers, no body in this capture");
});

test("a format has a name, and one of tomorrow its id", () => {
  expect(formatWords("har")).toBe("HAR");
  expect(formatWords("pigeon" as CaptureFormat)).toBe("pigeon");
});

test("HTTP text has one blank line before the body and none of its own after", () => {
  expect(httpText("POST / HTTP/1.1", [["A", "b"]], "{}\n")).toBe(
    "POST / HTTP/1.1\r\nA: b\r\n\r\n{}\n",
  );
});

test("bytes go there and back as they are", async () => {
  const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x0d, 0x0a, 0xc3, 0xbc, 0x7d]);
  const base64 = await toBase64(new Blob([bytes]));
  expect(base64).toBe("77u/ew0Kw7x9");
  expect(fromBase64(base64)).toBe("\ufeff{\r\nü}");
  expect(await toBase64(new Blob([]))).toBe("");
});
