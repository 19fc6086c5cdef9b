"""`conformance` shows what a consumer does wrong, to people and to other programs."""

import json
from pathlib import Path

import pytest

from stampbook.conformance.checks import catalogue
from tests.cli.conftest import Stampbook
from tests.conformance.receivers import Shop, serving
from tests.conformance.test_checks import SECRET

ONLY = ("genuine", "repeated", "too_old")
SOME = tuple(part for name in ONLY for part in ("--only", name))


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    return str(tmp_path / "secret")


def test_a_good_consumer_is_called_so(stampbook: Stampbook, secret_file: str) -> None:
    with serving(Shop(dialect="zinrelo", secret=SECRET)) as (url, desk):
        options = ["--secret-file", secret_file, "--dialect", "zinrelo", *SOME]
        counted = ["--count-url", f"{url}/count", "--settle-seconds", "0.2"]
        ran = stampbook("conformance", f"{url}/hooks", *options, *counted)
        assert (ran.code, ran.err) == (0, "")
        assert "3 passed." in ran.out
        assert SECRET not in ran.out
        assert desk.processed > 20


def test_a_fault_is_said_with_whom_it_hurts(stampbook: Stampbook, secret_file: str) -> None:
    with serving(Shop(dialect="native", secret=SECRET, fault="takes what is old")) as (url, _):
        ran = stampbook("conformance", f"{url}/hooks", "--secret-file", secret_file, *SOME)
    assert ran.code == 1
    assert "1 passed, 1 not observable, 1 failed." in ran.out
    assert "too_old: a request that was signed an hour ago. Wanted: 401" in ran.out
    assert "    it was taken: answered 204" in ran.out
    assert f"    Why it hurts: {catalogue()['too_old'].harm}" in ran.out
    assert "repeated: the answers are right" in ran.out


def test_other_programs_get_one_line_of_json(stampbook: Stampbook, secret_file: str) -> None:
    with serving(Shop(dialect="nector", secret=SECRET, by="vendor")) as (url, _):
        options = ["--secret-file", secret_file, "--dialect", "nector", "--reads", "vendor", *SOME]
        ran = stampbook("conformance", f"{url}/hooks", *options, "--json")
    assert (ran.code, ran.err) == (0, "")
    report = json.loads(ran.out)
    assert (report["dialect"], report["passed"]) == ("nector", True)
    assert {result["check"]: result["outcome"] for result in report["results"]} == {
        "genuine": "passed",
        "repeated": "not observable",
        "too_old": "does not apply",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["http://127.0.0.1:1/hooks", "--secret", SECRET], "nobody listens there"),
        (["ftp://127.0.0.1/hooks", "--secret", SECRET], "no URL to send to"),
        (["http://127.0.0.1:1/hooks"], "No secret was given"),
        (["http://127.0.0.1:1/hooks", "--secret", "whsec_short"], "no secret to sign with"),
        (["http://127.0.0.1:1/", "--secret", SECRET, "--only", "repeatd"], "Did you mean repeated"),
    ],
)
def test_what_cannot_be_run_says_why(stampbook: Stampbook, arguments: list[str], said: str) -> None:
    ran = stampbook("conformance", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "Remedy: " in ran.err


def test_a_number_that_is_none_ends_the_run(stampbook: Stampbook, secret_file: str) -> None:
    with serving(Shop(dialect="native", secret=SECRET)) as (url, _):
        options = ["--secret-file", secret_file, "--only", "repeated"]
        for count_url in (f"{url}/text", "http://127.0.0.1:1/count"):
            ran = stampbook("conformance", f"{url}/hooks", *options, "--count-url", count_url)
            assert (ran.code, ran.out) == (1, "")
            assert count_url in ran.err
