"""The providers' own Python libraries behind one pipe: JSON lines in, JSON lines out.

The first line out names each library with its scheme, the kind of key that it takes, whether it signs,
too, and whether it takes the body parsed, so that only JSON in its encoder's own dress can fit. Then each line in is one question:

    {"keys": true}                                         key pairs, made anew
    {"library", "do": "verify", "now", "secret", "params", "request"}   -> {"accepts": bool}
    {"library", "do": "sign", "now", "secret", "params", "body", "url"} -> {"request": {…}}

Every answer comes from the library's own code; what is written here only hands it the request in the
form that it wants. The clock is set to `now` for each question.
"""

import base64
import contextlib
import datetime
import hashlib
import importlib
import importlib.util
import json
import os
import sys
import time
from types import ModuleType, SimpleNamespace
from urllib.parse import parse_qs, urlsplit

# The clock is ours before any library takes hold of it.
NOW = [0]
time.time = lambda: float(NOW[0])


class Clock(datetime.datetime):
    """`datetime` with our time of day."""

    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(NOW[0], tz)

    @classmethod
    def utcnow(cls):
        return datetime.datetime.fromtimestamp(NOW[0], datetime.timezone.utc).replace(tzinfo=None)


out = sys.stdout
# Some libraries print; only answers go into the pipe.
sys.stdout = open(os.devnull, "w")
LIBRARIES = {}


class Asked:
    """A question, with the request in the forms that libraries take."""

    def __init__(self, question):
        request = question.get("request") or {}
        self.now = question["now"]
        self.secret = question["secret"]
        self.params = question.get("params") or {}
        self.url = request.get("url") or question.get("url")
        body = request.get("body_base64")
        self.body = base64.b64decode(body) if body is not None else question.get("body", "").encode()
        self.headers = Headers(request.get("headers") or [])

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def form(self):
        return parse_qs(self.text, keep_blank_values=True, strict_parsing=bool(self.text))

    @property
    def time(self):
        return datetime.datetime.fromtimestamp(self.now, datetime.timezone.utc)

    def signed(self, *headers, url=None, body=None):
        """A signed request: headers as pairs."""
        return {
            "method": "POST", "url": url or self.url, "headers": [list(pair) for pair in headers],
            "body_base64": base64.b64encode(self.body if body is None else body).decode(),
        }


class Headers(dict):
    """Headers by name in any case. A missing one raises, as a framework answers 400."""

    def __init__(self, pairs):
        super().__init__((name, value) for name, value in pairs)
        self.lower = {name.lower(): value for name, value in pairs}

    def __getitem__(self, name):
        return self.lower[name.lower()]

    def get(self, name, default=None):
        return self.lower.get(name.lower(), default)

    def __contains__(self, name):
        return name.lower() in self.lower


def library(name, scheme, key="text", sign=None):
    """Registers a verifier under a name; `key` is the kind of secret that its provider hands out."""
    def register(accepts):
        LIBRARIES[name] = {"scheme": scheme, "key": key, "accepts": accepts, "sign": sign}
        return accepts
    return register


def alone(name):
    """One module of a package, without all that the packages above it would load."""
    above = name.split(".")[:-1]
    for depth in range(1, len(above) + 1):
        package = ".".join(above[:depth])
        if package not in sys.modules:
            found = importlib.util.find_spec(package)
            sys.modules[package] = bare = ModuleType(package)
            bare.__path__ = list(found.submodule_search_locations)
    return importlib.import_module(name)


# Stripe and what signs like it

import stripe

library("stripe (Python)", "stripe", "whsec text", lambda a: a.signed((
    "Stripe-Signature", stripe.WebhookSignature.generate_signature_header(a.text, a.secret, a.now),
)))(lambda a: stripe.WebhookSignature.verify_header(a.text, a.headers["Stripe-Signature"], a.secret, 300))

elevenlabs = alone("elevenlabs.webhooks_custom")
library("elevenlabs", "elevenlabs")(
    lambda a: elevenlabs.WebhooksClient.construct_event(None, a.text, a.headers["ElevenLabs-Signature"], a.secret))

