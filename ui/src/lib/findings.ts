// Findings in the order in which someone deals with them, and what is said of each.

import type { Decoding, Finding, Place } from "./bindings";

export interface FindingGroups {
  /** Values of the vault; those in use first. */
  own: Finding[];
  others: Finding[];
  /** Shown folded. */
  low: Finding[];
}

const SEVERITY = ["critical", "high", "medium", "low"];
const STAGE = ["current", "pending", "previous", "revoked", "dead"];

function place(list: string[], word: string): number {
  const at = list.indexOf(word);
  return at < 0 ? list.length : at;
}

/** Parts findings: our own on top whatever their confidence, low confidence at the end. */
export function groupFindings(kept: Finding[]): FindingGroups {
  // Reports are kept as they were written: one of before steps were told has none.
  const findings = kept.map((finding) => ({ ...finding, steps: finding.steps ?? [] }));
  const own = findings.filter((finding) => finding.own !== null);
  const rest = findings.filter((finding) => finding.own === null);
  const bySeverity = (a: Finding, b: Finding) =>
    place(SEVERITY, a.severity) - place(SEVERITY, b.severity);
  return {
    own: own.sort(
      (a, b) =>
        place(STAGE, a.own?.stage ?? "") - place(STAGE, b.own?.stage ?? "") || bySeverity(a, b),
    ),
    others: rest.filter((finding) => finding.confidence !== "low").sort(bySeverity),
    low: rest.filter((finding) => finding.confidence === "low").sort(bySeverity),
  };
}

/** Whether anything was committed: a commit, or its message, holds it. */
function isCommitted(finding: Finding): boolean {
  return finding.commit !== null || finding.places.some((place) => place.commit !== null);
}

function has(finding: Finding, source: Finding["source"]): boolean {
  return finding.source === source || finding.places.some((place) => place.source === source);
}

/** How far a finding has come, in words: where it still is, and whether others can have it. */
export interface Standing {
  held: string;
  /** Nothing for what was never committed. */
  sent: string | null;
}

/** `null` for input, and for a report of before findings said so. */
export function standing(finding: Finding): Standing | null {
  if (typeof finding.in_head !== "boolean" || has(finding, "stdin")) return null;
  if (!isCommitted(finding)) {
    if (has(finding, "index")) return { held: "Staged, not committed", sent: null };
    if (has(finding, "worktree")) return { held: "Only on this disk", sent: null };
    return { held: "Only in git's store: no branch leads to it", sent: null };
  }
  const sent = finding.pushed ? "Pushed" : "Not pushed yet, as far as this copy knows";
  if (has(finding, "worktree")) return { held: "Still in the files", sent };
  if (finding.in_head) return { held: "Still in the last commit", sent };
  return { held: "Only in history", sent };
}

/** Who can use a value that is in use, for where it is. */
export function reach(finding: Finding): string {
  if (finding.pushed) return "Everyone who can read the repository can use it.";
  if (isCommitted(finding)) return "Everyone who gets this history can use it.";
  return "Everyone who can read this folder can use it.";
}

/** The name and the address of an author. */
export function splitAuthor(author: string): { name: string; address: string } {
  const parts = /^(.*?)\s*<([^<>]*)>$/su.exec(author);
  const [name, address] = [parts?.[1] ?? author, parts?.[2] ?? ""];
  return name === "" ? { name: address, address: "" } : { name, address };
}

const WRAPPINGS: Record<Decoding, string> = {
  base64: "base64",
  hex: "hex",
  percent: "percent escapes",
  json: "JSON escapes",
  utf16: "UTF-16",
  utf32: "UTF-32",
  archive: "an archive",
};

/** What a value was wrapped in, the innermost first: "base64 inside an archive". */
export function wrappings(decoded: Decoding[]): string {
  return decoded
    .map((coding) => WRAPPINGS[coding] ?? coding)
    .reverse()
    .join(" inside ");
}

/** What stands for the path of a place that has none. */
export function pathless(place: Pick<Place, "path" | "source">): string | null {
  if (place.path !== "") return null;
  return place.source === "commit-message" ? "commit message" : "no file leads to it";
}

/** Where a place was read from: its commit, or what has none. */
export function origin(place: Place): string {
  if (place.commit !== null) return shortCommit(place.commit);
  const words = { worktree: "on disk", index: "staged", stdin: "input" } as const;
  return place.source in words ? words[place.source as keyof typeof words] : "unreachable";
}

/** A commit as people write it: its first seven digits. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** Whether a file is one that the import reads. */
export function isEnvFile(path: string): boolean {
  return /(^|\/)\.env(\.[\w.-]+)?$/.test(path);
}

/** The absolute path of a path that a report gives below its root. */
export function under(root: string, path: string): string {
  return `${root.replace(/\/+$/, "")}/${path}`;
}
