"""Remembering: what a write that is no command was answered under its Idempotency-Key.

Source: decisions/0010. The engine does the same for commands, in the transaction of their batch.
"""

from msgspec import Raw, Struct
from msgspec.json import Decoder

from stampbook.api.desk import Desk
from stampbook.api.exchange import JSON_HEADERS, PROBLEM_HEADERS, Reply, problem_reply
from stampbook.api.problem import problem_of
from stampbook.api.writing import REPLAYED
from stampbook.core.refusals import IDEMPOTENCY_KEY_REUSED, refuse
from stampbook.store.backend import Unit
from stampbook.store.idempotency import claim, find, settle
from stampbook.store.opening import Stored
from stampbook.values.json import encode_text

ERROR_MIN = 400
KEPT_STATUSES = frozenset({409, 422})
"""Of the problems: those that are business answers, as the engine keeps them. All others may be
answered differently when the request is sent again: what was not found may be there by then."""


class Begun(Struct, frozen=True, tag="begun"):
    """The key has no answer yet; `work` is what the request asked for when it first came."""

    work: Raw


class Replied(Struct, frozen=True, tag="replied"):
    """The answer. `body` is encrypted: it may hold a secret that is shown once, or codes."""

    status: int
    body: str


OUTCOMES: Decoder[Begun | Replied] = Decoder(Begun | Replied)
NOTHING_BEGUN = Begun(Raw(b"null"))
"""Of a write in one transaction: nobody else sees it, because the answer follows in the same."""


class Memory:
    """What one Idempotency-Key stands for: the request that used it first, and its answer."""

    def __init__(self, desk: Desk, key: str, request_hash: str) -> None:
        self._parts = desk.parts
        self._program_id = desk.program_id
        self._key = (desk.caller.id, key)
        self._hash = request_hash

    def find(self) -> Reply | Begun | None:
        """Give the answer that is known, or what was begun; None when the key is new.

        Shapes: a key that stands for another request gives the refusal `idempotency.key_reused`,
        here and below.
        """
        with self._parts.backend.read() as unit:
            stored = find(unit, self._program_id, self._key)
        return None if stored is None else self._known(stored)

    def begin(self, unit: Unit, begun: Begun = NOTHING_BEGUN) -> Reply | Begun | None:
        """Take the key, or give what is known of it."""
        at_ms = self._parts.engine.clock.real_ms()
        before = claim(unit, self._program_id, self._key, self._stored(begun), at_ms)
        return None if before is None else self._known(before)

    def keep(self, unit: Unit, reply: Reply, begun: Begun = NOTHING_BEGUN) -> Reply:
        """Keep the answer to what was begun; gives it, or that of whoever was quicker."""
        replied = Replied(reply.status, self._parts.vault.encrypt(reply.body))
        claimed = self._stored(begun)
        if settle(unit, self._program_id, self._key, claimed, encode_text(replied)):
            return reply
        stored = find(unit, self._program_id, self._key)
        known = None if stored is None else self._known(stored)
        return known if isinstance(known, Reply) else reply

    def _stored(self, begun: Begun) -> Stored:
        return Stored(self._hash, encode_text(begun))

    def _known(self, stored: Stored) -> Reply | Begun:
        if stored.request_hash != self._hash:
            return problem_reply(problem_of(refuse(IDEMPOTENCY_KEY_REUSED)))
        known = OUTCOMES.decode(stored.outcome)
        if isinstance(known, Begun):
            return known
        headers = PROBLEM_HEADERS if known.status >= ERROR_MIN else JSON_HEADERS
        body = self._parts.vault.decrypt(known.body)
        return Reply(known.status, body, (*headers, REPLAYED))