workos = alone("workos.webhooks._verification")
library("workos (Python)", "workos")(
    lambda a: workos.verify_header(event_body=a.body, event_signature=a.headers["WorkOS-Signature"], secret=a.secret))

Secret = alone("paddle_billing.Notifications.Secret").Secret
paddle = alone("paddle_billing.Notifications.Verifier")


def paddle_accepts(a):
    """The library's own entry point, which also looks at the age."""
    request = SimpleNamespace(headers={k: v for k, v in a.headers.items()}, body=a.body, content=a.body)
    return paddle.Verifier().verify(request, Secret(a.secret))


library("paddle-python-sdk", "paddle")(paddle_accepts)

# Standard Webhooks and its family

import standardwebhooks
import svix.webhooks


def standard(module, prefix):
    return lambda a: a.signed(
        (f"{prefix}-id", "msg_1"), (f"{prefix}-timestamp", str(a.now)),
        (f"{prefix}-signature", module.Webhook(a.secret).sign("msg_1", a.time, a.text)),
    )


library("standardwebhooks (Python)", "standard_webhooks", "whsec base64", standard(standardwebhooks, "webhook"))(
    lambda a: standardwebhooks.Webhook(a.secret).verify(a.body, dict(a.headers)))
library("svix (Python)", "svix", "whsec base64", standard(svix.webhooks, "svix"))(
    lambda a: svix.webhooks.Webhook(a.secret).verify(a.body, dict(a.headers)))

resend = alone("resend.webhooks._webhooks")
library("resend", "resend", "whsec base64")(lambda a: resend.Webhooks.verify({
    "payload": a.text, "webhook_secret": a.secret,
    "headers": {name: a.headers.get(f"svix-{name}") for name in ("id", "timestamp", "signature")},
}))

replicate = alone("replicate.webhook")
library("replicate", "replicate", "whsec base64")(lambda a: replicate.Webhooks.validate(
    headers=dict(a.headers), body=a.text, secret=replicate.WebhookSigningSecret(key=a.secret)))


polar = alone("polar.webhooks")
library("polar-sdk", "polar")(lambda a: polar._verify_signature(a.text, a.headers.lower, a.secret))
library("polar-sdk (Standard Webhooks key)", "polar", "whsec base64", standard(standardwebhooks, "webhook"))(
    lambda a: polar._verify_signature(a.text, a.headers.lower, a.secret))

Anthropic = alone("anthropic.resources.beta.webhooks").Webhooks
DodoPayments = alone("dodopayments.resources.webhooks.webhooks").WebhooksResource
Lithic = alone("lithic.resources.webhooks").Webhooks
openai_matches = alone("openai.lib._webhooks").webhook_signature_matches

library("anthropic", "anthropic", "whsec base64")(
    lambda a: Anthropic.unwrap(None, a.text, headers=dict(a.headers), key=a.secret))
library("dodopayments", "dodopayments", "whsec base64")(
    lambda a: DodoPayments.unwrap(None, a.text, headers=dict(a.headers), key=a.secret))
library("lithic", "lithic", "whsec base64")(
    lambda a: Lithic.verify_signature(None, a.text, dict(a.headers), secret=a.secret))
library("openai", "openai", "whsec base64")(
    lambda a: openai_matches(a.body, dict(a.headers), secret=a.secret, tolerance=300))
library("openai (text key)", "openai")(
    lambda a: openai_matches(a.body, dict(a.headers), secret=a.secret, tolerance=300))

# An HMAC over the body, with or without a time

import slack_sdk.signature


class SlackClock:
    def __init__(self, now):
        self.time = now

    def now(self):
        return self.time


def slack(a):
    return slack_sdk.signature.SignatureVerifier(a.secret, SlackClock(a.now))


library("slack-sdk", "slack", sign=lambda a: a.signed(
    ("X-Slack-Request-Timestamp", str(a.now)),
    ("X-Slack-Signature", slack(a).generate_signature(timestamp=str(a.now), body=a.body)),
))(lambda a: slack(a).is_valid_request(a.body, dict(a.headers)))

