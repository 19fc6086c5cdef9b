"""The program of a play: its endpoints, and the facts that are stored for them."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from stampbook.core.lease import EndpointKey, order_key_of
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.dialects import example_of
from stampbook.facts import catalogue
from stampbook.store.activation import Hand, activate
from stampbook.store.backend import POSITION_BITS, Backend, Unit
from stampbook.store.endpoints import Endpoint, add_endpoint, find_endpoint
from stampbook.store.opening import POSITION, PROGRAM
from stampbook.store.save import DELIVERY, FACT
from stampbook.store.subscriptions import ENDPOINTS, subscribers, subscription
from stampbook.values.ids import CommandIds, EndpointId, FactId, ProgramId
from stampbook.values.instants import from_ms
from stampbook.values.json import decode, encode_text
from tests.delivery.simulated.clock import BEGIN_MS, Clock
from tests.delivery.simulated.promise import must
from tests.delivery.simulated.script import Happening, Place
from tests.delivery.simulated.shelf import Parcel, Shelf
from tests.delivery.stage import a_secret

SHOP = ProgramId("a" * 24)
VAULT = Vault([new_master_key()])

NEWS = (
    "SELECT id, type, member, sequence, position, recorded_at_ms, cause FROM fact "
    "WHERE program_id = ? AND type LIKE 'endpoint.%' AND position > ? ORDER BY position"
)
DELIVERIES_OF = (
    "SELECT id, endpoint_id, due_at_ms, order_key FROM delivery "
    "WHERE program_id = ? AND fact_id = ? ORDER BY endpoint_id"
)


class Shop:
    """A program in a database with the schema; what it stores it also gives as parcels."""

    def __init__(self, backend: Backend, clock: Clock, places: Sequence[Place]) -> None:
        self._backend = backend
        self._clock = clock
        self._ids = CommandIds(1)
        self._facts = 0
        self._news_position = 0
        with backend.transaction() as unit:
            unit.run(
                "INSERT INTO program (id, name, clock, version, created_at_ms)"
                " VALUES (?, 'Shop', 'real', 1, ?)",
                (SHOP, BEGIN_MS),
            )
            shelves = [
                Shelf(self._add(unit, number, place), number, place)
                for number, place in enumerate(places)
            ]
        self.shelves = {shelf.key: shelf for shelf in shelves}

    def happens(self, happening: Happening) -> list[Parcel]:
        """Store a fact with its deliveries, as the engine does."""
        now_ms, member = self._clock.now_ms(), f"{happening.member:024}"
        fact_id, number = self._new_id(), self._facts
        self._facts += 1
        with self._backend.transaction() as unit:
            [[(_, _, epoch)], [(last,)], endpoints] = unit.gather(
                [
                    (PROGRAM, (SHOP,)),
                    (POSITION, (SHOP, unit.number, SHOP)),
                    (ENDPOINTS, (SHOP,)),
                ]
            )
            position = ((unit.number + epoch) << POSITION_BITS if last is None else last) + 1
            due = subscribers([subscription(*row) for row in endpoints], happening.fact_type)
            ids = [self._new_id() for _ in due]
            unit.insert("fact", FACT, [(
                SHOP, fact_id, position, happening.fact_type, member, number, now_ms, now_ms,
                happening.cause, len(due), _body(happening, fact_id, number),
            )])  # fmt: skip
            unit.insert("delivery", DELIVERY, [(
                SHOP, id_, one.endpoint_id, fact_id, happening.fact_type, happening.cause,
                position, "pending", now_ms + one.batch_wait_ms, 0,
                order_key_of(one.ordering, member),
            ) for id_, one in zip(ids, due, strict=True)])  # fmt: skip
        parcels: list[Parcel] = []
        for id_, one in zip(ids, due, strict=True):
            shelf = self.shelves[EndpointKey(SHOP, one.endpoint_id)]
            wishes = shelf.wishes
            parcels.append(Parcel(
                id=id_, place=shelf, fact=fact_id, fact_type=happening.fact_type,
                cause=happening.cause, position=position,
                key={"none": None, "member": member, "endpoint": ""}[wishes.ordering],
                has_email=happening.has_email, recorded_ms=now_ms,
                due_ms=now_ms + wishes.batch_wait_ms, is_poison=wishes.never_accepts(number),
            ))  # fmt: skip
        return parcels

    def activate(self, shelf: Shelf) -> None:
        """Do what an owner asks for who wants an endpoint back, without what it missed."""
        hand = Hand(cause="owner", at_ms=self._clock.now_ms(), new_id=self._new_id)
        with self._backend.transaction() as unit:
            endpoint = find_endpoint(unit, *shelf.key, lock=True)
            assert endpoint is not None
            activate(unit, SHOP, endpoint, hand, backfill=False)

    def news(self) -> list[Parcel]:
        """Give the deliveries of facts that were told about endpoints since the last time."""
        parcels: list[Parcel] = []
        with self._backend.read() as unit:
            for id_, name, about, sequence, position, recorded, cause in unit.rows(
                NEWS, (SHOP, self._news_position)
            ):
                self._news_position = position
                shelf = self.shelves[EndpointKey(SHOP, about)]
                told = (name, sequence)
                must(told in shelf.news, "only what happened is told", told, shelf.news)
                due = unit.rows(DELIVERIES_OF, (SHOP, id_))
                self._is_told_to_all(shelf, [row[1] for row in due])
                for delivery_id, endpoint_id, due_ms, key in due:
                    to = self.shelves[EndpointKey(SHOP, endpoint_id)]
                    parcels.append(Parcel(
                        id=delivery_id, place=to, fact=id_, fact_type=name, cause=cause,
                        position=position, key=key, has_email=False, recorded_ms=recorded,
                        due_ms=due_ms,
                    ))  # fmt: skip
        return parcels

    def _is_told_to_all(self, about: Shelf, told: Sequence[str]) -> None:
        """See that every endpoint that can be told is told, and not the one that it is about."""
        must(about.key.endpoint_id not in told, "nobody is told of themselves", about)
        for key, shelf in self.shelves.items():
            if shelf.wishes.dialect == "native" and shelf.is_active and shelf is not about:
                must(key.endpoint_id in told, "everybody else is told", about, shelf)

    def _new_id(self) -> str:
        return self._ids.take(self._clock.now_ms())

    def _add(self, unit: Unit, number: int, place: Place) -> EndpointKey:
        key = EndpointKey(SHOP, EndpointId(self._new_id()))
        endpoint = Endpoint(
            id=key.endpoint_id,
            url=f"https://receiver.example/{number}",
            dialect=place.dialect,
            event_types=(),
            secrets=VAULT.seal([a_secret()]),
            batch_size=place.batch_size,
            status="active",
            created_at=from_ms(BEGIN_MS),
            updated_at=from_ms(BEGIN_MS),
            description="",
            only_with=place.only_with,
            ordering=place.ordering,
            batch_wait_ms=place.batch_wait_ms,
            conduct=place.conduct,
        )
        add_endpoint(unit, SHOP, endpoint, BEGIN_MS)
        return key


def _body(happening: Happening, fact_id: str, number: int) -> str:
    kind = catalogue()[happening.fact_type]
    example = example_of(kind, FactId(fact_id))
    data: Any = decode(example.body, kind.data)
    body = replace(data, sequence=number, cause=happening.cause)
    if not happening.has_email:
        body = replace(body, member=replace(body.member, email_address=None))
    return encode_text(body)
