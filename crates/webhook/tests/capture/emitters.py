"""Writes captures of generated bodies as other programs would, one JSON object a line on stdout.

Nothing here knows how Keyward reads: Python's own libraries write JSON, HTTP, shell words and literals; for
tools that are not at hand, their documented escaping is written down. What bash is to read is read by bash
first, and what bash makes of it is the body that is expected.
"""

import ast
import base64
import http.client
import json
import random
import re
import shlex
import subprocess
import sys
import urllib.parse
import uuid

RANDOM = random.Random(20261122)

TEXTS = [
    "",
    " ",
    "\n",
    "\r\n",
    "  {\"a\":1}  ",
    "\t{\"a\":1}\n",
    "{\"a\":1}\r\n",
    "{\"id\":\"evt_1\",\"object\":\"event\",\"amount\":1.50,\"n\":1e3,\"list\":[],\"o\":{}}",
    "{\n  \"id\": \"evt_1\",\n  \"text\": \"it's \\\"quoted\\\" \\u00fc \\/ \\\\ \"\n}\n",
    "{\"price\":\"$5\",\"run\":\"`id`\",\"sub\":\"$(id)\",\"var\":\"$HOME ${HOME} $1\"}",
    "100% %PATH% %41 ^caret^ !bang! !! !1 & | < > ( ) ; # ~ * ? [a] {b}",
    "back\\slash \\n \\\\ \\\" \\' \\u0041 \\x41 end\\",
    "'single' \"double\" `tick` ''' \"\"\" \\'",
    "gr\u00fc\u00dfe \u20ac \u65e5\u672c\u8a9e \U0001f600 \u202e \u2028 \u2029 \u0085 e\u0301",
    "\ufeff{\"a\":1}",
    "nul \0 bell \a esc \x1b del \x7f c1 \x80\x9f",
    "a\rb\nc\r\nd\n\re",
    "a=1&b=2&c=%20x+y&d=%C3%BC",
    "payload=%7B%22a%22%3A1%7D",
    "@/etc/passwd",
    "-d x --next",
    "--boundary\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--boundary--\r\n",
    "POST / HTTP/1.1\r\nHost: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "0\r\n\r\n",
    "5\r\nhello\r\n0\r\n\r\n",
    "curl https://b.example -d 'x'",
    "fetch(\"https://b.example\", {})",
    "import requests\n",
    "X-B: 2\n\nbody",
    "Request URL: https://b.example\n",
    "{\"log\":{\"entries\":[]}}",
    "{\"body\":\"x\",\"headers\":{}}",
    "null",
    "\"text\"",
    "<a href=\"x\">&amp;</a>",
    "EOF",
    "\\",
    "'",
    "\"",
    "$",
    "^",
    "`",
    "%",
    "!",
    "{\"text\":\"" + "gr\u00fc\u00df ' \\\" $x `y` %z% ^ ! \\n\", \"n\": [1, 2]}" * 3,
    "{\"list\":[" + ",".join("{\"n\":%d,\"t\":\"\u00fc'\\\\\"}" % n for n in range(6000)) + "]}",
]

PIECES = [
    " ", "  ", "\n", "\r\n", "\r", "\t", "\0", "\x1b", "\x7f", "'", "\"", "\\", "\\\\", "\\n", "$", "$x", "${x}",
    "$(x)", "`", "``", "!", "!!", "%", "%41", "%x%", "^", "^^", "&", "|", "<", ">", "#", ";", "{", "}", "[", "]",
    ":", ",", "=", "@", "-", "--", "/", "//", "a", "b", "7", "true", "null", "\u00fc", "\u20ac", "\U0001f600",
    "\u65e5", "\u2028", "\u0085", "\xa0", "\ufeff", "\\u00fc", "\\/", "EOF\n", "\n\n", "0\r\n", ".",
]


def random_text():
    return "".join(RANDOM.choice(PIECES) for _ in range(RANDOM.randrange(1, 24)))


def random_bytes():
    return bytes(RANDOM.randrange(256) for _ in range(RANDOM.randrange(1, 80)))


