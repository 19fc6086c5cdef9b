"""Keys and endpoints are made and listed, and their secrets are shown once."""

import hashlib

import pytest

from stampbook.delivery.secrets import Vault
from stampbook.store.admin import find_key
from stampbook.store.backend import open_backend
from stampbook.store.endpoints import endpoints
from stampbook.values.ids import ProgramId
from tests.cli.conftest import Stampbook


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


def test_an_endpoint_is_stored_with_a_sealed_secret(
    sandbox: Stampbook, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = "Z" * 43 + "="
    monkeypatch.setenv("STAMPBOOK_SECRETS_KEY", master)
    made = sandbox(
        "endpoint", "create", "https://shop.example/hooks", "--dialect", "zinrelo",
        "--event", "points.earned", "--event", "member.enrolled",
        "--only-with", "data.member_info.phone_number",
    )  # fmt: skip
    endpoint_id, secret = made.out.split()
    assert secret.startswith("whsec_")
    program_id = ProgramId(sandbox("program", "list").out.splitlines()[3].split()[0])
    backend = open_backend(sqlite_url)
    with backend.read() as unit:
        [stored] = endpoints(unit, program_id)
    backend.close()
    assert stored.id == endpoint_id
    assert stored.event_types == ("member.enrolled", "points.earned")
    assert stored.only_with == ("data.member_info.phone_number",)
    assert secret not in stored.secrets
    assert Vault([master]).open(stored.secrets) == (secret,)
    listed = sandbox("endpoint", "list").out
    assert "https://shop.example/hooks" in listed
    assert secret not in listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ftp://shop.example"], "http://"),
        (["https://me:hush@shop.example"], "without a user"),
        (["https://shop.example/#part"], "no URL"),
        (["https://shop.example/ä"], "no URL"),
        (["https://shop.example/a b"], "no URL"),
        (["https://shop.example:99999"], "no URL"),
        (["https://shop.example", "--dialect", "zinrello"], "Did you mean zinrelo?"),
        (["https://shop.example", "--event", "points.earnd"], "Did you mean points.earned?"),
        (["https://shop.example", "--dialect", "zinrelo", "--event", "order.recorded"], "zinrelo"),
    ],
)
def test_an_endpoint_that_could_not_be_served_is_refused(
    sandbox: Stampbook, arguments: list[str], said: str
) -> None:
    ran = sandbox("endpoint", "create", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
