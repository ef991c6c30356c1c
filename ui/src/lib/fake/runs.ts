// Rotation runs for the browser fake: the same states, steps and words as the real ones, in small.

import type { NextStep, RunPlace, RunProof, RunView } from "../bindings";
import type { FakeProvider } from "./providers";

/** A run as the fake keeps it; what is shown is made of it. */
export interface FakeRun {
  id: string;
  entry: string;
  shape: string;
  emergency: boolean;
  from: number;
  to: number | null;
  /** Each state it reached, and when. */
  history: [state: string, at: string][];
  /** The address list: none, to be looked at, or when it was. */
  allow: "none" | "wanted" | string;
  /** Seconds for which both values work. */
  overlap: number;
  until: string | null;
  places: RunPlace[];
  proofs: RunProof[];
  reason: string | null;
}

/** What a run is shown with. */
export interface Around {
  now: number;
  /** What Keyward knows of the provider, if anything, and whether it may act there. */
  provider: FakeProvider | null;
  can: boolean;
  providerName: string;
  ipNote: string | null;
  url: string | null;
}

const CALM = [
  "planned",
  "created",
  "verified-new",
  "distributed",
  "overlap",
  "revoked-old",
  "verified-dead",
  "done",
];
const EMERGENCY = [
  "planned",
  "revoked-old",
  "verified-dead",
  "created",
  "verified-new",
  "distributed",
  "done",
];

const STEPS: [id: string, title: string, reached: string][] = [
  ["generate", "Make the new key", "created"],
  ["allow", "Let the new key in at the address list", ""],
  ["verify", "Try the new key", "verified-new"],
  ["deploy", "Put it everywhere", "distributed"],
  ["revoke", "Revoke the old key", "revoked-old"],
  ["prove", "See that the old key is refused", "verified-dead"],
];

export const stateOf = (run: FakeRun): string => run.history.at(-1)?.[0] ?? "planned";
export const hasEnded = (run: FakeRun): boolean => ["done", "aborted"].includes(stateOf(run));

function reached(run: FakeRun, state: string): string | null {
  return run.history.find(([known]) => known === state)?.[1] ?? null;
}

export function needsValue(run: FakeRun): boolean {
  return stateOf(run) === (run.emergency ? "verified-dead" : "planned");
}

export const waitsForList = (run: FakeRun): boolean =>
  stateOf(run) === "created" && run.allow === "wanted";

export function canAbort(run: FakeRun): boolean {
  const gone = reached(run, "revoked-old") ?? (run.shape === "roll-in-place" ? run.to : null);
  const out = reached(run, "distributed") ?? run.places.some((place) => place.done);
  return !hasEnded(run) && !gone && !out;
}

/** Moves a run to its next state; the one after the last proof or place is the end. */
export function advance(run: FakeRun, at: string): void {
  const order = run.emergency ? EMERGENCY : CALM;
  const follow = (state: string): string => {
    const next = order[order.indexOf(state) + 1] ?? "done";
    return next === "overlap" && run.shape === "roll-in-place" ? follow(next) : next;
  };
  const next = follow(stateOf(run));
  run.history.push([next, at]);
  if (next === "overlap")
    run.until ??= new Date(Date.parse(at) + run.overlap * 1000).toISOString();
  if (follow(next) === "done" && next !== "done") run.history.push(["done", at]);
}

/** What Keyward could do by itself now; null where a person or the clock is waited for. */
export function byItself(run: FakeRun, around: Around): string | null {
  const { provider, can } = around;
  const state = stateOf(run);
  const mine = (able: boolean | undefined, act: string) => (can && able ? act : null);
  if (hasEnded(run)) return null;
  if (needsValue(run)) return mine(provider?.can_create, "create");
  if (waitsForList(run)) return null;
  switch (state) {
    case "planned":
      return mine(provider?.can_revoke, "revoke");
    case "created":
      return mine(provider?.can_check, "try");
    case "verified-new": {
      if (run.places.some((place) => !place.done && !place.by_hand)) return "push";
      return run.places.some((place) => !place.done) ? null : "go-on";
    }
    case "distributed":
      return "go-on";
    case "overlap":
      if (run.until && Date.parse(run.until) > around.now) return null;
      return mine(provider?.can_revoke, "revoke");
    case "revoked-old":
      return mine(provider?.can_check, "prove");
    default:
      return null;
  }
}