Line = alone("linebot.v3.webhook").SignatureValidator

library("line-bot-sdk", "line")(lambda a: Line(a.secret).validate(a.text, a.headers["X-Line-Signature"]))

razorpay = alone("razorpay.utility.utility")
library("razorpay", "razorpay")(
    lambda a: razorpay.Utility().verify_webhook_signature(a.text, a.headers["X-Razorpay-Signature"], a.secret))

gocardless = alone("gocardless_pro.webhooks")

library("gocardless-pro", "gocardless")(
    lambda a: gocardless._verify_signature(a.text, a.secret, a.headers["Webhook-Signature"]) is None)

Onfido = alone("onfido.webhook_event_verifier").WebhookEventVerifier


def onfido_accepts(a):
    """What comes after the signature is about the event, which the samples are none of."""
    with contextlib.suppress(ValueError):
        Onfido(a.secret).read_payload(a.text, a.headers["X-SHA2-Signature"])
    return True


library("onfido-python", "onfido")(onfido_accepts)

Coinbase = alone("coinbase_commerce.webhook").WebhookSignature

library("coinbase-commerce", "coinbase_commerce", sign=lambda a: a.signed(
    ("X-CC-Webhook-Signature", Coinbase._compute_signature(a.text, a.secret))))(
    lambda a: Coinbase.verify_sig_header(a.text, a.headers["X-CC-Webhook-Signature"], a.secret))

Viber = alone("viberbot.api.api").Api


def viber(a):
    bot = Viber.__new__(Viber)
    bot._bot_configuration = SimpleNamespace(auth_token=a.secret)
    return bot


library("viberbot", "viber", sign=lambda a: a.signed(
    ("X-Viber-Content-Signature", viber(a)._calculate_message_signature(a.body))))(
    lambda a: viber(a).verify_signature(a.body, a.headers["X-Viber-Content-Signature"]))

stream = alone("stream_chat.webhook")
library("stream-chat", "getstream")(
    lambda a: stream.verify_signature(stream.gunzip_payload(a.body), a.headers["X-Signature"], a.secret))

ModernTreasury = alone("modern_treasury.resources.webhooks").Webhooks

treasury = ModernTreasury.__new__(ModernTreasury)
library("modern-treasury", "modern_treasury", sign=lambda a: a.signed(
    ("X-Signature", treasury.get_signature(a.text, key=a.secret))))(
    lambda a: treasury.validate_signature(a.text, dict(a.headers), key=a.secret))

Orb = alone("orb.resources.webhooks.webhooks").Webhooks

library("orb-billing", "orb")(lambda a: Orb.verify_signature(None, a.text, dict(a.headers), secret=a.secret))

retell = alone("retell.lib.webhook_auth")
library("retell-sdk", "retell", sign=lambda a: a.signed(
    ("X-Retell-Signature", retell.symmetric["sign"](a.text, a.secret, a.now * 1000))))(
    lambda a: retell.verify(a.text, a.secret, a.headers["X-Retell-Signature"]))

box = importlib.import_module("box_sdk_gen.managers.webhooks").WebhooksManager


def box_sign(a, escaped=False):
    from box_sdk_gen.internal.utils import compute_webhook_signature
    headers = {
        "box-signature-version": "1", "box-signature-algorithm": "HmacSHA256",
        "box-delivery-timestamp": a.time.isoformat(),
    }
    headers["box-signature-primary"] = compute_webhook_signature(a.text, headers, a.secret, escaped)
    return a.signed(*headers.items())


library("box-sdk-gen", "box", sign=box_sign)(
    lambda a: box.validate_message(a.text, a.headers.lower, a.secret))
library("box-sdk-gen (escaped body)", "box", sign=lambda a: box_sign(a, True))(
    lambda a: box.validate_message(a.text, a.headers.lower, a.secret))

