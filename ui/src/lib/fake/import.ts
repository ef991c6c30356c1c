// Importing a file: what stands in it is always the same.

import { type Api, ApiError, type ImportArgs } from "../api";
import type { ImportReport } from "../bindings";
import { newEntry } from "./entries";
import type { FakeVault } from "./vault";

function importRows(v: FakeVault, args: ImportArgs): ImportReport {
  if (args.path.includes("missing")) {
    throw new ApiError(
      "NOT_FOUND",
      `There is no file \`${args.path}\`.`,
      "Check the path, or choose the file.",
    );
  }
  const name = (last: string) => `${args.project || "project"}/${args.env || "dev"}/${last}`;
  const report: ImportReport = {
    version: 1,
    applied: false,
    rows: [
      {
        line: 1,
        var: "STRIPE_KEY",
        name: name("stripe-key"),
        kind: "api-key",
        provider: "stripe",
        mode: "live",
        action: "add",
        note: null,
      },
      {
        line: 2,
        var: "STRIPE_WEBHOOK_SECRET",
        name: name("stripe-webhook-secret"),
        kind: "webhook-secret",
        provider: "stripe",
        mode: "unknown",
        action: "add",
        note: null,
      },
      {
        line: 4,
        var: "DATABASE_URL",
        name: name("database-url"),
        kind: "password",
        provider: "postgres",
        mode: "unknown",
        action: "add",
        note: null,
      },
      {
        line: 5,
        var: "NODE_ENV",
        name: name("node-env"),
        kind: "other",
        provider: null,
        mode: "unknown",
        action: "add",
        note: "This does not look like a secret.",
      },
      {
        line: 7,
        var: "broken line",
        name: "",
        kind: "other",
        provider: null,
        mode: "unknown",
        action: "bad",
        note: "There is no `=` on this line.",
      },
    ],
  };
  for (const line of report.rows) {
    if (line.action === "add" && v.entries.some((entry) => entry.name === line.name))
      line.action = "same";
  }
  return report;
}

export function importCommands(v: FakeVault) {
  return {
    importPreview: async (args) => {
      await v.turn();
      return importRows(v, args);
    },
    importApply: async (args) => {
      await v.keychain();
      const report = importRows(v, args);
      for (const line of report.rows.filter((candidate) => candidate.action === "add")) {
        v.entries.push(
          newEntry(
            v,
            {
              name: line.name,
              kind: line.kind,
              provider: line.provider,
              mode: line.mode,
              var: line.var,
              rotate_days: null,
              expires: null,
              tags: [],
              owner: null,
              url: null,
              notes: null,
              ip_note: null,
              force: false,
            },
            "imported",
          ),
        );
        v.record("add", line.name, "import");
      }
      return { ...report, applied: true };
    },
  } satisfies Partial<Api>;
}
