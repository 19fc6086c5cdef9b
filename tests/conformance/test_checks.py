"""A good consumer passes every check, and each fault fails exactly the check that is for it."""

import secrets as random_source
from base64 import b64encode

import pytest

from stampbook import dialects, facts
from stampbook.conformance.checks import catalogue
from stampbook.conformance.letters import Letters
from stampbook.conformance.run import Report, run
from stampbook.conformance.session import Limits, Session
from stampbook.conformance.wire import UnreachableError, Wire
from stampbook.consumer import DialectName
from stampbook.engine.clock import real_ms
from stampbook.values.ids import PROCESS_BITS, CommandIds
from stampbook.values.instants import from_ms
from tests.conformance.receivers import WORK_SECONDS, Fault, Shop, serving

SECRET = f"whsec_{b64encode(bytes(range(9, 41))).decode()}"
LIMITS = Limits(settle_seconds=0.2)
IDS = CommandIds(random_source.randbits(PROCESS_BITS))
NAMES: tuple[DialectName, ...] = ("native", "zinrelo", "nector", "cloudevents")


def looked_at(
    url: str,
    shop: Shop,
    *,
    counts: bool = True,
    count_url: str | None = None,
    limits: Limits = LIMITS,
    only: tuple[str, ...] = (),
    patience_seconds: float = 15,
) -> Report:
    letters = Letters(
        shop.dialect, SECRET, new_id=lambda: IDS.take(real_ms()), now=lambda: from_ms(real_ms())
    )
    session = Session(
        letters,
        Wire(f"{url}/hooks", patience_seconds=patience_seconds, user_agent="stampbook-test"),
        count_url=(count_url or f"{url}/count") if counts else None,
        reads=shop.by,
        limits=limits,
    )
    return run(session, url, only)


def outcomes(report: Report) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for result in report.results:
        told.setdefault(result.outcome, set()).add(result.check)
    return told


def faults(report: Report) -> str:
    return "\n".join(
        f"{result.check}: {fault}" for result in report.results for fault in result.faults
    )


@pytest.mark.parametrize("dialect", NAMES)
def test_a_good_consumer_passes_everything_and_gets_every_type(dialect: DialectName) -> None:
    shop = Shop(dialect=dialect, secret=SECRET)
    with serving(shop) as (url, desk):
        report = looked_at(url, shop)
    assert faults(report) == ""
    assert report.passed
    assert outcomes(report) == {"passed": set(catalogue())}
    speaker = dialects.catalogue()[dialect]
    types = {word for fact in facts.catalogue().values() for word in speaker.event_types(fact)}
    assert types <= set(desk.types)


@pytest.mark.parametrize(
    ("dialect", "spared"),
    [("zinrelo", {"rotated_secret"}), ("nector", {"rotated_secret", "too_old", "too_new"})],
)
def test_a_consumer_that_reads_the_vendors_signature_is_not_asked_for_what_it_has_not(
    dialect: DialectName, spared: set[str]
) -> None:
    shop = Shop(dialect=dialect, secret=SECRET, by="vendor")
    with serving(shop) as (url, _):
        report = looked_at(url, shop)
    assert faults(report) == ""
    assert outcomes(report) == {"passed": set(catalogue()) - spared, "does not apply": spared}


def test_without_a_number_double_processing_is_not_observable() -> None:
    shop = Shop(dialect="native", secret=SECRET, fault="processes twice")
    with serving(shop) as (url, _):
        report = looked_at(url, shop, counts=False)
    assert report.passed
    assert outcomes(report)["not observable"] == {"repeated", "repeated_at_once"}
    assert all(
        "--count-url" in result.note
        for result in report.results
        if result.outcome == "not observable"
    )


FAULTS: dict[Fault, set[str]] = {
    "refuses a type": {"genuine"},
    "refuses what it has seen": {"repeated"},
    "looks first and notes later": {"repeated_at_once"},
    "processes twice": {"repeated", "repeated_at_once"},
    "wants numbers to rise": {"out_of_order"},
    "judges by the date of the event": {"late_retry"},
    "takes small bodies only": {"oversized"},
    "works before it answers": {"slow_answer"},
    "closes in silence": {"kept_connection"},
    "says that it closes": set(),
    "knows header names by their spelling": {"header_case"},
    "looks at the first signature": {"rotated_secret"},
    "knows every field": {"unknown_field"},
    "knows every type": {"unknown_type"},
    "takes the beginning of a signature": {"bad_signature"},
    "takes what is not signed": {"missing_signature"},
    "breaks where it should refuse": {"missing_signature"},
    "takes what is signed with nothing": {"wrong_secret"},
    "verifies what it wrote itself": {"altered_body"},
    "takes what is old": {"too_old"},
    "takes what is not yet": {"too_new"},
}
"""What each fault must fail, and nothing else."""


def test_every_check_has_a_fault_that_fails_it_alone() -> None:
    alone = {next(iter(failed)) for failed in FAULTS.values() if len(failed) == 1}
    assert alone == set(catalogue())


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_its_check_and_no_other(fault: Fault, dialect: DialectName) -> None:
    shop = Shop(dialect=dialect, secret=SECRET, fault=fault)
    slow = fault == "works before it answers"
    limits = Limits(settle_seconds=0.2, answer_seconds_max=WORK_SECONDS / 2 if slow else 5)
    with serving(shop) as (url, _):
        report = looked_at(url, shop, limits=limits)
    assert outcomes(report).get("failed", set()) == FAULTS[fault], faults(report)
    assert report.passed == (not FAULTS[fault])