mercado = alone("mercadopago.webhook.validator")
library("mercadopago (Python)", "mercado_pago")(lambda a: mercado.WebhookSignatureValidator.validate(
    a.headers["x-signature"], a.headers.get("x-request-id"),
    parse_qs(urlsplit(a.url).query).get("data.id", [None])[0], a.secret) is None)

import cloudinary.utils


def cloudinary_accepts(a):
    cloudinary.config(api_secret=a.secret)
    return cloudinary.utils.verify_notification_signature(
        a.text, a.headers["X-Cld-Timestamp"], a.headers["X-Cld-Signature"])


library("cloudinary", "cloudinary")(cloudinary_accepts)

adyen = alone("Adyen.util")
library("adyen (header)", "adyen_header", "hex", sign=lambda a: a.signed(
    ("HmacSignature", adyen.generate_payload_sig(a.body, a.secret).decode())))(
    lambda a: adyen.is_valid_hmac_payload(a.headers["HmacSignature"], a.secret, a.body))


def adyen_sign(a):
    document = a.json
    item = document["notificationItems"][0]["NotificationRequestItem"]
    item["additionalData"] = {"hmacSignature": adyen.generate_notification_sig(item, a.secret).decode()}
    return a.signed(body=json.dumps(document).encode())


library("adyen (payments)", "adyen_payments", "hex", sign=adyen_sign)(
    lambda a: adyen.is_valid_hmac_notification(a.json, a.secret) is True)

DropboxSign = alone("dropbox_sign.event_callback_helper").EventCallbackHelper


def dropbox_sign_accepts(a):
    event = SimpleNamespace(**a.json["event"])
    return DropboxSign.is_valid(a.secret, SimpleNamespace(event=event))


library("dropbox-sign", "dropbox_sign")(dropbox_sign_accepts)

import pusher


def pusher_client(a):
    return pusher.Pusher(app_id="1", key=a.headers.get("X-Pusher-Key", ""), secret=a.secret, cluster="eu")


library("pusher (Python)", "pusher")(lambda a: pusher_client(a).validate_webhook(
    a.headers["X-Pusher-Key"], a.headers["X-Pusher-Signature"], a.text) is not None)

from braintree.util.crypto import Crypto
from braintree.webhook_notification_gateway import WebhookNotificationGateway as Braintree


def braintree_accepts(a):
    """The public key is that of the header: which one it is, is not what is compared here."""
    signature, payload = a.form["bt_signature"][0], a.form["bt_payload"][0]
    config = SimpleNamespace(public_key=signature.partition("|")[0], private_key=a.secret)
    gateway = Braintree(SimpleNamespace(config=config))
    gateway._WebhookNotificationGateway__validate_signature(signature, payload.encode("ascii"))
    return True


def braintree_sign(a):
    from urllib.parse import urlencode
    payload = base64.encodebytes(a.body)
    signature = "public_key|" + Crypto.sha1_hmac_hash(a.secret, payload)
    form = urlencode({"bt_signature": signature, "bt_payload": payload.decode()})
    return a.signed(("Content-Type", "application/x-www-form-urlencoded"), body=form.encode())


library("braintree", "braintree", sign=braintree_sign)(braintree_accepts)

# The URL is signed, too

twilio = alone("twilio.request_validator")


def twilio_accepts(a):
    algorithm = twilio.get_signature_algorithm(a.headers.get("X-Twilio-Webhooks-Signature-Settings"))
    is_form = "bodySHA256" not in a.url
    return twilio.RequestValidator(a.secret).validate(
        a.url, MultiDict(a.form) if is_form else a.text, a.headers["X-Twilio-Signature"], algorithm)


class MultiDict(dict):
    def getlist(self, name):
        return self[name]


def twilio_sign(a):
    signature = twilio.RequestValidator(a.secret).compute_signature(a.url, MultiDict(a.form))
    return a.signed(("X-Twilio-Signature", signature), ("Content-Type", "application/x-www-form-urlencoded"))


