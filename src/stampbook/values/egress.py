"""Egress: which URLs and addresses a webhook may be sent to.

A receiver's URL is chosen by a customer, so without this rule a webhook could reach the network
that the server stands in. Every address gets exactly one verdict. An IPv6 address that is only
another way to reach an IPv4 one (mapped, NAT64) is judged as that one; one that hides an IPv4
address in a tunnel (6to4, Teredo, ISATAP and their like) leads nowhere that a webhook has business.

Source: the IANA special-purpose address registries for IPv4 and IPv6; RFC 4291, 5214, 6052, 8215.
"""

import re
import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, NamedTuple

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Reach = Literal["public", "private", "metadata", "unroutable"]
"""Where an address leads: the internet; a network that only its owner may open (private, loopback,
shared); a cloud's metadata service; or nowhere that a webhook has business (link-local, multicast,
reserved, documentation, tunnels, unspecified)."""

PRIVATE = tuple(
    IPv4Network(block)
    for block in (
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers
        "127.0.0.0/8",  # loopback
        "172.16.0.0/12",
        "192.168.0.0/16",
    )
)
METADATA = tuple(
    IPv4Network(block)
    for block in (
        "169.254.169.254/32",  # most clouds
        "169.254.170.2/32",  # credentials of containers
        "169.254.170.23/32",  # credentials of pods
        "169.254.0.23/32",
        "169.254.42.42/32",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
    )
)
UNROUTABLE = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # "this" network: many systems take it for loopback
        "169.254.0.0/16",  # link-local
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, retired
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

PRIVATE_6 = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
METADATA_6 = tuple(
    IPv6Network(block)
    for block in (
        "fd00:ec2::254/128",
        "fd00:ec2::23/128",  # credentials of pods
        "fd00:42::42/128",
        "fd20:ce::254/128",
        "fe80::a9fe:a9fe/128",
    )
)
GLOBAL_6 = IPv6Network("2000::/3")
TEREDO = IPv6Network("2001::/32")
SIX_TO_FOUR = IPv6Network("2002::/16")
UNROUTABLE_6 = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    SIX_TO_FOUR,
    IPv6Network("3fff::/20"),  # documentation
)
"""Inside GLOBAL_6 and yet not the internet."""

MAPPED = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
LOW_BITS_ARE_IPV4 = (
    MAPPED,
    NAT64,
    IPv6Network("::ffff:0:0:0/96"),  # translated
    IPv6Network("::/96"),  # compatible, retired
)
NAT64_PREFIX_LENGTHS = (48, 56, 64)
LOW_32_BITS = 0xFFFFFFFF
ISATAP, ISATAP_MASK = 0x00005EFE, 0xFCFFFFFF
"""The upper half of an interface id that a tunnel gives; the two bits left out may be set."""

HOST_LENGTH_MAX = 253
PORT_MAX = 65_535
PORTS = {"http": 80, "https": 443}
TARGETS_MAX = 4_096
"""How many URLs stay parsed."""
URL = re.compile(
    r"(https?)://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::([0-9]{0,5}))?(?:[/?][!-\"$-~]*)?",
    re.ASCII | re.IGNORECASE,
)
"""Narrower than any standard, so that everybody who parses what passes finds the same host."""


class Target(NamedTuple):
    """Where a URL leads.

    Shapes: `host` is in lower case; `address` is there when the host is one, in any spelling that
    a socket takes for one, and `host` is then its usual spelling.
    """

    host: str
    port: int
    address: Address | None


@lru_cache(TARGETS_MAX)
def target_of(url: str) -> Target | None:
    """Say where a URL leads; None unless it is http or https, with a host, no user, no fragment."""
    parts = URL.fullmatch(url)
    if parts is None:
        return None
    scheme, host, port_text = parts.groups()
    host = host.lower()
    port = int(port_text or PORTS[scheme.lower()])
    if not 0 < port <= PORT_MAX or len(host) > HOST_LENGTH_MAX:
        return None
    try:
        if host.startswith("["):
            address = IPv6Address(host[1:-1])
            return Target(str(address), port, address)
        address = IPv4Address(socket.inet_aton(host.removesuffix(".")))
    except ValueError:  # brackets around what is no address
        return None
    except OSError:
        return Target(host, port, None)
    return Target(str(address), port, address)


