// The form of an entry as text, and the two requests it becomes.

import type { EntryDetail, EntryEdit, NewEntry } from "./bindings";

/** What stands in the fields. */
export interface Draft {
  name: string;
  kind: string;
  provider: string;
  mode: string;
  var: string;
  /** A number field: empty is undefined or null. */
  rotate: number | null | undefined;
  expires: string;
  tags: string;
  owner: string;
  url: string;
  notes: string;
  ip_note: string;
}

export function blank(): Draft {
  return {
    name: "",
    kind: "",
    provider: "",
    mode: "",
    var: "",
    rotate: null,
    expires: "",
    tags: "",
    owner: "",
    url: "",
    notes: "",
    ip_note: "",
  };
}

/** The fields of an entry that exists. */
export function draftOf(detail: EntryDetail): Draft {
  const { entry } = detail;
  return {
    name: entry.name,
    kind: entry.kind,
    provider: entry.provider ?? "",
    mode: entry.mode,
    var: entry.var,
    rotate: entry.rotate_days,
    expires: detail.expires ?? "",
    tags: entry.tags.join(", "),
    owner: detail.owner ?? "",
    url: detail.url ?? "",
    notes: detail.notes ?? "",
    ip_note: detail.ip_note ?? "",
  };
}

function tagsOf(text: string): string[] {
  return [
    ...new Set(
      text
        .split(",")
        .map((tag) => tag.trim())
        .filter(Boolean),
    ),
  ].sort();
}

/** A new entry: what is empty is left for the program to guess. */
export function toNew(draft: Draft, force: boolean): NewEntry {
  const given = (text: string) => text.trim() || null;
  return {
    name: draft.name.trim(),
    kind: given(draft.kind),
    provider: given(draft.provider),
    mode: given(draft.mode),
    var: given(draft.var),
    rotate_days: draft.rotate ?? null,
    expires: given(draft.expires),
    tags: tagsOf(draft.tags),
    owner: given(draft.owner),
    url: given(draft.url),
    notes: given(draft.notes),
    ip_note: given(draft.ip_note),
    force,
  };
}

/** An edit: null leaves a field as it is, an empty text clears it. */
export function toEdit(before: Draft, draft: Draft): EntryEdit {
  const changed = (key: Exclude<keyof Draft, "rotate" | "tags">) =>
    draft[key].trim() === before[key] ? null : draft[key].trim();
  return {
    name: changed("name"),
    kind: changed("kind") || null,
    provider: changed("provider"),
    mode: changed("mode") || null,
    var: changed("var"),
    rotate_days: draft.rotate === before.rotate ? null : (draft.rotate ?? null),
    expires: changed("expires"),
    tags: draft.tags === before.tags ? null : tagsOf(draft.tags),
    owner: changed("owner"),
    url: changed("url"),
    notes: changed("notes"),
    ip_note: changed("ip_note"),
  };
}