VENDOR_FAULTS: dict[Fault, set[str]] = {
    "takes the beginning of a signature": {"bad_signature"},
    "takes what is not signed": {"missing_signature"},
    "takes what is signed with nothing": {"wrong_secret"},
    "verifies what it wrote itself": {"altered_body"},
}


@pytest.mark.parametrize("dialect", ["zinrelo", "nector"])
@pytest.mark.parametrize("fault", VENDOR_FAULTS)
def test_a_fault_is_found_behind_the_vendors_signature_too(
    fault: Fault, dialect: DialectName
) -> None:
    shop = Shop(dialect=dialect, secret=SECRET, fault=fault, by="vendor")
    with serving(shop) as (url, _):
        report = looked_at(url, shop)
    assert outcomes(report)["failed"] == VENDOR_FAULTS[fault], faults(report)


def test_a_batch_of_which_only_the_first_event_is_read_is_seen_by_the_number() -> None:
    shop = Shop(dialect="zinrelo", secret=SECRET, fault="reads the first event only")
    with serving(shop) as (url, _):
        report = looked_at(url, shop)
        unseen = looked_at(url, shop, counts=False)
    assert outcomes(report)["failed"] == {"oversized"}
    assert "rose by 1, not by 100" in faults(report)
    assert unseen.passed


def test_what_is_refused_and_processed_all_the_same_is_seen_by_the_number() -> None:
    shop = Shop(dialect="native", secret=SECRET, fault="processes what it refuses")
    with serving(shop) as (url, _):
        report = looked_at(url, shop)
    assert outcomes(report)["failed"] == {
        "bad_signature",
        "missing_signature",
        "wrong_secret",
        "altered_body",
        "too_old",
        "too_new",
    }


REFUSING: dict[Fault, str] = {
    "redirects": "redirected to http://127.0.0.1",
    "is gone": "410, which disables the endpoint for good",
    "says nothing": "not answered: the connection was closed without an answer",
}


@pytest.mark.parametrize("name", ["genuine", "repeated", "wrong_secret", "too_old"])
@pytest.mark.parametrize("fault", REFUSING)
def test_what_the_consumer_did_is_said_in_words(fault: Fault, name: str) -> None:
    shop = Shop(dialect="native", secret=SECRET, fault=fault)
    with serving(shop) as (url, _):
        report = looked_at(url, shop, only=(name,))
    assert outcomes(report) == {"failed": {name}}
    assert REFUSING[fault] in faults(report)


def test_where_nothing_genuine_is_taken_that_is_said_once() -> None:
    shop = Shop(dialect="native", secret=SECRET.replace("A", "B"))
    with serving(shop) as (url, _):
        report = looked_at(url, shop)
    others = set(catalogue()) - {"genuine"}
    assert outcomes(report) == {"failed": {"genuine"}, "not run": others}
    assert not report.passed
    assert "the same secret" in report.results[-1].note


def test_a_forged_request_that_is_taken_is_called_so() -> None:
    shop = Shop(dialect="native", secret=SECRET, fault="takes what is old")
    with serving(shop) as (url, _):
        report = looked_at(url, shop, only=("too_old",))
    assert "it was taken: answered 204" in faults(report)


def test_types_that_are_answered_alike_are_named_together() -> None:
    shop = Shop(dialect="native", secret=SECRET, fault="is gone")
    with serving(shop) as (url, _):
        report = looked_at(url, shop, only=("genuine",))
    (result,) = report.results
    assert len(result.faults) == 1
    assert "campaign.entered, campaign.exited" in result.faults[0]
    assert f"and {len(facts.catalogue()) - 8} more: it was answered 410" in result.faults[0]


def test_a_consumer_that_never_answers_is_not_asked_again_and_again() -> None:
    shop = Shop(dialect="native", secret=SECRET, fault="says nothing")
    with serving(shop) as (url, _):
        report = looked_at(url, shop, only=("genuine",))
    named = report.results[0].faults[0].partition(":")[0]
    assert len(named.split(", ")) == 3


def test_a_run_ends_in_time() -> None:
    shop = Shop(dialect="native", secret=SECRET)
    with serving(shop) as (url, _):
        report = looked_at(url, shop, limits=Limits(run_seconds_max=-1))
    assert outcomes(report) == {"failed": {"genuine"}, "not run": set(catalogue()) - {"genuine"}}
    assert "has lasted" in faults(report)


def test_where_nobody_listens_nothing_is_checked() -> None:
    shop = Shop(dialect="native", secret=SECRET)
    with serving(shop) as (url, _):
        pass
    with pytest.raises(UnreachableError, match="nobody listens"):
        looked_at(url, shop)


@pytest.mark.parametrize("name", catalogue())
def test_a_check_says_what_it_sends_what_it_wants_and_whom_it_hurts(name: str) -> None:
    check = catalogue()[name]
    assert all((check.sent, check.wanted, check.harm))
    assert check.harm.endswith(".")
    assert not check.sent.endswith(".")


def test_the_checks_have_a_fixed_order() -> None:
    ranks = [check.rank for check in catalogue().values()]
    assert ranks == sorted(set(ranks))
