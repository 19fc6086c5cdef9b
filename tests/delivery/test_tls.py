"""Who the receiver is, who the sender is, and that neither is mixed up between requests."""

from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest

from stampbook.delivery.call import Request
from stampbook.delivery.credentials import ClientCertificate
from tests.delivery.certificates import Holder, authority
from tests.delivery.sending import a_request, names, policy, post, sending
from tests.delivery.sink import Sink, running_sink

NOT_TRUSTED = "the certificate is not trusted"


@pytest.fixture(scope="module")
def root() -> Holder:
    return authority()


@pytest.fixture(scope="module")
def root_file(root: Holder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root.file(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def shop_file(root: Holder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = root.issue("shop.test", ["shop.test", "127.0.0.1"])
    return shop.file(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def shop(shop_file: Path, root_file: Path) -> Generator[Sink]:
    """A receiver that looks at a certificate if it is shown one."""
    with running_sink(shop_file, asks_for=root_file, insists=False) as sink:
        yield sink


@pytest.fixture
def strict_shop(shop_file: Path, root_file: Path) -> Generator[Sink]:
    """A receiver that wants a certificate."""
    with running_sink(shop_file, asks_for=root_file) as sink:
        yield sink


def showing(request: Request, certificate: ClientCertificate | None) -> Request:
    return msgspec.structs.replace(request, client_certificate=certificate)


def test_a_pinned_address_does_not_vouch_for_a_name(shop: Sink, root_file: Path) -> None:
    said = names(shop__test="127.0.0.1", other__test="127.0.0.1")
    with sending(policy(allow_private=True, certificates=str(root_file)), said) as sender:
        right, wrong = post(sender, shop.url_of("shop.test"), shop.url_of("other.test"))
    assert (right.status_code, wrong.status_code) == (204, None)
    assert wrong.error == NOT_TRUSTED
    assert len(shop.received) == 1


def test_a_client_certificate_is_shown(strict_shop: Sink, root: Holder, root_file: Path) -> None:
    us = root.issue("stampbook of a brand")
    plain = a_request(strict_shop.url())
    with sending(policy(allow_private=True, certificates=str(root_file))) as sender:
        known, unknown = post(sender, showing(plain, us.shown), plain)
    assert known.status_code == 204
    assert [one.shown for one in strict_shop.received] == ["stampbook of a brand"]
    assert unknown.status_code is None


def test_a_chain_is_shown_whole(strict_shop: Sink, root: Holder, root_file: Path) -> None:
    between = root.issue("between", is_authority=True)
    us = between.issue("stampbook of a brand")
    chained = ClientCertificate(chain=us.pem + between.pem, key=us.key_pem)
    with sending(policy(allow_private=True, certificates=str(root_file))) as sender:
        (response,) = post(sender, showing(a_request(strict_shop.url()), chained))
    assert response.status_code == 204


@pytest.mark.parametrize("mode", ["accept", "leave"])
def test_nobody_uses_a_connection_or_session_of_another_certificate(
    shop: Sink, root: Holder, root_file: Path, mode: str
) -> None:
    """Kept connections in one case; in the other each is closed, and its session could go on."""
    shop.modes["/"] = "leave" if mode == "leave" else "accept"
    brands = [root.issue(name) for name in ("one", "two")]
    order = [brands[0], None, brands[1], None, brands[0], brands[1], brands[0], None]
    plain = a_request(shop.url())
    with sending(policy(allow_private=True, certificates=str(root_file))) as sender:
        for brand in order:
            (response,) = post(sender, showing(plain, brand and brand.shown))
            assert response.status_code == 204
    assert [one.shown for one in shop.received] == [
        "one", "", "two", "", "one", "two", "one", "",
    ]  # fmt: skip
    connections = {(one.shown, one.connection) for one in shop.received}
    assert len(connections) == (3 if mode == "accept" else len(order))


def test_many_certificates_at_once(shop: Sink, root: Holder, root_file: Path) -> None:
    brands = [root.issue(f"brand {number}") for number in range(4)]
    requests = [
        Request(
            url=shop.url(f"/{number % 5}"),
            headers=(),
            body=b"",
            client_certificate=None if number % 5 == 4 else brands[number % 5].shown,
        )
        for number in range(40)
    ]
    with sending(policy(allow_private=True, certificates=str(root_file))) as sender:
        responses = post(sender, *requests)
    assert {one.status_code for one in responses} == {204}
    shown = {(one.path, one.shown) for one in shop.received}
    assert shown == {(f"/{number}", f"brand {number}") for number in range(4)} | {("/4", "")}


def test_an_authority_of_a_request_vouches_for_nothing_else(shop: Sink, root: Holder) -> None:
    plain = a_request(shop.url())
    trusting = msgspec.structs.replace(plain, authority=root.pem)
    with sending(policy(allow_private=True)) as sender:
        answers = [post(sender, one)[0] for one in (plain, trusting, plain, trusting)]
    assert [one.status_code for one in answers] == [None, 204, None, 204]
    assert answers[2].error == NOT_TRUSTED


def test_with_an_authority_of_its_own_a_request_trusts_no_other(
    shop: Sink, root_file: Path
) -> None:
    stranger = authority("a stranger")
    plain = a_request(shop.url())
    picky = msgspec.structs.replace(plain, authority=stranger.pem)
    with sending(policy(allow_private=True, certificates=str(root_file))) as sender:
        answers = [post(sender, one)[0] for one in (plain, picky)]
    assert [one.status_code for one in answers] == [204, None]
    assert answers[1].error == NOT_TRUSTED


def test_a_certificate_that_is_none_is_the_owners_error(shop: Sink, root_file: Path) -> None:
    broken = ClientCertificate(chain="nothing", key="nothing")
    with sending(policy(allow_private=True, certificates=str(root_file))) as sender:
        answers = post(sender, showing(a_request(shop.url()), broken), shop.url())
        unreadable = msgspec.structs.replace(a_request(shop.url()), authority="nothing")
        answers += post(sender, unreadable)
    assert [one.error for one in answers] == [
        "the client certificate cannot be used",
        None,
        "the trusted authority cannot be read",
    ]


def test_a_key_is_never_printed(root: Holder) -> None:
    request = showing(a_request("https://shop.test/"), root.issue("us").shown)
    assert "PRIVATE" not in repr(request)
    assert "BEGIN" not in repr(request)
