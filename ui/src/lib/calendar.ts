// The heat map of due dates: whole weeks from Monday, with how much falls due on each day.

import { addDays, mondayOf } from "./time";

export interface CalendarDay {
  day: string;
  due: number;
  /** Before today: nothing can fall due there any more. */
  past: boolean;
  today: boolean;
  /** Every second month, so that months can be told apart. */
  odd: boolean;
}

/** The day on which something has to be done: what is overdue counts today. */
export function dayOfDue(due: string, today: string): string {
  return due < today ? today : due;
}

/** The weeks from the one that holds `today`. */
export function calendarWeeks(
  dues: (string | null)[],
  today: string,
  weeks: number,
): CalendarDay[][] {
  const counts = new Map<string, number>();
  for (const due of dues) {
    if (due === null) continue;
    const day = dayOfDue(due, today);
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  const first = mondayOf(today);
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (_, weekday) => {
      const day = addDays(first, week * 7 + weekday);
      return {
        day,
        due: counts.get(day) ?? 0,
        past: day < today,
        today: day === today,
        odd: Number(day.slice(5, 7)) % 2 === 1,
      };
    }),
  );
}

/** What falls due after the last week, soonest first. */
export function beyond(dues: (string | null)[], weeks: CalendarDay[][]): string[] {
  const last = weeks.at(-1)?.at(-1)?.day ?? "";
  return dues.filter((due): due is string => due !== null && due > last).sort();
}

const MOVES: Record<string, number> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -7,
  ArrowDown: 7,
  PageUp: -28,
  PageDown: 28,
};

/** The day that a key moves to, kept within today and the last day; null for another key. */
export function dayMove(
  key: string,
  day: string,
  weeks: CalendarDay[][],
  today: string,
): string | null {
  const last = weeks.at(-1)?.at(-1)?.day ?? today;
  const within = (wanted: string) => (wanted < today ? today : wanted > last ? last : wanted);
  if (key === "Home") return within(mondayOf(day));
  if (key === "End") return within(addDays(mondayOf(day), 6));
  const step = Object.hasOwn(MOVES, key) ? MOVES[key] : undefined;
  return step === undefined ? null : within(addDays(day, step));
}
