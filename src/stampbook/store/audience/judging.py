"""Judging: one condition as SQL that is true, false, or NULL where only Python can tell.

Three-valued logic then does the rest: AND, OR and NOT keep a NULL only where it matters.
Python must tell of texts beyond printable ASCII, which databases fold in ways of their own; of
lists in custom attributes; of numbers that a float does not hold; and of texts that may be numbers.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from stampbook.core.rules.operands import Bound, Choice
from stampbook.store.audience.spelling import Piece, Spelling

UNKNOWN = Piece("CAST(NULL AS BOOLEAN)", [])
EXACT_MAX = 2**53
"""Whole numbers up to here are floats too."""
EXPONENT_MAX = 300
ALL_OF_MAX = 20
"""Values that a list must all have, of which SQL is asked."""

COMPARISONS = {"greater_than": ">", "at_least": ">=", "less_than": "<", "at_most": "<="}
OPPOSITES = {
    "not_equals": "equals",
    "not_one_of": "one_of",
    "contains_none": "contains_any",
    "is_not_set": "is_set",
}
CHOOSING = {"equals", "one_of", "contains_any"}


def opposite(piece: Piece) -> Piece:
    """Turn a judgement round."""
    return Piece(f"NOT ({piece.sql})", piece.values)


def text_judged(spelling: Spelling, operator: str, wanted: Any, text: str) -> Piece:
    """Judge a text, or NULL, which is unset."""
    if operator == "is_set":
        return Piece(f"coalesce({text} <> '', FALSE)", [])
    found = _plain_text_judged(spelling, operator, wanted, text)
    return Piece(
        f"CASE WHEN coalesce({text}, '') = '' THEN FALSE "
        f"WHEN {spelling.plain(text)} THEN {found.sql} END",
        found.values,
    )


def _plain_text_judged(spelling: Spelling, operator: str, wanted: Any, text: str) -> Piece:
    folded = spelling.folded(text)
    if operator in CHOOSING:
        return _text_chosen(spelling, wanted, text)
    match operator:
        case "starts_with":
            return Piece(f"substr({folded}, 1, {len(wanted)}) = ?", [wanted])
        case "ends_with":
            last = f"substr({folded}, length({folded}) - {len(wanted) - 1})"
            return Piece(f"(length({folded}) >= {len(wanted)} AND {last} = ?)", [wanted])
        case "contains_text":
            return Piece(f"replace({folded}, ?, '') <> {folded}", [wanted])
        case _ if operator in COMPARISONS:  # a text that may be a number or a day compares as one
            return Piece(f"CASE WHEN NOT ({spelling.has_digit(text)}) THEN FALSE END", [])
        case _:
            return UNKNOWN


def _text_chosen(spelling: Spelling, choice: Choice, text: str) -> Piece:
    among = spelling.among_texts(sorted(choice.texts))
    is_text = f"{spelling.folded(text)} {among.sql}"
    if not choice.numbers:
        return Piece(is_text, among.values)
    return Piece(
        f"CASE WHEN {is_text} THEN TRUE WHEN NOT ({spelling.has_digit(text)}) THEN FALSE END",
        among.values,
    )


def number_judged(spelling: Spelling, operator: str, wanted: Any, number: str) -> Piece:
    """Judge a number; it is never unset."""
    if operator == "is_set":
        return Piece(f"CASE WHEN {number} IS NOT NULL THEN TRUE END", [])
    if operator in CHOOSING and isinstance(wanted, Choice):
        values = wanted.numbers | wanted.numerals
        if not all(map(_is_exact, values)):
            return UNKNOWN
        among = spelling.among_numbers(sorted(values))
        return Piece(f"{number} {among.sql}", among.values)
    if operator in COMPARISONS:
        return _number_compared(spelling, COMPARISONS[operator], wanted, number)
    return UNKNOWN


def _number_compared(spelling: Spelling, sign: str, bound: Bound, number: str) -> Piece:
    if not isinstance(bound.limit, Decimal):
        return Piece(f"CASE WHEN {number} IS NOT NULL THEN FALSE END", [])
    if not _is_exact(bound.limit):
        return UNKNOWN
    mark = spelling.limit(bound.limit)
    return Piece(f"{number} {sign} {mark.sql}", mark.values)


def _is_exact(number: Decimal) -> bool:
    """Tell whether a float and a database's number mean the same by it."""
    if number.copy_abs() > EXACT_MAX or abs(number.adjusted()) > EXPONENT_MAX:
        return False
    return Decimal(str(float(number))) == number


