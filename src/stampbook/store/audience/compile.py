"""Compile: an audience becomes columns that are read of a member, and one judgement over them."""

from typing import Any

from stampbook.core.rules.attributes import CUSTOM, Attribute
from stampbook.core.rules.audience import compiled_audience
from stampbook.core.rules.compiled import CompiledCondition
from stampbook.core.rules.operands import list_in
from stampbook.nouns.campaign import Audience
from stampbook.store.audience.judging import (
    OPPOSITES,
    UNKNOWN,
    anything_judged,
    moment_judged,
    number_judged,
    opposite,
    text_judged,
    texts_judged,
)
from stampbook.store.audience.spelling import Piece, Spelling

OWN = {
    "member_id": "member_id",
    "status": "status",
    "tier": "tier",
    "available_points": "available",
}
"""Attributes that the rows of members have a column of."""

NESTED = {"earned_points": "balances.earned"}
"""Where the document keeps attributes that it calls otherwise."""

MEMBER = (
    "member.id, member.member_id, member.status, coalesce(member.tier_id, ?) AS tier, "
    "member.available"
)
READABLE = Piece("doc IS NOT NULL", [])


class Reading:
    """What judgements read of members, each thing once for each row."""

    def __init__(self, spelling: Spelling, lowest_tier: str | None) -> None:
        self._spelling = spelling
        self._lowest_tier = lowest_tier
        self._columns: dict[str, Piece] = {}

    def judged(self, audience: Audience) -> Piece:
        """Judge an audience: true, false, or NULL where only Python can tell."""
        return self._joined(audience, "({})")

    def possible(self, audience: Audience) -> Piece:
        """Judge an audience, and take what only Python can tell for true.

        Shapes: databases stop at the first condition that decides, which they do not for NULL.
        """
        return self._joined(audience, "(({}) IS NOT FALSE)")

    def _joined(self, audience: Audience, each: str) -> Piece:
        conditions = [self._askable(one) for one in compiled_audience(audience).conditions]
        if not conditions:
            return Piece("TRUE", [])
        joint = " AND " if audience.match == "all" else " OR "
        sql = joint.join(each.format(one.sql) for one in conditions)
        return Piece(f"({sql})", [value for one in conditions for value in one.values])

    def rows(self, more: str, chosen: str) -> Piece:
        """Give the rows to judge as a table `found`, once all is known that will be judged.

        Shapes: `more` are further columns and `chosen` what follows them, from FROM on. The values
        of the piece stand before those of `chosen`.
        """
        spelling = self._spelling
        if not self._columns:
            return Piece(f"(SELECT {MEMBER}{more} {chosen}) AS found", [self._lowest_tier])
        document = spelling.document()
        known = f"SELECT {MEMBER}{more}, {document.sql} AS doc {chosen} {spelling.barrier}"
        read = ", ".join(f"{piece.sql} AS {name}" for name, piece in self._columns.items())
        values = [value for piece in self._columns.values() for value in piece.values]
        return Piece(
            f"(SELECT known.*, {read} FROM ({known}) AS known {spelling.barrier}) AS found",
            [*values, self._lowest_tier, *document.values],
        )

    def _askable(self, condition: CompiledCondition) -> Piece:
        """Judge a condition, unless PostgreSQL cannot be asked for its value: no text has a NUL."""
        piece = self._condition(condition)
        return UNKNOWN if any(map(_has_nul, piece.values)) else piece

    def _condition(self, condition: CompiledCondition) -> Piece:
        operator, wanted = condition.condition.operator, condition.wanted
        if operator in OPPOSITES:
            return opposite(self._judged(condition.attribute, OPPOSITES[operator], wanted))
        if operator == "between":
            low = self._judged(condition.attribute, "at_least", wanted[0])
            high = self._judged(condition.attribute, "at_most", wanted[1])
            return Piece(f"({low.sql}) AND ({high.sql})", [*low.values, *high.values])
        return self._judged(condition.attribute, operator, wanted)

    def _judged(self, attribute: Attribute, operator: str, wanted: Any) -> Piece:
        spelling, name = self._spelling, attribute.name
        path = NESTED.get(name, name).split(".")
        match attribute.type:
            case "number":
                number = OWN.get(name) or self._column(Piece(spelling.number(*path), []))
                return number_judged(spelling, operator, wanted, number)
            case "text" if name in OWN:
                return text_judged(spelling, operator, wanted, OWN[name])
            case "text":
                text = self._column(Piece(spelling.text(*path), []))
                return self._readable(text_judged(spelling, operator, wanted, text))
            case "moment":
                text = self._column(Piece(spelling.text(*path), []))
                return self._readable(moment_judged(spelling, operator, wanted, text))
            case "texts":
                texts = self._column(Piece(spelling.listed(name), []))
                return texts_judged(spelling, operator, wanted, texts)
            case "any":
                return self._custom(name, operator, wanted)

    def _custom(self, name: str, operator: str, wanted: Any) -> Piece:
        custom = self._spelling.custom(name.removeprefix(CUSTOM))
        if custom is None:
            return UNKNOWN
        judged = anything_judged(
            self._spelling,
            operator,
            wanted,
            kind=self._column(custom.kind),
            text=self._column(custom.text),
            number=self._column(custom.number),
        )
        return self._readable(judged)

    def _readable(self, judged: Piece) -> Piece:
        readable = self._column(READABLE)
        return Piece(f"CASE WHEN {readable} THEN {judged.sql} END", judged.values)

    def _column(self, piece: Piece) -> str:
        for name, known in self._columns.items():
            if known == piece:
                return name
        name = f"read_{len(self._columns)}"
        self._columns[name] = piece
        return name


def _has_nul(value: Any) -> bool:
    texts = list_in(value) or (value,)
    return any(isinstance(text, str) and "\0" in text for text in texts)
