// The three ways of a restore, in words.

import type { Merge } from "./api";

export const MERGES: { value: Merge; name: string; what: string }[] = [
  {
    value: "skip",
    name: "Add what is missing",
    what: "Entries that the vault has stay as they are.",
  },
  {
    value: "newer",
    name: "Take what is newer",
    what: "An entry is replaced only where the backup's copy is newer.",
  },
  {
    value: "overwrite",
    name: "Take the backup",
    what: "Every entry becomes as it was in the backup, older ones too.",
  },
];
