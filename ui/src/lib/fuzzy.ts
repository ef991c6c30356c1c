// The palette's matching: letters in order, better when they begin words or follow each other.

export interface Match {
  /** Higher is better; only comparable for the same query. */
  score: number;
  /** Indexes of the matched characters (UTF-16). */
  at: number[];
}

const BREAK = /[\s/\-_.:]/;

/** Finds the characters of `query` in `text` in order, or answers null. Blanks and case are ignored. */
export function fuzzy(query: string, text: string): Match | null {
  const wanted = query.toLowerCase().replace(/\s+/g, "");
  if (wanted === "") return { score: 0, at: [] };
  const hay = text.toLowerCase();
  // A lower case that changes the length would shift every index.
  const searched = hay.length === text.length ? hay : text;

  const whole = searched.indexOf(wanted);
  if (whole >= 0) {
    const begins = whole === 0 || BREAK.test(searched.charAt(whole - 1));
    const at = Array.from(wanted, (_, index) => whole + index);
    return { score: 1000 + (begins ? 500 : 0) - searched.length, at };
  }

  const at: number[] = [];
  let score = 0;
  let from = 0;
  for (const char of wanted) {
    const found = next(searched, char, from);
    if (found < 0) return null;
    const previous = at.at(-1);
    if (previous !== undefined && found === previous + 1) score += 8;
    else if (found === 0 || BREAK.test(searched.charAt(found - 1))) score += 6;
    else score -= 1;
    at.push(found);
    from = found + char.length;
  }
  return { score: score - searched.length / 100, at };
}

// The next place of a character: right here, else at the start of a later word, else anywhere.
function next(text: string, char: string, from: number): number {
  if (text.startsWith(char, from)) return from;
  const first = text.indexOf(char, from);
  for (let at = first; at >= 0; at = text.indexOf(char, at + 1)) {
    if (at > 0 && BREAK.test(text.charAt(at - 1))) return at;
  }
  return first;
}

export interface Ranked<T> {
  item: T;
  at: number[];
}

/** The items that match, best first; with an empty query all of them in their own order. */
export function rank<T>(query: string, items: T[], text: (item: T) => string): Ranked<T>[] {
  return items
    .map((item) => ({ item, match: fuzzy(query, text(item)) }))
    .filter((row): row is { item: T; match: Match } => row.match !== null)
    .sort((a, b) => b.match.score - a.match.score)
    .map((row) => ({ item: row.item, at: row.match.at }));
}

/** Whether every word of a filter occurs in the text: the plain filter above lists. */
export function contains(filter: string, text: string): boolean {
  const hay = text.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}
