// Numbers as people type them.

/** A whole number within a range, or null when the text is none. Beyond an end, the end is taken. */
export function whole(text: string, min: number, max: number): number | null {
  const trimmed = text.trim();
  if (!/^[+-]?\d+$/.test(trimmed)) return null;
  return Math.min(max, Math.max(min, Number(trimmed)));
}
