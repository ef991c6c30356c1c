// Kinds of places: what each has to be told, and how a form becomes one.

import type { NewPlace, SeenPlace } from "./bindings";

/** A field of the form; what it fills is the name of one of a place's fields. */
export interface PlaceField {
  id: "path" | "key" | "secret" | "region" | "address" | "mount" | "namespace" | "project"
    | "environment" | "argv" | "check" | "note";
  label: string;
  note?: string;
  /** May stay empty. */
  optional?: boolean;
  /** Chosen with the system's dialog. */
  file?: boolean;
  /** Several lines. */
  lines?: boolean;
  example?: string;
}

export interface PlaceKind {
  id: string;
  name: string;
  fields: PlaceField[];
  /** Written with a credential of its own. */
  credential?: boolean;
}

const key = (label: string, note = "The secret's own variable when left empty."): PlaceField => ({
  id: "key",
  label,
  note,
  optional: true,
});
const address = (label: string, note: string, optional = true): PlaceField => ({
  id: "address",
  label,
  note,
  optional,
  example: "https://",
});

export const PLACE_KINDS: PlaceKind[] = [
  {
    id: "dotenv",
    name: "A line of an .env file",
    fields: [
      { id: "path", label: "File", file: true, example: "/home/you/app/.env" },
      key("Variable"),
    ],
  },
  {
    id: "file",
    name: "A file of its own",
    fields: [
      { id: "path", label: "File", file: true, note: "It holds the value and nothing else." },
    ],
  },
  {
    id: "github-actions",
    name: "A secret of GitHub Actions",
    credential: true,
    fields: [
      { id: "project", label: "Repository", example: "owner/name" },
      key("Name"),
      { id: "environment", label: "Environment", optional: true },
      address("Address", "Of a server of your own; GitHub's when left empty."),
    ],
  },
  {
    id: "gitlab-ci",
    name: "A variable of GitLab CI",
    credential: true,
    fields: [
      { id: "project", label: "Project", example: "group/project" },
      key("Name"),
      { id: "environment", label: "Scope", optional: true },
      address("Address", "Of a server of your own; GitLab's when left empty."),
    ],
  },
  {
    id: "secrets-manager",
    name: "AWS Secrets Manager",
    credential: true,
    fields: [
      { id: "secret", label: "Secret", note: "Its name or ARN." },
      { id: "region", label: "Region", example: "eu-central-1" },
      key("Field", "A key of the JSON object that the secret is; the whole secret when left empty."),
      address("Address", "Another address than Amazon's.", true),
    ],
  },
  {
    id: "kv",
    name: "Vault or OpenBao (KV version 2)",
    credential: true,
    fields: [
      address("Address", "Of the server.", false),
      { id: "path", label: "Path", example: "acme/prod" },
      { id: "mount", label: "Mount", note: "secret when left empty.", optional: true },
      key("Field"),
      { id: "namespace", label: "Namespace", optional: true },
    ],
  },
  {
    id: "kubernetes",
    name: "A Secret in a Kubernetes manifest",
    fields: [
      { id: "path", label: "Manifest", file: true, example: "/home/you/app/secret.yaml" },
      { id: "secret", label: "Name", note: "Where the file has several.", optional: true },
      key("Key"),
    ],
  },
  {
    id: "command",
    name: "A command that reads it",
    fields: [
      {
        id: "argv",
        label: "Command",
        note: "The program and its arguments, one a line. The value comes to its input; no shell reads them.",
        lines: true,
      },
      {
        id: "check",
        label: "To look",
        note: "A command that prints what is there, one argument a line.",
        lines: true,
        optional: true,
      },
    ],
  },
  {
    id: "by-hand",
    name: "By hand",
    fields: [
      { id: "note", label: "What to do", example: "Paste it into the host's settings of acme-web" },
    ],
  },
];

const EMPTY: NewPlace = {
  kind: "",
  path: null,
  key: null,
  secret: null,
  region: null,
  address: null,
  mount: null,
  namespace: null,
  project: null,
  environment: null,
  argv: [],
  check: [],
  note: null,
  credential: null,
};

/** What was typed, by the field's id. */
export type Typed = Partial<Record<PlaceField["id"] | "credential", string>>;

/** Whether everything that the kind needs was typed. */
export function isComplete(kind: PlaceKind, typed: Typed): boolean {
  const has = (id: keyof Typed) => (typed[id] ?? "").trim() !== "";
  const told = kind.fields.every((field) => field.optional || has(field.id));
  return told && (!kind.credential || has("credential"));
}

/** The place that the form says; fields of other kinds are left out, whatever they hold. */
export function placeOf(kind: PlaceKind, typed: Typed): NewPlace {
  const place: NewPlace = { ...EMPTY, kind: kind.id };
  for (const field of kind.fields) {
    const text = (typed[field.id] ?? "").trim();
    if (field.id === "argv" || field.id === "check")
      place[field.id] = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    else place[field.id] = text === "" ? null : text;
  }
  if (kind.credential) place.credential = (typed.credential ?? "").trim() || null;
  return place;
}

const PATH = /^(\/|[A-Za-z]:[\\/])/;

/** The place that a sighting could become with one click; none where it is no place to keep a key. */
export function placeOfSeen(seen: Pick<SeenPlace, "how" | "place">): NewPlace | null {
  if (seen.how === "leak") return null;
  if (PATH.test(seen.place) && !seen.place.includes(" ") && seen.how !== "run")
    return { ...EMPTY, kind: "dotenv", path: seen.place };
  if (seen.how === "run") return { ...EMPTY, kind: "by-hand", note: `Start again: ${seen.place}` };
  return null;
}