def is_receiver(url: str) -> bool:
    """Tell whether a URL names a receiver: http or https, a host, no user and no fragment."""
    return target_of(url) is not None


def networks(blocks: Iterable[str]) -> tuple[Network, ...]:
    """Read networks, or single addresses.

    Errors: ValueError for what is none, or for a network whose address lies inside it.
    """
    return tuple(ip_network(block) for block in blocks)


def reach(address: Address) -> Reach:
    """Decide where an address leads."""
    address = dialled(address)
    if any(_lies_in(carried, METADATA) for carried in carried_ipv4(address)):
        return "metadata"
    if isinstance(address, IPv4Address):
        return _reach(address, PRIVATE, UNROUTABLE)
    if address in NAT64:
        return _reach(_low_ipv4(address), PRIVATE, UNROUTABLE)
    if _lies_in(address, METADATA_6):
        return "metadata"
    if _is_isatap(address):
        return "unroutable"
    where = _reach(address, PRIVATE_6, UNROUTABLE_6)
    return where if where == "private" or address in GLOBAL_6 else "unroutable"


def may_reach(
    address: str, *, allow_private: bool, allow_subnets: tuple[Network, ...] = ()
) -> bool:
    """Decide whether a webhook may be sent to an address.

    `allow_private` opens private networks, `allow_subnets` what lies in them; a metadata service is
    opened only by a subnet that is its very address.

    Shapes: `address` as a socket names it; what is no IP address, and one that depends on an
    interface, may not be reached.
    """
    try:
        asked = dialled(ip_address(address))
    except ValueError:
        return False
    if "%" in address:
        return False
    where = reach(asked)
    if where == "public" or (allow_private and where == "private"):
        return True
    if where == "metadata":
        allow_subnets = tuple(net for net in allow_subnets if net.prefixlen == net.max_prefixlen)
    names = (asked, _low_ipv4(asked)) if asked in NAT64 else (asked,)
    return any(_lies_in(name, allow_subnets) for name in names)


def dialled(address: Address) -> Address:
    """Give the address that a socket dials: a mapped IPv4 address is only a spelling of it."""
    if isinstance(address, IPv6Address) and address in MAPPED:
        return _low_ipv4(address)
    return address


def carried_ipv4(address: Address) -> tuple[IPv4Address, ...]:
    """Give every IPv4 address that an address may stand for in the end."""
    if isinstance(address, IPv4Address):
        return (address,)
    bits = int(address)
    if address in SIX_TO_FOUR:
        return (IPv4Address((bits >> 80) & LOW_32_BITS),)
    if address in TEREDO:  # the server, and the client in its disguise
        return (IPv4Address((bits >> 64) & LOW_32_BITS), IPv4Address(~bits & LOW_32_BITS))
    if address in NAT64_LOCAL:  # wherever its owner's prefix ends, the ninth octet is left out
        packed = (bits >> 64) << 56 | bits & (1 << 56) - 1
        shifts = (120 - 32 - length for length in NAT64_PREFIX_LENGTHS)
        lower = [IPv4Address((packed >> shift) & LOW_32_BITS) for shift in shifts]
        return (*lower, _low_ipv4(address))
    if _lies_in(address, LOW_BITS_ARE_IPV4) or _is_isatap(address):
        return (_low_ipv4(address),)
    return ()


def _reach(
    address: Address, private: tuple[Network, ...], unroutable: tuple[Network, ...]
) -> Reach:
    if _lies_in(address, private):
        return "private"
    return "unroutable" if _lies_in(address, unroutable) else "public"


def _lies_in(address: Address, blocks: Iterable[Network]) -> bool:
    return any(address in block for block in blocks)


def _low_ipv4(address: Address) -> IPv4Address:
    return IPv4Address(int(address) & LOW_32_BITS)


def _is_isatap(address: IPv6Address) -> bool:
    return (int(address) >> 32) & ISATAP_MASK == ISATAP