function next(run: FakeRun, around: Around): NextStep | null {
  if (hasEnded(run)) return null;
  const state = stateOf(run);
  const name = around.providerName;
  const waiting =
    state === "overlap" && run.until !== null && Date.parse(run.until) > around.now;
  const [title, text, clicks]: [string, string, string[]] = (() => {
    if (needsValue(run)) {
      const why = run.emergency ? `The old key is dead. Make a new one at ${name}` : "";
      return [
        "Make the new key and hand it in",
        why
          ? `${why} and paste it here.`
          : `Make a new key at ${name}, without revoking the old one. Paste it here; it is stored beside the old one.`,
        around.provider?.make ?? [],
      ];
    }
    if (waitsForList(run))
      return [
        "Let the new key in at the address list",
        `Add the addresses that will use the new key at ${name}; take nothing out before the old key is dead. The note says: ${around.ipNote ?? ""}`,
        [],
      ];
    if (state === "created")
      return [
        "Try the new key",
        "Make one harmless request with the new key. Confirm when it works.",
        [],
      ];
    if (state === "verified-new") {
      const open = run.places.filter((place) => !place.done);
      const done = run.places.length - open.length;
      return [
        "Put the new key everywhere",
        open.length > 0
          ? `${done} of ${run.places.length} places have the new key. Still to do: ${open.map((place) => place.place).join("; ")}. From then on it is the current one.`
          : "Replace the old key in every place that uses it, and deploy. Confirm when all of them have it; from then on it is the current one.",
        [],
      ];
    }
    if (state === "distributed")
      return [
        "Begin the overlap",
        "Both keys are valid now. Confirm to start the overlap, in which the last users of the old key move over.",
        [],
      ];
    if (state === "revoked-old")
      return [
        "See that the old key is refused",
        "Make one request with the old key. Confirm when the provider refuses it.",
        [],
      ];
    if (run.emergency)
      return [
        "Revoke the key now",
        `Revoke it at ${name}, whatever stops working. Confirm when it is revoked; a new one is made after that.`,
        around.provider?.end ?? [],
      ];
    return [
      "Revoke the old key",
      `When nothing uses the old key any more, revoke it at ${name}. Confirm when it is revoked.`,
      waiting ? [] : (around.provider?.end ?? []),
    ];
  })();
  const itself = byItself(run, around);
  return {
    title,
    text,
    clicks: itself ? [] : clicks,
    waits_for: waiting
      ? "clock"
      : itself && run.shape !== "console-only"
        ? "keyward"
        : "you",
    needs_value: needsValue(run),
    console_url: around.url ?? around.provider?.console ?? null,
  };
}

/** A run as it is shown. */
export function viewOf(run: FakeRun, around: Around): RunView {
  const state = stateOf(run);
  let taken = hasEnded(run);
  const make = STEPS.slice(0, 4);
  const end = STEPS.slice(4);
  const order = run.emergency ? [...end, ...make] : [...make, ...end];
  return {
    version: 1,
    id: run.id,
    entry: run.entry,
    state,
    shape: run.shape,
    emergency: run.emergency,
    started: run.history[0]?.[1] ?? "",
    updated: run.history.at(-1)?.[1] ?? "",
    from_version: run.from,
    to_version: run.to,
    steps: order
      .filter(([id]) => id !== "allow" || run.allow !== "none")
      .map(([id, title, state]) => {
        const done =
          id === "allow" ? (run.allow === "wanted" ? null : run.allow) : reached(run, state);
        const now = !done && !taken;
        if (now) taken = true;
        return { id, title, state: done ? "done" : now ? "now" : "later", done };
      }),
    next: next(run, around),
    overlap_until: run.until,
    places: structuredClone(run.places),
    proofs: structuredClone(run.proofs),
    reason: run.reason,
    can_abort: canAbort(run),
  };
}
