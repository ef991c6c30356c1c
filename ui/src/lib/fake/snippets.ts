// The snippets of the product itself, for the browser fake.

import type { Code, Framework, Remedy, Snippet } from "../bindings";

const FILES = import.meta.glob<string>("../../../../crates/webhook/snippets/*.toml", {
  query: "?raw",
  import: "default",
  eager: true,
});

const REMEDIES: Partial<Record<Code, [Remedy, string]>> = {
  "body-reserialised": ["raw-body", "verify the bytes as they came"],
  "trailing-newline-added": ["raw-body", "verify the bytes as they came"],
  "other-stored-secret": ["several-secrets", "accept the secrets of this endpoint"],
  "timestamp-too-old": ["timestamp", "read the timestamp and keep a window"],
};

/** A value of a file's head, such as `name = "Express"`. */
function head(file: string, key: string): string {
  return new RegExp(`^${key} = "(.*)"$`, "m").exec(file)?.[1] ?? "";
}

const ORDER = ["express", "fastapi", "rails", "spring", "go", "laravel", "nextjs"];

export function frameworks(): Framework[] {
  return Object.values(FILES)
    .map((file) => ({ id: head(file, "id"), name: head(file, "name") }))
    .sort((a, b) => ORDER.indexOf(a.id) - ORDER.indexOf(b.id));
}

export function snippets(framework: string, header: string, codes: Code[]): Snippet[] {
  const file = Object.values(FILES).find((text) => head(text, "id") === framework) ?? "";
  return codes.flatMap((code): Snippet[] => {
    const [remedy, title] = REMEDIES[code] ?? [];
    if (!remedy || !title) return [];
    const text = file.split(`\n${remedy} = '''\n`)[1]?.split("'''")[0] ?? "";
    return [
      {
        framework,
        framework_name: head(file, "name"),
        remedy,
        title,
        codes: [code],
        language: head(file, "language"),
        text: text.replaceAll("X-Signature", header),
        sources: [],
      },
    ];
  });
}
