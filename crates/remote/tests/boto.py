"""boto3, one JSON question a line: {service, call, args, id, secret} -> {answer} or {error}."""
import json
import sys

import boto3
import botocore.config
import botocore.exceptions
import requests

ENDPOINT = sys.argv[1]
CONFIG = botocore.config.Config(retries={"max_attempts": 1}, parameter_validation=False)

for line in sys.stdin:
    question = json.loads(line)
    try:
        if question["call"] == "enforce":
            # Every call from here on is checked: its signature, and what its user may do.
            answer = requests.post(ENDPOINT + "/moto-api/reset-auth", data=b"0").json()
        else:
            client = boto3.client(
                question["service"],
                endpoint_url=ENDPOINT,
                region_name="us-east-1",
                aws_access_key_id=question.get("id") or "test",
                aws_secret_access_key=question.get("secret") or "test",
                config=CONFIG,
            )
            answer = getattr(client, question["call"])(**question["args"])
            answer.pop("ResponseMetadata", None)
        print(json.dumps({"answer": answer}, default=str), flush=True)
    except botocore.exceptions.ClientError as error:
        print(json.dumps({"error": error.response["Error"]["Code"]}), flush=True)
