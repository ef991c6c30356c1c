// The one table from an error's code to the button that helps. The words of an error come with it.

export type Remedy = "retry" | "force" | "health" | "correct";

const EXACT: Record<string, Remedy> = {
  ENV_MISMATCH: "force",
  VAULT_BUSY: "retry",
  VAULT_LOCKED: "correct",
  VAULT_WRONG_PASSPHRASE: "correct",
  INTERNAL: "health",
  IPC_INVALID: "health",
};

const PREFIX: [string, Remedy][] = [
  ["KC_", "retry"],
  ["DISK_", "retry"],
  ["VAULT_", "health"],
  ["KEY_", "health"],
  ["AUDIT_", "health"],
];

/** What helps with an error; `correct` means that the person changes what they entered. */
export function remedy(code: string): Remedy {
  return EXACT[code] ?? PREFIX.find(([start]) => code.startsWith(start))?.[1] ?? "correct";
}

/** Whether an error is an answer of the person rather than a fault, so that it is not shown. */
export function isDeclined(code: string): boolean {
  return code === "REVEAL_DENIED" || code === "CANCELLED";
}
