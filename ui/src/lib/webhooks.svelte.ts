// What stands on the screen of webhooks; it is still there when someone comes back to it.

import type { WebhookView } from "./bindings";

class Webhooks {
  /** The pasted capture with its own line ends. */
  capture = $state("");
  /** Or the file to read; one of the two is empty. */
  path = $state("");
  scheme = $state("");
  secrets = $state<string[]>([]);
  view = $state.raw<WebhookView | null>(null);
}

export const webhooks = new Webhooks();
