"""Deliveries: what became of each fact that an endpoint was due."""

from typing import Annotated

from msgspec import Meta, Struct

from stampbook.api.desk import Desk
from stampbook.api.paging import LIMIT_MAX, Paged, cursors_checked
from stampbook.api.problem import (
    CURSOR_INVALID,
    DELIVERY_NOT_FAILED,
    DELIVERY_NOT_FOUND,
    ENDPOINT_NOT_FOUND,
    ProblemError,
    RefusedError,
)
from stampbook.api.route import Answer, Write
from stampbook.core.lease import EndpointKey
from stampbook.core.refusals import (
    DELIVERY_NOT_SETTLED,
    ENDPOINT_IS_DISABLED,
    FACT_EXPIRED,
    Refused,
)
from stampbook.store.backend import Unit
from stampbook.store.endpoints import find_endpoint, retry
from stampbook.store.lanes import read_lane
from stampbook.store.reading.webhooks import (
    AttemptLine,
    DeliveryLine,
    DeliveryStatus,
    Numbered,
    attempts,
    deliveries,
    find_delivery,
    numbered_deliveries,
)
from stampbook.store.replays import resend
from stampbook.values.ids import EndpointId
from stampbook.values.instants import Instant

Sequence = Annotated[int, Meta(ge=1, le=1 << 53)]


class ListDeliveries(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries of an endpoint to list, the newest first.

    Shapes: requests are looked for by their numbers back in time, a bounded way for each page; so a
    page may be empty and have a `next_cursor`.
    """

    endpoint_id: EndpointId
    status: DeliveryStatus | None = None
    sequence_from: Sequence | None = None
    """Of requests with this number, as `stampbook-sequence` said it, or a later one."""
    sequence_to: Sequence | None = None
    """Of requests with this number or an earlier one."""
    made_before: Instant | None = None
    """Deliveries that were made before: a place to begin from, for numbers of long ago."""


class DeliveryPage(Struct, frozen=True, kw_only=True):
    """Deliveries; one that is `leased` is being sent.

    Shapes: `last_sequence` is the number of the endpoint's last request, 0 before the first one.
    """

    items: tuple[DeliveryLine, ...]
    next_cursor: str | None
    last_sequence: int


class OneDelivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delivery by its id."""

    delivery_id: str


class ResendDelivery(OneDelivery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delivery that was received, given up or left out, to be sent again as a new request.

    Shapes: the new delivery is of the same fact, whose id tells the receiver that it is known; the
    old one stays as it is.
    """


class DeliveryTried(Struct, frozen=True, kw_only=True):
    """A delivery, with the tries that did not reach the receiver, the newest first.

    Shapes: the try that did is `received` in the delivery.
    """

    delivery: DeliveryLine
    attempts: tuple[AttemptLine, ...]


def list_deliveries(desk: Desk, asked: ListDeliveries) -> DeliveryPage:
    """Give a page of deliveries."""
    with desk.present() as present, cursors_checked():
        if find_endpoint(present.unit, desk.program_id, asked.endpoint_id) is None:
            raise ProblemError(ENDPOINT_NOT_FOUND)
        now_ms = desk.parts.engine.clock.real_ms()
        bounds = (asked.sequence_from, asked.sequence_to, asked.made_before)
        if bounds == (None, None, None):
            page = deliveries(
                present.unit,
                desk.program_id,
                endpoint_id=asked.endpoint_id,
                status=asked.status,
                now_ms=now_ms,
                limit=asked.limit,
                after=asked.cursor,
            )
        else:
            page = numbered_deliveries(
                present.unit,
                desk.program_id,
                asked.endpoint_id,
                Numbered(asked.sequence_from, asked.sequence_to, asked.status, asked.made_before),
                now_ms=now_ms,
                limit=asked.limit,
                after=asked.cursor,
            )
        lane = read_lane(present.unit, EndpointKey(desk.program_id, asked.endpoint_id))
        return DeliveryPage(items=page.items, next_cursor=page.next, last_sequence=lane.sequence)


def read_delivery(desk: Desk, asked: OneDelivery) -> DeliveryTried:
    """Give one delivery."""
    with desk.present() as present:
        return _tried(present.unit, desk, asked.delivery_id)


def retry_delivery(desk: Desk, unit: Unit, asked: OneDelivery) -> DeliveryTried:
    """Let a failed request be sent again, with everything that it carried."""
    delivery = _tried(unit, desk, asked.delivery_id).delivery
    if not retry(unit, desk.program_id, delivery, desk.parts.engine.clock.real_ms()):
        raise ProblemError(DELIVERY_NOT_FAILED)
    return _tried(unit, desk, asked.delivery_id)


def resend_delivery(desk: Desk, unit: Unit, asked: ResendDelivery) -> DeliveryTried:
    """Send the fact of a settled delivery again, as a request of its own."""
    at_ms = desk.parts.engine.clock.real_ms()
    sent = resend(unit, desk.program_id, asked.delivery_id, at_ms=at_ms, new_id=desk.parts.new_id)
    if sent is None:
        raise ProblemError(DELIVERY_NOT_FOUND)
    if isinstance(sent, Refused):
        raise RefusedError(sent)
    return _tried(unit, desk, sent)


def _tried(unit: Unit, desk: Desk, delivery_id: str) -> DeliveryTried:
    now_ms = desk.parts.engine.clock.real_ms()
    delivery = find_delivery(unit, desk.program_id, delivery_id, now_ms)
    if delivery is None:
        raise ProblemError(DELIVERY_NOT_FOUND)
    if delivery.request_id is None:
        return DeliveryTried(delivery=delivery, attempts=())
    page = attempts(
        unit,
        desk.program_id,
        endpoint_id=delivery.endpoint_id,
        request_id=delivery.request_id,
        limit=LIMIT_MAX,
    )
    return DeliveryTried(delivery=delivery, attempts=page.items)


ROUTES = (
    Answer(
        method="GET",
        path="/v1/endpoints/{endpoint_id}/deliveries",
        summary="List an endpoint's deliveries",
        scope="read",
        asks=ListDeliveries,
        gives=DeliveryPage,
        refuses=(ENDPOINT_NOT_FOUND, CURSOR_INVALID),
        answers=list_deliveries,
    ),
    Answer(
        method="GET",
        path="/v1/deliveries/{delivery_id}",
        summary="Read a delivery and its tries",
        scope="read",
        asks=OneDelivery,
        gives=DeliveryTried,
        refuses=(DELIVERY_NOT_FOUND,),
        answers=read_delivery,
    ),
    Write(
        method="POST",
        path="/v1/deliveries/{delivery_id}/retry",
        summary="Send a failed delivery again",
        scope="admin",
        asks=OneDelivery,
        gives=DeliveryTried,
        refuses=(DELIVERY_NOT_FOUND, DELIVERY_NOT_FAILED),
        writes=retry_delivery,
    ),
    Write(
        method="POST",
        path="/v1/deliveries/{delivery_id}/resend",
        summary="Send a fact to its endpoint again",
        scope="admin",
        asks=ResendDelivery,
        gives=DeliveryTried,
        status=201,
        refuses=(DELIVERY_NOT_FOUND, DELIVERY_NOT_SETTLED, ENDPOINT_IS_DISABLED, FACT_EXPIRED),
        writes=resend_delivery,
    ),
)
