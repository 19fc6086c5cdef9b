"""The three headers of Standard Webhooks, checked by hand as any subscriber may."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping


def signature(body: bytes, got: Mapping[str, str], secret: str) -> Iterator[str]:
    """Give what is wrong with the headers, whose names are in lower case."""
    webhook_id, timestamp = got.get("webhook-id", ""), got.get("webhook-timestamp", "")
    if not webhook_id or not timestamp.isdecimal():
        yield "webhook-id, webhook-timestamp: missing or malformed"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    standard = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if f"v1,{standard}" not in got.get("webhook-signature", "").split(" "):
        yield "webhook-signature: none of them fits"
