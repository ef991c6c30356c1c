// Rotation runs and what they do to the versions of an entry.

import { type Api, ApiError } from "../api";
import type { NewRun, RunView } from "../bindings";
import { addDays, dayOf } from "../time";
import { mayAct, providerOf, reach } from "./providers";
import {
  advance,
  byItself,
  canAbort,
  type FakeRun,
  hasEnded,
  needsValue,
  stateOf,
  viewOf,
  waitsForList,
} from "./runs";
import type { FakeVault } from "./vault";

export function shownRun(v: FakeVault, run: FakeRun): RunView {
  const entry = v.find(run.entry);
  const now = Date.now();
  return viewOf(run, {
    now,
    provider: providerOf(v, entry),
    can: mayAct(v, entry),
    providerName: entry.provider ?? "the provider",
    ipNote: entry.ipNote,
    url: entry.url,
  });
}

export function startRun(v: FakeVault, name: string, how: NewRun, at: string): FakeRun {
  const entry = v.find(name);
  const open = v.runs.get(name);
  if (open && !hasEnded(open))
    throw new ApiError(
      "RUN_OPEN",
      `\`${name}\` is being rotated already. Nothing was changed.`,
      "Go on with it, or give it up.",
    );
  const run: FakeRun = {
    id: `01JD0RUN${String(v.runs.size).padStart(18, "0")}`,
    entry: name,
    shape: providerOf(v, entry)?.shape ?? "console-only",
    emergency: how.emergency,
    from: v.row(entry).current.version,
    to: null,
    history: [["planned", at]],
    allow: entry.ipNote ? "wanted" : "none",
    overlap: how.overlap ?? 3600,
    until: null,
    places: v.places
      .filter((place) => place.entry === name)
      .map((place) => ({ id: place.id, place: place.place, by_hand: place.by_hand, done: null })),
    proofs: [],
    reason: null,
  };
  v.runs.set(name, run);
  v.record("rotate-start", name, how.emergency ? "revoke first" : null, at);
  return run;
}

/** Takes in a new value and moves on. */
export function takeIn(v: FakeVault, run: FakeRun, value: string): void {
  const entry = v.find(run.entry);
  run.to = Math.max(...entry.versions.map((version) => version.version)) + 1;
  entry.versions.unshift({
    version: run.to,
    stage: "pending",
    created: v.at(),
    retired: null,
    size: value.length,
  });
  entry.value = value;
  moveOn(v, run);
}

/** One state further, with what that does to the versions. */
export function moveOn(v: FakeVault, run: FakeRun): void {
  const entry = v.find(run.entry);
  advance(run, v.at());
  const states = run.history.map(([state]) => state);
  const out = states.includes("distributed") || (run.to !== null && states.includes("revoked-old"));
  for (const version of entry.versions) {
    const isOld = version.version === run.from;
    if (isOld && states.includes("verified-dead")) version.stage = "dead";
    else if (isOld && states.includes("revoked-old")) version.stage = "revoked";
    else if (isOld && out) version.stage = "previous";
    if (version.version === run.to && out) version.stage = "current";
    if (version.stage !== "current" && version.stage !== "pending") version.retired ??= v.at();
  }
  if (stateOf(run) === "done") {
    entry.leaked = false;
    entry.expires = null;
  }
  v.record("rotate-next", run.entry, stateOf(run));
}

function place(v: FakeVault, run: FakeRun, id: string): void {
  const found = run.places.find((known) => known.id === id);
  if (!found) throw new ApiError("NOT_FOUND", `\`${run.entry}\`: the run has no place ${id}.`, "");
  found.done ??= v.at();
  const row = v.places.find((known) => known.id === id);
  if (row) Object.assign(row, { holds: run.to, since: v.at(), state: "current" });
  v.record("rotate-place", run.entry, stateOf(run));
}

function openRun(v: FakeVault, name: string): FakeRun {
  const run = v.runs.get(name);
  if (!run || hasEnded(run))
    throw new ApiError("NOT_FOUND", `No rotation of \`${name}\` is under way.`, "Start one.");
  return run;
}

/** Does by itself what it may, as the program does, one step after the other. */
async function drive(v: FakeVault, name: string): Promise<RunView> {
  const job = { cancelled: false };
  v.driving = job;
  await v.keychain();
  const run = openRun(v, name);
  const entry = v.find(name);
  reach(v, entry);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, v.options.slow ? 1200 : 300));
    if (job.cancelled) throw new ApiError("CANCELLED", "Stopped. The run stands where it is.", "");
    const provider = providerOf(v, entry);
    const around = { now: Date.now(), provider, can: mayAct(v, entry), providerName: "", ipNote: null, url: null };
    const act = byItself(run, around);
    if (act === null) break;
    if (["create", "push", "revoke"].includes(act))
      v.record("rotate-begin", name, stateOf(run));
    const proof = (of: string, said: string, after_ms: number) =>
      run.proofs.push({ of, at: v.at(), said, after_ms });
    if (act === "push") {
      const open = run.places.find((known) => !known.done && !known.by_hand);
      if (open) place(v, run, open.id);
    } else if (act === "create") takeIn(v, run, "made-by-the-provider");
    else {
      if (act === "try") proof("new-alive", "200 OK", 1240);
      if (act === "prove") proof("old-dead", "401 authorization required", 4310);
      moveOn(v, run);
    }
    for (const tell of v.runListeners) tell(shownRun(v, run));
    if (hasEnded(run)) break;
  }
  v.driving = null;
  return shownRun(v, run);
}

