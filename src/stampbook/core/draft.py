"""A draft: the changes that one command wants, over a state that it does not touch.

`decide(draft, command)` reads books through the draft and puts records into it. The engine merges
the draft into the batch's state when decide returns, and drops it when decide raises: command k
sees the effects of k-1, and a broken command leaves nothing.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

from stampbook.core.agenda import NOTHING_PLANNED, OUTSIDE, Participation
from stampbook.core.book import Book
from stampbook.core.campaign_history import CampaignHistory, Seen
from stampbook.core.counters import Counters
from stampbook.core.definition import Definition
from stampbook.core.entries import Entry, EntryKind, moved
from stampbook.facts import Fact, FactData, type_of
from stampbook.nouns.coupon import Coupon
from stampbook.nouns.lot import Lot
from stampbook.nouns.member import Member
from stampbook.nouns.order import Order
from stampbook.nouns.referral import Referral
from stampbook.nouns.review import Review
from stampbook.nouns.transaction import Transaction
from stampbook.values.contacts import email_key, mailbox_key
from stampbook.values.ids import (
    CommandId,
    EntryId,
    FactId,
    Ids,
    LotId,
    MemberId,
    ProgramId,
    ReferralId,
    ReviewId,
    TransactionId,
)
from stampbook.values.instants import Instant

D = TypeVar("D", bound=FactData)
K = TypeVar("K", bound=str)
R = TypeVar("R")

NOBODY = MemberId("")
"""Whom a guest's order belongs to."""


class Program(Struct, frozen=True, kw_only=True):
    """The program that a batch belongs to, with the version of its definition in force."""

    id: ProgramId
    created_at: Instant
    version: int
    definition: Definition
    reward_dates: Mapping[str, tuple[Instant, Instant]] = {}
    """When each reward was first defined and last changed."""
    activity_dates: Mapping[str, tuple[Instant, Instant]] = {}
    """When each activity was."""
    changed_at: Mapping[str, Instant] = {}
    """When each part of the definition last changed, by the name of its field."""
    campaigns: Mapping[str, CampaignHistory] = {}
    """By id, deleted ones too."""

    def since(self, part: str) -> Instant:
        """Give since when a part of the definition is what it is."""
        return self.changed_at.get(part, self.created_at)


class State:
    """What the engine loaded for a batch, and what its commands have made of it so far.

    Shapes: `codes` are free codes of coupon pools by reward, next first; `redeemed` counts how
    often each reward was ever redeemed; `past` are the definitions that asked orders were valued
    by; `keys` are the living members; `retired` are member_ids that nobody may have again;
    `referral_codes` and `emails` name members, an e-mail address in the spelling of `email_key`.
    """

    __slots__ = (
        "books",
        "codes",
        "coupons",
        "due",
        "due_to",
        "emails",
        "keys",
        "lots",
        "orders",
        "past",
        "program",
        "redeemed",
        "referral_codes",
        "referrals",
        "retired",
        "reviews",
        "transactions",
    )

    def __init__(self, program: Program) -> None:
        self.program = program
        self.past: dict[int, Definition] = {program.version: program.definition}
        self.books: dict[MemberId, Book] = {}
        self.keys: dict[str, MemberId] = {}
        self.retired: set[str] = set()
        self.transactions: dict[TransactionId, Transaction] = {}
        """Asked for by id, in any status."""
        self.lots: dict[LotId, Lot] = {}
        """Closed lots that a command may reopen."""
        self.orders: dict[str, Order] = {}
        self.coupons: dict[str, Coupon] = {}
        """Asked for by code, in any status."""
        self.referral_codes: dict[str, MemberId] = {}
        self.emails: dict[str, dict[MemberId, None]] = {}
        self.referrals: dict[ReferralId, Referral] = {}
        """Asked for by id, by the friend's e-mail address, or as what brought a loaded member."""
        self.reviews: dict[ReviewId, Review] = {}
        self.redeemed: dict[str, int] = {}
        self.codes: dict[str, list[str]] = {}
        self.due: tuple[MemberId, ...] = ()
        """The members that `Needs.due` found, earliest first."""
        self.due_to: Instant | None = None
        """When the last of them was due, where others may be due then or later; None: those are
        all."""


