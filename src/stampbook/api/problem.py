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

Status = Literal[400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 500, 503]


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
        facts: dict[str, Any] | None = None,
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
            facts=facts or {},
        )


class RefusedError(ProblemError):
    """A refusal outside the engine."""

    def __init__(self, refused: Refused) -> None:
        Exception.__init__(self, refused.code)
        self.headers = ()
        self.problem = problem_of(refused)


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
FACTS_EXPIRED = _declare(
    "facts.expired",
    410,
    "Facts behind the cursor are not kept any more.",
    "Read the members and what belongs to them anew, then go on from `next` in `facts`.",
)
FACT_TYPE_UNKNOWN = _declare(
    "fact_type.unknown",
    422,
    "No fact has this name, or the endpoint's dialect has no word for it.",
    "List the fact types and use their names.",
)
DIALECT_UNKNOWN = _declare(
    "dialect.unknown",
    422,
    "No dialect has this name.",
    "List the fact types: each names the dialects that have a word for it.",
)
ID_UNKNOWN = _declare(
    "id.unknown",
    404,
    "Nothing of the program has this id.",
    "Send the whole UUID as the webhook carries it, or our id of 24 hex digits.",
)
ENDPOINT_NOT_FOUND = _declare(
    "endpoint.not_found",
    404,
    "The program has no endpoint with this id.",
    "List the endpoints and use one of their ids.",
)
ENDPOINT_URL_INVALID = _declare(
    "endpoint.url_invalid",
    422,
    "The URL is no address that this server sends to.",
    "Send the http or https address that the receiver answers POST requests on, or a broker's.",
)
ENDPOINT_BATCHING_UNAVAILABLE = _declare(
    "endpoint.batching_unavailable",
    422,
    "The endpoint gets facts one by one, so there is nothing to wait for.",
    "Leave `batch_wait_ms` at 0, or choose a dialect and a `batch_size` that send several.",
)
ENDPOINT_SECRET_INVALID = _declare(
    "endpoint.secret_invalid",
    422,
    "The secret cannot sign as the endpoint wants it.",
    "Send `whsec_` and base64 of 24 to 64 bytes, or `whsk_` and base64 of an ed25519 private key "
    "for the signature `v1a`; or none, and one is made.",
)
ENDPOINT_SECRETS_TOO_MANY = _declare(
    "endpoint.secrets_too_many",
    409,
    "The endpoint would sign with more secrets at once than receivers look at.",
    "Wait until one of them has expired, or rotate with `overlap_hours` 0.",
)
ENDPOINT_SECRETS_UNREADABLE = _declare(
    "endpoint.secrets_unreadable",
    409,
    "No master key of this server opens what is sealed of the endpoint.",
    "Give the server the master key again; or leave the old secrets behind with `overlap_hours` 0, "
    "and send `url` and `access` to replace what opened the way.",
)
ENDPOINT_ACCESS_INVALID = _declare(
    "endpoint.access_invalid",
    422,
    "Requests could not get in by what `access` says.",
    "Correct what `detail` names, and send `access` as a whole.",
)
ENDPOINT_ACCESS_ELSEWHERE = _declare(
    "endpoint.access_elsewhere",
    409,
    "The endpoint's access is meant for another place than its new URL.",
    "Send `access` as well, as a whole, or null to send none to the new URL.",
)
ENDPOINT_NOT_LISTENER = _declare(
    "endpoint.not_listener",
    409,
    "The endpoint is no listener: its requests are sent to its URL.",
    "Make an endpoint with the URL `listen:`, and ask for its requests.",
)
ENDPOINT_IS_LISTENER = _declare(
    "endpoint.is_listener",
    409,
    "The endpoint is a listener: its requests are fetched, and nothing can be sent to it.",
    "Let something happen: stampbook trigger.",
)
SAMPLES_BUSY = _declare(
    "samples.busy",
    503,
    "As many samples as may be sent at once are on their way.",
    "Send the request again after the seconds in Retry-After.",
)
LEASE_TOKEN_UNKNOWN = _declare(
    "lease.token_unknown",
    422,
    "A token was not handed out with a request of this endpoint.",
    "Send each token as the request brought it, to the endpoint that it was fetched from.",
)
DELIVERY_NOT_FOUND = _declare(
    "delivery.not_found",
    404,
    "The program has no delivery with this id.",
    "List the deliveries of an endpoint and use one of their ids.",
)
DELIVERY_NOT_FAILED = _declare(
    "delivery.not_failed",
    409,
    "The delivery has not failed: it was received, or is still being tried.",
    "Wait until its tries have run out.",
)
REPLAY_NOT_FOUND = _declare(
    "replay.not_found",
    404,
    "The endpoint has no replay with this id.",
    "List the endpoint's replays and use one of their ids.",
)
FACT_NOT_FOUND = _declare(
    "fact.not_found",
    404,
    "The program has no fact with this id.",
    "Use an id of the feed, of a delivery or of a webhook.",
)
IMPORT_UNREADABLE = _declare(
    "import.unreadable",
    422,
    "The text is no CSV with a header of known columns.",
    "Correct what `detail` names; put texts that hold a comma in double quotes.",
)
POOL_NOT_WANTED = _declare(
    "pool.not_wanted",
    409,
    "The reward's codes do not come from a pool.",
    'Set `coupon = "pool"` for the reward in the program\'s definition.',
)
PROGRAM_NOT_FOUND = _declare(
    "program.not_found",
    404,
    "The key's program has another id.",
    "List the programs and use one of their ids.",
)
DEFINITION_INVALID = _declare(
    "definition.invalid",
    422,
    "The definition cannot be put in force: something in it is wrong.",
    "Plan it first: the plan lists every problem with its line and remedy.",
)
AUDIENCE_INVALID = _declare(
    "audience.invalid",
    422,
    "The audience finds nobody: something in its conditions is wrong.",
    "Correct the condition that the detail names.",
)
VERSION_STALE = _declare(
    "definition.version_stale",
    409,
    "Another version of the definition is in force than the one expected.",
    "Plan again, and apply with the version that the plan names.",
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
