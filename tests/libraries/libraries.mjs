// The providers' own Node libraries behind one pipe; the words of the pipe are those of libraries.py.

import { createSecretKey, generateKeyPairSync } from "node:crypto";
import { createInterface } from "node:readline";
import https from "node:https";

// Run from the folder where they are installed. A file that a package does not export goes by its path.
const load = async (name) => {
  const module = await import(name).catch((error) => {
    if (error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error;
    return import(new URL(`./node_modules/${name}`, import.meta.url));
  });
  return module.default && Object.keys(module).length === 1 ? module.default : module;
};

// Some libraries print; only answers go into the pipe.
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
for (const level of ["log", "info", "warn", "error", "debug"]) console[level] = () => {};

// The clock is ours before any library takes hold of it.
let now = 0;
const RealDate = Date;
globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    super(...(parts.length ? parts : [now * 1000]));
  }
  static now() {
    return now * 1000;
  }
};

const libraries = {};
const library = (name, scheme, accepts, { key = "text", sign, parsed = false } = {}) => {
  libraries[name] = { scheme, key, accepts, sign, parsed };
};

/** A question, with the request in the forms that libraries take. */
class Asked {
  constructor({ now, secret, params = {}, request, url, body = "" }) {
    Object.assign(this, { now, secret, params });
    this.url = request?.url ?? url;
    this.body = request ? Buffer.from(request.body_base64 ?? "", "base64") : Buffer.from(body);
    this.text = this.body.toString();
    this.pairs = request?.headers ?? [];
    this.headers = Object.fromEntries(this.pairs.map(([name, value]) => [name.toLowerCase(), value]));
  }
  /** A header; a missing one refuses, as a framework answers 400. */
  header(name) {
    const value = this.headers[name.toLowerCase()];
    if (value === undefined) throw new Error(`no ${name}`);
    return value;
  }
  get form() {
    return Object.fromEntries(new URLSearchParams(this.text));
  }
  get path() {
    const url = new URL(this.url);
    return url.pathname + url.search;
  }
  signed(headers) {
    return { method: "POST", url: this.url, headers: Object.entries(headers), body_base64: this.body.toString("base64") };
  }
}

// Stripe and what signs like it

const { default: Stripe } = await load("stripe");
library(
  "stripe (Node)",
  "stripe",
  (a) => Stripe.webhooks.signature.verifyHeader(a.body, a.header("Stripe-Signature"), a.secret, 300),
  {
    key: "whsec text",
    sign: (a) => a.signed({
      "Stripe-Signature": Stripe.webhooks.generateTestHeaderString({ payload: a.text, secret: a.secret, timestamp: a.now }),
    }),
  },
);

const { Mux } = await load("@mux/mux-node");
const mux = new Mux({ tokenId: "id", tokenSecret: "secret" });
library("@mux/mux-node", "mux", (a) => mux.webhooks.verifySignature(a.text, a.headers, a.secret));

const { WorkOS } = await load("@workos-inc/node");
const workos = new WorkOS("sk_test");
library("@workos-inc/node", "workos", (a) =>
  workos.webhooks.verifyHeader({ payload: JSON.parse(a.text), sigHeader: a.header("WorkOS-Signature"), secret: a.secret }),
{ parsed: true });

// Standard Webhooks and its family

const standard = (Webhook, prefix) => (a) => a.signed({
  [`${prefix}-id`]: "msg_1",
  [`${prefix}-timestamp`]: String(a.now),
  [`${prefix}-signature`]: new Webhook(a.secret).sign("msg_1", new Date(a.now * 1000), a.text),
});
for (const [name, scheme, prefix] of [["standardwebhooks", "standard_webhooks", "webhook"], ["svix", "svix", "svix"]]) {
  const { Webhook } = await load(name);
  library(`${name} (Node)`, scheme, (a) => new Webhook(a.secret).verify(a.text, a.headers), {
    key: "whsec base64",
    sign: standard(Webhook, prefix),
  });
}

