// The heat map of due dates: whole weeks from Monday, with how much falls due on each day.

import { addDays, mondayOf } from "./time";

export interface CalendarDay {
  day: string;
  due: number;
  /** Before today: nothing can fall due there any more. */
  past: boolean;
  today: boolean;
}

/**
 * The weeks from the one that holds `today`. What is overdue counts today, because that is when it
 * has to be done.
 */
export function calendarWeeks(
  dues: (string | null)[],
  today: string,
  weeks: number,
): CalendarDay[][] {
  const counts = new Map<string, number>();
  for (const due of dues) {
    if (due === null) continue;
    const day = due < today ? today : due;
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  const first = mondayOf(today);
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (_, weekday) => {
      const day = addDays(first, week * 7 + weekday);
      return { day, due: counts.get(day) ?? 0, past: day < today, today: day === today };
    }),
  );
}
