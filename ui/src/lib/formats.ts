// Words for what is read from captures and handshakes.

import type { CaptureFormat, Handshake, RequestRead } from "./bindings";
import { plural, sizeWords } from "./text";

const FORMATS: Record<CaptureFormat, string> = {
  "raw-http": "Raw HTTP",
  "request-json": "Keyward's request JSON",
  curl: "A cURL command",
  har: "HAR",
  "http-file": "An .http file",
  "webhook-site": "webhook.site",
  "webhook-tester": "webhook-tester",
  ngrok: "ngrok's inspector",
  "stripe-cli": "The Stripe CLI",
  "svix-cli": "The Svix CLI",
  hookdeck: "Hookdeck",
  "github-delivery": "A GitHub delivery",
  "api-gateway": "An API Gateway event",
  postman: "A Postman collection",
  fetch: "A browser's fetch",
  "python-requests": "Python requests",
  "log-line": "A log line",
};

/** A format by its own name; one of tomorrow by its id. */
export function formatWords(format: CaptureFormat): string {
  return FORMATS[format] ?? format;
}

const HANDSHAKES: Record<Handshake, string> = {
  slack: "Slack",
  meta: "Meta",
  zoom: "Zoom",
  x: "X",
  dropbox: "Dropbox",
  "ms-graph": "Microsoft Graph",
  "azure-event-grid": "Azure Event Grid",
  okta: "Okta",
  xero: "Xero",
  asana: "Asana",
  twitch: "Twitch",
  discord: "Discord",
  monday: "monday.com",
};

export function handshakeWords(handshake: Handshake): string {
  return HANDSHAKES[handshake] ?? handshake;
}

/** What a request has beside its line: "12 headers, body of 312 B". */
export function requestWords(request: Pick<RequestRead, "headers" | "body_bytes">): string {
  const headers = plural(request.headers, "header");
  if (request.body_bytes === null) return `${headers}, no body in this capture`;
  if (request.body_bytes === 0) return `${headers}, empty body`;
  return `${headers}, body of ${sizeWords(request.body_bytes)}`;
}

/** A signed sample, or an answer, as HTTP text: the start line, headers, a blank line, the body. */
export function httpText(first: string, headers: [string, string][], body: string): string {
  return [first, ...headers.map(([name, value]) => `${name}: ${value}`), "", body].join("\r\n");
}

/** The text that standard base64 stands for; bytes that are not UTF-8 are replaced. */
export function fromBase64(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** The bytes of a file in standard base64. */
export function toBase64(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const url = typeof reader.result === "string" ? reader.result : "";
      resolve(url.slice(url.indexOf(",") + 1));
    };
    reader.onerror = () => reject(reader.error ?? new Error("The file cannot be read."));
    reader.readAsDataURL(file);
  });
}
