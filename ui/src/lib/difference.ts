// Where two texts part: the marks in a body that was changed on its way.

export interface Parted {
  /** What both begin with. */
  before: string;
  /** What only the first has. */
  left: string;
  /** What only the second has. */
  right: string;
  /** What both end with. */
  after: string;
}

/** Parts two texts round the span in which they differ; never inside a surrogate pair. */
export function part(left: string, right: string): Parted {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start += 1;
  if (start > 0 && isHigh(left.charCodeAt(start - 1))) start -= 1;
  let end = 0;
  while (end < shorter - start && left[left.length - 1 - end] === right[right.length - 1 - end]) {
    end += 1;
  }
  if (end > 0 && isLow(left.charCodeAt(left.length - end))) end -= 1;
  return {
    before: left.slice(0, start),
    left: left.slice(start, left.length - end),
    right: right.slice(start, right.length - end),
    after: left.slice(left.length - end),
  };
}

/** A run of text and on which side it stands: on both, or on one of them. */
export interface Run {
  text: string;
  side: "both" | "left" | "right";
  /** On one side only because the other was cut before it. */
  same?: boolean;
}

// Beyond this many comparisons the simple parting has to do.
const MOST_CELLS = 250_000;

/** The runs that turn the first text into the second, by their longest common subsequence. */
export function runs(left: string, right: string): Run[] {
  const { before, left: was, right: is, after } = part(left, right);
  const a = Array.from(was);
  const b = Array.from(is);
  const out: Run[] = [];
  const add = (side: Run["side"], text: string) => {
    const last = out.at(-1);
    if (text === "") return;
    if (last?.side === side) last.text += text;
    else out.push({ text, side });
  };
  add("both", before);
  if (a.length * b.length > MOST_CELLS) {
    add("left", was);
    add("right", is);
  } else {
    const common = lengths(a, b);
    let [i, j] = [0, 0];
    while (i < a.length || j < b.length) {
      const down = common[i + 1]?.[j] ?? -1;
      const across = common[i]?.[j + 1] ?? -1;
      if (i < a.length && j < b.length && a[i] === b[j]) {
        add("both", a[i] ?? "");
        i += 1;
        j += 1;
      } else if (i < a.length && down >= across) {
        add("left", a[i] ?? "");
        i += 1;
      } else {
        add("right", b[j] ?? "");
        j += 1;
      }
    }
  }
  add("both", after);
  return out;
}

/**
 * The runs of two excerpts that begin at the same byte. Where they were cut, at an "…", they may end at
 * different places: what only one of them still shows there is no difference.
 */
export function excerptRuns(left: string, right: string): Run[] {
  const cut = left.endsWith("…") || right.endsWith("…");
  const found = runs(left.replace(/…$/, ""), right.replace(/…$/, ""));
  if (!cut) return found;
  const last = found.findLastIndex((run) => run.side === "both");
  const earlier = found.slice(0, last + 1).some((run) => run.side !== "both");
  const settled = found.map((run, index) =>
    earlier && index > last ? { ...run, same: true } : run,
  );
  return [...settled, { text: "…", side: "both" }];
}

/** The span of the first text that differs first; empty where the second has something more. */
export function firstChange(left: string, right: string): { start: number; end: number } {
  let start = 0;
  for (const run of runs(left, right)) {
    if (run.side === "left") return { start, end: start + run.text.length };
    if (run.side === "right") return { start, end: start };
    start += run.text.length;
  }
  return { start, end: start };
}

/** How much the rest of `a` from i and the rest of `b` from j have in common, for every i and j. */
function lengths(a: string[], b: string[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = table[i];
      if (!row) continue;
      row[j] =
        a[i] === b[j]
          ? (table[i + 1]?.[j + 1] ?? 0) + 1
          : Math.max(table[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/**
 * Where the byte at `offset` of a UTF-8 text begins, counted in UTF-16 units; -1 when it lies beyond
 * the text, or when bytes were replaced on the way here, so that nobody can tell.
 */
export function byteIndex(text: string, offset: number): number {
  let bytes = 0;
  let at = 0;
  for (const char of text) {
    if (char === "\ufffd") return -1;
    const code = char.codePointAt(0) ?? 0;
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes + size > offset) return at;
    bytes += size;
    at += char.length;
  }
  return bytes === offset ? at : -1;
}