def random_json(depth=0):
    """JSON as a provider's serialiser may write it: the value, to be dumped in one of several ways."""
    kind = RANDOM.randrange(4 if depth > 2 else 6)
    if kind == 0:
        return random_text()
    if kind == 1:
        return RANDOM.choice([0, 1, -7, 1.5, 1760000000123, 0.1])
    if kind == 2:
        return RANDOM.choice([True, False, None])
    if kind == 3:
        return str(uuid.UUID(int=RANDOM.getrandbits(128)))
    if kind == 4:
        return [random_json(depth + 1) for _ in range(RANDOM.randrange(4))]
    return {"k%d" % n: random_json(depth + 1) for n in range(RANDOM.randrange(5))}


def bodies():
    for text in TEXTS:
        yield text.encode()
    yield bytes(range(256))
    yield b"\x1f\x8b\x08\x00" + random_bytes()
    yield b"\xff\xfe{\x00}\x00"
    yield b"{\"a\":\"\xfc\"}"
    yield b"\xed\xa0\xbd"
    for _ in range(40):
        yield random_text().encode()
    for _ in range(12):
        yield random_bytes()
    for _ in range(12):
        value = {"id": "evt_1", "data": random_json()}
        separators = RANDOM.choice([(",", ":"), (", ", ": ")])
        indent = RANDOM.choice([None, None, 2, 4])
        yield json.dumps(value, separators=separators, indent=indent, ensure_ascii=RANDOM.random() < 0.5).encode()


