// What stands on the screen of webhooks; it is still there when someone comes back to it.

import { api } from "./api";
import type {
  CaptureInput,
  CaptureRead,
  ChallengeView,
  RequestView,
  SendView,
  SignedSample,
  WebhookView,
} from "./bindings";
import { Load } from "./load.svelte";
import { emptyScheme } from "./ownscheme";

export type Mode = "verify" | "sign" | "send" | "handshake";

/** A name and what it stands for: a parameter, a header. */
export interface Pair {
  name: string;
  value: string;
}

/** A dropped file that is no short text: its bytes go to the program as they are. */
export interface DroppedFile {
  name: string;
  size: number;
  base64: string;
}

const FRAMEWORK = "webhooks.framework";

// The window keeps running when storage is switched off.
function remembered(): string {
  try {
    return localStorage.getItem(FRAMEWORK) ?? "express";
  } catch {
    return "express";
  }
}

class Webhooks {
  mode = $state<Mode>("verify");

  /** The pasted capture with its own line ends. */
  capture = $state("");
  /** Or the file to read; one of the three is there. */
  path = $state("");
  file = $state.raw<DroppedFile | null>(null);
  /** Which request of the capture, from 1. */
  pick = $state(1);
  readonly read = new Load<CaptureRead>();
  readonly request = new Load<RequestView>();

  scheme = $state("");
  /** What a scheme of one's own is made of, when that is chosen. */
  own = $state(emptyScheme());
  secrets = $state<string[]>([]);
  params = $state<Pair[]>([]);
  endpoint = $state("");
  /** When the check is made; now when empty. */
  at = $state("");
  /** Seconds that replace the scheme's own window; that one when empty. */
  tolerance = $state<number | null>(null);
  view = $state.raw<WebhookView | null>(null);

  sample = $state({
    scheme: "stripe",
    secret: "",
    method: "POST",
    url: "http://localhost:3000/webhooks",
    body: '{"id":"evt_1","type":"charge.succeeded"}',
    id: "",
    headers: [{ name: "Content-Type", value: "application/json" }] as Pair[],
    params: [] as Pair[],
  });
  signed = $state.raw<SignedSample | null>(null);

  /** What is sent: a made sample, or the capture. */
  sending = $state<"sample" | "capture">("sample");
  /** Leaves the capture's signature as it is. */
  asIs = $state(false);
  sent = $state.raw<SendView | null>(null);

  challengeSecret = $state("");
  answer = $state.raw<ChallengeView | null>(null);

  #framework = $state(remembered());

  /** The framework in which code is shown; remembered. */
  get framework(): string {
    return this.#framework;
  }

  set framework(id: string) {
    this.#framework = id;
    try {
      localStorage.setItem(FRAMEWORK, id);
    } catch {
      // Not remembered, still chosen.
    }
  }

  /** The allowed age as the program takes it: whole seconds. */
  get seconds(): number | null {
    if (this.tolerance === null) return null;
    return Math.min(Math.max(0, Math.round(this.tolerance)), 2 ** 31);
  }

  /** The capture without the choice among its requests; null when there is none. */
  get source(): CaptureInput | null {
    const none = { text: null, base64: null, path: null, pick: null };
    if (this.file) return { ...none, base64: this.file.base64 };
    if (this.capture !== "") return { ...none, text: this.capture };
    const path = this.path.trim();
    return path === "" ? null : { ...none, path };
  }

  /** The request that is meant. */
  get input(): CaptureInput | null {
    const several = (this.read.value?.requests.length ?? 0) > 1;
    return this.source && { ...this.source, pick: several ? this.pick : null };
  }

  /** Forgets what was said about another capture. */
  changed(): void {
    this.pick = 1;
    this.view = null;
    this.answer = null;
    this.sent = null;
  }

  /** Reads what is there now. */
  async readSource(source: CaptureInput | null): Promise<void> {
    if (source) await this.read.run(() => api().webhookRead({ capture: source }));
    else this.read.clear();
  }
}

export const webhooks = new Webhooks();

/** Pairs as the program takes them; those without a name are left out. */
export function record(pairs: Pair[]): Record<string, string> {
  return Object.fromEntries(
    pairs.filter((pair) => pair.name.trim() !== "").map((pair) => [pair.name.trim(), pair.value]),
  );
}