/** The emergency path: revoked first, as far as Keyward may; then the person is waited for. */
async function revoke(v: FakeVault, name: string): Promise<RunView> {
  const before = v.runs.get(name);
  if (before && !hasEnded(before) && !before.emergency) {
    if (!canAbort(before))
      throw new ApiError(
        "RUN_OPEN",
        `\`${name}\` has its new value out already. Nothing was changed.`,
        "Revoke the old one now: take the next steps of the run.",
      );
    before.history.push(["aborted", v.at()]);
  }
  const run =
    before && !hasEnded(before) && before.emergency
      ? before
      : startRun(v, name, { emergency: true, overlap: 0 }, v.at());
  if (mayAct(v, v.find(name))) return drive(v, name);
  return shownRun(v, run);
}

export function rotationCommands(v: FakeVault) {
  return {
    runs: async () => {
      await v.turn();
      return { version: 1, runs: Array.from(v.runs.values(), (run) => shownRun(v, run)) };
    },
    run: async ({ name }) => {
      await v.turn();
      const run = v.runs.get(name);
      return run ? shownRun(v, run) : null;
    },
    rotationStart: async ({ name, how }) => {
      await v.turn();
      return shownRun(v, startRun(v, name, how, v.at()));
    },
    rotationNext: async ({ name, value, force }) => {
      await v.keychain();
      const run = openRun(v, name);
      if (needsValue(run)) {
        if (!value)
          throw new ApiError(
            "RUN_STATE",
            `\`${name}\`: the run waits for the new value. Nothing was changed.`,
            "Paste the new value.",
          );
        if (value.length < 8 && !force)
          throw new ApiError(
            "VALUE_UNFIT",
            "The old value has the form of stripe's keys, and this one has not: it is cut short, mistyped, or something else. Nothing was changed.",
            "Copy it again, whole; `--force` takes it as it is.",
          );
        takeIn(v, run, value);
      } else if (waitsForList(run)) {
        run.allow = v.at();
        v.record("rotate-next", name, stateOf(run));
      }
      else {
        for (const known of run.places)
          if (stateOf(run) === "verified-new" && !known.by_hand && !known.done)
            place(v, run, known.id);
        const open = run.places.filter((known) => !known.done);
        if (stateOf(run) === "verified-new" && open.length > 0)
          throw new ApiError(
            "RUN_STATE",
            `\`${name}\`: ${open.map((known) => known.place).join(", ")} still has the old value. Nothing was changed.`,
            "Put it there, then tick it.",
          );
        moveOn(v, run);
      }
      return shownRun(v, run);
    },
    rotationAcknowledge: async ({ name, place: id }) => {
      await v.turn();
      const run = openRun(v, name);
      place(v, run, id);
      return shownRun(v, run);
    },
    rotationAbort: async ({ name }) => {
      await v.turn();
      const run = openRun(v, name);
      run.history.push(["aborted", v.at()]);
      for (const version of v.find(name).versions)
        if (version.stage === "pending") version.stage = "revoked";
      v.record("rotate-abort", name, "aborted");
      return shownRun(v, run);
    },
    rotationDrive: ({ name }) => drive(v, name),
    cancelDrive: async () => {
      if (v.driving) v.driving.cancelled = true;
    },
    onRotationProgress: async (handler) => {
      v.runListeners.add(handler);
      return () => v.runListeners.delete(handler);
    },
    revoke: async ({ name }) => {
      await v.keychain();
      return revoke(v, name);
    },
    revokeFinding: async ({ fingerprint }) => {
      await v.keychain();
      for (const report of v.reports.values()) {
        const own = report.findings.find((found) => found.fingerprint === fingerprint)?.own;
        if (!own) continue;
        if (own.stage === "current") return revoke(v, own.entry);
        reach(v, v.find(own.entry));
        v.record("revoke", own.entry, `version ${own.version}`);
        return null;
      }
      throw new ApiError("NOT_FOUND", "No report of the last scans has this finding.", "Scan again.");
    },
    saveEvidence: async ({ path }) => {
      await v.turn();
      return path;
    },
    saveCalendar: async ({ path }) => {
      await v.turn();
      const events = v.rows().filter((row) => row.due).length;
      return { version: 1, path, events, added: events, changed: 0, cancelled: 0, others: 0 };
    },
    snooze: async ({ name, until }) => {
      await v.turn();
      const entry = v.find(name);
      const days = /^\d+d$/.test(until) ? Number.parseInt(until) : null;
      entry.snoozedUntil =
        until === "off" ? null : days === null ? until : addDays(dayOf(Date.now()), days);
      v.record("snooze", name, until);
      return v.detail(entry);
    },
  } satisfies Partial<Api>;
}
