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
 * Finds `piece` in `text` as near to `offset` as it occurs, or answers -1. The offset counts bytes
 * of the raw body while the text is what is shown of it, so it says which place, not where.
 */
export function locate(text: string, piece: string, offset: number): number {
  if (piece === "") return -1;
  let best = -1;
  for (let at = text.indexOf(piece); at >= 0; at = text.indexOf(piece, at + 1)) {
    if (best < 0 || Math.abs(at - offset) < Math.abs(best - offset)) best = at;
    if (at > offset) break;
  }
  return best;
}
