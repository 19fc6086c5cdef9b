"""Load: lock all members of a batch in one sorted statement, then read what the commands need.

Shapes: later statements read what is committed after the locks are held. The number of statements
does not depend on the number of commands.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from msgspec import Struct

from stampbook.core.agenda import NOTHING_PLANNED, Agenda
from stampbook.core.book import Book
from stampbook.core.counters import Counters
from stampbook.core.draft import State
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.lot import Lot
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Referral
from stampbook.nouns.review import Review
from stampbook.nouns.transaction import Transaction
from stampbook.store.asked import Asked
from stampbook.store.backend import ClashError, Row, Unit
from stampbook.store.opening import Opening
from stampbook.store.programs import Programs
from stampbook.store.sql import keyed
from stampbook.store.stock import load_stock
from stampbook.values.contacts import email_key
from stampbook.values.ids import LotId, MemberId, ProgramId
from stampbook.values.instants import from_ms
from stampbook.values.json import decode

EMPTY = "{}"
"""The agenda of a member of whom nothing is remembered."""

Source = tuple[str, ...]
"""Columns, table, key and further conditions, as `keyed` takes them."""

KEPT = "position, open_lots, email, due_at_ms, referrer"
MEMBERS = (f"id, member_id, status, body, counters, agenda, {KEPT}", "member", "id")

LOTS = ("member, body", "lot", "id")
PENDING = ("member, body", "points_transaction", "member", " AND status = 'pending'")
COUPONS = ("member, body", "coupon", "member", " AND status IN ('held', 'issued')")
TRANSACTIONS_ASKED = ("body", "points_transaction", "id")
ORDERS_ASKED = ("body", "customer_order", "order_id")
COUPONS_ASKED = ("body", "coupon", "code")
REFERRALS_ASKED = ("body", "referral", "id")
REFERRALS_OF_FRIENDS = ("body", "referral", "friend_email")
REVIEWS_ASKED = ("body", "review", "id")


class Kept(NamedTuple):
    """Columns of a member's row: the last fact, the open lots, and what indexes find the row by."""

    position: int
    open_lots: list[LotId]
    email: str | None
    due_at_ms: int | None
    referrer: MemberId | None


class Loaded(Struct, frozen=True, kw_only=True):
    """What a batch decides over, and which rows of it are stored already.

    Shapes: a row is updated only if it was loaded, and inserted otherwise: a key that another
    writer stored meanwhile is then a broken constraint, not a lost row.
    """

    state: State
    members: dict[MemberId, Kept]
    lots: frozenset[str]
    transactions: frozenset[str]
    orders: frozenset[str]
    coupons: frozenset[str]
    referrals: frozenset[str]
    reviews: frozenset[str]


def load(
    unit: Unit,
    opening: Opening,
    asked: Asked,
    programs: Programs,
    *,
    lock: bool = True,
) -> Loaded:
    """Load what a batch decides over; without `lock`, for a reader's snapshot.

    Errors: ClashError when a transaction that began later has already written one of the members:
    facts would stand before earlier ones of theirs, so the batch must begin again.
    """
    state = State(programs.program(unit, opening.program_id, opening.version))
    members = _load_members(unit, state, opening, lock=lock)
    _index(state, asked)
    state.due = tuple(member for member in opening.due if member in state.books)
    state.due_to = None if opening.due_to_ms is None else from_ms(opening.due_to_ms)
    _load_asked(unit, state, members, asked)
    _load_paid_lots(unit, state)
    for transaction in state.transactions.values():
        if transaction.order_id is not None:
            version = transaction.rule_version
            state.past[version] = programs.definition(unit, opening.program_id, version)
    load_stock(unit, state, asked.rewards, lock=lock)
    return Loaded(
        state=state,
        members=members,
        lots=frozenset(chain(state.lots, *(book.lots for book in state.books.values()))),
        transactions=frozenset(_transactions(state)),
        orders=frozenset(state.orders),
        coupons=frozenset(_codes(state)),
        referrals=frozenset(state.referrals),
        reviews=frozenset(state.reviews),
    )


def _transactions(state: State) -> Iterable[str]:
    yield from state.transactions
    for book in state.books.values():
        yield from book.pending
        yield from book.holds


def _codes(state: State) -> Iterable[str]:
    yield from state.coupons
    for book in state.books.values():
        yield from book.coupons
    for codes in state.codes.values():
        yield from codes  # one that came back has the row of its last coupon


def _load_members(
    unit: Unit, state: State, opening: Opening, *, lock: bool
) -> dict[MemberId, Kept]:
    kept: dict[MemberId, Kept] = {}
    sql = keyed(unit.dialect, *MEMBERS, lock=unit.dialect.lock if lock else "")
    # sorted, so that two batches with the same members wait for each other in the same order
    for row in unit.rows(sql, (opening.program_id, sorted(opening.members))):
        member, member_id, status, body, counters, agenda, position, open_lots, *found_by = row
        if lock and position >= opening.position:
            raise ClashError("a later transaction has already written the member")
        if status == "deleted":
            state.retired.add(member_id)
        else:
            state.keys[member_id] = member
            state.books[member] = Book(
                decode(body, Member),
                decode(counters, Counters),
                decode(agenda, Agenda) if agenda != EMPTY else NOTHING_PLANNED,
            )
            kept[member] = Kept(position, decode(open_lots, list[LotId]), *found_by)
    return kept


