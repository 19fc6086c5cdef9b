"""Problems: what the API answers when it cannot do as asked.

Source: RFC 9457. The only module that knows the status of a refusal; the core never speaks HTTP.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from stampbook.core.refusals import REFUSALS, RefusalKind, Refused

PROBLEMS_PATH = "/docs/problems/"

STATUS_OF: dict[RefusalKind, int] = {"not_found": 404, "conflict": 409, "unprocessable": 422}

Status = Literal[400, 401, 403, 404, 405, 409, 413, 415, 422, 500, 503]


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was not done, and what to do about it; `code` never changes its meaning."""

    type: str
    """A link to the page about the code."""
    title: str
    status: int
    detail: str
    code: str
    remedy: str
    field: str | None = None
    """A JSON pointer into the body, or the name of a parameter or header."""
    facts: dict[str, Any] = {}
    """The numbers and names that explain it."""


class ProblemKind(Struct, frozen=True):
    """A permanent code, with its status, what it means and what to do about it."""

    code: str
    status: int
    title: str
    remedy: str


class ProblemError(Exception):
    """A request that cannot be done; nothing was stored."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str | None = None,
        *,
        field: str | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(kind.code)
        self.headers = headers
        self.problem = Problem(
            type=PROBLEMS_PATH + kind.code,
            title=kind.title,
            status=kind.status,
            detail=detail or kind.title,
            code=kind.code,
            remedy=kind.remedy,
            field=field,
        )


def problem_of(refused: Refused) -> Problem:
    """Give the problem that a refusal is."""
    return Problem(
        type=PROBLEMS_PATH + refused.code,
        title=REFUSALS[refused.code].meaning if refused.code in REFUSALS else refused.detail,
        status=STATUS_OF[refused.kind],
        detail=refused.detail,
        code=refused.code,
        remedy=refused.remedy,
        field=refused.field,
        facts=refused.facts,
    )


_kinds: dict[str, ProblemKind] = {}
REQUEST_PROBLEMS: Mapping[str, ProblemKind] = MappingProxyType(_kinds)
"""Every code that the API itself gives, by name; REFUSALS holds those of the engine."""


def problem_kinds() -> dict[str, ProblemKind]:
    """Give every code that can be answered, the engine's refusals among them, sorted."""
    refusals = {
        refusal.code: ProblemKind(
            refusal.code, STATUS_OF[refusal.kind], refusal.meaning, refusal.remedy
        )
        for refusal in REFUSALS.values()
    }
    return dict(sorted((refusals | _kinds).items()))


def _declare(code: str, status: Status, title: str, remedy: str) -> ProblemKind:
    assert code not in _kinds, code
    assert code not in REFUSALS, code
    _kinds[code] = ProblemKind(code, status, title, remedy)
    return _kinds[code]


REQUEST_MALFORMED = _declare(
    "request.malformed",
    400,
    "The body is no well-formed JSON in UTF-8.",
    "Send one JSON object, encoded as UTF-8.",
)
REQUEST_INVALID = _declare(
    "request.invalid",
    400,
    "The request does not fit its schema.",
    "Correct the field named in `field`; /openapi.json describes each request.",
)
REQUEST_TOO_DEEP = _declare(
    "request.too_deep",
    400,
    "The body nests lists and objects too deeply.",
    "Flatten the attributes.",
)
REQUEST_TEXT_UNSTORABLE = _declare(
    "request.text_unstorable",
    400,
    "A text holds a NUL character or half of a surrogate pair, which no database can store.",
    "Remove the character.",
)
REQUEST_INCOMPLETE = _declare(
    "request.incomplete",
    400,
    "The whole body did not arrive in time, or the caller hung up.",
    "Send the request again, with the same Idempotency-Key.",
)
REQUEST_TOO_LARGE = _declare(
    "request.too_large",
    413,
    "The body is larger than this route accepts.",
    "Send fewer items in one request.",
)
REQUEST_MEDIA_TYPE = _declare(
    "request.media_type_unsupported",
    415,
    "The body is in a media type that this route does not read.",
    "Send the Content-Type that /openapi.json names for the route.",
)
METHOD_NOT_ALLOWED = _declare(
    "method.not_allowed",
    405,
    "The path does not answer this method.",
    "Use one of the methods in the Allow header.",
)
PATH_NOT_FOUND = _declare(
    "path.not_found",
    404,
    "The API has no such path.",
    "Check the path against /docs.",
)
KEY_MISSING = _declare(
    "key.missing",
    401,
    "The request carries no API key.",
    "Send the header `Authorization: Bearer sb_...`.",
)
KEY_INVALID = _declare(
    "key.invalid",
    401,
    "The API key is unknown, malformed or revoked.",
    "Create a key on the command line and send it whole.",
)
KEY_SCOPE_MISSING = _declare(
    "key.scope_missing",
    403,
    "The API key may not do this.",
    "Use a key that has the scope named in `detail`.",
)
IDEMPOTENCY_KEY_INVALID = _declare(
    "idempotency.key_invalid",
    400,
    "The Idempotency-Key is empty, longer than 255 characters, or not printable ASCII.",
    "Send 1 to 255 printable ASCII characters, such as a UUID.",
)
CURSOR_INVALID = _declare(
    "cursor.invalid",
    400,
    "The cursor was not given out by this list.",
    "Send `next_cursor` of the page before, unchanged, or leave it out.",
)
ENGINE_BUSY = _declare(
    "engine.busy",
    503,
    "More commands are waiting than the engine's queue holds.",
    "Send the request again after the seconds in Retry-After, with the same Idempotency-Key.",
)
ENGINE_UNAVAILABLE = _declare(
    "engine.unavailable",
    503,
    "The database cannot be reached; whether the request was done is not known.",
    "Send the request again later, with the same Idempotency-Key.",
)
SERVER_FAULT = _declare(
    "server.fault",
    500,
    "The server has a fault; the command was not done.",
    "Report the X-Request-Id to whoever runs this server.",
)
