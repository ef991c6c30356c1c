// The program as the browser sees it: everything in memory, for working on the window and for its
// tests. Never loaded by the desktop shell.

import type { Api } from "./api";
import { backupCommands } from "./fake/backups";
import { entryCommands } from "./fake/entries";
import { importCommands } from "./fake/import";
import { issuedCommands } from "./fake/issued";
import { leakCommands } from "./fake/leaks";
import { lockCommands } from "./fake/lock";
import { overviewCommands } from "./fake/overview";
import { placeCommands } from "./fake/places";
import { providerCommands } from "./fake/providers";
import { rotationCommands } from "./fake/rotation";
import { type FakeOptions, FakeVault } from "./fake/vault";
import { webhookCommands } from "./fake/webhooks";

/** What a page's address asks of the fake: `?empty`, `?hostile`, `?lock`, `?locked`,
 * `?slow`. */
export function optionsOf(search: string): FakeOptions {
  const query = new URLSearchParams(search);
  return {
    empty: query.has("empty"),
    hostile: query.has("hostile"),
    lock: query.has("lock"),
    locked: query.has("locked"),
    slow: query.has("slow"),
  };
}

export function fakeApi(options: FakeOptions): Api {
  const v = new FakeVault(options);
  return {
    ...overviewCommands(v),
    ...entryCommands(v),
    ...importCommands(v),
    ...rotationCommands(v),
    ...providerCommands(v),
    ...placeCommands(v),
    ...leakCommands(v),
    ...webhookCommands(v),
    ...backupCommands(v),
    ...issuedCommands(v),
    ...lockCommands(v),

    pickFile: async () => "/home/ada/work/acme/.env",
    pickFolder: async () => "/home/ada/work/shop",
    pickSave: async ({ name }) => `/home/ada/backups/${name}`,
    openUrl: async () => v.turn(),
  };
}