const { verifyWebhook: clerk } = await load("@clerk/backend/webhooks");
library("@clerk/backend", "clerk", (a) =>
  clerk(new Request(a.url, { method: "POST", headers: a.pairs, body: a.body }), { signingSecret: a.secret }),
{ key: "whsec base64" });

const { SeamWebhook } = await load("@seamapi/webhook");
library("@seamapi/webhook", "seam", (a) => {
  try {
    new SeamWebhook(a.secret).verify(a.text, a.headers);
  } catch (error) {
    // What comes after the signature is about the event, which the samples are none of.
    if (error.constructor.name !== "SeamInvalidWebhookPayloadError") throw error;
  }
}, { key: "whsec base64" });

// An HMAC over the body, with or without a time

const github = await load("@octokit/webhooks-methods");
library(
  "@octokit/webhooks-methods",
  "github",
  (a) => github.verify(a.secret, a.text, a.header("X-Hub-Signature-256")),
  { sign: async (a) => a.signed({ "X-Hub-Signature-256": await github.sign(a.secret, a.text) }) },
);

const slack = await load("@slack/bolt/dist/receivers/verify-request.js");
library("@slack/bolt", "slack", (a) =>
  slack.verifySlackRequest({ signingSecret: a.secret, body: a.text, headers: a.headers }));

const { signatureHelper: kontent } = await load("@kontent-ai/webhook-helper");
library(
  "@kontent-ai/webhook-helper",
  "kontent_ai",
  (a) => kontent.isValidSignatureFromString(a.text, a.secret, a.header("X-Kontent-ai-Signature")),
  { sign: (a) => a.signed({ "X-Kontent-ai-Signature": kontent.getHashFromString(a.text, a.secret) }) },
);

const { LinearWebhookClient } = await load("@linear/sdk/webhooks");
library("@linear/sdk", "linear", (a) =>
  new LinearWebhookClient(a.secret).verify(a.body, a.header("Linear-Signature")));

const notion = await load("@notionhq/client/build/src/webhooks.js");
library(
  "@notionhq/client",
  "notion",
  (a) => notion.verifyWebhookSignature({ body: a.text, signature: a.header("X-Notion-Signature"), verificationToken: a.secret }),
  {
    sign: async (a) => a.signed({
      "X-Notion-Signature": await notion.signWebhookPayload({ body: a.text, verificationToken: a.secret }),
    }),
  },
);

const sanity = await load("@sanity/webhook");
library(
  "@sanity/webhook",
  "sanity",
  (a) => sanity.isValidSignature(a.text, a.header("sanity-webhook-signature"), a.secret),
  {
    sign: async (a) => a.signed({
      "sanity-webhook-signature": await sanity.encodeSignatureHeader(a.text, a.now * 1000, a.secret),
    }),
  },
);

await load("@shopify/shopify-api/adapters/node");
const { shopifyApi, LATEST_API_VERSION, ApiVersion } = await load("@shopify/shopify-api");
const shopify = (secret) => shopifyApi({
  apiKey: "key", apiSecretKey: secret, hostName: "a.example", isEmbeddedApp: false,
  apiVersion: LATEST_API_VERSION ?? Object.values(ApiVersion).at(-2), logger: { level: -1 },
});
const shopifyAccepts = async (a) => {
  const rawRequest = { method: "POST", url: a.path, headers: a.headers };
  const found = await shopify(a.secret).webhooks.validate({ rawBody: a.text, rawRequest });
  return found.valid || (found.reason === "missing_headers" && `missing ${found.missingHeaders}`);
};
library("@shopify/shopify-api", "shopify", shopifyAccepts);
library("@shopify/shopify-api (events)", "shopify_events", shopifyAccepts);

