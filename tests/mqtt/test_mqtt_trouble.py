# SPDX-License-Identifier: GPL-2.0-or-later
"""What brokers and networks do to the bridge: refuse, lie, hang, fill up, forget, go away. Real Mosquitto."""

import asyncio
import contextlib
import ssl
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from appliance.control.messages import Happened
from appliance.mqtt.bridge import Logins
from appliance.mqtt.broker import Login
from appliance.programs.demo.ports import Ports
from tests.fakes.between import between, silent
from tests.fakes.certificates import Authority
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.fakes.switch import CALL, Switch
from tests.mqtt.house import BOX, RIGHT_WITHIN, Bridging, all_is_told, is_said, says, settings

USERS = {"box": "secret-of-the-box", "house": "secret-of-the-house"}
BOX_LOGIN = Logins({"": Login("box", USERS["box"])})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def secured(authority: Authority, *, clients: bool = False) -> str:
    """Mosquitto's settings for TLS; clients: who comes must show a certificate, and is called as it says."""
    broker = authority.certificate("broker")
    lines = f"cafile {authority.file}\ncertfile {broker.file}\nkeyfile {broker.key}\n"
    return lines + ("require_certificate true\nuse_identity_as_username true\n" if clients else "")


def house_of(broker: Mosquitto, authority: Authority, certificate: str = "") -> Listener:
    context = ssl.create_default_context(cafile=str(authority.file))
    if certificate:
        context.load_cert_chain(*authority.certificate(certificate))
        return Listener(broker.port, tls_context=context)
    return Listener(broker.port, login=("house", USERS["house"]), tls_context=context)


async def never_told(house: Listener, within: float = 2.0) -> None:
    await asyncio.sleep(within)
    assert f"{BOX}/bridge/state" not in house.now


# ---- who is who -----------------------------------------------------------------------------------------------------


async def test_over_tls_with_a_password_all_is_as_without(
    tmp_path: Path, ports: Ports, authority: Authority, bridge: Bridging
) -> None:
    async with Mosquitto(tmp_path, ports.take(), users=USERS, more=secured(authority)) as broker:
        await broker.start()
        tls = {"tls": True, "ca_file": str(authority.file)}
        async with house_of(broker, authority) as house, bridge(settings(broker.port, mqtt=tls), secrets=BOX_LOGIN):
            await house.until(all_is_told(house))


async def test_a_broker_that_asks_for_a_certificate_is_shown_ours(
    tmp_path: Path, ports: Ports, authority: Authority, bridge: Bridging
) -> None:
    access = f"user box\ntopic readwrite {BOX}/#\nuser house\ntopic readwrite #\n"
    more = secured(authority, clients=True)
    async with Mosquitto(tmp_path, ports.take(), access=access, more=more) as broker:
        await broker.start()
        ours = authority.certificate("box")
        tls = {"tls": True, "ca_file": str(authority.file)}
        with_it = {**tls, "certificate_file": str(ours.file), "key_file": str(ours.key)}
        async with house_of(broker, authority, "house") as house:
            async with bridge(settings(broker.port, mqtt=tls)):
                await never_told(house)
            async with bridge(settings(broker.port, mqtt=with_it)):
                await house.until(all_is_told(house))