class Changes:
    """What a command or a whole batch changed, ready to be stored; the last version of each row."""

    __slots__ = (
        "blanked",
        "codes",
        "coupons",
        "entries",
        "erased",
        "facts",
        "lots",
        "members",
        "orders",
        "participations",
        "redeemed",
        "referrals",
        "reviews",
        "seen",
        "transactions",
    )

    def __init__(self) -> None:
        self.members: dict[MemberId, Book] = {}
        self.lots: dict[LotId, tuple[MemberId, Lot]] = {}
        self.transactions: dict[TransactionId, tuple[MemberId, Transaction]] = {}
        self.orders: dict[str, tuple[MemberId, Order]] = {}
        self.coupons: dict[str, tuple[MemberId, Coupon]] = {}
        self.referrals: dict[ReferralId, tuple[MemberId, Referral]] = {}
        """With their referrers."""
        self.reviews: dict[ReviewId, tuple[MemberId | None, Review]] = {}
        self.participations: dict[tuple[str, MemberId], Participation] = {}
        """By campaign and member: what members are found by is kept beside their agendas."""
        self.seen: dict[str, Seen] = {}
        """How far each campaign was looked at as a whole."""
        self.blanked: dict[FactId, None] = {}
        """Facts whose secrets have had their time."""
        self.erased: dict[MemberId, tuple[str, ...]] = {}
        """Members whose data is to be erased wherever it is stored, with their e-mail addresses in
        the spelling of `email_key`."""
        self.redeemed: dict[str, int] = {}
        self.codes: dict[tuple[str, str], str | None] = {}
        """Pool codes by reward and code, in the order in which they last changed hands: the coupon
        that took it, or None when it came back."""
        self.entries: list[Entry] = []
        self.facts: list[Fact] = []

    def size(self) -> tuple[int, ...]:
        """Give how much there is of each; equal sizes before and after mean nothing was done."""
        return tuple(map(len, _parts_of(self)))

    def add(self, other: "Changes") -> None:
        """Take over what a later command changed."""
        self.members.update(other.members)
        self.lots.update(other.lots)
        self.transactions.update(other.transactions)
        self.orders.update(other.orders)
        self.coupons.update(other.coupons)
        self.referrals.update(other.referrals)
        self.reviews.update(other.reviews)
        self.participations.update(other.participations)
        self.seen.update(other.seen)
        self.blanked.update(other.blanked)
        self.erased.update(other.erased)
        self.redeemed.update(other.redeemed)
        for key, coupon_id in other.codes.items():
            self.codes.pop(key, None)  # codes stay in the order in which they last changed hands
            self.codes[key] = coupon_id
        self.entries += other.entries
        self.facts += other.facts


_parts_of = attrgetter(*Changes.__slots__)
"""Gives all parts of changes; twice for every command, so it is made once."""


def _merge_rows(
    changed: Mapping[K, tuple[MemberId, R]], kept: dict[K, R], owners: set[MemberId]
) -> None:
    for key, (owner, row) in changed.items():
        kept[key] = row
        owners.add(owner)


class MoreNeededError(Exception):
    """A member turned out to be needed who was not loaded: the batch begins again with them.

    It happens when another writer bound two members between the opening and the locks.
    """

    def __init__(self) -> None:
        super().__init__("a member is needed who was not loaded")


