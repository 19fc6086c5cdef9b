"""Reading: from a request to typed events, and which of them were seen before."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, overload

import msgspec
from msgspec import Meta, Raw, Struct

from . import native, nector, zinrelo
from .errors import UnreadableBodyError
from .gaps import sequence_of
from .headers import WEBHOOK_ID, Found, Headers
from .message import DialectName, Event, Message, Unknown
from .signatures import TOLERANCE_SECONDS, Secrets, verify
from .vendors import NECTOR_DELIVERY, verify_nector, verify_zinrelo

EVENTS_MAX = 1_000
"""Of one body; the sender's largest batch is a tenth of it."""
NECTOR_TOPIC = "x-nector-topic"

BATCH_BEGINS = b"["

Known = TypeVar("Known")
AnyMessage = Message[native.FactHead] | Message[zinrelo.Data] | Message[nector.Data]


class _NativeBody(Struct):
    type: str
    timestamp: Annotated[datetime, Meta(tz=True)]
    data: Raw


class _CloudEvent(Struct):
    id: str
    type: str
    time: Annotated[datetime, Meta(tz=True)]
    data: Raw


class _ZinreloEvent(Struct):
    id: str
    event_type: str
    data: Raw


class _ZinreloBody(Struct):
    request_id: str
    created_date: str
    events: Annotated[list[_ZinreloEvent], Meta(max_length=EVENTS_MAX)]


@overload
def parse(
    dialect: Literal["native", "cloudevents"], headers: Headers, body: bytes
) -> Message[native.FactHead]: ...
@overload
def parse(dialect: Literal["zinrelo"], headers: Headers, body: bytes) -> Message[zinrelo.Data]: ...
@overload
def parse(dialect: Literal["nector"], headers: Headers, body: bytes) -> Message[nector.Data]: ...
@overload
def parse(dialect: DialectName, headers: Headers, body: bytes) -> AnyMessage: ...
def parse(dialect: DialectName, headers: Headers, body: bytes) -> AnyMessage:
    """Give what a request says; it proves nothing, so verify first, or use `read`.

    Shapes: a type that this version does not know has `Unknown` data; a field that it does not know
    is left out of `data` and stays in `raw`.
    Errors: UnreadableBodyError for a body that is not of the dialect; MissingHeaderError and
    MalformedHeaderError for a header that the dialect needs.
    """
    return _PARSERS[dialect](Found(headers), body)


@overload
def read(
    dialect: Literal["native", "cloudevents"],
    headers: Headers,
    body: bytes,
    secrets: Secrets,
    *,
    now: float,
    tolerance_seconds: float = ...,
    by: Literal["standard"] = ...,
) -> Message[native.FactHead]: ...
@overload
def read(
    dialect: Literal["zinrelo"],
    headers: Headers,
    body: bytes,
    secrets: Secrets,
    *,
    now: float,
    tolerance_seconds: float = ...,
    by: Literal["standard", "vendor"] = ...,
) -> Message[zinrelo.Data]: ...
@overload
def read(
    dialect: Literal["nector"],
    headers: Headers,
    body: bytes,
    secrets: Secrets,
    *,
    now: float,
    tolerance_seconds: float = ...,
    by: Literal["standard", "vendor"] = ...,
) -> Message[nector.Data]: ...
@overload
def read(
    dialect: DialectName,
    headers: Headers,
    body: bytes,
    secrets: Secrets,
    *,
    now: float,
    tolerance_seconds: float = ...,
    by: Literal["standard", "vendor"] = ...,
) -> AnyMessage: ...
def read(
    dialect: DialectName,
    headers: Headers,
    body: bytes,
    secrets: Secrets,
    *,
    now: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    by: Literal["standard", "vendor"] = "standard",
) -> AnyMessage:
    """Verify a request and give what it says.

    Shapes: every dialect carries the signature of Standard Webhooks, which is checked unless `by`
    asks for the vendor's own.
    Errors: NotGenuineError in one of its kinds, UnreadableBodyError; and, when the consumer is set
    up wrongly, UnusableSecretError or CryptographyMissingError.
    """
    found = Found(headers)
    if by == "standard" or dialect in {"native", "cloudevents"}:
        verify(body, found, secrets, now=now, tolerance_seconds=tolerance_seconds)
    elif dialect == "zinrelo":
        verify_zinrelo(body, found, secrets, now=now, tolerance_seconds=tolerance_seconds)
    else:
        verify_nector(body, found, secrets)
    return parse(dialect, found, body)