# The library leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("wrong", ["another authority", "another host", "no file there"])
async def test_a_broker_that_is_not_who_it_says_is_told_nothing(
    tmp_path: Path, ports: Ports, authority: Authority, bridge: Bridging, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    believed, more = authority.file, secured(authority)
    match wrong:
        case "another authority":
            believed = Authority(tmp_path / "other").file
        case "another host":
            false = authority.certificate("liar", host="mqtt.example.com")
            more = f"certfile {false.file}\nkeyfile {false.key}\n"
        case "no file there":
            believed = tmp_path / "nothing.pem"
    async with Mosquitto(tmp_path, ports.take(), users=USERS, more=more) as broker:
        await broker.start()
        with caplog.at_level("INFO", "linekeeper.mqtt"):
            async with bridge(
                settings(broker.port, mqtt={"tls": True, "ca_file": str(believed)}), secrets=BOX_LOGIN
            ) as work:
                await asyncio.sleep(1.5)
                assert not work.done()
        assert "is away: " in caplog.text
        assert "is connected" not in caplog.text


async def test_a_broker_that_refuses_us_is_asked_again_and_again_and_told_all_when_it_lets_us_in(
    tmp_path: Path, ports: Ports, bridge: Bridging
) -> None:
    port = ports.take()
    async with bridge(settings(port), secrets=BOX_LOGIN):
        async with Mosquitto(tmp_path, port, users={"house": USERS["house"]}) as broker:
            await broker.start()
            async with Listener(port, login=("house", USERS["house"])) as house:
                await never_told(house, 3.0)
        async with Mosquitto(tmp_path, port, users=USERS) as broker:
            await broker.start()
            async with Listener(port, login=("house", USERS["house"])) as house:
                await house.until(all_is_told(house), RIGHT_WITHIN)


# ---- each apart -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["absent", "frozen", "accepts and says nothing", "refuses"])
async def test_a_broker_in_trouble_delays_no_other(
    switch: Switch, tmp_path: Path, ports: Ports, broker: Mosquitto, bridge: Bridging, trouble: str
) -> None:
    await broker.start()
    other = Mosquitto(tmp_path, ports.take(), users=USERS if trouble == "refuses" else None)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(other)
        port = other.port
        if trouble == "accepts and says nothing":
            port = await stack.enter_async_context(silent())
        elif trouble != "absent":
            await other.start()
        house = await stack.enter_async_context(Listener(broker.port))
        await stack.enter_async_context(bridge(settings(broker.port, {"cloud": {"port": port}})))
        await house.until(all_is_told(house))
        if trouble == "frozen":
            other.freeze()
        for n in range(20):
            began = asyncio.get_running_loop().time()
            switch.tell(Happened, kind="ringing", call=n, line="city")
            switch.line("city", state="ringing" if n % 2 else "idle")
            await house.until(partial(heard, house, n))
            assert asyncio.get_running_loop().time() - began < 3.0  # seconds; the other's time-outs are five
            await asyncio.sleep(0.1)


def heard(house: Listener, n: int) -> bool:
    """Whether more than n events have come."""
    return len(house.payloads(f"{BOX}/call/event")) > n


async def test_each_broker_is_told_in_its_own_words(
    switch: Switch, tmp_path: Path, ports: Ports, broker: Mosquitto, bridge: Bridging
) -> None:
    await broker.start()
    async with Mosquitto(tmp_path, ports.take()) as cloud:
        await cloud.start()
        other = {"port": cloud.port, "base": "offices", "box": "vilnius", "privacy": "last-four"}
        async with (
            Listener(broker.port) as house,
            Listener(cloud.port) as far,
            bridge(settings(broker.port, {"cloud": other})),
        ):
            await house.until(all_is_told(house))
            switch.call(name="Jonas +37060000001")
            switch.line("city", state="ringing", calls=(CALL,))
            switch.tell(Happened, kind="ringing", call=CALL, line="city", number="+37060000001")
            await house.until(says(house, "line/city/state", number="+37060000001", name="Jonas +37060000001"))
            await house.until(says(house, "call/event", number="+37060000001"))
            await far.until(lambda: '"…0001"' in far.now.get("offices/vilnius/line/city/state", ""))
            await far.until(lambda: '"…0001"' in far.now.get("offices/vilnius/call/event", ""))
            switch.action()
            await house.until(lambda: house.payloads("home/lamp/set") == ["ON"])
            await asyncio.sleep(0.3)
            assert "home/lamp/set" not in far.now
            assert not [payload for payload in far.now.values() if "3706" in payload]


# ---- slow, full, cut off --------------------------------------------------------------------------------------------


async def test_over_a_slow_network_the_last_state_arrives_and_old_ones_are_left_out(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    async def slowly(data: bytes) -> None:
        await asyncio.sleep(0.05)

    await broker.start()
    async with between(broker.port, slowly) as port, Listener(broker.port) as house, bridge(port):
        await house.until(all_is_told(house))
        for n in range(3000):
            switch.line("city", state="ringing" if n % 2 else "idle")
            if n % 20 == 0:
                await asyncio.sleep(0.005)
        switch.line("city", state="talking")
        await house.until(says(house, "line/city/state", state="talking"), RIGHT_WITHIN)
        assert len(house.payloads(f"{BOX}/line/city/state")) < 1500


async def test_a_broker_that_is_full_is_told_all_when_it_has_room_again(
    switch: Switch, tmp_path: Path, ports: Ports, bridge: Bridging
) -> None:
    port = ports.take()
    async with AsyncExitStack() as stack:
        async with Mosquitto(tmp_path, port, more="max_connections 1") as broker:
            await broker.start()
            async with Listener(port) as house:  # the only one it takes
                work = await stack.enter_async_context(bridge(port))
                await never_told(house)
        async with Mosquitto(tmp_path, port) as broker:
            await broker.start()
            async with Listener(port) as house:
                await house.until(all_is_told(house), RIGHT_WITHIN)
        assert not work.done()


async def test_a_network_that_swallows_everything_for_a_while_leaves_nothing_wrong(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    """No end of the connection is told: only keepalive and confirmations that do not come say so."""
    through = asyncio.Event()
    through.set()

    async def swallowed(data: bytes) -> None:
        await through.wait()  # and then all of it comes, late

    await broker.start()
    async with between(broker.port, swallowed) as port, Listener(broker.port) as house, bridge(port):
        await house.until(all_is_told(house))
        through.clear()
        switch.line("city", state="talking")
        switch.action(lives=3000)
        async with asyncio.timeout(15):
            told = await switch.results.get()
        assert (told.result, told.reason) == ("failed", "expired")
        await asyncio.sleep(4)
        through.set()
        await house.until(says(house, "line/city/state", state="talking"), RIGHT_WITHIN)
        await house.until(is_said(house, "bridge/state", "online"), RIGHT_WITHIN)
        assert house.payloads("home/lamp/set") == []


async def test_an_action_whose_confirmation_is_lost_is_not_tried_again(
    switch: Switch, broker: Mosquitto, bridge: Bridging
) -> None:
    """The broker has it, the house has it, the confirmation is cut off: it is told as unconfirmed, and happened once."""
    cut = asyncio.Event()

    async def until_cut(data: bytes) -> None:
        if b"home/lamp/set" in data:
            cut.set()
        elif cut.is_set() and data[:1] == b"\x40":  # PUBACK
            cut.clear()
            raise ConnectionResetError

    await broker.start()
    async with between(broker.port, until_cut) as port, Listener(broker.port) as house, bridge(port):
        await house.until(all_is_told(house))
        switch.action()
        async with asyncio.timeout(15):
            told = await switch.results.get()
        assert (told.result, told.reason) == ("failed", "unconfirmed")
        await asyncio.sleep(3)  # connected again, all is told again
        await house.until(is_said(house, "bridge/state", "online"))
        assert house.payloads("home/lamp/set") == ["ON"]
