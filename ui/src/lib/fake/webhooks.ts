// Webhook checks for the browser fake: enough of two schemes to be true in the small.

import { type Api, ApiError } from "../api";
import type {
  CaptureInput,
  CaptureRead,
  Reason,
  SampleInput,
  SchemeSummary,
  SignedSample,
  VerifyInput,
  WebhookReport,
  WebhookView,
} from "../bindings";
import { part } from "../difference";
import { fromBase64 } from "../formats";
import { frameworks, snippets } from "./snippets";
import type { FakeVault } from "./vault";

const SCHEMES: SchemeSummary[] = [
  ["stripe", "Stripe", "Stripe-Signature"],
  ["github", "GitHub", "X-Hub-Signature-256"],
  ["gitlab-token", "GitLab", "X-Gitlab-Token"],
  ["shopify", "Shopify", "X-Shopify-Hmac-Sha256"],
  ["slack", "Slack", "X-Slack-Signature"],
  ["standard-webhooks", "Standard Webhooks", "webhook-signature"],
].map(([id = "", provider = "", header = ""]) => ({
  id,
  provider,
  header,
  signed: "the raw body",
  verified: true,
  legacy: false,
  needs_url: false,
  public_key: false,
  can_sign: true,
  past_seconds: 300,
  future_seconds: null,
  note: null,
  sources: [],
}));

interface Request {
  method: string;
  url: string;
  headers: [string, string][];
  body: string;
}

/** What a capture holds: raw HTTP, or the requests of a HAR. */
interface Capture {
  format: CaptureRead["format"];
  requests: (Request & { lossy: boolean; notes: string[] })[];
}

interface HarEntry {
  request: {
    method: string;
    url: string;
    headers: { name: string; value: string }[];
    postData?: { text?: string };
  };
}

function read(input: CaptureInput): Capture {
  if (input.path !== null) {
    throw new ApiError(
      "NOT_FOUND",
      `There is no file \`${input.path}\`.`,
      "Check the path, or paste the capture.",
    );
  }
  const text = input.text ?? fromBase64(input.base64 ?? "");
  if (!text.trimStart().startsWith("{")) {
    return { format: "raw-http", requests: [{ ...parse(text), lossy: false, notes: [] }] };
  }
  try {
    const { log }: { log: { entries: HarEntry[] } } = JSON.parse(text);
    const requests = log.entries.map(({ request }) => ({
      method: request.method,
      url: request.url,
      headers: request.headers.map(({ name, value }): [string, string] => [name, value]),
      body: request.postData?.text ?? "",
      lossy: request.postData?.text === undefined,
      notes: request.postData?.text === undefined ? ["The HAR does not hold the body."] : [],
    }));
    return { format: "har", requests };
  } catch {
    throw new ApiError(
      "SAMPLE_INVALID",
      "This is no capture that Keyward knows; it reads raw HTTP, cURL, HAR and others.",
      "Give the whole request: request line, headers, a blank line and the exact body.",
    );
  }
}

function picked(input: CaptureInput): Request {
  const { requests } = read(input);
  const request = requests[(input.pick ?? 1) - 1];
  if (!request || (input.pick === null && requests.length > 1)) {
    throw new ApiError("AMBIGUOUS", "The capture holds several requests.", "Choose one of them.");
  }
  return request;
}

function parse(capture: string): Request {
  const text = capture.replace(/\r\n/g, "\n");
  const gap = text.indexOf("\n\n");
  if (gap < 0) {
    throw new ApiError(
      "SAMPLE_INVALID",
      "This is no capture that Keyward knows; it reads raw HTTP, cURL, HAR and others.",
      "Give the whole request: request line, headers, a blank line and the exact body.",
    );
  }
  const [first = "", ...lines] = text.slice(0, gap).split("\n");
  const [method = "POST", target = "/"] = first.split(" ");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "localhost";
  const url = target.includes("://") ? target : `https://${host}${target}`;
  return { method, url, headers, body: text.slice(gap + 2) };
}

