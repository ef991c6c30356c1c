// A rotation run in words: what its shape means, who did a step, what it waits for.

import type { AuditRow, ProviderRow, RunProof, RunView } from "./bindings";

const SHAPES: Record<string, string> = {
  "issue-delete": "Both keys work until the old one is deleted, so nothing has to stop.",
  "roll-in-place": "Making the new key ends the old one at once: have the places ready.",
  "roll-with-grace":
    "The old key works on for a while after the new one is made, then ends by itself.",
  "primary-secondary":
    "The provider keeps two keys: the second is filled, then takes the place of the first.",
  "disable-only": "You make the new key on the provider's page; Keyward can switch the old one off.",
  "self-revoke": "You make the new key on the provider's page; the old one can end itself.",
  "console-only": "Every step is done on the provider's page; Keyward leads through it.",
};

/** What the shape of a provider means for a run, in one sentence. */
export function shapeWords(shape: string): string {
  return (Object.hasOwn(SHAPES, shape) && SHAPES[shape]) || "";
}

const TRIED: Record<string, string> = {
  real: "Tried against the provider's own server.",
  simulated: "Tried against a simulation of the provider.",
  documented: "Built from the provider's documentation; not tried against the provider itself.",
};

/** Against what a provider's calls were tried, in one sentence. */
export function triedWords(tried: string): string {
  return (Object.hasOwn(TRIED, tried) && TRIED[tried]) || "";
}

/** What Keyward does itself at a provider, as a list in words; empty when it does nothing there. */
export function doesWords(
  provider: Pick<ProviderRow, "can_check" | "can_create" | "can_revoke">,
): string {
  const acts = [
    provider.can_create && "make the new key",
    provider.can_check && "ask whether a key works",
    provider.can_revoke && "revoke the old one",
  ].filter((act) => act !== false);
  const last = acts.pop();
  if (last === undefined) return "";
  return acts.length > 0 ? `${acts.join(", ")} and ${last}` : last;
}

const BRIEF: Record<string, string> = {
  real: "tried for real",
  simulated: "tried in a simulation",
  documented: "from documentation",
};

/** A provider in a few words for a table: what Keyward does there, and against what it was tried. */
export function briefWords(
  provider: Pick<ProviderRow, "can_check" | "can_create" | "can_revoke" | "tried">,
): string {
  const acts = [
    provider.can_create && "makes",
    provider.can_check && "checks",
    provider.can_revoke && "revokes",
  ].filter((act) => act !== false);
  const does = acts.length > 0 ? acts.join(", ") : "guides";
  return `${does} · ${Object.hasOwn(BRIEF, provider.tried) ? BRIEF[provider.tried] : provider.tried}`;
}

/** What leaves the machine once a provider is allowed, and where it goes. */
export function sentWords(
  provider: Pick<ProviderRow, "endpoint" | "admin" | "own">,
): string {
  const what = provider.admin ? "The key and its stronger credential go" : "The key itself goes";
  const where = provider.endpoint
    ? `to ${provider.endpoint}`
    : provider.own
      ? "to the address in the connector that you took in"
      : "to the provider's own address, which is built in";
  return `${what} ${where}, over HTTPS and to nobody else. Only when you say so.`;
}

const BEFORE: Record<string, string[]> = {
  generate: ["planned", "verified-dead"],
  revoke: ["planned", "distributed", "overlap"],
};
const AFTER: Record<string, string> = {
  generate: "created",
  allow: "created",
  verify: "verified-new",
  deploy: "distributed",
  revoke: "revoked-old",
  prove: "verified-dead",
};
const ACTORS: Record<string, string> = {
  desktop: "by you, in this window",
  cli: "by you, on the command line",
};
const PROOFS: Record<string, string> = { verify: "new-alive", prove: "old-dead" };

/** Who did a step, by the run's proofs and the audit record of the entry; empty when not known. */
export function doneBy(
  run: Pick<RunView, "steps" | "places" | "proofs" | "started">,
  step: string,
  record: AuditRow[],
): string {
  const done = run.steps.find((known) => known.id === step)?.done;
  if (!done) return "";
  const proof = PROOFS[step];
  if (proof && run.proofs.some((known) => known.of === proof && known.said !== null))
    return "by Keyward";
  if (step === "deploy" && run.places.length > 0 && run.places.every((place) => !place.by_hand))
    return "by Keyward";
  const within = (row: AuditRow) =>
    Date.parse(row.at) >= Date.parse(run.started) - 1000 &&
    Date.parse(row.at) <= Date.parse(done) + 1000;
  const rows = record.filter(within);
  const before = BEFORE[step] ?? [];
  const tries = ["rotate-begin", "rotate-failed"];
  const last = rows.find((row) => tries.includes(row.action) && before.includes(row.detail ?? ""));
  // The record is newest first: what began last and did not fail is what did it.
  if (last?.action === "rotate-begin") return "by Keyward";
  const moved = rows.find((row) => row.action === "rotate-next" && row.detail === AFTER[step]);
  return (moved && ACTORS[moved.actor]) ?? "";
}

/** How long until an instant, for a countdown: "41 min 7 s"; empty when it is past. */
export function leftSeconds(until: string | null, now: number): number {
  const left = until === null ? 0 : (Date.parse(until) - now) / 1000;
  return Number.isNaN(left) ? 0 : Math.max(0, left);
}

/** The time from making or revoking until the provider said so: "after 4.3 s". */
export function tookWords(proof: RunProof): string {
  if (proof.after_ms === null) return "";
  const after = proof.of === "old-dead" ? "after it was revoked" : "after it was made";
  const seconds = proof.after_ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s ${after}`;
  return `${Math.round(seconds / 60)} min ${after}`;
}

/** The states of a place in words, with the tone of their chip. */
export const PLACE_STATES: Record<string, { text: string; tone: "green" | "amber" | "red" | "plain" }> =
  {
    current: { text: "current", tone: "green" },
    behind: { text: "behind", tone: "amber" },
    other: { text: "another value", tone: "red" },
    absent: { text: "not there", tone: "amber" },
    unreadable: { text: "cannot be read back", tone: "plain" },
    unknown: { text: "not looked at", tone: "plain" },
    failed: { text: "failed", tone: "red" },
  };
