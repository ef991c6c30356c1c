// The steps of a finding are sentences. Here they are cut into what is read, what is typed in a
// terminal and what this window does itself.

import type { Finding } from "./bindings";

export type StepPart =
  | { kind: "text"; text: string }
  | { kind: "command"; text: string }
  /** Stands for the command that starts the rotation of our own entry. */
  | { kind: "rotate" }
  /** Stands for the page where a person replaces it. */
  | { kind: "console"; text: string };

// Between backticks; or after a colon or a bracket, up to the end of its clause.
const COMMAND =
  /`([^`]+)`|(?<=^|: |\()((?:git|keyward) [a-z][\s\S]*?)(?=\)|[,;] |\. |[.,;]?$)/gu;

/** Cuts one step into its parts, in order; nothing of it is lost but what a button stands for. */
export function stepParts(step: string, finding: Pick<Finding, "own" | "console">): StepPart[] {
  const parts: StepPart[] = [];
  const say = (text: string): void => {
    const { console } = finding;
    const at = console ? text.indexOf(console) : -1;
    if (console && at >= 0) {
      say(text.slice(0, at));
      parts.push({ kind: "console", text: console });
      say(text.slice(at + console.length));
    } else if (text !== "") parts.push({ kind: "text", text });
  };
  let done = 0;
  for (const match of step.matchAll(COMMAND)) {
    const command = match[1] ?? match[2] ?? "";
    say(step.slice(done, match.index));
    const own = finding.own?.entry;
    if (own !== undefined && command === `keyward rotate ${own} --start`)
      parts.push({ kind: "rotate" });
    else parts.push({ kind: "command", text: command });
    done = match.index + match[0].length;
  }
  say(step.slice(done));
  return parts;
}

/** Whether a step of this kind is among the parts of all steps. */
export function hasPart(steps: StepPart[][], kind: StepPart["kind"]): boolean {
  return steps.some((parts) => parts.some((part) => part.kind === kind));
}
