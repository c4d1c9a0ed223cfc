# SPDX-License-Identifier: GPL-2.0-or-later
"""Where webhooks may be sent: not to this box itself, nor to what answers only because the box asks. Pure."""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "192.0.0.0/24", "224.0.0.0/3",
            "::/128", "::1/128", "fe80::/10", "fd00:ec2::/32", "fd20:ce::254/128", "ff00::/8",
        ),
    )
)  # fmt: skip
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
URL_MAX = 500


def plain(address: str) -> Ip:
    """The address meant, out of IPv6 forms that carry one of IPv4. Raises ValueError."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if int(ip) >> 32 == 0 and int(ip) > 1:  # ::192.0.2.1, long out of use
            return ipaddress.IPv4Address(int(ip))
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip


def may(address: str, allow: Iterable[str] = ()) -> bool:
    """Whether something may be sent to an address."""
    try:
        ip = plain(address)
    except ValueError:
        return False
    if any(ip in ipaddress.ip_network(each) for each in allow):
        return True
    return not any(ip in each for each in NEVER)


def is_url(url: str) -> bool:
    """Whether this is an http or https address without user and password."""
    if len(url) > URL_MAX or not re.fullmatch(r"https?://[\x21-\x7e]+", url) or re.search(r'[\\"<>^`{|}]', url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.username is None and parts.password is None and parts.port != 0
    except ValueError:
        return False