class Draft:
    """One command's view of the state and its changes to it.

    Shapes: `now` is the program's clock; `at` is the instant that effects happen at: `now`, or
    earlier while due work is caught up. `secret(n)` gives n random bytes.
    """

    __slots__ = (
        "_books",
        "_keys",
        "_retired",
        "at",
        "cause",
        "changes",
        "command_id",
        "definition",
        "ids",
        "now",
        "program",
        "secret",
        "state",
        "version",
    )

    def __init__(
        self,
        state: State,
        *,
        now: Instant,
        command_id: CommandId,
        cause: str,
        secret: Callable[[int], bytes],
    ) -> None:
        self.state = state
        self.program = state.program
        self.definition = state.program.definition
        self.version = state.program.version
        self.now = now
        self.at = now
        self.command_id = command_id
        self.cause = cause
        self.secret = secret
        self.ids = Ids(command_id)
        self.changes = Changes()
        self._books: dict[MemberId, Book] = {}
        self._keys: dict[str, MemberId] = {}
        self._retired: set[str] = set()

    # --- reading

    def book_of(self, member_id: str) -> Book | None:
        """Give the book of a member by the merchant's key; None when there is no such member."""
        if member_id in self._retired:
            return None
        member = self._keys.get(member_id) or self.state.keys.get(member_id)
        return None if member is None else self.book(member)

    def is_retired(self, member_id: str) -> bool:
        """Tell whether the member_id belonged to a member who was deleted."""
        return member_id in self._retired or member_id in self.state.retired

    def book(self, member: MemberId) -> Book:
        """Give a loaded member's book, which the command may change."""
        book = self._books.get(member)
        if book is None:
            book = self._books[member] = self.state.books[member].copy()
        return book

    def transaction(self, transaction_id: TransactionId) -> Transaction | None:
        """Give a transaction as it stands in this draft."""
        changed = self.changes.transactions.get(transaction_id)
        return changed[1] if changed else self.state.transactions.get(transaction_id)

    def order(self, order_id: str) -> Order | None:
        """Give an order as it stands in this draft."""
        changed = self.changes.orders.get(order_id)
        return changed[1] if changed else self.state.orders.get(order_id)

    def coupon(self, code: str) -> Coupon | None:
        """Give a coupon as it stands in this draft."""
        changed = self.changes.coupons.get(code)
        return changed[1] if changed else self.state.coupons.get(code)

    def referral(self, referral_id: ReferralId) -> Referral | None:
        """Give a referral as it stands in this draft."""
        changed = self.changes.referrals.get(referral_id)
        return changed[1] if changed else self.state.referrals.get(referral_id)

    def referrals_of(self, email: str) -> list[Referral]:
        """Give the loaded referrals of whoever reads an e-mail address."""
        mailbox = mailbox_key(email)
        changed = {key: referral for key, (_, referral) in self.changes.referrals.items()}
        return [
            referral
            for referral in {**self.state.referrals, **changed}.values()
            if referral.friend_email is not None and mailbox_key(referral.friend_email) == mailbox
        ]

    def review(self, review_id: ReviewId) -> Review | None:
        """Give a review as it stands in this draft."""
        changed = self.changes.reviews.get(review_id)
        return changed[1] if changed else self.state.reviews.get(review_id)

    def books_by_email(self, email: str) -> list[Book]:
        """Give the members with an e-mail address, in the spelling of `email_key`."""
        found = dict(self.state.emails.get(email, {}))
        found.update((member, None) for member in self._keys.values())
        books = (self.book(member) for member in found)
        return [
            book
            for book in books
            if book.member.email_address and email_key(book.member.email_address) == email
        ]

    def book_by_code(self, referral_code: str) -> Book | None:
        """Give the member whose referral code it is."""
        for member in (*self._keys.values(), self.state.referral_codes.get(referral_code)):
            if member is not None and self.book(member).member.referral_code == referral_code:
                book = self.book(member)
                return None if book.member.member_id in self._retired else book
        return None

    def lot(self, book: Book, lot_id: LotId) -> Lot:
        """Give an open lot, or a closed one that was loaded to be reopened."""
        if lot_id in book.lots:
            return book.lots[lot_id]
        changed = self.changes.lots.get(lot_id)
        return changed[1] if changed else self.state.lots[lot_id]

    def redeemed(self, reward_id: str) -> int:
        """Give how often a reward was redeemed."""
        return self.changes.redeemed.get(reward_id, self.state.redeemed.get(reward_id, 0))

    def free_code(self, reward_id: str) -> str | None:
        """Give the next free code of a reward's pool; one that came back waits its turn."""
        changed = self.changes.codes
        free = [
            code for code in self.state.codes.get(reward_id, ()) if (reward_id, code) not in changed
        ]
        back = [
            code
            for (owner, code), taken_by in changed.items()
            if owner == reward_id and taken_by is None
        ]
        return next(iter((*free, *back)), None)

    # --- changing

    def loaded(self, member: MemberId) -> Book:
        """Give a member's book by id.

        Errors: MoreNeededError when the member was not loaded with the batch.
        """
        if member not in self._books and member not in self.state.books:
            raise MoreNeededError
        return self.book(member)

    def open_book(self, member: Member, counters: Counters) -> Book:
        """Open the book of a new member."""
        book = Book(member, counters)
        self._books[member.id] = book
        self._keys[member.member_id] = member.id
        self.changes.members[member.id] = book
        return book

    def retire(self, book: Book) -> None:
        """Close a deleted member's book: nobody finds it, or may have its member_id again."""
        self._retired.add(book.member.member_id)

    def change_member(self, book: Book, **changes: Any) -> None:
        """Change fields of the member."""
        book.member = replace(book.member, modified_at=self.at, **changes)
        self.changes.members[book.member.id] = book

    def change_counters(self, book: Book, counters: Counters) -> None:
        """Change what is counted of the member."""
        book.counters = counters
        self.changes.members[book.member.id] = book

    def change_agenda(self, book: Book, **changes: Any) -> None:
        """Change what is remembered of the member."""
        campaigns = book.agenda.campaigns
        book.agenda = replace(book.agenda, **changes)
        for key in campaigns.keys() | book.agenda.campaigns.keys():
            standing = book.agenda.campaigns.get(key, OUTSIDE)
            if standing != campaigns.get(key, OUTSIDE):
                self.changes.participations[key, book.member.id] = standing
        self.changes.members[book.member.id] = book

    def put_referral(self, referrer: Book, referral: Referral) -> None:
        """Store a referral with its referrer."""
        self.changes.referrals[referral.id] = (referrer.member.id, referral)

    def put_review(self, book: Book | None, review: Review) -> None:
        """Store a review, of a member or a guest."""
        self.changes.reviews[review.id] = (book.member.id if book else None, review)

    def blank(self, fact: FactId) -> None:
        """Blank the secrets of a stored fact."""
        self.changes.blanked[fact] = None

    def erase(self, book: Book) -> None:
        """Erase, wherever it is stored, what could name the member; the book is another matter."""
        email = book.member.email_address
        self.changes.erased[book.member.id] = (email_key(email),) if email else ()
        self.change_agenda(book, **asdict(NOTHING_PLANNED))

    def put_lot(self, book: Book, lot: Lot) -> None:
        """Store a lot; it is open while it has points left or on hold."""
        if lot.remaining or lot.held:
            book.lots[lot.id] = lot
        else:
            book.lots.pop(lot.id, None)
        self.changes.lots[lot.id] = (book.member.id, lot)

    def put_transaction(self, book: Book, transaction: Transaction) -> None:
        """Store a transaction; a pending one stays in the book."""
        open_ones = book.holds if transaction.kind == "redeem" else book.pending
        if transaction.status == "pending":
            open_ones[transaction.id] = transaction
        else:
            open_ones.pop(transaction.id, None)
        self.changes.transactions[transaction.id] = (book.member.id, transaction)

    def put_order(self, book: Book | None, order: Order) -> None:
        """Store an order, of a member or a guest."""
        self.changes.orders[order.order_id] = (book.member.id if book else NOBODY, order)

    def put_coupon(self, book: Book, coupon: Coupon) -> None:
        """Store a coupon; a held or issued one stays in the book."""
        if coupon.status in {"held", "issued"}:
            book.coupons[coupon.code] = coupon
        else:
            book.coupons.pop(coupon.code, None)
        self.changes.coupons[coupon.code] = (book.member.id, coupon)

    def take_code(self, reward_id: str, code: str, coupon_id: str | None) -> None:
        """Take a code out of a reward's pool for a coupon, or give it back with None."""
        self.changes.codes.pop((reward_id, code), None)
        self.changes.codes[reward_id, code] = coupon_id

    def count_redemption(self, reward_id: str, by: int) -> None:
        """Count a redemption of a reward, or one that came back."""
        self.changes.redeemed[reward_id] = self.redeemed(reward_id) + by

    def enter(
        self,
        book: Book,
        kind: EntryKind,
        points: int,
        transaction_id: TransactionId,
        *,
        debt: int = 0,
        qualified: int = 0,
        moves: Mapping[LotId, int] | None = None,
    ) -> Entry:
        """Write a line of the ledger, with the lot moves that it consists of.

        Units: points; a move below zero takes from the lot.
        """
        balances = moved(book.member.balances, kind, points, debt)
        self.change_member(book, balances=balances)
        entry = Entry(
            id=EntryId(self.ids.take()),
            member=book.member.id,
            transaction_id=transaction_id,
            kind=kind,
            points=points,
            debt=debt,
            qualified=qualified,
            at=self.at,
            available_after=balances.available,
            command_id=self.command_id,
            moves=moves or {},
        )
        self.changes.entries.append(entry)
        return entry

    def fact(
        self, data: type[D], book: Book, *, rule_version: int | None = None, **fields: Any
    ) -> D:
        """State a fact about a member: it takes the member's next sequence and holds them as is."""
        sequence = self._next_sequence(book)
        return self._state(data, book.member, sequence, rule_version=rule_version, **fields)

    def fact_of_guest(self, data: type[D], guest: Member, *, sequence: int, **fields: Any) -> D:
        """State a fact about somebody who is no member, with a sequence of their own."""
        return self._state(data, guest, sequence, **fields)

    def _state(self, data: type[D], member: Member, sequence: int, **fields: Any) -> D:
        stated = data(sequence=sequence, cause=self.cause, member=member, **fields)
        self.changes.facts.append(
            Fact(
                id=FactId(self.ids.take()),
                type=type_of(data),
                member=member.id,
                occurred_at=self.at,
                data=stated,
            )
        )
        return stated

    def complete(self, stated: FactData, **fields: Any) -> None:
        """Complete a fact of this command with what became known after it was stated."""
        facts = self.changes.facts
        place = next(at for at in reversed(range(len(facts))) if facts[at].data is stated)
        facts[place] = replace(facts[place], data=replace(stated, **fields))

    def _next_sequence(self, book: Book) -> int:
        sequence = book.counters.sequence + 1
        self.change_counters(book, replace(book.counters, sequence=sequence))
        return sequence

    # --- merging

    def merge(self) -> Changes:
        """Make the state what this draft says, and give the changes to be stored."""
        state, changes = self.state, self.changes
        owners = set(changes.members)
        _merge_rows(changes.lots, state.lots, owners)
        _merge_rows(changes.transactions, state.transactions, owners)
        _merge_rows(changes.orders, state.orders, owners)
        _merge_rows(changes.coupons, state.coupons, owners)
        _merge_rows(changes.referrals, state.referrals, owners)
        for key, (_, review) in changes.reviews.items():
            state.reviews[key] = review
        self._merge_contacts()
        owners.discard(NOBODY)
        for member in owners:
            state.books[member] = self._books[member]
        state.redeemed.update(changes.redeemed)
        state.keys.update(self._keys)
        for member_id in self._retired:
            state.keys.pop(member_id, None)
            state.retired.add(member_id)
        self._merge_codes()
        return changes

    def _merge_contacts(self) -> None:
        """Let members be found by what they are newly known by."""
        state = self.state
        for member, book in self.changes.members.items():
            before, after = state.books.get(member), book.member
            address = after.email_address
            if address and (before is None or before.member.email_address != address):
                state.emails.setdefault(email_key(address), {})[member] = None
            if before is None or before.member.referral_code != after.referral_code:
                state.referral_codes[after.referral_code] = member

    def _merge_codes(self) -> None:
        for (reward_id, code), coupon_id in self.changes.codes.items():
            codes = self.state.codes.setdefault(reward_id, [])
            if code in codes:
                codes.remove(code)
            if coupon_id is None:
                codes.append(code)
