// Ages of values in a handful of bars.

export interface AgeBar {
  /** Range in days, such as "30–44". */
  label: string;
  value: number;
  tone: "accent" | "amber" | "red";
}

const STEP = 15;
const OLD = 90;

/** Counts ages (whole days) in steps of 15 days; those of 90 and more share the last bar. */
export function ageHistogram(ages: number[]): AgeBar[] {
  const bars: AgeBar[] = [];
  for (let from = 0; from < OLD; from += STEP) {
    bars.push({
      label: `${from}–${from + STEP - 1}`,
      value: 0,
      tone: from + STEP >= OLD ? "amber" : "accent",
    });
  }
  bars.push({ label: `${OLD}+`, value: 0, tone: "red" });
  for (const age of ages) {
    const bar = bars[Math.min(bars.length - 1, Math.max(0, Math.floor(age / STEP)))];
    if (bar) bar.value += 1;
  }
  return bars;
}
