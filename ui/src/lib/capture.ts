// A pasted capture, byte for byte. A text box turns every line end into LF when it is read, which
// would break a signature, so what was pasted is kept beside what is shown.

/** What the text box holds. */
export interface Selection {
  value: string;
  start: number;
  end: number;
}

/** The text after a paste, with the pasted line ends as they are. */
export function paste(exact: string, box: Selection, pasted: string): string {
  const whole = box.value.length === 0 || (box.start === 0 && box.end === box.value.length);
  if (whole) return pasted;
  // Positions count in the box, where CRLF is one character; translate them to the exact text.
  return exact.slice(0, toExact(exact, box.start)) + pasted + exact.slice(toExact(exact, box.end));
}

/** The position in the exact text of a position in the box. */
function toExact(exact: string, position: number): number {
  let at = 0;
  for (let shown = 0; shown < position && at < exact.length; shown += 1) {
    at += exact.startsWith("\r\n", at) ? 2 : 1;
  }
  return at;
}

/** What a text box shows of a text. */
export function shown(exact: string): string {
  return exact.replace(/\r\n?/g, "\n");
}

/**
 * The exact text after an edit in the box. An edit elsewhere than by paste leaves the lines before
 * and after it with the ends they had.
 */
export function edited(exact: string, box: string): string {
  const before = shown(exact);
  if (before === box) return exact;
  const shorter = Math.min(before.length, box.length);
  let start = 0;
  while (start < shorter && before[start] === box[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === box[box.length - 1 - end]) {
    end += 1;
  }
  const head = exact.slice(0, toExact(exact, start));
  const tail = exact.slice(toExact(exact, before.length - end));
  return head + box.slice(start, box.length - end) + tail;
}

/** Decodes a dropped file, keeping a byte order mark; null when it is not UTF-8 text. */
export function decode(bytes: ArrayBuffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
