"""What a URL leads to is what libcurl would dial, however it is spelled."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pycurl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stampbook.values.egress import Target, is_receiver, target_of

PIN = "192.0.2.7"

ipv4 = st.integers(min_value=0, max_value=2**32 - 1).map(IPv4Address)
ipv6 = st.integers(min_value=0, max_value=2**128 - 1).map(IPv6Address)
spellings_of_a_number = st.sampled_from(["{}", "0{:o}", "0x{:x}", "0X{:X}", "000{:o}", "0x00{:x}"])
ports = st.integers(min_value=1, max_value=65_535)


@st.composite
def spelled_ipv4(draw: st.DrawFn) -> tuple[str, IPv4Address]:
    """An address in one of the ways in which sockets have always taken them."""
    address = draw(ipv4)
    parts = draw(st.integers(min_value=1, max_value=4))
    numbers = list(address.packed[: parts - 1])
    numbers.append(int.from_bytes(address.packed[parts - 1 :], "big"))
    texts = [draw(spellings_of_a_number).format(number) for number in numbers]
    return ".".join(texts) + draw(st.sampled_from(["", "."])), address


@st.composite
def spelled_ipv6(draw: st.DrawFn) -> tuple[str, IPv6Address]:
    address = draw(ipv6 | ipv4.map(lambda inner: IPv6Address(f"::ffff:{inner}")))
    groups = address.exploded.split(":")
    tail = IPv4Address(int(address) & 0xFFFFFFFF)
    text = draw(
        st.sampled_from(
            [
                address.exploded,
                address.compressed,
                address.exploded.upper(),
                ":".join(groups[:6]) + f":{tail}",
                socket.inet_ntop(socket.AF_INET6, address.packed),
            ]
        )
    )
    return f"[{text}]", address


def dialled(url: str, pin: str | None = None) -> tuple[str, int] | None:
    """Say what libcurl would dial for a URL; nothing is dialled, and no name is looked up."""
    seen: list[tuple[str, int]] = []

    def refuse(_purpose: int, address: Any) -> Any:
        seen.append(address[3][:2])
        return pycurl.SOCKET_BAD

    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, url.encode())
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.OPENSOCKETFUNCTION, refuse)
    if pin is not None:
        handle.setopt(pycurl.RESOLVE, [pin])
        handle.setopt(getattr(pycurl, "RESOLVER_START_FUNCTION"), lambda: 1)  # noqa: B009 - no stub
    with pytest.raises(pycurl.error):
        handle.perform()
    handle.close()
    return seen[0] if seen else None


@given(spelled_ipv4() | spelled_ipv6(), ports)
def test_an_address_is_recognised_in_every_spelling(
    spelled: tuple[str, IPv4Address | IPv6Address], port: int
) -> None:
    text, address = spelled
    assert target_of(f"http://{text}:{port}/") == Target(str(address), port, address)


@given(spelled_ipv4() | spelled_ipv6(), ports)
def test_libcurl_dials_the_address_that_was_recognised(
    spelled: tuple[str, IPv4Address | IPv6Address], port: int
) -> None:
    seen = dialled(f"http://{spelled[0]}:{port}/")
    assert seen is not None
    assert (ip_address(seen[0]), seen[1]) == (spelled[1], port)


@given(st.text(alphabet="ab1x0.-_[]:@/\\?#% &;=~!\"'`{}|^", max_size=24))
@example("a@b")
@example("a\\@b")
@example("a:80@b")
@example("a#@b")
@example("a?@b")
@example("[a]@b")
@example("a:80:81")
@example("a:b@c:1")
@example("%61")
@example("1.1.1.1 &@2.2.2.2# @3.3.3.3/")
def test_what_is_taken_for_a_receiver_is_read_alike_by_libcurl(rest: str) -> None:
    target = target_of(f"http://{rest}")
    if target is None:
        return
    if target.address is not None:
        seen, wanted = dialled(f"http://{rest}"), target.address
    else:
        pin = f"+{target.host}:{target.port}:{PIN}"
        seen, wanted = dialled(f"http://{rest}", pin), IPv4Address(PIN)
    if seen is not None:  # libcurl may be stricter, and then nothing is sent
        assert (ip_address(seen[0]), seen[1]) == (wanted, target.port)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://Shop.Example/hook", Target("shop.example", 443, None)),
        ("http://shop.example:/", Target("shop.example", 80, None)),
        ("HTTP://shop.example.:8080?a=b", Target("shop.example.", 8080, None)),
        ("https://my_shop/x@y\\z", Target("my_shop", 443, None)),
        ("https://xn--bcher-kva.example/", Target("xn--bcher-kva.example", 443, None)),
    ],
)
def test_names_are_names(url: str, target: Target) -> None:
    assert target_of(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/",
        "//shop.example/",
        "http:///x",
        "http://user@shop.example/",
        "http://user:word@shop.example/",
        "http://shop.example\\@10.0.0.1/",
        "http://shop.example/#part",
        "http://shop.example:0/",
        "http://shop.example:65536/",
        "http://shop.example:80a/",
        "http://shop.example/a b",
        "http://shop.example/\n",
        "http://shop.example/\x7f",
        "http://sh\u00f6p.example/",
        "http://\u2460\u2461\u2466.0.0.1/",
        "http://127\u30020\u30020\u30021/",
        "http://%31%32%37.0.0.1/",
        "http://[::1/",
        "http://[::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[v1.x]/",
        "http://[127.0.0.1]/",
        "http://::1/",
        f"http://{'a' * 254}/",
    ],
)
def test_what_could_be_read_in_two_ways_is_no_receiver(url: str) -> None:
    assert not is_receiver(url)
