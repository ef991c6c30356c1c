// A verdict in words: one big line, and the facts beside it.

import type { Reason, WebhookReport } from "./bindings";
import type { IconName } from "./icons";
import { durationWords } from "./time";

export interface VerdictLine {
  text: string;
  tone: "good" | "warn" | "bad";
  icon: IconName;
}

/** The one line. Only "valid" says that the body is what was sent. */
export function verdictLine(report: Pick<WebhookReport, "verdict">): VerdictLine {
  switch (report.verdict) {
    case "valid":
      return { text: "Valid", tone: "good", icon: "circle-check" };
    case "authenticated":
      return { text: "Authenticated, body not protected", tone: "warn", icon: "circle-alert" };
    case "undecidable":
      return { text: "Cannot be decided offline", tone: "warn", icon: "circle-dashed" };
    default:
      return { text: "Not valid", tone: "bad", icon: "circle-x" };
  }
}

/** What to change, in words of the window: a hint may name flags of the command line. */
export function whatToChange({ hint, wanted }: Pick<Reason, "hint" | "wanted">): string {
  if (!wanted) return hint;
  if (wanted.parameter === null) return wanted.words;
  return `${wanted.words} Put it under “Replays and parameters” as \`${wanted.parameter}\`, and verify again.`;
}

export interface Fact {
  name: string;
  text: string;
  ok: boolean;
}

const NAMES: Record<string, string> = {
  signature: "Signature",
  timestamp: "Age",
  replay: "Replay",
};

/** Each check as a fact of its own. */
export function facts(report: Pick<WebhookReport, "checks">): Fact[] {
  return report.checks.map((check) => ({
    name: NAMES[check.name] ?? check.name,
    ok: check.ok,
    text: factText(check),
  }));
}

function factText(check: WebhookReport["checks"][number]): string {
  if (check.name === "signature") return check.ok ? "fits" : "does not fit";
  if (check.name === "replay") return check.ok ? "not seen before" : "seen before";
  if (check.name === "timestamp") {
    const age = check.age_seconds;
    if (age === undefined) return check.ok ? "within the window" : "outside the window";
    const words = age < 0 ? `${durationWords(-age)} in the future` : `${durationWords(age)} old`;
    return check.ok ? words : `${words}, outside the window`;
  }
  return check.ok ? "holds" : "does not hold";
}