def moment_judged(spelling: Spelling, operator: str, wanted: Any, moment: str) -> Piece:
    """Judge a day, or an instant in UTC; NULL is unset."""
    if operator == "is_set":
        return Piece(f"{moment} IS NOT NULL", [])
    if operator not in COMPARISONS:
        return UNKNOWN
    if not isinstance(wanted.limit, datetime):
        return Piece("FALSE", [])
    try:
        limit = wanted.limit.astimezone(UTC)
    except OverflowError:
        return UNKNOWN
    second = spelling.bytewise(f"substr({moment} || 'T00:00:00', 1, 19)")
    sign, text = COMPARISONS[operator], limit.isoformat()[:19]
    # what has no fraction of a second lies on the limit, or below one that has
    on_it = {">": "FALSE", ">=": "TRUE", "<": "FALSE", "<=": "TRUE"}[sign]
    if limit.microsecond:
        on_it = "TRUE" if sign in {"<", "<="} else "FALSE"
    return Piece(
        f"CASE WHEN {moment} IS NULL THEN FALSE "
        f"WHEN length({moment}) <> 10 AND substr({moment}, length({moment})) <> 'Z' THEN NULL "
        f"WHEN {second} <> ? THEN {second} {sign} ? "
        f"WHEN length({moment}) <= 20 THEN {on_it} END",
        [text, text],
    )


def texts_judged(spelling: Spelling, operator: str, wanted: Any, texts: str) -> Piece:
    """Judge a list of texts."""
    if operator == "contains_all":
        return _all_found(spelling, wanted, texts)
    return _one_found(spelling, texts, lambda item: text_judged(spelling, operator, wanted, item))


def _all_found(spelling: Spelling, choice: Choice, texts: str) -> Piece:
    if choice.numbers or choice.flags or len(choice.texts) > ALL_OF_MAX:
        return UNKNOWN
    each = [
        _one_found(spelling, texts, lambda item, one=one: _is_text(spelling, one, item))
        for one in sorted(choice.texts)
    ]
    return Piece(
        " AND ".join(f"({one.sql})" for one in each), [v for one in each for v in one.values]
    )


def _is_text(spelling: Spelling, text: str, item: str) -> Piece:
    choice = Choice(
        texts=frozenset({text}), numbers=frozenset(), numerals=frozenset(), flags=frozenset()
    )
    return text_judged(spelling, "equals", choice, item)


def _one_found(spelling: Spelling, texts: str, judged: Callable[[str], Piece]) -> Piece:
    one = judged("item.value")
    best = f"max(CASE ({one.sql}) WHEN TRUE THEN 2 WHEN FALSE THEN 0 ELSE 1 END)"
    return Piece(
        f"CASE WHEN {texts} IS NOT NULL THEN CASE coalesce((SELECT {best} FROM "
        f"{spelling.items(texts)}), 0) WHEN 2 THEN TRUE WHEN 0 THEN FALSE END END",
        one.values,
    )


def anything_judged(
    spelling: Spelling, operator: str, wanted: Any, *, kind: str, text: str, number: str
) -> Piece:
    """Judge a custom attribute by what it turns out to be; `kind` is the database's word for it."""
    of_text = text_judged(spelling, operator, wanted, text)
    of_number = number_judged(spelling, operator, wanted, number)
    of_flag = _flag_judged(spelling, operator, wanted, text)
    small = f"abs({number}) <= {EXACT_MAX}"
    return Piece(
        f"CASE WHEN coalesce({kind}, 'null') = 'null' THEN FALSE "
        f"WHEN {kind} IN ('integer', 'real', 'number') THEN CASE WHEN {small} "
        f"THEN {of_number.sql} END WHEN {kind} IN ('text', 'string') THEN {of_text.sql} "
        f"WHEN {kind} IN ('true', 'false', 'boolean') THEN {of_flag.sql} END",
        [*of_number.values, *of_text.values, *of_flag.values],
    )


def _flag_judged(spelling: Spelling, operator: str, wanted: Any, flag: str) -> Piece:
    if operator == "is_set":
        return Piece("TRUE", [])
    if operator in COMPARISONS:
        return Piece("FALSE", [])
    if operator not in CHOOSING:
        return UNKNOWN
    pieces = [spelling.flag(one) for one in sorted(wanted.flags)]
    sql = " OR ".join(f"{flag} {one.sql}" for one in pieces)
    return Piece(f"({sql})" if sql else "FALSE", [v for one in pieces for v in one.values])
