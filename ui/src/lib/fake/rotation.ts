// Rotation runs and what they do to the versions of an entry.

import { type Api, ApiError } from "../api";
import { addDays, dayOf } from "../time";
import { aborted, runAt } from "./steps";
import type { FakeVault } from "./vault";

export function rotationCommands(v: FakeVault) {
  return {
    runs: async () => {
      await v.turn();
      return { version: 1, runs: Array.from(v.runs.values(), (run) => run.view) };
    },
    run: async ({ name }) => {
      await v.turn();
      return v.runs.get(name)?.view ?? null;
    },
    rotationStart: async ({ name }) => {
      await v.turn();
      v.record("rotate-start", name);
      return v.startRun(name, 0, v.at());
    },
    rotationNext: async ({ name, value }) => {
      await v.keychain();
      const run = v.runs.get(name);
      const entry = v.find(name);
      if (!run)
        throw new ApiError("NOT_FOUND", `No rotation of \`${name}\` is under way.`, "Start one.");
      if (run.view.next?.needs_value) {
        if (!value)
          throw new ApiError(
            "SECRET_EMPTY",
            "The value is empty. Nothing was stored.",
            "Paste the new value.",
          );
        entry.versions.unshift({
          version: run.view.from_version + 1,
          stage: "pending",
          created: v.at(),
          retired: null,
          size: value.length,
        });
        entry.value = value;
      }
      run.step += 1;
      run.done.push(v.at());
      run.view = runAt(run.step, run.view, run.done, entry.url);
      if (run.step === 2) {
        for (const version of entry.versions) {
          if (version.stage === "current")
            Object.assign(version, { stage: "previous", retired: v.at() });
          if (version.stage === "pending") version.stage = "current";
        }
      }
      if (run.step >= 5) {
        for (const version of entry.versions)
          if (version.stage === "previous") version.stage = "dead";
        entry.leaked = false;
        entry.expires = null;
      }
      v.record("rotate-next", name, run.view.state);
      return run.view;
    },
    rotationAbort: async ({ name }) => {
      await v.turn();
      const run = v.runs.get(name);
      if (!run) throw new ApiError("NOT_FOUND", `No rotation of \`${name}\` is under way.`, "");
      run.view = aborted(run.view, v.at());
      const entry = v.find(name);
      entry.versions = entry.versions.filter((version) => version.stage !== "pending");
      v.record("rotate-abort", name);
      return run.view;
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
