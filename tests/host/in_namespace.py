# SPDX-License-Identifier: GPL-2.0-or-later
"""Stories for test_nftables.py, which runs them where the firewall is theirs alone."""

import asyncio
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.control.client import connect
from appliance.control.guard import Lift
from appliance.control.messages import Apply, Watch
from appliance.host import nftables
from appliance.host.nftables import source
from appliance.programs.demo.office import Office
from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import NotSeen
from tests.sip.wire import Wire

NFT = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin") or "nft"
GUARD = '[guard]\nmode = "nftables"\nrequests = 50\n'


def nft(*words: str) -> str:
    return subprocess.run([NFT, *words], check=True, capture_output=True, text=True).stdout


def banned(version: int = 4) -> dict[str, int]:
    """Elements of the set, and seconds that each has left."""
    done = subprocess.run([NFT, "-j", "list", "set", "inet", "linekeeper", f"banned{version}"], capture_output=True)
    if done.returncode:
        return {}
    elements = next(one["set"].get("elem", []) for one in json.loads(done.stdout)["nftables"] if "set" in one)
    found = {}
    for element in (one["elem"] for one in elements):
        value = element["val"]
        text = f"{value['prefix']['addr']}/{value['prefix']['len']}" if isinstance(value, dict) else value
        found[text] = element["expires"]
    return found


def dropped() -> int:
    rules = subprocess.run([NFT, "list", "chain", "inet", "linekeeper", "sip"], capture_output=True, text=True).stdout
    return sum(map(int, re.findall(r"packets (\d+)", rules)))


async def until(what: Callable[[], bool], within: float = 10.0) -> None:
    """Nothing tells when the kernel's table changes."""
    ends = time.monotonic() + within
    while not what():
        assert time.monotonic() < ends, banned()
        await asyncio.sleep(0.05)


# ---- the table -------------------------------------------------------------------------------------------------------


async def test_table_holds_sources_for_their_time() -> None:
    v4, net, v6 = source("192.0.2.7"), source("198.51.100.0/24"), source("2001:db8::/64")
    await nftables.run(*nftables.anew([5060, 5061], {v4: 600, v6: 60}))
    assert 590 < banned()["192.0.2.7"] <= 600 and 50 < banned(6)["2001:db8::/64"] <= 60
    await nftables.run(*nftables.changed({v4: 1200, v6: 1200}, []))  # longer, and again
    assert banned()["192.0.2.7"] > 1000 and banned(6)["2001:db8::/64"] > 1000
    await nftables.run(*nftables.changed({}, [v4, v6, source("203.0.113.9")]))  # one of them is not there
    assert banned() == banned(6) == {}
    many64 = [source(f"2001:db8:0:{n}::/64") for n in range(8)]
    await nftables.run(*nftables.changed(dict.fromkeys(many64, 600), []))
    await nftables.run(*nftables.changed({source("2001:db8::/48"): 600}, many64))  # it takes their place
    assert list(banned(6)) == ["2001:db8::/48"]
    await nftables.run(*nftables.changed({many64[0]: 600}, [source("2001:db8::/48")]))
    assert list(banned(6)) == ["2001:db8::/64"]
    await nftables.run(*nftables.changed({}, many64[:1]))
    await nftables.run(*nftables.changed({source("192.0.2.8"): 1}, []))
    await until(lambda: banned() == {})
    with pytest.raises(nftables.NoFirewall, match="nft refuses"):
        await nftables.run(*nftables.changed({net: 5}, []))
    many = {source(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"): 600 for n in range(8192)}
    await nftables.run(*nftables.anew([5060, 5061], many))
    assert len(banned()) == 8192
    await nftables.run(nftables.GONE)
    await nftables.run(nftables.GONE)
    assert "linekeeper" not in nft("list", "ruleset")


# ---- a whole office --------------------------------------------------------------------------------------------------


async def storm(office: Office, address: str) -> None:
    """Until it is answered no more."""
    async with Wire(("127.0.0.1", office.sip), host=address) as wire:
        with pytest.raises(NotSeen):
            for _ in range(200):
                await wire.ping(1)


async def test_office_bans_in_the_firewall(tmp_path: Path, ports: Ports) -> None:
    async with Office(tmp_path / "office", ports, sip_more=GUARD) as office:
        await storm(office, "127.6.0.1")
        await until(lambda: "127.6.0.1" in banned())
        assert 580 < banned()["127.6.0.1"] <= 601
        before = dropped()
        async with Wire(("127.0.0.1", office.sip), host="127.6.0.1") as wire:
            for _ in range(20):
                wire.send(b"OPTIONS sip:127.0.0.1 SIP/2.0\r\n\r\n")
            await until(lambda: dropped() == before + 20)
        with pytest.raises(TimeoutError):  # by TCP, too: nobody says no
            async with asyncio.timeout(0.5):
                await asyncio.open_connection("127.0.0.1", office.sip, local_addr=("127.6.0.1", 0))
        async with Wire(("127.0.0.1", office.sip)) as neighbour, await connect(office.socket) as switch:
            assert (await neighbour.ping()).status == 200
            await switch.request(Lift(0, "127.6.0.1"))
            await until(lambda: banned() == {})

            # somebody takes the table away, and the next ban makes it anew; so does the fence when it starts again
            nft("flush", "ruleset")
            await storm(office, "127.6.0.2")
            await until(lambda: set(banned()) == {"127.6.0.2"})
            office.kill("fence")
            await storm(office, "127.6.0.3")
            await until(lambda: set(banned()) == {"127.6.0.2", "127.6.0.3"})

            await switch.request(Apply(0, office.document.replace('"nftables"', '"drop"')))
            await until(lambda: banned() == {})
            assert {ban.address for ban in (await switch.request(Watch(0))).bans} == {"127.6.0.2", "127.6.0.3"}
            await switch.request(Apply(0, office.document))
            await until(lambda: set(banned()) == {"127.6.0.2", "127.6.0.3"})
    assert "linekeeper" not in nft("list", "ruleset")


async def test_refused_by_the_kernel_is_told_once(tmp_path: Path, ports: Ports) -> None:
    async with Office(tmp_path / "office", ports, sip_more=GUARD) as office:
        await office.logged("the firewall does not help, the switch goes on alone: nft refuses")
        await storm(office, "127.6.0.1")
        await storm(office, "127.6.0.2")
        async with Wire(("127.0.0.1", office.sip)) as neighbour, await connect(office.socket) as switch:
            assert (await neighbour.ping()).status == 200
            assert {ban.address for ban in (await switch.request(Watch(0))).bans} == {"127.6.0.1", "127.6.0.2"}
        assert len([line for line in office.log.all if "does not help" in line]) == 1