def _index(state: State, asked: Asked) -> None:
    """Let members be found by what commands know them by."""
    if asked.emails or asked.referral_codes:
        for member, book in state.books.items():
            state.referral_codes[book.member.referral_code] = member
            if book.member.email_address:
                email = email_key(book.member.email_address)
                state.emails.setdefault(email, {})[member] = None


def _load_asked(unit: Unit, state: State, kept: Mapping[MemberId, Kept], asked: Asked) -> None:
    members = sorted(state.books)
    brought = {one.agenda.referred_by.id for one in state.books.values() if one.agenda.referred_by}
    wanted: dict[Source, Sequence[str]] = {
        LOTS: sorted(chain.from_iterable(one.open_lots for one in kept.values())),
        **dict.fromkeys((PENDING, COUPONS), members),
        TRANSACTIONS_ASKED: asked.transactions,
        ORDERS_ASKED: asked.orders,
        COUPONS_ASKED: asked.coupons,
        REFERRALS_ASKED: sorted(brought.union(asked.referrals)),
        REFERRALS_OF_FRIENDS: asked.mailboxes,
        REVIEWS_ASKED: asked.reviews,
    }
    found = _rows(unit, state.program.id, wanted)
    _fill_books(state, found)
    _take_transactions(state, found.get(TRANSACTIONS_ASKED, ()))
    for (body,) in found.get(ORDERS_ASKED, ()):
        order = decode(body, Order)
        state.orders[order.order_id] = order
    for (body,) in found.get(COUPONS_ASKED, ()):
        coupon = decode(body, Coupon)
        state.coupons[coupon.code] = coupon
    for (body,) in (*found.get(REFERRALS_ASKED, ()), *found.get(REFERRALS_OF_FRIENDS, ())):
        referral = decode(body, Referral)
        state.referrals[referral.id] = referral
    for (body,) in found.get(REVIEWS_ASKED, ()):
        review = decode(body, Review)
        state.reviews[review.id] = review
    _load_referrals_of_coupons(unit, state)
    used = {one.coupon_code or "" for one in state.orders.values() if one.coupon_id is not None}
    if unknown := sorted(used - state.coupons.keys()):
        for (body,) in unit.rows(keyed(unit.dialect, *COUPONS_ASKED), (state.program.id, unknown)):
            coupon = decode(body, Coupon)
            state.coupons[coupon.code] = coupon
    orders = (order.award_id for order in state.orders.values())
    coupons = (coupon.transaction_id for coupon in state.coupons.values())
    behind = {one for one in (*orders, *coupons) if one is not None} - state.transactions.keys()
    if behind:
        sql = keyed(unit.dialect, *TRANSACTIONS_ASKED)
        _take_transactions(state, unit.rows(sql, (state.program.id, sorted(behind))))


def _load_referrals_of_coupons(unit: Unit, state: State) -> None:
    """Load the referrals whose incentives the asked coupons are."""
    found = {one.referral_id for one in state.coupons.values() if one.referral_id is not None}
    missing = found - state.referrals.keys()
    if missing:
        sql = keyed(unit.dialect, *REFERRALS_ASKED)
        for (body,) in unit.rows(sql, (state.program.id, sorted(missing))):
            referral = decode(body, Referral)
            state.referrals[referral.id] = referral


def _rows(
    unit: Unit, program_id: ProgramId, wanted: Mapping[Source, Sequence[str]]
) -> dict[Source, list[Row]]:
    sources = [source for source, keys in wanted.items() if keys]
    queries = [(keyed(unit.dialect, *source), (program_id, wanted[source])) for source in sources]
    return dict(zip(sources, unit.gather(queries), strict=True))


def _fill_books(state: State, found: Mapping[Source, Sequence[Row]]) -> None:
    books = state.books
    for member, body in found.get(LOTS, ()):
        lot = decode(body, Lot)
        books[member].lots[lot.id] = lot
    for member, body in found.get(PENDING, ()):
        transaction = decode(body, Transaction)
        book = books[member]
        open_ones = book.holds if transaction.kind == "redeem" else book.pending
        open_ones[transaction.id] = transaction
    for member, body in found.get(COUPONS, ()):
        coupon = decode(body, Coupon)
        books[member].coupons[coupon.code] = coupon


def _take_transactions(state: State, rows: Iterable[Row]) -> None:
    for (body,) in rows:
        transaction = decode(body, Transaction)
        state.transactions[transaction.id] = transaction


def _load_paid_lots(unit: Unit, state: State) -> None:
    """Load the closed lots that asked redemptions were paid from, or that a merge emptied."""
    books = state.books
    paid: set[LotId] = set()
    for transaction in state.transactions.values():
        member = state.keys.get(transaction.member_id)
        if member is not None:
            closed = (share.lot_id for share in transaction.paid)
            paid.update(lot for lot in closed if lot not in books[member].lots)
    for book in books.values():
        if book.agenda.merge is not None:
            emptied = (lot.source for lot in book.agenda.merge.lots)
            paid.update(lot for lot in emptied if lot not in book.lots)
    if paid:
        sql = keyed(unit.dialect, *LOTS)
        for _, body in unit.rows(sql, (state.program.id, sorted(paid))):
            lot = decode(body, Lot)
            state.lots[lot.id] = lot
