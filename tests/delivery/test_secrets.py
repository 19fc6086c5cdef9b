import random

import pytest

from stampbook.core.secrets import Secret
from stampbook.delivery.access import Access, BasicLogin, Sealed
from stampbook.delivery.secrets import SecretsUnreadableError, Vault, new_master_key, new_secret
from stampbook.values.json import decode, encode
from stampbook.values.signatures import key_of, seed_of


def test_what_is_sealed_opens_again_and_cannot_be_read() -> None:
    vault = Vault([new_master_key()])
    first, second = (new_secret(random.Random(n).randbytes) for n in (1, 2))
    secrets = (Secret(secret=first), Secret(secret=second, expires_at_ms=7))
    sealed = vault.seal(secrets)
    assert vault.open(sealed) == secrets
    assert not any(one.secret in sealed for one in secrets)
    assert decode(vault.decrypt(sealed), list[dict[str, object]]) == [
        {"secret": first, "expires_at_ms": None},
        {"secret": second, "expires_at_ms": 7},
    ]


def test_a_list_of_texts_that_was_sealed_before_signs_for_ever() -> None:
    vault = Vault([new_master_key()])
    sealed = vault.encrypt(encode(["a", "b"]))
    assert vault.open(sealed) == (Secret(secret="a"), Secret(secret="b"))


def test_access_opens_again_and_nothing_is_sealed_of_none() -> None:
    vault = Vault([new_master_key()])
    access = Access(headers={"X-Key": "hush"}, basic=BasicLogin(user="shop", password="hush"))
    kept = Sealed(access=access, credentials="shop:hush")
    sealed = vault.seal_access(kept)
    assert vault.open_access(sealed) == kept
    assert "hush" not in sealed
    assert vault.entrance(sealed) is vault.entrance(sealed)
    assert vault.seal_access(Sealed()) == ""
    assert vault.open_access("") == Sealed()
    assert vault.entrance("").headers == ()


def test_a_master_key_changes_without_a_gap() -> None:
    old, new = new_master_key(), new_master_key()
    sealed = Vault([old]).seal(["s"])
    both = Vault([new, old])
    assert both.open(sealed) == (Secret(secret="s"),)
    assert Vault([new]).open(both.reseal(sealed)) == (Secret(secret="s"),)
    access = Sealed(access=Access(headers={"X-Key": "hush"}))
    resealed = both.reseal(Vault([old]).seal_access(access))
    assert Vault([new]).open_access(resealed) == access
    assert both.reseal("") == ""


def test_another_master_key_does_not_open() -> None:
    sealed = Vault([new_master_key()]).seal(["s"])
    with pytest.raises(SecretsUnreadableError):
        Vault([new_master_key()]).open(sealed)


def test_a_new_secret_has_32_random_bytes() -> None:
    assert key_of(new_secret(random.Random(5).randbytes)) == random.Random(5).randbytes(32)
    assert seed_of(new_secret(random.Random(5).randbytes, "v1a")) == random.Random(5).randbytes(32)


def test_nothing_that_holds_a_secret_prints_it() -> None:
    vault = Vault([new_master_key()])
    access = Access(headers={"X-Key": "hush"}, basic=BasicLogin(user="shop", password="hush"))
    sealed = Sealed(access=access, credentials="shop:hush")
    entrance = vault.entrance(vault.seal_access(sealed))
    for one in (access, access.basic, sealed, entrance, Secret(secret="hush"), vault):
        assert "hush" not in repr(one)