def twilio_sharedkey_sign(a):
    signature = twilio.RequestValidator(a.secret).compute_signature(a.url, MultiDict(a.form), "HMAC_SHA256")
    return a.signed(
        ("X-Twilio-Signature", signature), ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Twilio-Webhooks-Signature-Settings", "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"))


def twilio_json_sign(a):
    validator = twilio.RequestValidator(a.secret)
    url = f"{a.url}&bodySHA256={validator.compute_hash(a.text)}"
    return a.signed(
        ("X-Twilio-Signature", validator.compute_signature(url, {})), ("Content-Type", "application/json"), url=url)


library("twilio (form)", "twilio", sign=twilio_sign)(twilio_accepts)
library("twilio (SharedKey)", "twilio_sharedkey", sign=twilio_sharedkey_sign)(twilio_accepts)
library("twilio (JSON)", "twilio_json", sign=twilio_json_sign)(twilio_accepts)

plivo = alone("plivo.utils.signature_v3")


def plivo_form(a):
    return {name: values if len(values) > 1 else values[0] for name, values in a.form.items()}


def plivo_sign(a):
    nonce = "12345678901234567890"
    base = plivo.construct_post_url(a.url, plivo_form(a)).decode()
    signature = plivo.get_signature_v3(a.secret.encode(), base, nonce.encode()).decode()
    return a.signed(("X-Plivo-Signature-V3", signature), ("X-Plivo-Signature-V3-Nonce", nonce),
                    ("Content-Type", "application/x-www-form-urlencoded"))


library("plivo", "plivo_v3", sign=plivo_sign)(lambda a: plivo.validate_v3_signature(
    "POST", a.url, a.headers["X-Plivo-Signature-V3-Nonce"], a.secret, a.headers["X-Plivo-Signature-V3"],
    plivo_form(a)))

square = alone("square.utils.webhooks_helper")
library("squareup", "square")(lambda a: square.verify_signature(
    request_body=a.text, signature_header=a.headers["x-square-hmacsha256-signature"], signature_key=a.secret,
    notification_url=a.url))

hubspot = alone("hubspot.utils.signature").Signature


def hubspot_sign(version):
    def sign(a):
        stamp = str(a.now * 1000)
        signature = hubspot.get_signature(a.secret, a.text, version, a.url, "POST", stamp)
        if version == "v3":
            return a.signed(("X-HubSpot-Signature-v3", signature), ("X-HubSpot-Request-Timestamp", stamp))
        return a.signed(("X-HubSpot-Signature", signature), ("X-HubSpot-Signature-Version", version))
    return sign


for version, header in {"v1": "X-HubSpot-Signature", "v2": "X-HubSpot-Signature", "v3": "X-HubSpot-Signature-v3"}.items():
    library(f"hubspot-api-client ({version})", f"hubspot_{version}", sign=hubspot_sign(version))(
        lambda a, version=version, header=header: hubspot.is_valid(
            a.headers[header], a.secret, a.text, a.url, "POST", version, a.headers.get("X-HubSpot-Request-Timestamp")))

# Tokens

messagebird = alone("messagebird.request_validator")
library("messagebird (Python)", "messagebird", "long text")(lambda a: messagebird.RequestValidator(
    a.secret).validate_signature(a.headers["MessageBird-Signature-JWT"], a.url, a.body))

qstash = alone("qstash.receiver")
library("qstash", "qstash", "long text")(lambda a: qstash.Receiver(a.secret, "next-signing-key-of-this-endpoint").verify(
    signature=a.headers["Upstash-Signature"], body=a.text, url=a.url) is None)

livekit_token = alone("livekit.api.access_token")


def livekit_accepts(a):
    """As `WebhookReceiver.receive`, but for the protocol buffer that the samples are none of."""
    claims = livekit_token.TokenVerifier(a.params["api-key"], a.secret).verify(
        a.headers["Authorization"].removeprefix("Bearer "))
    return base64.b64decode(claims.sha256) == hashlib.sha256(a.text.encode()).digest()


def livekit_sign(a):
    token = livekit_token.AccessToken(a.params["api-key"], a.secret)
    hash = base64.b64encode(hashlib.sha256(a.body).digest()).decode()
    return a.signed(("Authorization", token.with_sha256(hash).to_jwt()))


library("livekit-api", "livekit", "long text", livekit_sign)(livekit_accepts)

import vonage_jwt

library("vonage-jwt", "vonage", "long text")(lambda a: vonage_jwt.verify_signature(
    a.headers["Authorization"].removeprefix("Bearer "), a.secret))

# Key pairs

import discord_interactions

library("discord-interactions (Python)", "discord", "ed25519 hex")(lambda a: discord_interactions.verify_key(
    a.body, a.headers["X-Signature-Ed25519"], a.headers["X-Signature-Timestamp"], a.secret))

telnyx = alone("telnyx.lib.webhook_verification")
library("telnyx", "telnyx", "ed25519 base64")(
    lambda a: telnyx.verify_webhook_signature(a.body, dict(a.headers), a.secret) is None)

sendgrid = alone("sendgrid.helpers.eventwebhook")
library("sendgrid", "sendgrid", "p256")(lambda a: sendgrid.EventWebhook(a.secret).verify_signature(
    a.text, a.headers["X-Twilio-Email-Event-Webhook-Signature"], a.headers["X-Twilio-Email-Event-Webhook-Timestamp"]))

PayPal = alone("paypalrestsdk.notifications").WebhookEvent


def paypal_accepts(a):
    """The signed text is the library's; pyOpenSSL no longer has the call that checked it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    message = PayPal._get_expected_sig(
        a.headers["PAYPAL-TRANSMISSION-ID"], a.headers["PAYPAL-TRANSMISSION-TIME"], a.params["webhook-id"], a.text)
    key = x509.load_pem_x509_certificate(a.secret.encode()).public_key()
    key.verify(base64.b64decode(a.headers["PAYPAL-TRANSMISSION-SIG"], validate=True), message.encode(),
               padding.PKCS1v15(), hashes.SHA256())
    return True


library("paypalrestsdk", "paypal", "certificate")(paypal_accepts)


def keys():
    """A key pair of each kind: what signs, and what a provider publishes."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    raw = serialization.Encoding.Raw
    edwards, curve = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    whole = rsa.generate_private_key(65537, 2048)
    seed = edwards.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    public = edwards.public_key().public_bytes(raw, serialization.PublicFormat.Raw)
    spki = [key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            for key in (curve, whole)]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "messageverificationcerts.paypal.com")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(whole.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - 3650 * day).not_valid_after(now + 3650 * day)
        .sign(whole, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode())
    pair = lambda signing, verifying: {"signing": signing, "verifying": verifying}
    return {
        "ed25519 hex": pair(seed.hex(), public.hex()),
        "ed25519 base64": pair(seed.hex(), base64.b64encode(public).decode()),
        "p256": pair(curve.private_bytes(*pem).decode(), base64.b64encode(spki[0]).decode()),
        "rsa": pair(whole.private_bytes(*pem).decode(), base64.b64encode(spki[1]).decode()),
        "certificate": pair(whole.private_bytes(*pem).decode(), certificate),
    }


def answer(question):
    if question.get("keys"):
        return keys()
    library = LIBRARIES[question["library"]]
    asked = Asked(question)
    NOW[0] = asked.now
    if question["do"] == "sign":
        return {"request": library["sign"](asked)}
    try:
        return {"accepts": library["accepts"](asked) is not False}
    except Exception as error:  # Libraries refuse by raising all kinds.
        return {"accepts": False, "why": f"{type(error).__name__}: {error}"[:200]}


def main():
    say = lambda value: print(json.dumps(value), file=out, flush=True)
    say({name: {"scheme": one["scheme"], "key": one["key"], "signs": one["sign"] is not None, "parsed": False}
         for name, one in LIBRARIES.items()})
    for name in ("hubspot.utils.signature", "jwt.api_jwt", "orb.resources.webhooks.webhooks", "standardwebhooks.webhooks"):
        sys.modules[name].datetime = Clock
    livekit_token.datetime = SimpleNamespace(**{**vars(datetime), "datetime": Clock})
    for line in sys.stdin:
        say(answer(json.loads(line)))


main()
