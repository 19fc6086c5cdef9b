"""Access: what may be sent along, what is found wrong before it is sealed, and what is shown."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampbook import dialects
from stampbook.delivery.access import (
    Access,
    BasicLogin,
    ClientGrant,
    Entrance,
    KeyPair,
    Sealed,
    entrance_of,
)
from stampbook.delivery.check_access import AccessError, checked, shown
from stampbook.delivery.credentials import ClientCertificate, ClientCredentials
from stampbook.values.json import decode, encode
from tests.delivery.identities import identity

NOW = datetime.now(UTC)  # noqa: TID251 - certificates hold on the real clock
URL = "https://shop.example/hooks"
BASIC = BasicLogin(user="shop", password="hush: hush")
GRANT = ClientGrant(token_url="https://login.example/token", client_id="a", client_secret="hush")
SHOP, OTHER = identity("shop"), identity("other")


def access_of(**fields: Any) -> Access:
    """Access as a caller sends it, with the limits of every field."""
    return decode(encode(fields), Access)


def entrance(access: Access) -> Entrance:
    return entrance_of(Sealed(access=access))


def problem(access: Access, url: str = URL) -> str:
    with pytest.raises(AccessError) as found:
        checked(access, url, NOW)
    assert "hush" not in str(found.value)
    return f"{found.value.field}: {found.value.detail}"


def test_headers_and_a_login_are_sent_with_every_request() -> None:
    access = checked(access_of(headers={"X-Shop": "beans"}, basic=BASIC), URL, NOW)
    assert entrance(access).headers == (
        ("X-Shop", "beans"),
        ("authorization", "Basic c2hvcDpodXNoOiBodXNo"),
    )


def test_a_grant_and_a_certificate_are_given_to_the_sender() -> None:
    pair = KeyPair(chain=SHOP.chain, key=SHOP.key)
    access = checked(
        access_of(oauth=GRANT, client_certificate=pair, authority=OTHER.chain), URL, NOW
    )
    made = entrance(access)
    assert made.oauth == ClientCredentials(
        token_url="https://login.example/token", client_id="a", client_secret="hush"
    )
    assert made.client_certificate == ClientCertificate(chain=SHOP.chain, key=SHOP.key)
    assert made.authority == OTHER.chain


def test_what_is_shown_lets_nobody_in() -> None:
    pair = KeyPair(chain=SHOP.chain + OTHER.chain, key=SHOP.key)
    access = access_of(
        headers={"X-Shop": "hush"}, oauth=GRANT, client_certificate=pair, authority=OTHER.chain
    )
    info = shown(checked(access, URL, NOW))
    assert info is not None
    assert info.header_names == ("X-Shop",)
    assert info.oauth is not None
    assert (info.oauth.token_url, info.oauth.client_id) == ("https://login.example/token", "a")
    assert info.client_certificate is not None
    assert info.client_certificate.subject == "CN=shop"
    assert info.client_certificate.expires_at == SHOP.expires_at
    assert [one.subject for one in info.authorities] == ["CN=other"]
    assert b"hush" not in encode(info)
    assert b"PRIVATE" not in encode(info)
    basic = shown(Access(basic=BASIC))
    assert basic is not None
    assert basic.basic_user == "shop"
    assert shown(Access()) is None


OURS = sorted(
    {
        name
        for dialect in dialects.catalogue().values()
        for name in dialect.sign(
            dialects.Letter("", b""), ["whsec_" + "A" * 32], dialects.RequestId("0" * 24), NOW
        )
    }
)


@pytest.mark.parametrize(
    "name",
    [
        *OURS, "Host", "Content-Length", "content-type", "Content-Encoding", "connection",
        "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Expect", "Keep-Alive", "User-Agent",
        "Proxy-Authorization", "webhook-anything", "Stampbook-Sequence", "X-Nector-Topic", "ce-id",
    ],
)  # fmt: skip
def test_a_header_that_is_ours_or_the_connections_is_refused(name: str) -> None:
    assert name.lower() in problem(access_of(headers={name: "hush"}))


@pytest.mark.parametrize(
    "headers",
    [
        {"": "a"}, {"a b": "a"}, {"a:": "a"}, {"ä": "a"}, {"a\n": "a"}, {"(a)": "a"},
        {"a" * 65: "a"}, {"a": ""}, {"a": "b\r\nc: d"}, {"a": "b\n"}, {"a": " b"}, {"a": "b "},
        {"a": "b\0"}, {"a": "ä"}, {"a": "b\x7f"}, {"a": "b" * 4097},
        {f"a{number}": "b" for number in range(21)},
    ],
)  # fmt: skip
def test_what_is_no_header_is_refused_without_being_shown(headers: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        access_of(headers=headers)
    assert "bbbb" not in str(refused.value)


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_header_that_is_taken_can_end_its_line(name: str, value: str) -> None:
    try:
        taken = access_of(headers={name: value})
    except msgspec.ValidationError:
        return
    ((name, value),) = entrance(taken).headers
    line = f"{name}: {value}"
    assert line.isascii()
    assert not set(line) & set("\r\n\0")


def test_headers_have_a_limit_in_all_and_one_name_is_there_once() -> None:
    many = {f"a{number}": "b" * 4000 for number in range(5)}
    assert "more than 16384 characters" in problem(access_of(headers=many))
    assert "twice" in problem(access_of(headers={"X-Shop": "hush", "x-shop": "hush"}))


@pytest.mark.parametrize(
    "fields",
    [
        {"basic": BASIC, "oauth": GRANT},
        {"basic": BASIC, "headers": {"Authorization": "hush"}},
        {"oauth": GRANT, "headers": {"AUTHORIZATION": "hush"}},
    ],
)
def test_there_is_one_authorization(fields: dict[str, Any]) -> None:
    assert "more than one" in problem(access_of(**fields))


def test_a_header_named_authorization_is_an_authorization() -> None:
    access = checked(access_of(headers={"Authorization": "Key hush"}), URL, NOW)
    assert entrance(access).headers == (("Authorization", "Key hush"),)


@pytest.mark.parametrize(
    "basic",
    [{"user": "a:b", "password": ""}, {"user": "", "password": ""}, {"user": "a\n", "password": ""},
     {"user": "a", "password": "b\r\n"}, {"user": "a", "password": "b" * 1025}, {"user": "a"},
     {"user": "a", "password": "b", "realm": "c"}],
)  # fmt: skip
def test_what_is_no_login_is_refused(basic: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        access_of(basic=basic)


def test_tokens_come_from_an_address() -> None:
    for url in ("ftp://login.example", "https://a:b@login.example/", "login.example", ""):
        grant = {"token_url": url, "client_id": "a", "client_secret": "hush"}
        assert problem(access_of(oauth=grant)).startswith("access/oauth/token_url")


def test_a_certificate_is_of_use() -> None:
    old, locked = identity("old", days=-1), identity("locked", password=b"hush")
    cases = {
        (SHOP.chain, OTHER.key): "does not belong",
        (OTHER.chain + SHOP.chain, SHOP.key): "does not belong",
        (old.chain, old.key): "expired",
        (locked.chain, locked.key): "is encrypted",
        ("hush", SHOP.key): "no certificate",
        ("", SHOP.key): "no certificate",
        (SHOP.key, SHOP.key): "no certificate",
        (SHOP.chain, SHOP.chain): "no private key",
        (SHOP.chain, "hush"): "no private key",
        (SHOP.chain * 11, SHOP.key): "more than 10",
    }
    for (chain, key), said in cases.items():
        assert said in problem(access_of(client_certificate={"chain": chain, "key": key}))


def test_a_certificate_is_shown_over_https_only() -> None:
    pair = {"chain": SHOP.chain, "key": SHOP.key}
    assert "https" in problem(access_of(client_certificate=pair), "http://shop.example/")


def test_an_authority_is_certificates_that_hold() -> None:
    assert "no certificate" in problem(access_of(authority="hush"))
    assert "expired" in problem(access_of(authority=identity("old", days=-1).chain))


def test_only_what_was_read_is_kept_of_a_certificate() -> None:
    pair = KeyPair(chain=f"hush\n{SHOP.chain}\nhush", key=f"hush\n{SHOP.key}")
    kept = checked(Access(client_certificate=pair), URL, NOW).client_certificate
    assert kept == KeyPair(chain=SHOP.chain, key=SHOP.key)


def test_a_broker_gets_nothing_of_it() -> None:
    assert "broker" in problem(access_of(headers={"X-Shop": "hush"}), "nats://shop.example")
    assert checked(Access(), "nats://shop.example", NOW) == Access()
