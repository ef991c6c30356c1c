// The one table from an error's code to the button that helps. The words of an error come with it.

export type Remedy = "retry" | "force" | "health" | "correct";

const EXACT: Record<string, Remedy> = {
  ENV_MISMATCH: "force",
  VALUE_UNFIT: "force",
  PROVIDER_FAILED: "retry",
  PLACE_FAILED: "retry",
  PLACE_CONFLICT: "retry",
  RUN_BUSY: "retry",
  STILL_ALIVE: "retry",
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

// What to do next in the window, where the program's hint names a command or a flag.
const HINTS: Record<string, string> = {
  VALUE_UNFIT: "Copy it again, whole, or take it as it is.",
  RUN_OPEN: "Go on with that rotation, or cancel it.",
  PROVIDER_NOT_ALLOWED: "Allow it with the button here, or in Settings under Providers.",
  PROVIDER_NOT_CONNECTED: "Tell it under Provider, on the page of the secret.",
  PROVIDER_UNKNOWN: "Settings lists the providers that Keyward knows, and takes in one of yours.",
  PROVIDER_INVALID: "An address begins with https://.",
  PLACE_INVALID: "Fill in what is missing, then add it again.",
};

/** What to do next about an error, in the window's words. */
export function hintOf(error: { code: string; hint: string }): string {
  // Its hints are many, and some name a flag.
  if (error.code === "RUN_STATE" && error.hint.includes("--"))
    return "The run shows what it waits for.";
  return (Object.hasOwn(HINTS, error.code) && HINTS[error.code]) || error.hint;
}
