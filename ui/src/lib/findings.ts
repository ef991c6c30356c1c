// Findings in the order in which someone deals with them, and what each is called.

import type { Finding } from "./bindings";

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
export function groupFindings(findings: Finding[]): FindingGroups {
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
