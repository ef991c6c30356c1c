// Signed webhook captures. The secrets are those of the browser fake.

import { createHmac } from "node:crypto";

export const LIVE = "whsec_fake_live_secret";
export const TEST = "whsec_fake_test_secret";
export const BODY = '{"id":"evt_1","type":"charge.succeeded","amount":1200}';

/** A capture whose signature covers `signed` while `body` is what arrived. */
export function stripe({
  secret = LIVE,
  signed = BODY,
  body = BODY,
  age = 12,
  newline = "\n",
} = {}) {
  const timestamp = Math.floor(Date.now() / 1000) - age;
  const signature = createHmac("sha256", secret).update(`${timestamp}.${signed}`).digest("hex");
  return [
    "POST /webhooks/stripe HTTP/1.1",
    "Host: shop.example",
    "Content-Type: application/json",
    `Stripe-Signature: t=${timestamp},v1=${signature}`,
    "",
    body,
  ].join(newline);
}

/** A capture that is signed by a scheme of one's own, in this header after this prefix. */
export function own(header, prefix) {
  const signature = createHmac("sha256", LIVE).update(BODY).digest("hex");
  return `POST /own HTTP/1.1\nHost: shop.example\n${header}: ${prefix}${signature}\n\n${BODY}`;
}

/** A HAR of several requests, as a proxy writes it; the one without a body has lost it. */
export function har(bodies) {
  const entry = (body, index) => {
    const lines = stripe({ body: body ?? "" }).split("\n");
    const signature = lines.find((line) => line.startsWith("Stripe-Signature: ")).slice(18);
    return {
      request: {
        method: "POST",
        url: `https://shop.example/webhooks/${index + 1}`,
        headers: [{ name: "Stripe-Signature", value: signature }],
        postData: body === null ? {} : { text: body },
      },
    };
  };
  return JSON.stringify({ log: { version: "1.2", entries: bodies.map(entry) } });
}

export const SLACK = [
  "POST /slack HTTP/1.1",
  "Host: shop.example",
  "Content-Type: application/json",
  "",
  '{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}',
].join("\n");