const { WebhookSignatureValidator: mercado } = await load("mercadopago");
library("mercadopago (Node)", "mercado_pago", (a) => {
  mercado.validate({
    xSignature: a.headers["x-signature"], xRequestId: a.headers["x-request-id"],
    dataId: new URL(a.url).searchParams.get("data.id"), secret: a.secret,
  });
});

const Pusher = await load("pusher");
library("pusher (Node)", "pusher", (a) => {
  const client = new Pusher({ appId: "1", key: a.header("X-Pusher-Key"), secret: a.secret, cluster: "eu" });
  const headers = { ...a.headers, "content-type": "application/json" };
  return client.webhook({ headers, rawBody: a.text }).isValid();
});

// The URL is signed, too

const contentful = await load("@contentful/node-apps-toolkit/requests");
const canonical = (a) => ({ method: "POST", path: a.path, headers: a.headers, body: a.text });
library("@contentful/node-apps-toolkit", "contentful", (a) => contentful.verifyRequest(a.secret, canonical(a), 30), {
  key: "64 characters",
  sign: (a) => {
    const headers = { "content-type": "application/json", "x-a": "b" };
    return a.signed({ ...headers, ...contentful.signRequest(a.secret, { ...canonical(a), headers }, a.now * 1000) });
  },
});

const mandrill = await load("mandrill-webhook-validator");
library(
  "mandrill-webhook-validator",
  "mandrill",
  (a) => mandrill.makeSignature(a.secret, a.url, a.form) === a.header("X-Mandrill-Signature"),
  {
    sign: (a) => a.signed({
      "X-Mandrill-Signature": mandrill.makeSignature(a.secret, a.url, a.form),
      "Content-Type": "application/x-www-form-urlencoded",
    }),
  },
);

// Tokens

const atlassian = await load("atlassian-jwt");
library(
  "atlassian-jwt",
  "atlassian_connect",
  (a) => {
    const claims = atlassian.decodeSymmetric(a.header("Authorization").replace(/^JWT /, ""), a.secret, "HS256");
    const hash = atlassian.createQueryStringHash(atlassian.fromMethodAndUrl("POST", a.path), false, "");
    return claims.qsh === hash && !(claims.exp <= now);
  },
  {
    key: "long text",
    sign: (a) => {
      const qsh = atlassian.createQueryStringHash(atlassian.fromMethodAndUrl("POST", a.path), false, "");
      const claims = { iss: "client-key", iat: now, exp: now + 180, qsh };
      return a.signed({ Authorization: `JWT ${atlassian.encodeSymmetric(claims, a.secret, "HS256")}` });
    },
  },
);

const livekit = await load("livekit-server-sdk");
library("livekit-server-sdk", "livekit", (a) =>
  new livekit.WebhookReceiver(a.params["api-key"], a.secret).receive(a.text, a.header("Authorization")),
{ key: "long text" });

const messagebird = await load("messagebird/lib/webhook-signature-jwt.js");
library("messagebird (Node)", "messagebird", (a) =>
  messagebird.verify(a.url, a.body, a.header("MessageBird-Signature-JWT"), createSecretKey(Buffer.from(a.secret))),
{ key: "long text" });

const vonage = await load("@vonage/jwt");
library("@vonage/jwt", "vonage", (a) =>
  vonage.verifySignature(a.header("Authorization").replace(/^Bearer /, ""), a.secret), { key: "long text" });

const { webhookCallback } = await load("grammy");
library("grammy", "telegram", async (a) => {
  let accepted = false;
  const bot = { isInited: () => true, isRunning: () => false, init: async () => {}, handleUpdate: async () => { accepted = true; } };
  const answer = webhookCallback(bot, "std/http", { secretToken: a.secret });
  await answer(new Request(a.url, { method: "POST", headers: a.pairs, body: "{}" }));
  return accepted;
});

// Key pairs

const discord = await load("discord-interactions");
library("discord-interactions (Node)", "discord", (a) =>
  discord.verifyKey(a.body, a.header("X-Signature-Ed25519"), a.header("X-Signature-Timestamp"), a.secret),
{ key: "ed25519 hex" });

