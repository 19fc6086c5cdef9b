import random

import pytest

from stampbook.delivery.secrets import SecretsUnreadableError, Vault, new_master_key, new_secret
from stampbook.values.signatures import key_of


def test_what_is_sealed_opens_again_and_cannot_be_read() -> None:
    vault = Vault([new_master_key()])
    secrets = (new_secret(random.Random(1).randbytes), new_secret(random.Random(2).randbytes))
    sealed = vault.seal(secrets)
    assert vault.open(sealed) == secrets
    assert not any(secret in sealed for secret in secrets)


def test_a_master_key_changes_without_a_gap() -> None:
    old, new = new_master_key(), new_master_key()
    sealed = Vault([old]).seal(["s"])
    both = Vault([new, old])
    assert both.open(sealed) == ("s",)
    assert Vault([new]).open(both.reseal(sealed)) == ("s",)


def test_another_master_key_does_not_open() -> None:
    sealed = Vault([new_master_key()]).seal(["s"])
    with pytest.raises(SecretsUnreadableError):
        Vault([new_master_key()]).open(sealed)


def test_a_new_secret_has_32_random_bytes() -> None:
    assert key_of(new_secret(random.Random(5).randbytes)) == random.Random(5).randbytes(32)
