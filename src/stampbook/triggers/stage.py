"""A stage: a program on a server, on which a recipe lets something happen."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from stampbook.core.definition import Definition
from stampbook.nouns.member import Member
from stampbook.remote.server import RefusedError, Server
from stampbook.values.calendars import after_days
from stampbook.values.instants import Instant

PREFIX = "trigger-"
"""What the ids of throw-away members and their orders begin with."""
DOMAIN = "trigger.example"
PROFILE = ("member_id", "email_address", "first_name", "last_name", "phone_number", "tags")
"""What may be chosen for the member of any recipe."""
STEPS_MAX = 10_000
"""How often a clock that is on its way may be asked to go on."""
ROUNDS_MAX = 10
"""How often something may happen to a member who is left alone."""


class ImpossibleError(Exception):
    """The program does not let it happen: why, and what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Tools(Struct, frozen=True, kw_only=True):
    """What a stage knows of the world.

    Shapes: `word` gives a new text that nobody has used; `tell` is told each step that was made.
    """

    word: Callable[[], str]
    sleep: Callable[[float], None]
    tell: Callable[[str], None]


class Stage:
    """A program with its definition and its clock.

    Shapes: `members` and `endpoints` are the ids of those that a recipe made or used: whom its fact
    is about is among them.
    """

    def __init__(
        self,
        server: Server,
        definition: Definition,
        *,
        is_sandbox: bool,
        chosen: Mapping[str, str],
        tools: Tools,
    ) -> None:
        self.server = server
        self.definition = definition
        self.is_sandbox = is_sandbox
        self.members: list[str] = []
        self.endpoints: list[str] = []
        self.word = tools.word
        self.sleep = tools.sleep
        self._chosen = chosen
        self._tell = tools.tell

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the API for something.

        Errors: RefusedError; UnreachableError.
        """
        return self.server.call(method, path, body)

    def did(self, what: str) -> None:
        """Tell of a step."""
        self._tell(what)

    def wish(self, name: str, otherwise: str) -> str:
        """Give what was chosen for something, or else this."""
        return self._chosen.get(name, otherwise)

    def number(self, name: str, otherwise: int) -> int:
        """Give the number that was chosen for something, or else this.

        Errors: ImpossibleError for what is no whole number above zero.
        """
        text = self._chosen.get(name, str(otherwise))
        if not text.isascii() or not text.isdigit() or not int(text):
            raise ImpossibleError(f"{name}={text} is no number.", "Give a whole number above zero.")
        return int(text)

    def enrol(self, **profile: Any) -> Member:
        """Enrol somebody; the first one is as it was chosen.

        Shapes: somebody of a chosen id who is there already is taken as they are.
        """
        is_first = not self.members
        member_id = f"{PREFIX}{self.word()}"
        fields: dict[str, Any] = {
            "member_id": member_id,
            "email_address": f"{member_id}@{DOMAIN}",
            "first_name": "Trigger",
            **profile,
            **(self._profile() if is_first else {}),
        }
        self.members.append(fields["member_id"])
        try:
            made = self.call("POST", "/v1/members", fields)
        except RefusedError as error:
            if error.said.code != "member.exists" or "member_id" not in self._chosen:
                raise
            self.did(f"took {fields['member_id']}, who is a member")
            return self.member(fields["member_id"])
        self.did(f"enrolled {fields['member_id']}")
        return msgspec.convert(made["member"], Member)

    def member(self, member_id: str) -> Member:
        """Give a member as they are now."""
        return msgspec.convert(self.call("GET", path("members", member_id)), Member)

    def order(self, member: Member, subtotal: int, **fields: Any) -> Any:
        """Record an order that counts, with one product."""
        order_id = self.wish("order_id", f"{PREFIX}{self.word()}")
        earns = self.definition.orders.earn_when
        body: dict[str, Any] = {
            "order_id": order_id,
            "member_id": member.member_id,
            "order_subtotal": subtotal,
            "products": [{"product_id": self.product_id, "product_price": subtotal}],
            **({"financial_status": earns[0]} if earns else {}),
            **fields,
        }
        recorded = self.call("POST", "/v1/orders", body)
        self.did(f"recorded the order {order_id} over {subtotal} {self.definition.currency}")
        return recorded

    @property
    def product_id(self) -> str:
        """What is bought and reviewed."""
        return self.wish("product_id", f"{PREFIX}product")

    @property
    def now(self) -> Instant:
        """The program's time."""
        return msgspec.convert(self.call("GET", "/v1/clock")["now"], Instant)

    def advance_days(self, days: int) -> None:
        """Move the sandbox's clock by some days of the program's calendar."""
        self.advance_to(after_days(self.now, days, self.definition.time_zone))

    def advance_to(self, until: Instant) -> None:
        """Move the sandbox's clock, and have done what falls due on the way.

        Errors: ImpossibleError for a program that lives on real time.
        """
        if not self.is_sandbox:
            raise ImpossibleError(
                f"It would happen at {until:%Y-%m-%d %H:%M} UTC, and nobody moves real time.",
                "Use a sandbox: stampbook program create NAME --test-clock",
            )
        for _ in range(STEPS_MAX):
            moved = self.call("POST", "/v1/clock/advance", {"to": until})
            if moved["finished"]:
                break
        self.did(f"moved the clock to {until:%Y-%m-%d %H:%M} UTC")

    def leave_alone(self, member: Member, days: int) -> None:
        """Move the sandbox's clock until a member has done nothing for some days.

        Shapes: what waits for its date counts as something that they do.
        """
        for _ in range(ROUNDS_MAX):
            member = self.member(member.member_id)
            until = after_days(member.last_activity_at, days, self.definition.time_zone)
            if until <= self.now:
                return
            self.advance_to(until)

    def _profile(self) -> dict[str, Any]:
        chosen: dict[str, Any] = {
            name: self._chosen[name] for name in PROFILE if name in self._chosen
        }
        if "tags" in chosen:
            chosen["tags"] = [tag.strip() for tag in chosen["tags"].split(",") if tag.strip()]
        return chosen


def path(*names: str) -> str:
    """Give a path of the API from its parts, of which some are ids."""
    return "/v1/" + "/".join(quote(name, safe="") for name in names)