def text_of(body):
    """The body as text, if it is some."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


HEADERS = {"X-A": "1", "Content-Type": "application/octet-stream"}
URL = "https://a.example/h?x=1"
NONE, EXACT, LOST = None, True, False
EMITTERS = []


def emitter(format):
    """A function of a body: the capture and whether it carries the body, or none for a body that it is not for."""

    def add(function):
        EMITTERS.append((format, function.__name__, function))
        return function

    return add


# Raw HTTP, as Python's client puts it on the wire.


class Wire:
    """A socket that keeps what is sent."""

    def __init__(self):
        self.sent = b""

    def sendall(self, data):
        self.sent += bytes(data)

    def close(self):
        pass


def on_the_wire(body, headers, **options):
    wire = Wire()
    connection = http.client.HTTPConnection("a.example")
    connection.sock = wire
    connection.request("POST", "/h?x=1", body, headers, **options)
    return wire.sent


@emitter("raw-http")
def raw_of_http_client(body):
    return on_the_wire(body, HEADERS), EXACT


@emitter("raw-http")
def raw_chunked(body):
    cut = len(body) // 3
    pieces = [piece for piece in (body[:cut], body[cut:]) if piece]
    return on_the_wire(iter(pieces), {**HEADERS, "Transfer-Encoding": "chunked"}, encode_chunked=True), EXACT


@emitter("raw-http")
def raw_with_lf_and_its_answer(body):
    head = "POST /h?x=1 HTTP/1.1\nHost: a.example\nX-A: 1\nContent-Length: %d\n\n" % len(body)
    return head.encode() + body + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", EXACT


@emitter("raw-http")
def raw_without_length(body):
    return b"POST /h?x=1 HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\n\r\n" + body, EXACT


@emitter("raw-http")
def raw_headers_alone(body):
    return b"X-A: 1\r\nContent-Type: text/plain\r\n\r\n" + body, EXACT


@emitter("raw-http")
def raw_http2(body):
    return (
        b":method: POST\n:scheme: https\n:authority: a.example\n:path: /h?x=1\nx-a: 1\ncontent-length: %d\n\n" % len(body)
        + body
    ), EXACT


@emitter("raw-http")
def raw_saved_by_an_editor(body):
    """The editor adds a line break, which Content-Length tells."""
    return on_the_wire(body, HEADERS) + b"\n", EXACT


# cURL for bash.


def curl(word, option="--data-raw"):
    return ("curl -X POST %s -H 'X-A: 1' %s " % (shlex.quote(URL), option)).encode() + word


def word(text):
    return text.encode("utf-8", "surrogatepass")


@emitter("curl")
def curl_shlex(body):
    """Python's own quoting, as many tools' exporters use it."""
    text = text_of(body)
    if text is None or "\0" in text:
        return NONE
    return curl(word(shlex.quote(text))), EXACT


@emitter("curl")
def curl_data_binary(body):
    text = text_of(body)
    if text is None or "\0" in text:
        return NONE
    return curl(word(shlex.quote(text)), "--data-binary"), EXACT if not text.startswith("@") else LOST


@emitter("curl")
def curl_short_data(body):
    text = text_of(body)
    if text is None or "\0" in text:
        return NONE
    return curl(word(shlex.quote(text)), "-d"), EXACT if not text.startswith("@") else LOST


@emitter("curl")
def curl_of_chrome(body):
    text = text_of(body)
    if text is None:
        return NONE
    if not re.search("[\0-\x1f\x7f-\x9f!']", text):
        return curl(word("'" + text + "'")), EXACT
    text = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    text = re.sub("[\0-\x1f\x7f-\x9f!]", lambda found: "\\u%04x" % ord(found[0]), text)
    return curl(word("$'" + text + "'")), EXACT


@emitter("curl")
def curl_of_firefox(body):
    """Characters below U+0100 as one byte, the others as UTF-16 units: above ASCII the former are Latin-1."""
    text = text_of(body)
    if text is None:
        return NONE
    latin = any("\x80" <= c <= "\xff" for c in text)
    if not re.search("[^\x20-\x7e]|'", text):
        return curl(word("'" + text + "'")), EXACT
    text = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r").replace("!", "\\041")
    units = text.encode("utf-16-le", "surrogatepass")
    out = ""
    for at in range(0, len(units), 2):
        code = int.from_bytes(units[at : at + 2], "little")
        out += chr(code) if 0x20 <= code <= 0x7E else "\\x%02x" % code if code < 256 else "\\u%04x" % code
    return curl(word("$'" + out + "'")), LOST if latin else EXACT


@emitter("curl")
def curl_of_postman(body):
    text = text_of(body)
    if text is None or "\0" in text:
        return NONE
    line = "curl --location 'https://a.example/h?x=1' \\\n--header 'X-A: 1' \\\n--data-raw '%s'" % text.replace("'", "'\\''")
    return word(line), EXACT


@emitter("curl")
def curl_double_quotes(body):
    text = text_of(body)
    if text is None or "\0" in text:
        return NONE
    return curl(word('"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"')), EXACT


@emitter("curl")
def curl_hex(body):
    """Every byte as an escape, as proxies copy requests whose bodies are no text."""
    if body.startswith(b"@"):
        return NONE
    return curl(b"$'" + "".join("\\x%02x" % byte for byte in body).encode() + b"'", "--data-binary"), EXACT


@emitter("curl")
def curl_octal(body):
    if body.startswith(b"@"):
        return NONE
    return curl(b"$'" + "".join("\\%03o" % byte for byte in body).encode() + b"'", "--data-binary"), EXACT


@emitter("curl")
def curl_here_document(body):
    """Its body ends in a line break, and no line of it is the one that ends it."""
    text = text_of(body)
    if text is None or "\0" in text or "\r" in text or not text.endswith("\n") or "END_OF_IT" in text:
        return NONE
    return curl(b"@- <<'END_OF_IT'\n" + body + b"END_OF_IT\n", "--data-binary"), EXACT


@emitter("curl")
def curl_of_mitmproxy(body):
    """`shlex.quote` over text whose control characters were written as four characters before."""
    text = text_of(body)
    if text is None:
        return NONE
    control = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\n\r\t]")
    escaped = control.sub(lambda found: "\\x%02x" % ord(found[0]), text)
    return curl(word(shlex.quote(escaped)), "-d"), EXACT if escaped == text and text[:1] != "@" else LOST


# cURL for cmd.


def cmd(quoted):
    return word("curl ^\"https://a.example/h^\" ^\r\n  -H ^\"X-A: 1^\" ^\r\n  --data-raw " + quoted)


@emitter("curl")
def curl_cmd_of_chrome(body):
    text = text_of(body)
    if text is None:
        return NONE
    exact = re.fullmatch("[ -~]*", text) is not None
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    text = re.sub(r"[^a-zA-Z0-9\s_\-:=+~'/.',?;()*`]", lambda found: "^" + found[0], text)
    text = re.sub("%(?=[a-zA-Z0-9_])", "%^", text)
    text = re.sub("[^ -~\r\n]", " ", text)
    return cmd('^"' + re.sub("\r?\n|\r", "^\n\n", text) + '^"'), EXACT if exact else LOST


@emitter("curl")
def curl_cmd_of_older_browsers(body):
    """Doubled quotation marks, `%` outside quotes, line breaks outside quotes."""
    text = text_of(body)
    if text is None or re.search("[^ -~\r\n]", text):
        return NONE
    exact = not re.search(r"[\r\n\\]", text)
    text = text.replace('"', '""').replace("%", '"%"').replace("\\", "\\\\")
    text = re.sub("[\r\n]+", lambda found: '"^' + found[0] + '"', text)
    line = 'curl "https://a.example/h" -H "X-A: 1" --data "%s"' % text
    # The dress shows in a caret only where the command is long enough to be continued.
    return word(line.replace(" -H", " ^\r\n -H", 1)), EXACT if exact and text[:1] != "@" else LOST


# PowerShell.


@emitter("curl")
def powershell_of_chrome(body):
    text = text_of(body)
    if text is None:
        return NONE
    units = text.encode("utf-16-le")
    out = ""
    for at in range(0, len(units), 2):
        code = int.from_bytes(units[at : at + 2], "little")
        c = chr(code)
        out += "`" + c if c in '`$"' else c if " " <= c <= "~" else "$([char]%d)" % code
    script = (
        "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n"
        'Invoke-WebRequest -UseBasicParsing -Uri "https://a.example/h" `\n-Method "POST" `\n'
        '-WebSession $session `\n-Headers @{\n"X-A"="1"\n} `\n-ContentType "text/plain" `\n'
        '-Body ([System.Text.Encoding]::UTF8.GetBytes("%s"))'
    )
    return word(script % out), EXACT


@emitter("curl")
def powershell_single_quotes(body):
    text = text_of(body)
    if text is None or "\0" in text or not text.isascii():
        return NONE
    script = "Invoke-RestMethod -Uri 'https://a.example/h' -Method POST -Headers @{ 'X-A' = '1' } -Body '%s'"
    return word(script % text.replace("'", "''")), EXACT


@emitter("curl")
def powershell_here_string(body):
    """What stands between the two lines; it may not hold the end itself."""
    text = text_of(body)
    if text is None or "\0" in text or not text.isascii() or "\n'@" in "\n" + text or "\r" in text:
        return NONE
    script = "$body = @'\n%s\n'@\nInvoke-RestMethod -Uri https://a.example/h -Method Post -Headers @{'X-A'='1'} -Body $body"
    return word(script % text), EXACT


# HAR.


def har(data, ascii=True):
    request = {
        "method": "POST", "url": URL, "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [],
        "headers": [{"name": name, "value": value} for name, value in HEADERS.items()], "postData": data,
    }
    log = {"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [{"request": request}]}}
    return json.dumps(log, ensure_ascii=ascii, indent=RANDOM.choice([None, 2])).encode("utf-8", "surrogatepass")


@emitter("har")
def har_text(body):
    text = text_of(body)
    if text is None:
        return har({"mimeType": "text/plain", "text": body.decode("utf-8", "replace")}), LOST
    return har({"mimeType": "text/plain", "text": text}, RANDOM.random() < 0.5), EXACT


@emitter("har")
def har_of_mitmproxy(body):
    return har({"mimeType": "", "text": body.decode("utf-8", "surrogateescape"), "params": []}), EXACT


@emitter("har")
def har_base64(body):
    return har({"mimeType": "", "text": base64.b64encode(body).decode(), "encoding": "base64"}), EXACT


@emitter("har")
def har_params_alone(body):
    text = text_of(body)
    if not text:
        return NONE
    pairs = urllib.parse.parse_qsl(text, keep_blank_values=True)
    params = [{"name": name, "value": value} for name, value in pairs]
    return har({"mimeType": "application/x-www-form-urlencoded", "params": params}), LOST


# Editors' request files.


def http_file_holds(text):
    """Whether the format can hold a body: lines that mean something to it, `{{` and blank lines alone it cannot."""
    means = any(line.lstrip()[:1] in ("#", "<", ">", "@") for line in re.split("[\r\n]", text))
    return not means and "{{" not in text and (not text or text.strip("\r\n") != "")


@emitter("http-file")
def http_file(body):
    text = text_of(body)
    if text is None or "\0" in text or not http_file_holds(text):
        return NONE
    ends = text.endswith(("\n", "\r"))
    return word("### x\nPOST %s\nX-A: 1\n\n%s\n\n### y\n" % (URL, text)), LOST if ends or not text else EXACT


@emitter("http-file")
def http_file_last(body):
    text = text_of(body)
    if text is None or "\0" in text or not text or not http_file_holds(text):
        return NONE
    return word("### x\nPOST %s HTTP/1.1\nX-A: 1\n\n%s" % (URL, text)), LOST if text.endswith(("\n", "\r")) else EXACT


# Services that catch requests.


def dumps(value):
    return json.dumps(value, ensure_ascii=RANDOM.random() < 0.5).encode()


@emitter("webhook-site")
def webhook_site(body):
    text = body.decode("utf-8", "replace")
    one = {
        "uuid": "u", "token_id": "t", "method": "POST", "url": URL, "headers": {"x-a": ["1"]}, "content": text,
        "size": len(body), "query": {"x": "1"}, "request": None, "created_at": "2026-01-02 03:04:05",
    }
    return dumps({"data": [one], "total": 1}), EXACT if text.encode() == body and text_of(body) is not None else LOST


@emitter("webhook-site")
def webhook_site_multipart(body):
    text = text_of(body)
    if not text:
        return NONE
    headers = {"x-a": ["1"], "content-type": ["multipart/form-data; boundary=b"]}
    one = {
        "uuid": "u", "token_id": "t", "method": "POST", "url": URL, "headers": headers, "content": "",
        "size": len(body), "request": {"a": text},
    }
    return dumps(one), LOST


@emitter("webhook-tester")
def webhook_tester(body):
    one = {
        "uuid": "u", "method": "POST", "headers": [{"name": "X-A", "value": "1"}], "url": URL,
        "request_payload_base64": base64.b64encode(body).decode(), "captured_at_unix_milli": 1,
    }
    return dumps([one]), EXACT


@emitter("ngrok")
def ngrok(body):
    raw = on_the_wire(body, HEADERS)
    request = {"method": "POST", "proto": "HTTP/1.1", "uri": "/h", "headers": {"X-A": ["1"]}}
    request["raw"] = base64.b64encode(raw).decode()
    return dumps({"uri": "/api/requests/http", "requests": [{"id": "1", "request": request}]}), EXACT


@emitter("stripe-cli")
def stripe_websocket(body):
    text = text_of(body)
    if text is None:
        return NONE
    return dumps({"type": "webhook_event", "event_payload": text, "http_headers": {"X-A": "1"}, "webhook_id": "w"}), EXACT


@emitter("stripe-cli")
def stripe_listen(body):
    """`--format json` prints the event alone, anew."""
    value = parsed(body)
    if not isinstance(value, dict) or "headers" in value:
        return NONE
    return dumps({**value, "id": "evt_1", "object": "event"}), LOST


@emitter("svix-cli")
def svix_listen(body):
    message = {"id": "msg_1", "method": "POST", "headers": {"X-A": "1"}, "body": base64.b64encode(body).decode()}
    return dumps(RANDOM.choice([message, {"type": "event", "version": 1, "data": message}])), EXACT


@emitter("hookdeck")
def hookdeck_cli(body):
    text = text_of(body)
    if text is None:
        return NONE
    request = {"method": "POST", "data_string": text, "headers": {"X-A": "1"}}
    return dumps({"event": "attempt", "body": {"cli_path": "/h", "request": request}}), EXACT


@emitter("hookdeck")
def hookdeck_api(body):
    """The API answers with the body parsed."""
    value = parsed(body)
    if not isinstance(value, dict):
        return NONE
    return dumps({"id": "req_1", "data": {"headers": {"X-A": "1"}, "body": value, "path": "/h", "method": "POST"}}), LOST


def parsed(body):
    try:
        return json.loads(body)
    except ValueError:
        return None


def of_serialiser(body):
    """Whether the body is JSON as GitHub's serialiser writes it: compact, nothing escaped that need not be."""
    value = parsed(body)
    if not isinstance(value, dict):
        return False
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() == body


