"""Lookup: what a UUID or an id in a webhook names."""

from urllib.parse import quote

from msgspec import Raw, Struct

from stampbook.api.desk import Desk
from stampbook.api.present import Present
from stampbook.api.problem import ID_UNKNOWN, ProblemError
from stampbook.api.route import Answer
from stampbook.store.reading.located import Located, LocatedKind, locate
from stampbook.values.amounts import Key
from stampbook.values.uuids import id_of, is_id, uuid_of

PATHS: dict[LocatedKind, str] = {
    "member": "/v1/members/{}",
    "transaction": "/v1/transactions/{}",
    "referral": "/v1/referrals/{}",
    "review": "/v1/reviews/{}",
    "order": "/v1/orders/{}",
    "coupon": "/v1/coupons/{}",
}
"""Where a record can be read as it is at the program's now."""


class LookUp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A UUID as a webhook of the Nector dialect carries it, or an id of 24 hex digits."""

    uuid: Key


class LookedUp(Struct, frozen=True, kw_only=True):
    """What it names.

    Shapes: `key` is how the API knows the record, and `path` where it reads it, if it does;
    `record` is what was stored last: of a fact the data, of a webhook's request its last try.
    """

    kind: LocatedKind
    id: str
    uuid: str
    key: str
    path: str | None
    record: Raw


def look_up(desk: Desk, asked: LookUp) -> LookedUp:
    """Give what a UUID or an id names."""
    id_ = id_of(asked.uuid) or asked.uuid
    with desk.present() as present:
        found = located(present, id_)
    if found is None:
        raise ProblemError(ID_UNKNOWN, field="uuid")
    path = PATHS.get(found.kind)
    return LookedUp(
        kind=found.kind,
        id=id_,
        uuid=uuid_of(id_),
        key=found.key,
        path=path.format(quote(found.key, safe="")) if path else None,
        record=found.record,
    )


def located(present: Present, id_: str) -> Located | None:
    """Give what an id of ours names; None for what is no id."""
    if not is_id(id_):
        return None
    return locate(present.unit, present.program_id, id_, present.program.definition)


ROUTES = (
    Answer(
        method="GET",
        path="/v1/lookup/{uuid}",
        summary="Find out what a UUID or an id names",
        scope="read",
        asks=LookUp,
        gives=LookedUp,
        refuses=(ID_UNKNOWN,),
        answers=look_up,
    ),
)
