from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stampbook.values.egress import (
    METADATA,
    METADATA_6,
    PRIVATE,
    PRIVATE_6,
    UNROUTABLE,
    UNROUTABLE_6,
    Address,
    Network,
    carried_ipv4,
    may_reach,
    networks,
    reach,
)

TUNNELS = ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
NEAR_6 = (
    *(str(block) for block in (*PRIVATE_6, *METADATA_6, *UNROUTABLE_6)),
    *TUNNELS,
    "64:ff9b::/96", "::ffff:0:0/96", "100::/64", "5f00::/16", "fe80::/10", "fec0::/10",
    "ff00::/8", "2001:4:112::/48", "2001:20::/28", "2606:4700::/32", "2a00::/12",
)  # fmt: skip

ipv4 = st.integers(min_value=0, max_value=2**32 - 1).map(IPv4Address)
ipv6 = st.integers(min_value=0, max_value=2**128 - 1).map(IPv6Address)


def inside(block: IPv4Network) -> st.SearchStrategy[IPv4Address]:
    return st.integers(int(block.network_address), int(block.broadcast_address)).map(IPv4Address)


def inside_6(block: str) -> st.SearchStrategy[IPv6Address]:
    first, last = IPv6Network(block)[0], IPv6Network(block)[-1]
    return st.integers(int(first), int(last)).map(IPv6Address)


special_ipv4 = st.sampled_from(PRIVATE + METADATA + UNROUTABLE).flatmap(inside)
any_ipv4 = ipv4 | special_ipv4


def respelled(inner: IPv4Address) -> list[IPv6Address]:
    """Every way in which dialling an IPv6 address is dialling an IPv4 one."""
    return [IPv6Address(f"::ffff:{inner}"), IPv6Address(f"64:ff9b::{inner}")]


def tunnelled(inner: IPv4Address) -> list[IPv6Address]:
    """Every way in which an IPv6 address can carry an IPv4 one through a tunnel."""
    high, low = f"{int(inner) >> 16:x}", f"{int(inner) & 0xFFFF:x}"
    turned = IPv4Address(int(inner) ^ 0xFFFFFFFF)
    return [
        IPv6Address(f"::ffff:0:{inner}"),
        IPv6Address(f"2002:{high}:{low}::1"),
        IPv6Address(f"2001:0:{high}:{low}::1"),
        IPv6Address(f"2001::1:{turned}"),
        IPv6Address(f"64:ff9b:1::{inner}"),
        IPv6Address(f"64:ff9b:1:{high}:{int(low, 16) >> 8:x}:{int(low, 16) << 8 & 0xFFFF:x}::"),
        IPv6Address(f"64:ff9b:1:0:{int(inner) >> 24:x}:{int(inner) >> 8 & 0xFFFF:x}:"
                    f"{int(inner) << 8 & 0xFFFF:x}:0"),
        IPv6Address(f"2606:4700::5efe:{inner}"),
        IPv6Address(f"2606:4700::200:5efe:{inner}"),
        IPv6Address(f"fd00::300:5efe:{inner}"),
    ]  # fmt: skip


special_ipv6 = (
    st.sampled_from(NEAR_6).flatmap(inside_6)
    | any_ipv4.map(respelled).flatmap(st.sampled_from)
    | any_ipv4.map(tunnelled).flatmap(st.sampled_from)
)
any_ipv6 = ipv6 | special_ipv6


def is_forbidden(address: Address) -> bool:
    """A model of the rule that shares nothing with it: texts, and what Python knows."""
    if isinstance(address, IPv4Address):
        return (
            not address.is_global
            or address.is_multicast
            or str(address).startswith(("192.0.0.", "192.88.99."))
            or str(address) == "168.63.129.16"
        )
    groups = address.exploded.split(":")
    if address.ipv4_mapped is not None:
        return is_forbidden(address.ipv4_mapped)
    if groups[:6] == ["0064", "ff9b", "0000", "0000", "0000", "0000"]:
        return is_forbidden(IPv4Address(bytes.fromhex(groups[6] + groups[7])))
    return (
        groups[0][0] not in "23"
        or not address.is_global
        or address.is_multicast
        or address.is_site_local
        or address.sixtofour is not None
        or address.teredo is not None
        or (groups[0] == "2001" and int(groups[1], 16) < 0x200)
        or groups[:2] == ["2001", "0db8"]
        or (groups[0] == "3fff" and groups[1][0] == "0")
        or (groups[5] == "5efe" and groups[4] in {"0000", "0100", "0200", "0300"})
    )


@given(any_ipv4 | any_ipv6)
def test_what_may_be_reached_is_what_a_plain_model_says(address: Address) -> None:
    assert may_reach(str(address), allow_private=False) != is_forbidden(address)


@given(any_ipv4 | any_ipv6)
def test_every_address_has_a_verdict_and_allowing_private_opens_only_private(
    address: Address,
) -> None:
    where = reach(address)
    assert may_reach(str(address), allow_private=False) == (where == "public")
    assert may_reach(str(address), allow_private=True) == (where in {"public", "private"})


@given(special_ipv4)
def test_no_special_address_is_public(address: IPv4Address) -> None:
    assert reach(address) != "public"