def event_ids(dialect: DialectName, headers: Headers, body: bytes) -> tuple[str, ...]:
    """Give the ids of a request's events: what to remember, so that none is done twice.

    Shapes: they are those of the facts, the same on every try and on a replay. Zinrelo's and
    CloudEvents have them in the body; the other dialects send one event in a request, and its id is
    in the header that is signed.
    Errors: those of `parse`.
    """
    if dialect == "zinrelo":
        return tuple(event.id for event in _decoded(body, _ZinreloBody).events)
    if dialect == "cloudevents":
        return tuple(event.id for event in _cloud_events(body))
    return (_request_id(Found(headers)),)


def _native(found: Found, body: bytes) -> Message[native.FactHead]:
    read_body = _decoded(body, _NativeBody)
    event = Event[native.FactHead](
        id=_request_id(found),
        type=read_body.type,
        occurred_at=read_body.timestamp,
        data=_data(read_body.type, read_body.data, native.TYPES),
        source=read_body.data,
    )
    return _message("native", found, event.id, (event,), body)


def _cloudevents(found: Found, body: bytes) -> Message[native.FactHead]:
    events = tuple(
        Event[native.FactHead](
            id=event.id,
            type=event.type,
            occurred_at=event.time,
            data=_data(event.type, event.data, native.TYPES),
            source=event.data,
        )
        for event in _cloud_events(body)
    )
    return _message("cloudevents", found, _request_id(found), events, body)


def _cloud_events(body: bytes) -> list[_CloudEvent]:
    """Give the events of a batch, or the only one."""
    if body.lstrip()[:1] != BATCH_BEGINS:
        return [_decoded(body, _CloudEvent)]
    events = _decoded(body, list[_CloudEvent])
    if len(events) > EVENTS_MAX:
        raise UnreadableBodyError(f"the body has more than {EVENTS_MAX} events")
    return events


def _zinrelo(found: Found, body: bytes) -> Message[zinrelo.Data]:
    read_body = _decoded(body, _ZinreloBody)
    try:
        occurred_at = zinrelo.moment(read_body.created_date)
    except ValueError:
        raise UnreadableBodyError("created_date is no date") from None
    events = tuple(
        Event[zinrelo.Data](
            id=event.id,
            type=event.event_type,
            occurred_at=occurred_at,
            data=_data(event.event_type, event.data, zinrelo.TYPES),
            source=event.data,
        )
        for event in read_body.events
    )
    return _message("zinrelo", found, read_body.request_id, events, body)


def _nector(found: Found, body: bytes) -> Message[nector.Data]:
    topic, source = found.required(NECTOR_TOPIC), _decoded(body, Raw)
    event = Event[nector.Data](
        id=_request_id(found),
        type=topic,
        occurred_at=None,
        data=_data(topic, source, nector.TYPES),
        source=source,
    )
    return _message("nector", found, event.id, (event,), body)


_PARSERS: Mapping[DialectName, Callable[[Found, bytes], AnyMessage]] = {
    "native": _native,
    "zinrelo": _zinrelo,
    "nector": _nector,
    "cloudevents": _cloudevents,
}


def _request_id(found: Found) -> str:
    """Give the id that is signed; only who checks a vendor's signature may do without it."""
    return found.find(WEBHOOK_ID) or found.find(NECTOR_DELIVERY) or found.required(WEBHOOK_ID)


def _message(
    dialect: DialectName, found: Found, id_: str, events: tuple[Event[Known], ...], body: bytes
) -> Message[Known]:
    sequence = sequence_of(found)
    return Message(dialect=dialect, id=id_, sequence=sequence, events=events, source=body)


def _data(type_: str, source: Raw, known: Mapping[str, type[Known]]) -> Known | Unknown:
    """Read the data of a type; of a type that is not known, only that it is an object."""
    kind = known.get(type_)
    if kind is None:
        _decoded(source, dict[str, Raw])
        return Unknown()
    return _decoded(source, kind)


def _decoded(source: bytes | Raw, kind: type[Known]) -> Known:
    try:
        return _decoder(kind).decode(source)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBodyError(f"the body is not of the dialect: {error}") from error


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