async function hmac(secret: string, text: string): Promise<string> {
  const bytes = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw",
    bytes.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const mac = await crypto.subtle.sign("HMAC", key, bytes.encode(text));
  return Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Signed {
  scheme: SchemeSummary;
  signature: string;
  timestamp: number | null;
  covers: (body: string) => string;
}

/** One's own scheme; of what it may say, the fake knows the header and what stands before the signature. */
function ownScheme(file: string): { scheme: SchemeSummary; prefix: string } {
  const text = (name: string) => new RegExp(`^${name} = "(.*)"$`, "m").exec(file)?.[1] ?? "";
  const [known] = SCHEMES;
  if (!known) throw new ApiError("INTERNAL", "The fake has no scheme.");
  const scheme = { ...known, id: "own", provider: text("provider"), header: text("header") };
  return { scheme, prefix: text("prefix") };
}

function ownForm(request: Request, file: string): Signed {
  const { scheme, prefix } = ownScheme(file);
  const named = request.headers.find(
    ([name]) => name.toLowerCase() === scheme.header.toLowerCase(),
  );
  const signature = (named?.[1] ?? "").replace(prefix, "");
  return { scheme, signature, timestamp: null, covers: (body) => body };
}

function signedForm(request: Request, wanted: string | null): Signed {
  const scheme = SCHEMES.find((candidate) =>
    wanted
      ? candidate.id === wanted
      : request.headers.some(([name]) => name.toLowerCase() === candidate.header.toLowerCase()),
  );
  if (!scheme) {
    throw new ApiError(
      "SCHEME_UNKNOWN",
      "No signature header of a known scheme is in this request.",
      "Choose the scheme by hand, or check whether a proxy dropped the header.",
    );
  }
  const header =
    request.headers.find(([name]) => name.toLowerCase() === scheme.header.toLowerCase())?.[1] ?? "";
  if (scheme.id !== "stripe") {
    return { scheme, signature: header.replace("sha256=", ""), timestamp: null, covers: (b) => b };
  }
  const timestamp = Number(/t=(\d+)/.exec(header)?.[1] ?? "0");
  const signature = /v1=([0-9a-f]+)/.exec(header)?.[1] ?? "";
  return { scheme, signature, timestamp, covers: (body) => `${timestamp}.${body}` };
}

function excerpt(text: string, offset: number): string {
  const from = Math.max(0, offset - 12);
  return `${text.slice(from, from + 30)}${text.length > from + 30 ? "…" : ""}`;
}

/** The forms in which a body often arrives although another one was signed. */
function reserialised(body: string): string | null {
  try {
    const compact = JSON.stringify(JSON.parse(body));
    return compact === body ? null : compact;
  } catch {
    return null;
  }
}

/** Verifies a capture against secrets by name, as the real program would tell it. */
async function verify(
  args: VerifyInput,
  secrets: Map<string, string>,
  now: number,
): Promise<WebhookView> {
  const request = picked(args.capture);
  const form = args.scheme_file
    ? ownForm(request, args.scheme_file)
    : signedForm(request, args.scheme);
  const fits = async (secret: string, body: string) =>
    (await hmac(secret, form.covers(body))) === form.signature;

  let name: string | null = null;
  const reasons: Reason[] = [];
  let difference: WebhookReport["difference"] = null;
  for (const accepted of args.secrets) {
    if (await fits(secrets.get(accepted) ?? "", request.body)) name = accepted;
  }
  if (!name) {
    const compact = reserialised(request.body);
    for (const accepted of args.secrets) {
      if (compact && (await fits(secrets.get(accepted) ?? "", compact))) {
        const offset = part(request.body, compact).before.length;
        difference = {
          offset,
          received: excerpt(request.body, offset),
          signed: excerpt(compact, offset),
        };
        reasons.push({
          code: "body-reserialised",
          message:
            "The body was parsed and written again: the signed one has no blanks between its parts.",
          hint: "Verify the raw bytes before any JSON middleware reads them. In Express, use express.raw() on this route.",
          proved: true,
          secret: null,
        });
      }
    }
    for (const [other, secret] of secrets) {
      if (!args.secrets.includes(other) && (await fits(secret, request.body))) {
        reasons.push({
          code: "other-stored-secret",
          message: `Signed with \`${other}\`${args.secrets[0] ? `, not with \`${args.secrets[0]}\`` : ""}.`,
          hint: "Give this endpoint the secret of its own environment.",
          proved: true,
          secret: { name: other, version: 1 },
        });
      }
    }
  }
  if (!name && reasons.length === 0) {
    reasons.push({
      code: "wrong-secret",
      message: "No secret you chose fits, and no stored one does.",
      hint: "Copy the signing secret of this endpoint from the provider's page again.",
      proved: false,
      secret: null,
    });
  }
  const age = form.timestamp === null ? null : Math.round(now / 1000) - form.timestamp;
  const window = args.tolerance ?? 300;
  const fresh = age === null || age <= window;
  if (name && !fresh) {
    reasons.push({
      code: "timestamp-too-old",
      message: `The signature fits, but it is ${age} s old; the window is ${window} s.`,
      hint: "Fine for a capture of the past. For live traffic, check the clock of the server.",
      proved: true,
      secret: null,
    });
  }
  return {
    request: { ...request, body_bytes: new TextEncoder().encode(request.body).length },
    report: {
      version: 1,
      verdict: name && fresh ? "valid" : "invalid",
      scheme: form.scheme.id,
      scheme_name: form.scheme.provider,
      secret: name ? { name, version: 1 } : null,
      checks: [
        { name: "signature", ok: name !== null },
        ...(age === null ? [] : [{ name: "timestamp" as const, ok: fresh, age_seconds: age }]),
        ...(args.remember === null ? [] : [{ name: "replay" as const, ok: true }]),
      ],
      reasons,
      signed:
        form.timestamp === null
          ? "HMAC-SHA-256 over the raw body."
          : "HMAC-SHA-256 over the timestamp, a dot and the raw body.",
      signed_text: form.covers(request.body).replaceAll("\n", "\\n"),
      delivery_id: null,
      difference,
      notes: args.scheme ? [] : [`The scheme was guessed from the header ${form.scheme.header}.`],
    },
  };
}

type WebhookApi = Pick<
  Api,
  | "webhookSchemes"
  | "webhookFrameworks"
  | "webhookSnippets"
  | "webhookRead"
  | "webhookRequest"
  | "webhookVerify"
  | "webhookSign"
  | "webhookSend"
  | "webhookChallenge"
>;

export function webhookCommands(v: FakeVault): WebhookApi {
  return {
    webhookSchemes: async () => {
      await v.turn();
      return SCHEMES;
    },
    webhookFrameworks: async () => frameworks(),
    webhookSnippets: async ({ framework, scheme, codes }) => {
      const header = SCHEMES.find((known) => known.id === scheme)?.header ?? "X-Signature";
      return snippets(framework, header, codes);
    },
    webhookRead: async ({ capture }) => {
      const { format, requests } = read(capture);
      return {
        format,
        requests: requests.map(({ method, url, headers, body, lossy, notes }) => ({
          method,
          url,
          headers: headers.length,
          body_bytes: lossy ? null : byteLength(body),
          lossy,
          notes,
        })),
      };
    },
    webhookRequest: async ({ capture }) => {
      const { method, url, headers, body } = picked(capture);
      return { method, url, headers, body, body_bytes: byteLength(body) };
    },
    webhookVerify: async ({ input }) => {
      await v.keychain();
      return verify(input, secrets(v), moment(input.at));
    },
    webhookSign: ({ sample }) => sign(v, sample),
    webhookSend: async ({ input }) => {
      const url = new URL(input.target);
      if (!["localhost", "127.0.0.1", "[::1]"].includes(url.hostname) && !input.force) {
        throw new ApiError(
          "SEND_NOT_LOCAL",
          `\`${url.hostname}\` is not this machine.`,
          "`--force` sends it there.",
        );
      }
      if (url.port === "9") {
        throw new ApiError(
          "SEND_FAILED",
          "Nothing listens at 127.0.0.1:9.",
          "Start your endpoint, and look at the port.",
        );
      }
      const captured = input.capture && picked(input.capture);
      const sample = { ...input.sample, scheme: input.sample.scheme || "stripe" };
      const signed = await sign(v, captured ? { ...sample, body: captured.body } : sample);
      const ok = url.pathname !== "/broken";
      return {
        version: 1,
        ok,
        scheme: input.as_is ? null : signed.scheme,
        secret: input.as_is ? null : { name: input.sample.secret, version: 1 },
        sent: {
          method: captured?.method ?? input.sample.method,
          url: input.target,
          address: "127.0.0.1:3000",
          headers: [
            ["Host", url.host],
            ...(input.as_is && captured ? captured.headers : signed.headers),
          ],
          body: captured?.body ?? input.sample.body,
          body_bytes: byteLength(captured?.body ?? input.sample.body),
        },
        answer: {
          status: ok ? 200 : 401,
          reason: ok ? "OK" : "Unauthorized",
          headers: [["Content-Type", "application/json"]],
          body: ok ? '{"received":true}' : '{"error":"signature does not match <b>"}',
          body_bytes: ok ? 17 : 39,
          ending: "whole",
        },
        seconds: 0.012,
        notes: [],
      };
    },
    webhookChallenge: async ({ capture, secret }) => {
      const request = picked(capture);
      const none = new ApiError(
        "SAMPLE_INVALID",
        "The request is no handshake that is known.",
        "Give the provider's first request as it came.",
      );
      const said = json(request.body);
      if (said["type"] === "url_verification") {
        return {
          version: 1,
          handshake: "slack",
          status: 200,
          headers: [["Content-Type", "text/plain"]],
          body: String(said["challenge"]),
          notes: [],
        };
      }
      const token = new URL(request.url).searchParams.get("hub.verify_token");
      if (token === null) throw none;
      const right = secret === null || secrets(v).get(secret) === token;
      return {
        version: 1,
        handshake: "meta",
        status: right ? 200 : 403,
        headers: [["Content-Type", "text/plain"]],
        body: right ? (new URL(request.url).searchParams.get("hub.challenge") ?? "") : "",
        notes: right
          ? ["Compare `hub.verify_token` with yours before you answer; it was not given here."]
          : ["The request does not name your verify token, so it is refused."],
      };
    },
  };
}

/** When a check is made: now, or what was given. */
function moment(at: string | null): number {
  if (at === null) return Date.now();
  const time = /^\d+$/.test(at) ? Number(at) * 1000 : Date.parse(at);
  if (!Number.isNaN(time)) return time;
  throw new ApiError(
    "FIELD_INVALID",
    "The time of the check is neither RFC 3339 nor Unix seconds.",
    "Such as 2026-01-31T12:00:00Z or 1769860800.",
  );
}

function json(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function secrets(v: FakeVault): Map<string, string> {
  return new Map(
    v.entries
      .filter((entry) => entry.kind === "webhook-secret")
      .map((entry) => [entry.name, entry.value]),
  );
}

async function sign(v: FakeVault, sample: SampleInput): Promise<SignedSample> {
  await v.keychain();
  const own = sample.scheme_file ? ownScheme(sample.scheme_file) : null;
  const scheme = own?.scheme ?? SCHEMES.find((known) => known.id === sample.scheme);
  if (scheme?.id === "gitlab-token") {
    throw new ApiError(
      "FIELD_INVALID",
      "GitLab sends the secret itself, so a sample would show it.",
      "`keyward webhook sign --reveal` makes one.",
    );
  }
  const secret = secrets(v).get(sample.secret) ?? "none";
  const time = Math.floor(Date.now() / 1000);
  const signed = scheme?.id === "stripe" ? `${time}.${sample.body}` : sample.body;
  const mac = await hmac(secret, signed);
  const value =
    scheme?.id === "stripe" ? `t=${time},v1=${mac}` : `${own?.prefix ?? "sha256="}${mac}`;
  return {
    version: 1,
    scheme: scheme?.id ?? "",
    method: sample.method,
    url: sample.url,
    headers: [...sample.headers, [scheme?.header ?? "", value]],
    body_base64: btoa(String.fromCharCode(...new TextEncoder().encode(sample.body))),
  };
}
