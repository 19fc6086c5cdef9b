"""Amazon SQS: `sqs://key:secret@region/account/queue`; what speaks like it: `sqs+https://...`.

`sqs+https://key:secret@host/account/queue?region=...` names the host of a service that speaks the
same protocol, and `sqs+http` one that does not encrypt. The secret is percent-encoded. The keys of
the server that we run on are never used: a customer chooses the queue.

A message has arrived when the answer holds its message id. The call is plain HTTP, so it goes
through the sender, with its kept connections and its guard. In a `.fifo` queue the id of the
request drops a repetition, and its key keeps what belongs together in order. A queue takes ten
attributes: the signature's come first, and what is too much is packed into the last.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html.
"""

import re
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec import DecodeError, Struct, field
from msgspec.structs import replace

from stampbook.delivery.call import Request, Response
from stampbook.delivery.destinations import WebService, id_of, key_of
from stampbook.delivery.locator import Locator
from stampbook.values.json import decode, encode, encode_text

AMAZON = "sqs"
ATTRIBUTES_MAX = 10
PACKED = "more-headers"
FIRST = "webhook-"
FIFO = ".fifo"
OK = 200
REGION_DEFAULT = "us-east-1"
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
QUEUE = re.compile(r"\d{12}/[A-Za-z0-9_-]{1,80}(\.fifo)?")


class Settings(Struct, frozen=True, kw_only=True):
    """What a URL says."""

    service_url: str
    queue_url: str
    region: str
    access_key: str
    secret_key: str


class Receipt(Struct, frozen=True, omit_defaults=True):
    """What the service answers to a message that it keeps."""

    message_id: str = field(name="MessageId")
    sequence_number: str = field(name="SequenceNumber", default="")


def read(locator: Locator) -> Settings:
    """Give what a URL says.

    Errors: ValueError.
    """
    host = locator.only_host()
    if not locator.user or not locator.password:
        raise ValueError("the URL has no access key and secret")
    if not QUEUE.fullmatch(locator.path):
        raise ValueError("the URL's path is no account of twelve digits and queue")
    if locator.scheme == AMAZON:
        locator.allow(())
        region = host.name
        authority = f"sqs.{region}.amazonaws.com"
        is_wrong = host.port is not None
    else:
        locator.allow({"region"})
        region = locator.settings.get("region", REGION_DEFAULT)
        name = f"[{host.name}]" if ":" in host.name else host.name
        authority = name if host.port is None else f"{name}:{host.port}"
        is_wrong = False
    if is_wrong or not REGION.fullmatch(region):
        raise ValueError("the URL names no region")
    service_url = f"{locator.scheme.partition('+')[2] or 'https'}://{authority}/"
    return Settings(
        service_url=service_url,
        queue_url=service_url + locator.path,
        region=region,
        access_key=locator.user,
        secret_key=locator.password,
    )


def write(settings: Settings, request: Request) -> Request:
    """Give the signed call that sends a request as a message."""
    message: dict[str, Any] = {
        "QueueUrl": settings.queue_url,
        "MessageBody": request.body.decode(),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in _attributes(request).items()
        },
    }
    if settings.queue_url.endswith(FIFO):
        message |= {"MessageDeduplicationId": id_of(request), "MessageGroupId": key_of(request)}
    body = encode(message)
    unsigned = AWSRequest(
        method="POST",
        url=settings.service_url,
        data=body,
        headers={
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": "AmazonSQS.SendMessage",
        },
    )
    keys = Credentials(settings.access_key, settings.secret_key)
    signer: Any = SigV4Auth(keys, "sqs", settings.region)
    signer.add_auth(unsigned)
    headers = tuple((str(name), str(value)) for name, value in unsigned.headers.items())
    return Request(url=settings.service_url, headers=headers, body=body)


def judge(response: Response) -> Response:
    """Give the receipt of a message, and take nothing else for one."""
    if response.status_code != OK:
        return response
    try:
        receipt = decode(response.excerpt, Receipt)
    except (DecodeError, RecursionError):
        error = "answered without a message id"
        return replace(response, status_code=None, error=error)
    return replace(response, excerpt=encode_text(receipt))


def _attributes(request: Request) -> dict[str, str]:
    headers = sorted(request.headers, key=lambda header: not header[0].startswith(FIRST))
    if len(headers) > ATTRIBUTES_MAX:
        plain, packed = headers[: ATTRIBUTES_MAX - 1], headers[ATTRIBUTES_MAX - 1 :]
        headers = [*plain, (PACKED, encode_text(dict(packed)))]
    return dict(headers)


DESTINATION = WebService(
    title="Amazon SQS",
    schemes=(AMAZON, "sqs+https", "sqs+http"),
    read=read,
    write=write,
    judge=judge,
)
