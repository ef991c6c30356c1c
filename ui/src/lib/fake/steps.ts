// Rotation runs for the browser fake: the five steps and how they follow each other.

import type { NextStep, RunView } from "../bindings";

const STATES = ["planned", "created", "verified-new", "distributed", "overlap", "done"] as const;

const TITLES: [id: string, title: string][] = [
  ["generate", "Make a new value"],
  ["verify", "Check the new value"],
  ["update", "Update every copy"],
  ["deploy", "Let the overlap pass"],
  ["revoke", "Revoke the old value"],
];

function nextOf(step: number, entry: string, url: string | null): NextStep | null {
  const steps: NextStep[] = [
    {
      title: "Make a new key at the provider",
      text: "Open the console, make a key with the same permissions, and paste it here. The old value stays in use.",
      needs_value: true,
      console_url: url,
    },
    {
      title: "Check that the new value works",
      text: `Run something small with it: keyward run --only ${entry} --overlap -- your-command. Continue when it answered.`,
      needs_value: false,
      console_url: null,
    },
    {
      title: "Update every place that holds a copy",
      text: "Bring the new value to each place under “Where it is used”. Continue when all have it.",
      needs_value: false,
      console_url: null,
    },
    {
      title: "Deploy and watch",
      text: "Restart what uses the value. Both values work during the overlap. Continue when nothing uses the old one.",
      needs_value: false,
      console_url: null,
    },
    {
      title: "Revoke the old value",
      text: "Delete the old key in the console. Continue when it is gone; the run ends with that on record.",
      needs_value: false,
      console_url: url,
    },
  ];
  return steps[step] ?? null;
}

/** A run that has finished `step` of its five steps. */
export function runAt(
  step: number,
  from: Pick<RunView, "id" | "entry" | "started" | "from_version">,
  doneAt: string[],
  url: string | null,
): RunView {
  return {
    version: 1,
    ...from,
    state: STATES[step] ?? "done",
    updated: doneAt.at(-1) ?? from.started,
    to_version: step > 0 ? from.from_version + 1 : null,
    steps: TITLES.map(([id, title], index) => ({
      id,
      title,
      state: index < step ? "done" : index === step ? "now" : "later",
      done: doneAt[index] ?? null,
    })),
    next: nextOf(step, from.entry, url),
    can_abort: step < 5,
  };
}

/** The same run, given up; the old value stays. */
export function aborted(run: RunView, at: string): RunView {
  return {
    ...run,
    state: "aborted",
    updated: at,
    next: null,
    can_abort: false,
    steps: run.steps.map((step) => (step.state === "now" ? { ...step, state: "later" } : step)),
  };
}
