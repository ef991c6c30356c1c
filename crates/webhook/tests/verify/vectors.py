#!/usr/bin/env python3
"""Writes vectors.json: deliveries signed, and judged, by the providers' own Python libraries.

    pip install stripe==16.1.0 slack_sdk==3.47.0 standardwebhooks==1.1.0 svix==2.9.1 twilio==9.13.0 discord-interactions==0.4.0
    python3 vectors.py > vectors.json

GitHub and Shopify have no Python library: theirs are made with hmac and hashlib. Each row has what
was sent, the secret, the time of the check, and whether the library accepts it then.
"""

import base64
import contextlib
import datetime
import hashlib
import hmac
import json
import sys
from unittest import mock
from urllib.parse import unquote_plus

import discord_interactions
import nacl.signing
import slack_sdk.signature
import standardwebhooks.webhooks
import stripe
import svix.webhooks
from twilio.request_validator import RequestValidator

T = 1760000000
BODIES = [
    b'{"id":"evt_1","amount":1.0,"text":"gr\xc3\xbc\xc3\x9fe \xf0\x9f\x98\x80 <a href=\\"/\\">"}',
    b'{\n  "id": "evt_2",\n  "data": {\n    "url": "https://example.com/a?b=c&d"\n  },\n  "n": 1e3\n}',
    b"",
    b"payload=%7B%22a%22%3A1%7D&x=y+z",
]
rows = []


def row(scheme, secret, headers, body, valid, now=T, url=None, name=""):
    rows.append({
        "name": name, "scheme": scheme, "secret": secret, "now": now, "valid": bool(valid), "url": url,
        "headers": [[k, v] for k, v in headers], "body_base64": base64.b64encode(body).decode(),
    })


def accepts(call):
    try:
        return call() is not False
    except Exception:
        return False


# Stripe
SECRET = "whsec_Zm9vYmFyYmF6"


def stripe_row(header, body, now=T, name=""):
    with mock.patch("stripe._webhook.time.time", return_value=now):
        ok = accepts(lambda: stripe.WebhookSignature.verify_header(body.decode(), header, SECRET, 300))
    row("stripe", SECRET, [("Stripe-Signature", header)], body, ok, now, name=name)


def stripe_header(body, t=T):
    return stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET, t)


for body in BODIES:
    stripe_row(stripe_header(body), body, name="plain")
body = BODIES[0]
good = stripe_header(body)
sig = good.split("v1=")[1]
for age in (-100000, -301, -300, 0, 299, 300, 301, 86400):
    stripe_row(good, body, T + age, name=f"age {age}")
bad = "0" * 64
for name, header in {
    "first of two": f"t={T},v1={sig},v1={bad}",
    "second of two": f"t={T},v1={bad},v1={sig}",
    "signature first": f"v1={sig},t={T}",
    "test scheme beside": f"t={T},v0={bad},v1={sig}",
    "test scheme only": f"t={T},v0={sig}",
    "no timestamp": f"v1={sig}",
    "no signature": f"t={T}",
    "text timestamp": f"t=abc,v1={sig}",
    "upper case": f"t={T},v1={sig.upper()}",
    "blank after comma": f"t={T}, v1={sig}",
    "empty signature": f"t={T},v1=",
    "other timestamp": f"t={T - 1},v1={sig}",
    "truncated": f"t={T},v1={sig[:-1]}",
    "hundred": f"t={T}" + f",v1={bad}" * 99 + f",v1={sig}",
    "empty": "",
    "no pairs": "hello",
}.items():
    stripe_row(header, body, name=name)

# Slack
class Clock:
    def __init__(self, now):
        self.time = now

    def now(self):
        return self.time


def slack_row(headers, body, now=T, name=""):
    verifier = slack_sdk.signature.SignatureVerifier("8f742231b10e8888abcd99yyyzzz85a5", Clock(now))
    ok = accepts(lambda: verifier.is_valid_request(body, dict(headers)))
    row("slack", verifier.signing_secret, headers, body, ok, now, name=name)


for body in BODIES:
    signer = slack_sdk.signature.SignatureVerifier("8f742231b10e8888abcd99yyyzzz85a5")
    sig = signer.generate_signature(timestamp=str(T), body=body)
    headers = [("X-Slack-Request-Timestamp", str(T)), ("X-Slack-Signature", sig)]
    for age in (-301, -300, 0, 300, 301):
        slack_row(headers, body, T + age, name=f"age {age}")
slack_row([headers[0], ("X-Slack-Signature", sig[3:])], body, name="no prefix")
slack_row([headers[0], ("X-Slack-Signature", "v1=" + sig[3:])], body, name="other version")
slack_row([headers[1]], body, name="no timestamp")