@emitter("github-delivery")
def github_page(body):
    value = parsed(body)
    if not isinstance(value, dict) or b"\\u" in body or b"\\/" in body:
        return NONE
    shown = json.dumps(value, indent=2, ensure_ascii=False)
    head = "Request URL: %s\nRequest method: POST\nAccept: */*\nX-A: 1\nX-GitHub-Event: push\n\n" % URL
    return word(head + shown + "\n"), EXACT if of_serialiser(body) else LOST


@emitter("github-delivery")
def github_rest(body):
    value = parsed(body)
    if not isinstance(value, dict) or b"\\u" in body or b"\\/" in body:
        return NONE
    answer = {"id": 1, "guid": "g", "event": "push", "request": {"headers": {"X-A": "1"}, "payload": value}}
    return json.dumps(answer, ensure_ascii=False, indent=2).encode(), EXACT if of_serialiser(body) else LOST


# Functions in the cloud.


def lambda_body(body):
    text = text_of(body)
    if text is None or RANDOM.random() < 0.3:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return {"body": text, "isBase64Encoded": False}


@emitter("api-gateway")
def api_gateway_2(body):
    return dumps({
        "version": "2.0", "routeKey": "POST /h", "rawPath": "/h", "rawQueryString": "x=1",
        "headers": {"host": "a.example", "x-a": "1"},
        "requestContext": {"domainName": "a.example", "http": {"method": "POST", "path": "/h"}}, **lambda_body(body),
    }), EXACT