@given(any_ipv4)
@example(IPv4Address("127.0.0.1"))
@example(IPv4Address("169.254.169.254"))
def test_another_spelling_of_an_address_does_not_change_where_it_leads(
    address: IPv4Address,
) -> None:
    for spelled in respelled(address):
        assert reach(spelled) == reach(address)


@given(any_ipv4)
@example(IPv4Address("127.0.0.1"))
@example(IPv4Address("169.254.169.254"))
def test_a_tunnel_leads_nowhere_whatever_it_carries(address: IPv4Address) -> None:
    for packed in tunnelled(address):
        assert address in carried_ipv4(packed)
        assert reach(packed) in {"unroutable", "metadata"}
        if reach(address) == "metadata":
            assert reach(packed) == "metadata"


@given(any_ipv4 | any_ipv6)
def test_what_the_standard_library_calls_not_global_is_not_public(address: Address) -> None:
    if reach(address) == "public" and address not in IPv6Network("64:ff9b::/96"):
        inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        assert (inner or address).is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("8.8.8.8", "public"),
        ("2606:4700::1111", "public"),
        ("64:ff9b::8.8.8.8", "public"),
        ("::ffff:8.8.8.8", "public"),
        ("127.0.0.1", "private"),
        ("::1", "private"),
        ("::ffff:127.0.0.1", "private"),
        ("10.1.2.3", "private"),
        ("100.64.0.1", "private"),
        ("fd12::1", "private"),
        ("169.254.169.254", "metadata"),
        ("169.254.170.23", "metadata"),
        ("192.0.0.192", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("fe80::a9fe:a9fe", "metadata"),
        ("64:ff9b::169.254.169.254", "metadata"),
        ("64:ff9b:1::169.254.169.254", "metadata"),
        ("2002:a9fe:a9fe::", "metadata"),
        ("2606:4700::5efe:169.254.169.254", "metadata"),
        ("0.0.0.0", "unroutable"),
        ("::", "unroutable"),
        ("::8.8.8.8", "unroutable"),
        ("2002:808:808::1", "unroutable"),
        ("169.254.1.1", "unroutable"),
        ("fe80::1", "unroutable"),
        ("fe80::1%eth0", "unroutable"),
        ("fec0::1", "unroutable"),
        ("192.0.2.1", "unroutable"),
        ("2001:db8::1", "unroutable"),
        ("2001:0:1::1", "unroutable"),
        ("3fff:123::1", "unroutable"),
        ("100::1", "unroutable"),
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
    assert not may_reach(text, allow_private=True, allow_subnets=networks(["::/0", "0.0.0.0/0"]))


def around(address: Address, length: int) -> Network:
    return ip_network((address, min(length, address.max_prefixlen)), strict=False)


some_network = st.builds(around, any_ipv4 | any_ipv6, st.integers(0, 128))


@given(any_ipv4 | any_ipv6, some_network)
def test_a_subnet_opens_what_lies_in_it_and_nothing_else(address: Address, subnet: Network) -> None:
    before = may_reach(str(address), allow_private=False)
    after = may_reach(str(address), allow_private=False, allow_subnets=(subnet,))
    if address.version == 4:
        mine = address in subnet and (reach(address) != "metadata" or subnet.prefixlen == 32)
        assert after == (before or mine)
    elif before:
        assert after
    elif after and address not in subnet:  # then it is dialled as the IPv4 address in it
        assert any(one in subnet for one in carried_ipv4(address))
        assert address in IPv6Network("::ffff:0:0/96") or address in IPv6Network("64:ff9b::/96")


@pytest.mark.parametrize(
    ("address", "subnets", "is_open"),
    [
        ("10.1.2.3", ["10.1.2.0/24"], True),
        ("10.1.3.3", ["10.1.2.0/24"], False),
        ("::ffff:10.1.2.3", ["10.1.2.0/24"], True),
        ("::ffff:10.1.2.3", ["::/0"], False),
        ("64:ff9b::10.1.2.3", ["10.1.2.0/24"], True),
        ("64:ff9b::10.1.2.3", ["64:ff9b::/96"], True),
        ("64:ff9b::169.254.169.254", ["64:ff9b::/96"], False),
        ("fd12::1", ["fd12::/16"], True),
        ("2002:a00:1::1", ["2002::/16"], True),
        ("2002:a9fe:a9fe::1", ["2002::/16"], False),
        ("169.254.169.254", ["169.254.0.0/16"], False),
        ("169.254.169.254", ["0.0.0.0/0", "169.254.169.0/24"], False),
        ("169.254.169.254", ["169.254.169.254/32"], True),
        ("169.254.169.254", ["169.254.169.254"], True),
        ("169.254.169.254", ["169.254.170.2/32"], False),
        ("fd00:ec2::254", ["fd00::/8"], False),
        ("fd00:ec2::254", ["fd00:ec2::254/128"], True),
        ("fe80::1%eth0", ["fe80::/10"], False),
    ],
)
def test_what_an_operator_opens(address: str, subnets: list[str], is_open: bool) -> None:  # noqa: FBT001 - a column of the table
    assert may_reach(address, allow_private=False, allow_subnets=networks(subnets)) == is_open


def test_a_cloud_is_not_opened_by_private_networks() -> None:
    subnets = networks(["10.0.0.0/8"])
    assert not may_reach("100.100.100.200", allow_private=True, allow_subnets=subnets)
    assert not may_reach("fd00:ec2::254", allow_private=True, allow_subnets=subnets)