# Standard Webhooks and Svix
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def standard(scheme, module, prefix):
    def judge(headers, body, now=T, name=""):
        class Now(datetime.datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.datetime.fromtimestamp(now, tz)

        with mock.patch("standardwebhooks.webhooks.datetime", Now):
            hook = module.Webhook(WHSEC)
            # Svix parses nothing; Standard Webhooks would refuse a body that is no JSON.
            extra = {"json_parse": False} if scheme == "standard_webhooks" else {}
            ok = accepts(lambda: hook.verify(body, dict(headers), **extra))
        row(scheme, WHSEC, headers, body, ok, now, name=name)

    when = datetime.datetime.fromtimestamp(T, datetime.timezone.utc)
    for body in BODIES:
        sig = module.Webhook(WHSEC).sign("msg_1", when, body.decode())
        headers = [(f"{prefix}-id", "msg_1"), (f"{prefix}-timestamp", str(T)), (f"{prefix}-signature", sig)]
        for age in (-301, -300, 0, 300, 301):
            judge(headers, body, T + age, name=f"age {age}")
    other = "v1," + base64.b64encode(bytes(32)).decode()
    for name, value in {
        "list": f"{other} {sig}",
        "asymmetric beside": f"v1a,AAAA {sig}",
        "asymmetric only": "v1a," + sig[3:],
        "other version": "v2," + sig[3:],
        "no prefix": sig[3:],
        "empty": "",
        "wrong": other,
    }.items():
        judge(headers[:2] + [(f"{prefix}-signature", value)], body, name=name)
    judge([("other-id", "x")] + headers[1:], body, name="no id")
    judge([headers[0], (f"{prefix}-timestamp", "abc"), headers[2]], body, name="text timestamp")
    if scheme == "svix":
        judge([(k.replace("svix", "webhook"), v) for k, v in headers], body, name="standard header names")


standard("standard_webhooks", standardwebhooks.webhooks, "webhook")
standard("svix", svix.webhooks, "svix")

# Twilio
TOKEN = "12345"
FORM = "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212"
for form in (FORM, "b=2&a=z&a=y&a=z&c=&B=%C3%BC+x", ""):
    params = {}
    for pair in filter(None, form.split("&")):
        k, v = (unquote_plus(x) for x in pair.split("="))
        params.setdefault(k, []).append(v)

    class Multi(dict):
        def getlist(self, key):
            return self[key]

    multi = Multi(params)
    validator = RequestValidator(TOKEN)
    for signed in ("https://mycompany.com/myapp.php?foo=1&bar=2", "https://mycompany.com:443/myapp.php?foo=1&bar=2",
                   "http://mycompany.com/x", "https://mycompany.com:8443/x"):
        sig = validator.compute_signature(signed, multi)
        for seen in (signed, signed.replace(":443", "").replace(":8443", ""), signed.replace("https", "http"), signed + "&z"):
            row("twilio", TOKEN, [("X-Twilio-Signature", sig), ("Content-Type", "application/x-www-form-urlencoded")],
                form.encode(), validator.validate(seen, multi, sig), url=seen, name=f"{signed} seen as {seen}")

# Discord
seed = nacl.signing.SigningKey(bytes(range(32)))
public = seed.verify_key.encode().hex()
for body in BODIES:
    for stamp in (str(T), "not a number"):
        sig = seed.sign(stamp.encode() + body).signature.hex()
        for name, value in {"plain": sig, "upper case": sig.upper(), "changed": sig[:-2] + "00", "short": sig[:-2]}.items():
            with contextlib.redirect_stdout(sys.stderr):
                ok = discord_interactions.verify_key(body, value, stamp, public)
            row("discord", public, [("X-Signature-Ed25519", value), ("X-Signature-Timestamp", stamp)], body, ok, T + 999999, name=name)

# GitHub and Shopify
for body in BODIES:
    key = "It's a Secret to Everybody"
    row("github", key, [("X-Hub-Signature-256", "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest())], body, True)
    row("github_sha1", key, [("X-Hub-Signature", "sha1=" + hmac.new(key.encode(), body, hashlib.sha1).hexdigest())], body, True)
    mac = hmac.new(key.encode(), body, hashlib.sha256).digest()
    row("shopify", key, [("X-Shopify-Hmac-Sha256", base64.b64encode(mac).decode())], body, True)

print("[\n" + ",\n".join(json.dumps(r, ensure_ascii=True) for r in rows) + "\n]")
