// Webhook checks for the browser fake: enough of two schemes to be true in the small.

import { type Api, ApiError, type VerifyArgs } from "../api";
import type { Reason, SchemeSummary, WebhookReport, WebhookView } from "../bindings";
import { part } from "../difference";
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

function parse(capture: string): Request {
  const text = capture.replace(/\r\n/g, "\n");
  const gap = text.indexOf("\n\n");
  if (gap < 0) {
    throw new ApiError(
      "CAPTURE_UNKNOWN",
      "This is no capture that Keyward can read: there is no blank line after the headers.",
      "Paste a raw HTTP request, or Keyward's request JSON.",
    );
  }
  const [first = "", ...lines] = text.slice(0, gap).split("\n");
  const [method = "POST", target = "/"] = first.split(" ");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "localhost";
  return { method, url: `https://${host}${target}`, headers, body: text.slice(gap + 2) };
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
  args: VerifyArgs,
  secrets: Map<string, string>,
  now: number,
): Promise<WebhookView> {
  const capture = args.capture ?? "";
  const request = parse(capture);
  const form = signedForm(request, args.scheme);
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
          received: request.body.slice(Math.max(0, offset - 12), offset + 24),
          signed: compact.slice(Math.max(0, offset - 12), offset + 24),
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
  const fresh = age === null || age <= 300;
  if (name && !fresh) {
    reasons.push({
      code: "timestamp-too-old",
      message: `The signature fits, but it is ${age} s old; the window is 300 s.`,
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
        { name: "replay", ok: true },
      ],
      reasons,
      signed:
        form.timestamp === null
          ? "HMAC-SHA-256 over the raw body."
          : "HMAC-SHA-256 over the timestamp, a dot and the raw body.",
      signed_text: form.covers(request.body).slice(0, 80),
      delivery_id: null,
      difference,
      notes: args.scheme ? [] : [`The scheme was guessed from the header ${form.scheme.header}.`],
    },
  };
}

export function webhookCommands(v: FakeVault) {
  return {
    webhookSchemes: async () => {
      await v.turn();
      return SCHEMES;
    },
    webhookVerify: async (args: VerifyArgs) => {
      await v.keychain();
      if (args.path !== null)
        throw new ApiError(
          "NOT_FOUND",
          `There is no file \`${args.path}\`.`,
          "Check the path, or paste the capture.",
        );
      const secrets = new Map(
        v.entries
          .filter((entry) => entry.kind === "webhook-secret")
          .map((entry) => [entry.name, entry.value]),
      );
      return verify(args, secrets, Date.now());
    },
  } satisfies Partial<Api>;
}
