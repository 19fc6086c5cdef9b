"""The app: every route of the catalogue, the document, its pages, health and metrics."""

from collections.abc import Callable, Mapping
from functools import cache

from stampbook.api import referral_page
from stampbook.api.answering import AnswerEndpoint
from stampbook.api.authentication import KeyRing
from stampbook.api.desk import Parts
from stampbook.api.docs_pages import docs_pages
from stampbook.api.exchange import NO_SNIFF, Exchange, Reply, json_reply
from stampbook.api.health import Readiness, alive
from stampbook.api.metrics import Metrics
from stampbook.api.openapi import document, problems_of
from stampbook.api.problem import PATH_NOT_FOUND, ProblemError
from stampbook.api.route import Submit, catalogue
from stampbook.api.site import Endpoint, Lifespan, Site, Trace
from stampbook.api.writing import CommandEndpoint
from stampbook.store.admin import ApiKey, find_key

DESCRIPTION = """\
Members, points, tiers and rewards of a loyalty program, and a fact for everything that happens.

A write is a command: it is decided, stored and answered in one transaction, and what follows from \
it is sent to every endpoint that subscribes."""


def create_app(parts: Parts, lifespan: Lifespan, trace: Trace | None = None) -> Site:
    """Assemble the ASGI application; `lifespan` starts and stops what it works with.

    Shapes: with `trace` each request is traced.
    """
    metrics = Metrics(parts.engine, parts.collectors)
    keys = KeyRing(_finder(parts))
    site = Site(metrics, lifespan, trace)
    for noun in catalogue():
        for route in noun.routes:
            endpoint: Endpoint = (
                CommandEndpoint(route, keys, parts.engine.ask)
                if isinstance(route, Submit)
                else AnswerEndpoint(route, keys, parts)
            )
            site.add(route.path, route.method, route.operation, endpoint)
    site.add("/healthz", "GET", "healthz", alive)
    site.add("/readyz", "GET", "readyz", Readiness(parts))
    site.add("/metrics", "GET", "metrics", metrics.show)
    site.add("/openapi.json", "GET", "openapi", _of(_document))
    for path in ("/docs", "/docs/{page}", "/docs/problems/{code}"):
        site.add(path, "GET", "docs", _page)
    invitation = referral_page.ReferralPage(parts)
    site.add("/r/style.css", "GET", "referral_page", referral_page.style)
    for path in ("/r/{code}", "/r/{program}/{code}"):
        site.add(path, "GET", "referral_page", invitation.show)
        site.add(path, "POST", "claim_referral_page", invitation.claim)
    return site


@cache
def _document() -> Reply:
    reply = json_reply(document(catalogue(), DESCRIPTION))
    return Reply(200, reply.body, (*reply.headers[:1], NO_SNIFF))


@cache
def _pages() -> Mapping[str, Reply]:
    """Give the docs pages, made when the first one is asked for."""
    codes = {
        route.operation: tuple(code for found in problems_of(route).values() for code in found)
        for noun in catalogue()
        for route in noun.routes
    }
    return docs_pages(document(catalogue(), DESCRIPTION), codes)


async def _page(exchange: Exchange) -> Reply:
    page = exchange.path.get("page")
    code = exchange.path.get("code")
    path = f"/docs/problems/{code}" if code else f"/docs/{page}" if page else "/docs"
    reply = _pages().get(path)
    if reply is None:
        raise ProblemError(PATH_NOT_FOUND)
    return reply


def _of(make: Callable[[], Reply]) -> Endpoint:
    async def endpoint(exchange: Exchange) -> Reply:
        del exchange
        return make()

    return endpoint


def _finder(parts: Parts) -> Callable[[str], ApiKey | None]:
    def find(key_hash: str) -> ApiKey | None:
        with parts.backend.read() as unit:
            return find_key(unit, key_hash)

    return find
