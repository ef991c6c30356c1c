"""Independent readers of what Keyward writes: one JSON question a line, one JSON answer a line."""
import base64
import io
import json
import logging
import sys

import dotenv
import yaml

# Lines that it does not know are part of the test.
logging.disable()


def read_dotenv(question):
    # As `load_dotenv` opens it: UTF-8, any line end.
    stream = io.TextIOWrapper(io.BytesIO(base64.b64decode(question["file"])), encoding="utf-8-sig")
    return dotenv.dotenv_values(stream=stream)


def read_yaml(question):
    return list(yaml.safe_load_all(base64.b64decode(question["file"]).decode()))


def unseal(question):
    from nacl.public import PrivateKey, SealedBox

    key = PrivateKey(base64.b64decode(question["key"]))
    opened = SealedBox(key).decrypt(base64.b64decode(question["box"]))
    return base64.b64encode(opened).decode()


def public_key(question):
    from nacl.public import PrivateKey

    key = PrivateKey(base64.b64decode(question["key"]))
    return base64.b64encode(bytes(key.public_key)).decode()


ASKED = {"dotenv": read_dotenv, "yaml": read_yaml, "unseal": unseal, "public": public_key}
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(ASKED[question["ask"]](question), default=str), flush=True)
