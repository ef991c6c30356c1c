// Entries: adding, editing, removing, and their values.

import { type Api, ApiError } from "../api";
import type { EntryEdit, NewEntry } from "../bindings";
import type { FakeEntry } from "./data";
import type { FakeVault } from "./vault";

export function newEntry(v: FakeVault, input: NewEntry, value: string): FakeEntry {
  return {
    name: input.name,
    id: `01JD0FAKE${String(v.entries.length + v.bin.length).padStart(17, "0")}`,
    kind: input.kind ?? "api-key",
    provider: input.provider,
    mode: input.mode ?? "unknown",
    var: input.var ?? (input.name.split("/").at(-1) ?? "").toUpperCase().replace(/[-.]/g, "_"),
    tags: input.tags,
    rotateDays: input.rotate_days ?? v.settings.rotate_days,
    leaked: false,
    expires: input.expires,
    owner: input.owner,
    url: input.url,
    notes: input.notes,
    ipNote: input.ip_note,
    created: v.at(),
    versions: [
      { version: 1, stage: "current", created: v.at(), retired: null, size: value.length },
    ],
    uses: [],
    value,
  };
}

function checkNew(v: FakeVault, input: NewEntry, value: string): void {
  if (!/^[\w.-]+\/[\w.-]+\/[\w.-]+$/.test(input.name)) {
    throw new ApiError(
      "NAME_INVALID",
      "A name has three parts, such as `acme/prod/stripe`.",
      "Letters, digits, `.`, `_` and `-` may be used.",
    );
  }
  if (v.entries.some((entry) => entry.name === input.name)) {
    throw new ApiError(
      "NAME_EXISTS",
      `There is already an entry \`${input.name}\`.`,
      "Choose another name, or rotate that one.",
    );
  }
  if (value.trim() === "") {
    throw new ApiError(
      "SECRET_EMPTY",
      "The value is empty. Nothing was stored.",
      "Paste the value again.",
    );
  }
  if (value.startsWith("sk_live_") && !input.name.includes("/prod/") && !input.force) {
    throw new ApiError(
      "ENV_MISMATCH",
      "This is a live key, and the environment is not production. Nothing was stored.",
      "Store it under `prod`, or store it anyway; that is recorded.",
    );
  }
}

export function entryCommands(v: FakeVault) {
  return {
    entries: async () => {
      await v.turn();
      return { version: 1, entries: v.rows() };
    },
    entry: async ({ name }) => {
      await v.turn();
      return v.detail(v.find(name));
    },
    addEntry: async ({ input, value }) => {
      await v.keychain();
      checkNew(v, input, value);
      const entry = newEntry(v, input, value);
      v.entries.push(entry);
      v.record("add", entry.name, input.force ? "passed a guard" : null);
      return v.detail(entry);
    },
    editEntry: async ({ name, edit }: { name: string; edit: EntryEdit }) => {
      await v.turn();
      const entry = v.find(name);
      entry.name = edit.name ?? entry.name;
      entry.kind = edit.kind ?? entry.kind;
      entry.provider = edit.provider ?? entry.provider;
      entry.mode = edit.mode ?? entry.mode;
      entry.var = edit.var ?? entry.var;
      entry.rotateDays = edit.rotate_days ?? entry.rotateDays;
      entry.expires = edit.expires ?? entry.expires;
      entry.tags = edit.tags ?? entry.tags;
      entry.owner = edit.owner ?? entry.owner;
      entry.url = edit.url ?? entry.url;
      entry.notes = edit.notes ?? entry.notes;
      entry.ipNote = edit.ip_note ?? entry.ipNote;
      v.record("edit", entry.name);
      return v.detail(entry);
    },
    removeEntry: async ({ name }) => {
      await v.turn();
      v.bin.push(v.find(name));
      v.entries = v.entries.filter((entry) => entry.name !== name);
      v.record("remove", name);
    },
    restoreEntry: async ({ name }) => {
      await v.turn();
      const index = v.bin.findIndex((entry) => entry.name === name);
      const [entry] = index < 0 ? [] : v.bin.splice(index, 1);
      if (entry) v.entries.push(entry);
      v.record("restore", name);
    },
    reveal: async ({ name }) => {
      await v.keychain();
      v.record("reveal", name);
      return v.find(name).value;
    },
    copy: async ({ name }) => {
      await v.keychain();
      v.find(name);
      v.record("copy", name);
      return v.settings.clear_after;
    },
  } satisfies Partial<Api>;
}
