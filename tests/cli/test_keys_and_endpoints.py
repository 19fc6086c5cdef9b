"""Keys and endpoints are made and listed, and their secrets are shown once."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from stampbook.core.delivery import Conduct
from stampbook.core.secrets import Secret
from stampbook.delivery.access import Access, BasicLogin
from stampbook.delivery.secrets import Vault
from stampbook.store.admin import find_key
from stampbook.store.backend import open_backend
from stampbook.store.endpoints import Endpoint, endpoints
from stampbook.values.ids import ProgramId
from stampbook.values.signatures import private_key_of, public_key_of, secret_of
from tests.cli.conftest import Stampbook

MASTER = "Z" * 43 + "="
URL = "https://shop.example/hooks"
OWN = secret_of(bytes(range(24)))
OWN_PRIVATE = private_key_of(bytes(range(32)))


@pytest.fixture
def shop(sandbox: Stampbook, monkeypatch: pytest.MonkeyPatch) -> Stampbook:
    """Commands that know the master key."""
    monkeypatch.setenv("STAMPBOOK_SECRETS_KEY", MASTER)
    return sandbox


def stored(shop: Stampbook, url: str) -> Endpoint:
    program_id = ProgramId(shop("program", "list").out.splitlines()[3].split()[0])
    backend = open_backend(url)
    with backend.read() as unit:
        [endpoint] = endpoints(unit, program_id)
    backend.close()
    return endpoint


def shown(shop: Stampbook, endpoint_id: str) -> Any:
    return json.loads(shop("endpoint", "show", endpoint_id).out)


def test_a_key_works_until_it_is_revoked(sandbox: Stampbook, sqlite_url: str) -> None:
    made = sandbox("key", "create", "--name", "shop", "--scope", "write", "--scope", "read")
    key = made.out.strip()
    key_hash = hashlib.sha256(key.encode()).hexdigest()
    backend = open_backend(sqlite_url)
    with backend.read() as unit:
        found = find_key(unit, key_hash)
    assert found is not None
    assert (found.name, found.scopes) == ("shop", ("write", "read"))

    listed = sandbox("key", "list").out
    assert "shop" in listed
    assert key not in listed
    assert sandbox("key", "revoke", found.id).code == 0
    with backend.read() as unit:
        assert find_key(unit, key_hash) is None
    backend.close()
    again = sandbox("key", "revoke", found.id)
    assert again.code == 1
    assert "stampbook key list" in again.err


def test_an_endpoint_is_stored_with_a_sealed_secret(shop: Stampbook, sqlite_url: str) -> None:
    made = shop(
        "endpoint", "create", URL, "--dialect", "zinrelo",
        "--event", "points.earned", "--event", "member.enrolled",
        "--only-with", "data.member_info.phone_number",
    )  # fmt: skip
    endpoint_id, secret = made.out.split()
    assert secret.startswith("whsec_")
    endpoint = stored(shop, sqlite_url)
    assert endpoint.id == endpoint_id
    assert endpoint.event_types == ("member.enrolled", "points.earned")
    assert endpoint.only_with == ("data.member_info.phone_number",)
    assert endpoint.batch_size == 100
    assert secret not in endpoint.secrets
    assert Vault([MASTER]).open(endpoint.secrets) == (Secret(secret=secret),)
    listed = shop("endpoint", "list").out + shop("endpoint", "show", endpoint_id).out
    assert URL in listed
    assert secret not in listed


def test_every_setting_has_an_option(shop: Stampbook, sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "access.json"
    file.write_text('{"headers": {"X-Shop": "hush"}}')
    made = shop(
        "endpoint", "create", URL, "--dialect", "cloudevents", "--description", "The CRM",
        "--ordering", "member", "--batch-size", "20", "--batch-wait-ms", "500",
        "--retry-delay", "1", "--retry-delay", "60", "--when-stuck", "wait",
        "--in-flight-max", "4", "--rate-per-second", "2.5", "--timeout-seconds", "7",
        "--access", str(file),
    )  # fmt: skip
    assert made.code == 0, made
    endpoint = stored(shop, sqlite_url)
    assert (endpoint.ordering, endpoint.batch_size, endpoint.batch_wait_ms) == ("member", 20, 500)
    assert endpoint.description == "The CRM"
    assert endpoint.conduct == Conduct(
        retry_delays_seconds=(1, 60),
        when_stuck="wait",
        in_flight_max=4,
        rate_per_second=2.5,
        timeout_seconds=7,
    )
    assert Vault([MASTER]).open_access(endpoint.access).access == Access(headers={"X-Shop": "hush"})
    printed = shop("endpoint", "show", endpoint.id).out
    assert json.loads(printed)["access"]["header_names"] == ["X-Shop"]
    assert "hush" not in printed


def test_an_update_changes_what_it_speaks_of(
    shop: Stampbook, sqlite_url: str, tmp_path: Path
) -> None:
    endpoint_id, _ = shop(
        "endpoint", "create", URL, "--event", "points.earned", "--only-with", "data.member",
        "--rate-per-second", "3", "--timeout-seconds", "7",
    ).out.split()  # fmt: skip
    file = tmp_path / "access.json"
    file.write_text('{"basic": {"user": "shop", "password": "hush"}}')
    ran = shop(
        "endpoint", "update", endpoint_id, "--event", "all", "--only-with", "none",
        "--rate-per-second", "0", "--ordering", "endpoint", "--access", str(file),
        "--status", "disabled",
    )  # fmt: skip
    assert (ran.code, ran.out) == (0, f"{endpoint_id}\n")
    endpoint = stored(shop, sqlite_url)
    assert (endpoint.event_types, endpoint.only_with) == ((), ())
    assert (endpoint.url, endpoint.status, endpoint.ordering) == (URL, "disabled", "endpoint")
    assert endpoint.conduct == Conduct(timeout_seconds=7)
    access = Vault([MASTER]).open_access(endpoint.access).access
    assert access == Access(basic=BasicLogin(user="shop", password="hush"))
    assert shop("endpoint", "update", endpoint_id, "--no-access").code == 0
    assert stored(shop, sqlite_url).access == ""


def test_a_secret_is_rotated(shop: Stampbook, sqlite_url: str, tmp_path: Path) -> None:
    endpoint_id, first = shop("endpoint", "create", URL).out.split()
    second = shop("endpoint", "rotate", endpoint_id, "--overlap-hours", "2").out.strip()
    newest, older = Vault([MASTER]).open(stored(shop, sqlite_url).secrets)
    assert newest == Secret(secret=second)
    assert older.secret == first
    assert older.expires_at_ms is not None
    (tmp_path / "secret").write_text(f"{OWN_PRIVATE}\n")
    public = shop(
        "endpoint", "rotate", endpoint_id, "--signature", "v1a", "--overlap-hours", "0",
        "--secret-file", str(tmp_path / "secret"),
    )  # fmt: skip
    assert public.out.strip() == public_key_of(OWN_PRIVATE)
    assert [key["signature"] for key in shown(shop, endpoint_id)["keys"]] == ["v1a"]


def test_an_owner_brings_a_secret_in_a_file(shop: Stampbook, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(OWN)
    made = shop("endpoint", "create", URL, "--secret-file", str(tmp_path / "secret"))
    assert made.out.split()[1] == OWN
    both = shop("endpoint", "create", URL, "--dialect", "nector", "--signature", "v1a")
    _, secret, public = both.out.split()
    assert secret.startswith("whsec_")
    assert public.startswith("whpk_")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ftp://shop.example"], "delivery.destinations"),
        (["https://me:hush@shop.example"], "neither a user"),
        (["https://shop.example/#part"], "An http or https address"),
        (["https://shop.example/ä"], "An http or https address"),
        (["https://shop.example/a b"], "An http or https address"),
        (["https://shop.example:99999"], "An http or https address"),
        (["https://shop.example/" + "a" * 2048], "--url"),
        (["https://shop.example", "--dialect", "zinrello"], "Did you mean zinrelo?"),
        (["https://shop.example", "--event", "points.earnd"], "Did you mean points.earned?"),
        (["https://shop.example", "--dialect", "zinrelo", "--event", "order.recorded"], "zinrelo"),
        (["https://shop.example", "--timeout-seconds", "31"], "--timeout-seconds"),
        (["https://shop.example", "--retry-delay", "0"], "--retry-delays-seconds"),
        (["https://shop.example", "--batch-wait-ms", "5"], "nothing to wait for"),
        (["https://shop.example", "--access", "/nowhere/access.json"], "cannot be read"),
        (["https://shop.example", "--secret-file", "/nowhere/secret"], "cannot be read"),
    ],
)
def test_an_endpoint_that_could_not_be_served_is_refused(
    sandbox: Stampbook, arguments: list[str], said: str
) -> None:
    ran = sandbox("endpoint", "create", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "hush" not in ran.err


def test_what_is_wrong_with_access_is_said_without_it(shop: Stampbook, tmp_path: Path) -> None:
    endpoint_id, _ = shop("endpoint", "create", URL).out.split()
    file = tmp_path / "access.json"
    for text in (
        '{"headers": {"Host": "hush"}}',
        '{"headers": ["hush"]}',
        "hush",
        '{"hush": "no"}',
    ):
        file.write_text(text)
        ran = shop("endpoint", "update", endpoint_id, "--access", str(file))
        assert ran.code == 1
        assert "hush" not in ran.err.replace("unknown field `hush`", "")
    both = shop("endpoint", "update", endpoint_id, "--access", str(file), "--no-access")
    assert (both.code, "exclude" in both.err) == (1, True)
    (tmp_path / "secret").write_text("hush")
    ran = shop("endpoint", "rotate", endpoint_id, "--secret-file", str(tmp_path / "secret"))
    assert (ran.code, "hush" in ran.err) == (1, False)


@pytest.mark.parametrize("command", ["show", "update", "rotate"])
def test_an_endpoint_that_is_not_there_is_not_found(shop: Stampbook, command: str) -> None:
    ran = shop("endpoint", command, "e" * 24)
    assert (ran.code, ran.out) == (1, "")
    assert "stampbook endpoint list" in ran.err
