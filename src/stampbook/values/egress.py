"""Egress: which URLs and addresses a webhook may be sent to.

A receiver's URL is chosen by a customer, so without this rule a webhook could reach the network
that the server stands in. Every address gets exactly one verdict; an IPv4 address that is packed
into an IPv6 one (mapped, compatible, NAT64, 6to4) is judged as the IPv4 address that it reaches.

Source: the IANA special-purpose address registries for IPv4 and IPv6.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal
from urllib.parse import urlsplit

Reach = Literal["public", "private", "metadata", "unroutable"]
"""Where an address leads: the internet; a network that only its owner may open (private, loopback,
shared); a cloud's metadata service; or nowhere that a webhook has business (link-local, multicast,
reserved, documentation, unspecified)."""

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
        "100.100.100.200/32",
        "168.63.129.16/32",
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
METADATA_6 = (IPv6Network("fd00:ec2::254/128"), IPv6Network("fd20:ce::254/128"))
GLOBAL_6 = IPv6Network("2000::/3")
UNROUTABLE_6 = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)
"""Inside GLOBAL_6 and yet not the internet."""

SIX_TO_FOUR = IPv6Network("2002::/16")
PACKED_IN_LOW_BITS = (
    IPv6Network("::ffff:0:0/96"),  # mapped
    IPv6Network("::ffff:0:0:0/96"),  # translated
    IPv6Network("64:ff9b::/96"),  # NAT64
    IPv6Network("::/96"),  # compatible, retired
)
LOW_32_BITS = 0xFFFFFFFF
LOOPBACK_6 = IPv6Address(1)


def is_receiver(url: str) -> bool:
    """Tell whether a URL names a receiver: http or https, a host, no user and no fragment."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.username is None
            and not parts.fragment
            and parts.port != 0
            and url.isascii()
            and url.isprintable()
            and " " not in url
        )
    except ValueError:  # a port or an address that is none
        return False


def reach(address: IPv4Address | IPv6Address) -> Reach:
    """Decide where an address leads."""
    inner = address if isinstance(address, IPv4Address) else packed_ipv4(address)
    if inner is not None:
        return _reach_4(inner)
    assert isinstance(address, IPv6Address)
    return _reach_6(address)


def may_reach(address: str, *, allow_private: bool) -> bool:
    """Decide whether a webhook may be sent to an address; `allow_private` opens private networks.

    Shapes: `address` as a socket names it; what is no IP address may not be reached.
    """
    try:
        where = reach(ip_address(address))
    except ValueError:
        return False
    return where == "public" or (allow_private and where == "private")


def packed_ipv4(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that an IPv6 address stands for, or None."""
    bits = int(address)
    if address in SIX_TO_FOUR:
        return IPv4Address((bits >> 80) & LOW_32_BITS)
    if address == LOOPBACK_6:
        return None
    if any(address in block for block in PACKED_IN_LOW_BITS):
        return IPv4Address(bits & LOW_32_BITS)
    return None


def _reach_4(address: IPv4Address) -> Reach:
    if any(address in block for block in METADATA):
        return "metadata"
    if any(address in block for block in PRIVATE):
        return "private"
    if any(address in block for block in UNROUTABLE):
        return "unroutable"
    return "public"


def _reach_6(address: IPv6Address) -> Reach:
    if any(address in block for block in METADATA_6):
        return "metadata"
    if any(address in block for block in PRIVATE_6):
        return "private"
    if address not in GLOBAL_6 or any(address in block for block in UNROUTABLE_6):
        return "unroutable"
    return "public"
