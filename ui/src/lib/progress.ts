// How far a scan is, in numbers that a person can use.

export interface Pace {
  /** 0 to 1, or null while nobody knows how much there is. */
  share: number | null;
  /** Bytes in a second so far. */
  rate: number;
  /** Seconds that are left, or null while nobody knows. */
  left: number | null;
}

/** The pace of a job that has read `bytes` of about `expected` in `seconds`. */
export function pace(bytes: number, expected: number | null, seconds: number): Pace {
  const rate = seconds > 0 ? bytes / seconds : 0;
  if (expected === null || expected <= 0 || bytes <= 0) return { share: null, rate, left: null };
  // The tree may have grown since it was last read: never more than almost done.
  const share = Math.min(0.99, bytes / expected);
  return { share, rate, left: rate > 0 ? Math.max(0, (expected - bytes) / rate) : null };
}
