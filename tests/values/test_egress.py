from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stampbook.values.egress import METADATA, PRIVATE, UNROUTABLE, may_reach, reach

ipv4 = st.integers(min_value=0, max_value=2**32 - 1).map(IPv4Address)
ipv6 = st.integers(min_value=0, max_value=2**128 - 1).map(IPv6Address)


def inside(block: IPv4Network) -> st.SearchStrategy[IPv4Address]:
    return st.integers(int(block.network_address), int(block.broadcast_address)).map(IPv4Address)


special_ipv4 = st.sampled_from(PRIVATE + METADATA + UNROUTABLE).flatmap(inside)


def packings(inner: IPv4Address) -> list[IPv6Address]:
    """Every way in which an IPv6 address can carry an IPv4 one."""
    low = int(inner)
    return [
        IPv6Address(int(IPv6Address("::ffff:0:0")) | low),
        IPv6Address(int(IPv6Address("::ffff:0:0:0")) | low),
        IPv6Address(int(IPv6Address("64:ff9b::")) | low),
        IPv6Address(int(IPv6Address("2002::")) | low << 80),
    ]


@given(ipv4 | ipv6)
def test_every_address_has_a_verdict_and_allowing_private_opens_only_private(
    address: IPv4Address | IPv6Address,
) -> None:
    where = reach(address)
    assert may_reach(str(address), allow_private=False) == (where == "public")
    assert may_reach(str(address), allow_private=True) == (where in {"public", "private"})


@given(special_ipv4)
def test_no_special_address_is_public(address: IPv4Address) -> None:
    assert reach(address) != "public"


@given(ipv4 | special_ipv4)
@example(IPv4Address("127.0.0.1"))
@example(IPv4Address("169.254.169.254"))
def test_packing_an_address_does_not_change_where_it_leads(address: IPv4Address) -> None:
    for packed in packings(address):
        assert reach(packed) == reach(address)


@given(ipv4 | ipv6)
def test_what_the_standard_library_calls_not_global_is_not_public(
    address: IPv4Address | IPv6Address,
) -> None:
    if reach(address) == "public":
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("8.8.8.8", "public"),
        ("2606:4700::1111", "public"),
        ("64:ff9b::8.8.8.8", "public"),
        ("127.0.0.1", "private"),
        ("::1", "private"),
        ("::ffff:127.0.0.1", "private"),
        ("10.1.2.3", "private"),
        ("100.64.0.1", "private"),
        ("fd12::1", "private"),
        ("169.254.169.254", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("64:ff9b::169.254.169.254", "metadata"),
        ("2002:a9fe:a9fe::", "metadata"),
        ("0.0.0.0", "unroutable"),
        ("::", "unroutable"),
        ("169.254.1.1", "unroutable"),
        ("fe80::1", "unroutable"),
        ("fe80::1%eth0", "unroutable"),
        ("fec0::1", "unroutable"),
        ("192.0.2.1", "unroutable"),
        ("2001:db8::1", "unroutable"),
        ("2001:0:1::1", "unroutable"),
        ("224.0.0.1", "unroutable"),
        ("ff02::1", "unroutable"),
        ("255.255.255.255", "unroutable"),
        ("64:ff9b:1::10.0.0.1", "unroutable"),
    ],
)
def test_known_addresses(address: str, where: str) -> None:
    parsed = IPv6Address(address) if ":" in address else IPv4Address(address)
    assert reach(parsed) == where


def test_blocks_do_not_overlap_with_the_internet_of_ipv6() -> None:
    assert reach(IPv6Network("2400::/12")[5]) == "public"


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "/run/socket", "1.2.3"])
def test_what_is_no_address_may_not_be_reached(text: str) -> None:
    assert not may_reach(text, allow_private=True)
