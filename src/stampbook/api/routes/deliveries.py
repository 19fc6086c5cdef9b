"""Deliveries: what became of each fact that an endpoint was due."""

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.paging import LIMIT_MAX, Paged, cursors_checked
from stampbook.api.problem import (
    CURSOR_INVALID,
    DELIVERY_NOT_FAILED,
    DELIVERY_NOT_FOUND,
    ENDPOINT_NOT_FOUND,
    ProblemError,
)
from stampbook.api.route import Answer, Write
from stampbook.store.backend import Unit
from stampbook.store.endpoints import find_endpoint, retry
from stampbook.store.reading.webhooks import (
    AttemptLine,
    DeliveryLine,
    DeliveryStatus,
    attempts,
    deliveries,
    find_delivery,
)
from stampbook.values.ids import EndpointId


class ListDeliveries(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries of an endpoint to list, the newest first."""

    endpoint_id: EndpointId
    status: DeliveryStatus | None = None


class DeliveryPage(Struct, frozen=True, kw_only=True):
    """Deliveries; one that is `leased` is being sent."""

    items: tuple[DeliveryLine, ...]
    next_cursor: str | None


class OneDelivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delivery by its id."""

    delivery_id: str


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
        page = deliveries(
            present.unit,
            desk.program_id,
            endpoint_id=asked.endpoint_id,
            status=asked.status,
            now_ms=desk.parts.engine.clock.real_ms(),
            limit=asked.limit,
            after=asked.cursor,
        )
        return DeliveryPage(items=page.items, next_cursor=page.next)


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
)
