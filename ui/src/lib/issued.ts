// Issued keys in words: how they stand, and what a verdict means.

import type { IssuedKeyRow, IssuedKeyVerdict } from "./bindings";
import type { IconName } from "./icons";

export interface Standing {
  words: string;
  tone: "good" | "warn" | "bad";
  icon: IconName;
}

const STANDINGS: Record<string, Standing> = {
  active: { words: "Active", tone: "good", icon: "circle-check" },
  expired: { words: "Expired", tone: "warn", icon: "clock" },
  revoked: { words: "Revoked", tone: "bad", icon: "circle-x" },
};

/** How a key stands; a state that is not known is shown by its own name. */
export function standing(key: IssuedKeyRow): Standing {
  const known = Object.hasOwn(STANDINGS, key.state) ? STANDINGS[key.state] : undefined;
  return known ?? { words: key.state, tone: "warn", icon: "circle-alert" };
}

const VERDICTS: Record<string, string> = {
  valid: "Valid",
  revoked: "Revoked",
  expired: "Expired",
  unknown: "Not issued here",
  other: "Another key",
  mistyped: "Mistyped",
  "not-a-key": "Not a key",
};

/** The verdict in one or two words. */
export function verdictWords(verdict: IssuedKeyVerdict): string {
  return (Object.hasOwn(VERDICTS, verdict.verdict) && VERDICTS[verdict.verdict]) || verdict.verdict;
}

/** What a key is called in a list: its label, else the part of it that is public. */
export function keyName(key: IssuedKeyRow): string {
  return key.label ?? publicPart(key);
}

/** The part of a key that is no secret. */
export function publicPart(key: IssuedKeyRow): string {
  return `${key.prefix}_${key.id}…`;
}
