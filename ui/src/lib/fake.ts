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
  return counted({
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
  });
}

/** Counts the calls that have no answer yet: a test that begins with keys waits until there are none. */
function counted(api: Api): Api {
  const page = globalThis as typeof globalThis & { unanswered?: number };
  page.unanswered = 0;
  const count = (by: number) => (page.unanswered = (page.unanswered ?? 0) + by);
  return new Proxy(api, {
    get(target, name, receiver) {
      const call: unknown = Reflect.get(target, name, receiver);
      if (typeof call !== "function") return call;
      return (...args: unknown[]) => {
        const answer: unknown = Reflect.apply(call, target, args);
        if (answer instanceof Promise) {
          count(1);
          const answered = () => count(-1);
          answer.then(answered, answered);
        }
        return answer;
      };
    },
  });
}