@emitter("api-gateway")
def api_gateway_1(body):
    return dumps({
        "resource": "/h", "path": "/h", "httpMethod": "POST", "headers": {"Host": "a.example", "X-A": "1"},
        "multiValueHeaders": {"Host": ["a.example"], "X-A": ["1"]},
        "queryStringParameters": {"x": "1"}, "multiValueQueryStringParameters": {"x": ["1"]},
        "requestContext": {"path": "/h", "httpMethod": "POST"}, **lambda_body(body),
    }), EXACT


@emitter("api-gateway")
def load_balancer(body):
    return dumps({
        "requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "POST", "path": "/h",
        "queryStringParameters": {"x": "1"}, "headers": {"host": "a.example", "x-a": "1"}, **lambda_body(body),
    }), EXACT


# Postman.


def postman(body):
    request = {
        "method": "POST", "header": [{"key": "X-A", "value": "1"}, {"key": "X-B", "value": "2", "disabled": True}],
        "url": {"raw": URL, "protocol": "https", "host": ["a", "example"], "path": ["h"]}, "body": body,
    }
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    item = {"name": "folder", "item": [{"name": "hook", "request": request, "response": []}]}
    return dumps({"info": {"name": "x", "schema": schema}, "item": [item]})


@emitter("postman")
def postman_raw(body):
    text = text_of(body)
    if text is None:
        return NONE
    return postman({"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}), LOST if "{{" in text else EXACT


@emitter("postman")
def postman_form(body):
    text = text_of(body)
    if not text:
        return NONE
    pairs = urllib.parse.parse_qsl(text, keep_blank_values=True)
    return postman({"mode": "urlencoded", "urlencoded": [{"key": k, "value": v} for k, v in pairs]}), LOST


# Code.


@emitter("fetch")
def fetch_of_chrome(body):
    text = text_of(body)
    if text is None:
        return NONE
    options = {"headers": {"x-a": "1"}, "referrer": "https://b.example/", "body": text, "method": "POST", "mode": "cors"}
    quoted = json.dumps(options, indent=2, ensure_ascii=False)
    return word('fetch("%s", %s);' % (URL, quoted)), EXACT


@emitter("fetch")
def fetch_by_hand(body):
    """A template literal, or single quotes; code units as escapes."""
    text = text_of(body)
    if text is None:
        return NONE
    if RANDOM.random() < 0.5 and "\r" not in text:
        quoted = "`" + text.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${") + "`"
    else:
        quoted = "'" + "".join(
            "\\" + c if c in "\\'" else c if " " <= c <= "~" else "\\x%02x" % ord(c) if ord(c) < 256 else "\\u{%x}" % ord(c)
            for c in text
        ) + "'"
    return word("const answer = await fetch('%s', {\n  method: 'POST',\n  headers: { 'X-A': '1' },\n  body: %s,\n});\n" % (URL, quoted)), EXACT


@emitter("python-requests")
def python_bytes(body):
    return word("import requests\n\nrequests.post(%r, headers={'X-A': '1'}, data=%r)\n" % (URL, body)), EXACT


@emitter("python-requests")
def python_text(body):
    text = text_of(body)
    if text is None:
        return NONE
    return word("import requests\n\ndata = %r\n\nresponse = requests.post(%r, headers={'X-A': '1'}, data=data.encode('utf-8'))\n" % (text, URL)), EXACT


@emitter("python-requests")
def python_json(body):
    """`json=` is written by Python's json module with its own spaces and escapes."""
    value = parsed(body)
    if value is None or json.dumps(value).encode() != body:
        return NONE
    return word("import requests\n\nrequests.post(%r, headers={'X-A': '1'}, json=%r)\n" % (URL, value)), EXACT


# Logs.


@emitter("log-line")
def log_of_pino(body):
    text = text_of(body)
    if text is None:
        return NONE
    req = {"id": 1, "method": "POST", "url": "/h", "headers": {"x-a": "1"}}
    return dumps({"level": 30, "time": 1760000000000, "pid": 7, "req": req, "rawBody": text, "msg": "hook"}), EXACT


@emitter("log-line")
def log_before_json(body):
    text = text_of(body)
    if text is None:
        return NONE
    line = "2026-01-02T03:04:05Z INFO hooks: " + json.dumps({"headers": {"x-a": "1"}, "body": text})
    return word(line + "\n"), EXACT


@emitter("log-line")
def log_of_go(body):
    """slog and logfmt quote with `strconv.Quote`."""
    out = ""
    for c in body.decode("utf-8", "surrogateescape"):
        code = ord(c)
        named = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", '"': '\\"', "\\": "\\\\"}
        if c in named:
            out += named[c]
        elif 0xDC80 <= code <= 0xDCFF:
            out += "\\x%02x" % (code - 0xDC00)
        elif code < 0x20 or code == 0x7F:
            out += "\\x%02x" % code
        elif c.isprintable() or c == " ":
            out += c
        else:
            out += "\\u%04x" % code if code < 0x10000 else "\\U%08x" % code
    line = 'time=2026-01-02T03:04:05Z level=INFO msg=hook headers="{\\"x-a\\":\\"1\\"}" body="%s"\n' % out
    return word(line), EXACT


@emitter("log-line")
def log_of_nginx(body):
    """`escape=default`: `"`, `\\` and what is not printable ASCII as `\\xHH`."""
    out = "".join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else "\\x%02X" % byte for byte in body)
    line = '127.0.0.1 - - [02/Jan/2026:03:04:05 +0000] "POST /h HTTP/1.1" 200 2 x-a="1" body="%s"\n' % out
    return word(line), EXACT


@emitter("log-line")
def log_of_python(body):
    """The `repr` of the bytes."""
    return word("2026-01-02 03:04:05,678 INFO hook headers={\"x-a\": \"1\"} body=%r\n" % body), EXACT


@emitter("log-line")
def a_string_alone(body):
    text = text_of(body)
    if text is None:
        return NONE
    return dumps(text), EXACT


@emitter("request-json")
def own_text(body):
    text = text_of(body)
    if text is None:
        return NONE
    return dumps({"method": "POST", "url": URL, "headers": {"X-A": "1"}, "body": text}), EXACT


@emitter("request-json")
def own_base64(body):
    return dumps({"method": "POST", "url": URL, "headers": [["X-A", "1"]], "body_base64": base64.b64encode(body).decode()}), EXACT


def by_bash(captures):
    """What bash makes of each command's last word: bash is asked, so that no error of an emitter is believed."""
    script = b"".join(b"printf '%%s\\0' %s\n" % capture for capture in captures)
    shell = ["bash", "--norc", "--noprofile"]
    done = subprocess.run(shell, input=script, capture_output=True, env={"LC_ALL": "C.UTF-8"}, check=True)
    assert not done.stderr, done.stderr
    return done.stdout.split(b"\0")[:-1]


def main():
    samples, words = [], []
    for body in bodies():
        for format, name, emit in EMITTERS:
            made = emit(body)
            if made is None:
                continue
            capture, carries = made
            sample = {"format": format, "emitter": name, "carries": carries, "body": body, "capture": capture}
            samples.append(sample)
            if name.startswith("curl_") and "cmd" not in name and "here" not in name and b"\0" not in body:
                found = re.search(rb"--data-raw (.*)|--data-binary (.*)|-d (.*)", capture, re.DOTALL)
                words.append((sample, found[1] or found[2] or found[3]))
    for (sample, _), meant in zip(words, by_bash([quoted for _, quoted in words]), strict=True):
        agrees = meant == sample["body"]
        # Only what is known to write something else may do so, and then it must not be called exact.
        assert agrees or not sample["carries"] or sample["emitter"] == "curl_of_firefox", sample
    assert ast.literal_eval(repr(bytes(range(256)))) == bytes(range(256))
    for sample in samples:
        for part in ("body", "capture"):
            sample[part] = base64.b64encode(sample[part]).decode()
        sys.stdout.write(json.dumps(sample) + "\n")


main()