const { EventWebhook } = await load("@sendgrid/eventwebhook");
const sendgrid = new EventWebhook();
library("@sendgrid/eventwebhook", "sendgrid", (a) => sendgrid.verifySignature(
  sendgrid.convertPublicKeyToECDSA(a.secret), a.body,
  a.header("X-Twilio-Email-Event-Webhook-Signature"), a.header("X-Twilio-Email-Event-Webhook-Timestamp"),
), { key: "p256" });

const { verifyPaddleWebhook } = await load("verify-paddle-webhook");
library("verify-paddle-webhook", "paddle_classic", (a) => {
  const pem = `-----BEGIN PUBLIC KEY-----\n${a.secret.match(/.{1,64}/g).join("\n")}\n-----END PUBLIC KEY-----`;
  return verifyPaddleWebhook(pem, a.form);
}, { key: "rsa" });

// The key is fetched by its id, and kept; here it is kept before.
const ebayClient = await load("event-notification-nodejs-sdk/lib/client.js");
let ebayKey;
(ebayClient.default ?? ebayClient).getPublicKey = async () => ({ key: ebayKey });
const ebay = await load("event-notification-nodejs-sdk/lib/validator.js");
library("event-notification-nodejs-sdk", "ebay", (a) => {
  ebayKey = `-----BEGIN PUBLIC KEY-----${a.secret}-----END PUBLIC KEY-----`;
  return ebay.validateSignature(JSON.parse(a.text), a.header("X-EBAY-SIGNATURE"), {});
}, { key: "p256", parsed: true });

// The certificate is fetched from AWS; here the fetch hands out ours, which is its public key alone.
let certificate = "";
https.get = (_, answer) => {
  const body = { statusCode: 200, on: (name, use) => { if (name === "data") use(certificate); else use(); return body; } };
  answer(body);
  return { on: () => {} };
};
const SnsValidator = await load("sns-validator");
let certificates = 0;
library("sns-validator", "aws_sns", (a) => new Promise((done, refused) => {
  certificate = a.secret;
  // Kept by its URL, of which nothing is signed: each question has its own.
  const message = { ...JSON.parse(a.text), SigningCertURL: `https://sns.us-east-1.amazonaws.com/${certificates++}.pem` };
  new SnsValidator().validate(message, (error) => (error ? refused(error) : done(true)));
}), { key: "rsa pem" });

/** A key pair of each kind: what signs, and what a provider publishes. */
function keys() {
  const pair = (kind, options, publish) => {
    const { privateKey, publicKey } = generateKeyPairSync(kind, options);
    return { signing: privateKey.export({ type: "pkcs8", format: "pem" }), verifying: publish(publicKey) };
  };
  const spki = (key) => key.export({ type: "spki", format: "der" }).toString("base64");
  return {
    "ed25519 hex": pair("ed25519", {}, (key) => Buffer.from(key.export({ format: "jwk" }).x, "base64url").toString("hex")),
    p256: pair("ec", { namedCurve: "P-256" }, spki),
    rsa: pair("rsa", { modulusLength: 2048 }, spki),
    "rsa pem": pair("rsa", { modulusLength: 2048 }, (key) => key.export({ type: "spki", format: "pem" })),
  };
}

async function answer(question) {
  if (question.keys) return keys();
  const { accepts, sign } = libraries[question.library];
  now = question.now;
  const asked = new Asked(question);
  if (question.do === "sign") return { request: await sign(asked) };
  try {
    return { accepts: (await accepts(asked)) !== false };
  } catch (error) {
    return { accepts: false, why: String(error).slice(0, 200) };
  }
}

say(Object.fromEntries(Object.entries(libraries).map(([name, { scheme, key, sign, parsed }]) =>
  [name, { scheme, key, signs: sign !== undefined, parsed }])));
for await (const line of createInterface({ input: process.stdin })) say(await answer(JSON.parse(line)));
