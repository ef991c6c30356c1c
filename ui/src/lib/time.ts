// Dates in words. Every function takes the time it counts from; none reads the clock.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function count(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}

/** A number of days until a due day in words: "in 12 days", "due today", "3 days overdue". */
export function dueWords(daysLeft: number | null): string {
  if (daysLeft === null) return "never due";
  if (daysLeft === 0) return "due today";
  if (daysLeft > 0) return `in ${count(daysLeft, "day")}`;
  return `${count(-daysLeft, "day")} overdue`;
}

/** How long ago an instant was: "just now", "5 minutes ago", "12 days ago". A future one is "just now". */
export function agoWords(iso: string, now: number): string {
  const past = now - Date.parse(iso);
  if (Number.isNaN(past)) return "at an unknown time";
  if (past < MINUTE) return "just now";
  if (past < HOUR) return `${count(Math.floor(past / MINUTE), "minute")} ago`;
  if (past < DAY) return `${count(Math.floor(past / HOUR), "hour")} ago`;
  return `${count(Math.floor(past / DAY), "day")} ago`;
}

const INSTANT = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });
const CALENDAR_DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const SHORT_DAY = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});

/** The exact date, for hovering and for screen readers. A calendar day has no time of day. */
export function exact(iso: string): string {
  const instant = new Date(iso);
  if (Number.isNaN(instant.getTime())) return iso;
  return isDay(iso) ? CALENDAR_DAY.format(instant) : INSTANT.format(instant);
}

/** A calendar day short enough for an axis: "21 Nov". */
export function shortDay(iso: string): string {
  const instant = new Date(iso);
  return Number.isNaN(instant.getTime()) ? iso : SHORT_DAY.format(instant);
}

function isDay(iso: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(iso);
}

/** The calendar day (UTC) of an instant, `YYYY-MM-DD`. */
export function dayOf(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}

/** The day that is `days` after a calendar day; negative goes back. */
export function addDays(day: string, days: number): string {
  return dayOf(Date.parse(`${day}T00:00:00Z`) + days * DAY);
}

/** The Monday of the week of a calendar day. */
export function mondayOf(day: string): string {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return addDays(day, -((weekday + 6) % 7));
}

/** A length of time for progress: "8 s", "2 min 5 s", "1 h 4 min". */
export function durationWords(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) {
    const rest = whole % 60;
    return rest === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${rest} s`;
  }
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** When a coming instant is: "now" when it is past, "in 5 minutes", "in 12 hours", "in 3 days". */
export function whenWords(iso: string, now: number): string {
  const left = Date.parse(iso) - now;
  if (Number.isNaN(left)) return "at an unknown time";
  if (left < MINUTE) return "now";
  if (left < HOUR) return `in ${count(Math.floor(left / MINUTE), "minute")}`;
  if (left < DAY) return `in ${count(Math.floor(left / HOUR), "hour")}`;
  return `in ${count(Math.floor(left / DAY), "day")}`;
}

/** A period: "every hour", "every 12 hours", "every day", "every week", "every 10 days". */
export function everyWords(seconds: number): string {
  const hours = Math.max(1, Math.round(seconds / 3600));
  if (hours === 7 * 24) return "every week";
  const [n, unit] = hours % 24 === 0 ? [hours / 24, "day"] : [hours, "hour"];
  return n === 1 ? `every ${unit}` : `every ${n} ${unit}s`;
}
