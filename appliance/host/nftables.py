# SPDX-License-Identifier: GPL-2.0-or-later
"""Sources banned by the firewall: table `inet linekeeper` of nftables, which is ours alone, by the program nft(8)."""

import asyncio
import ipaddress
import os
import shutil
from collections.abc import Iterable, Mapping
from typing import TypeAlias

PATIENCE = 10.0  # seconds for nft
AT_ONCE = 500  # elements in one transaction: without privileges outside, a netlink message may not be long
GONE = "add table inet linekeeper\ndelete table inet linekeeper\n"  # `destroy` is not known to older ones
TABLE = """\
table inet linekeeper {{
    set banned4 {{ type ipv4_addr; flags timeout; size 65535; }}
    set banned6 {{ type ipv6_addr; flags interval, timeout; size 65535; }}
    chain sip {{
        type filter hook prerouting priority raw; policy accept;
        ip saddr @banned4 udp dport {{ {ports} }} counter drop
        ip saddr @banned4 tcp dport {{ {ports} }} counter drop
        ip6 saddr @banned6 udp dport {{ {ports} }} counter drop
        ip6 saddr @banned6 tcp dport {{ {ports} }} counter drop
    }}
}}
"""

Source: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class NoFirewall(Exception):
    """nft is not there, or does not do what it is asked."""

    id = "no-firewall"


def source(text: str) -> Source:
    """An address or network. Raises ValueError: nothing else gets into a command."""
    return ipaddress.ip_network(text)


async def run(*scripts: str) -> None:
    """One after the other, each all or nothing. Raises NoFirewall."""
    for script in scripts:
        await _run(script)


async def _run(script: str) -> None:
    program = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not program:
        raise NoFirewall("nft is not there")
    try:
        process = await asyncio.create_subprocess_exec(
            program, "-f", "-", stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as fault:
        raise NoFirewall(f"nft cannot be run: {fault.strerror}") from None
    try:
        async with asyncio.timeout(PATIENCE):
            _, said = await process.communicate(script.encode())
    except BaseException as end:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if isinstance(end, TimeoutError):
            raise NoFirewall(f"nft takes more than {PATIENCE:.0f} s") from None
        raise
    if process.returncode:
        raise NoFirewall(f"nft refuses: {(said.decode(errors='replace').splitlines() or ['no word why'])[0][:200]}")


def anew(ports: Iterable[int], banned: Mapping[Source, int]) -> list[str]:
    """Scripts for the table as it is to be, whatever it was; banned: sources and for how many seconds."""
    return [GONE + TABLE.format(ports=", ".join(map(str, ports))), *changed(banned, ())]


def changed(banned: Mapping[Source, int], lifted: Iterable[Source]) -> list[str]:
    """Scripts for when these are banned, and those no longer; the kernel takes only so much at once. What is lifted goes
    first: a network and one within it cannot be there together."""
    gone: dict[Source, int] = dict.fromkeys(lifted, 0)
    return [
        _script(dict(every[at : at + AT_ONCE]))
        for every in (list(gone.items()), list(banned.items()))
        for at in range(0, len(every), AT_ONCE)
    ]


def _script(sources: Mapping[Source, int]) -> str:
    """Seconds, or 0 for one that is banned no longer. One that is there keeps its old time unless it goes first."""
    banned = {one: seconds for one, seconds in sources.items() if seconds}
    said: list[tuple[str, Mapping[Source, int | None]]] = [
        ("add", dict.fromkeys(sources, 3600)), ("delete", dict.fromkeys(sources)), ("add", dict(banned)),
    ]  # fmt: skip
    return "".join(_elements(verb, version, which) for verb, which in said for version in (4, 6))


def _elements(verb: str, version: int, of: Mapping[Source, int | None]) -> str:
    said = [
        f"{one.network_address if one.num_addresses == 1 else one}{f' timeout {seconds}s' if seconds else ''}"
        for one, seconds in of.items()
        if one.version == version
    ]
    return f"{verb} element inet linekeeper banned{version} {{ {', '.join(said)} }}\n" if said else ""
