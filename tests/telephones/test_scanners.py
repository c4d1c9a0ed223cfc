# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole box under sipvicious, as every box with an open SIP port is: nothing is found, the scanner is banned, and the
telephones do not notice. The scanners come from 127.6.0.x; the telephones and the trunk are at 127.0.0.1."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.control import messages
from appliance.control.client import connect
from appliance.control.guard import Ban, Banned
from appliance.control.messages import Apply, Happened, Watch
from appliance.programs.demo.office import PASSWORDS, Office
from appliance.programs.demo.seen import NotSeen
from appliance.store.reader import Event, Reader
from tests.sip.wire import Message, Wire, authorization, request
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, Stage

GUARD = '[guard]\nmode = "drop"\n'
# Its own option for the address it sends from (-b) does not reach the socket. "hidden": as a telephone would name itself.
FROM = """
import importlib, secrets, socket, sys
class Socket(socket.socket):
    def bind(self, to):
        super().bind((address, to[1]))
address, how, tool = sys.argv[1:4]
socket.socket = Socket
sys.argv = sys.argv[3:]
program = importlib.import_module(f"sipvicious.{tool}")
if how == "hidden":
    make = program.makeRequest
    program.makeRequest = lambda *args, **named: make(*args, **{"useragent": "Snom 300"} | named)
    program.createTag = lambda _: secrets.token_hex(4).encode()
sys.exit(program.main())
"""
WITHIN = 60.0  # seconds for a scanner that is never answered to give up
RIGHT_AT = 60  # of the words tried the one that is right


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as stage:
        yield stage


@pytest.fixture
async def office(stage: Stage) -> Office:
    return await stage.office(sip_more=GUARD)


async def scan(office: Office, address: str, tool: str, *words: str, how: str = "open") -> str:
    """All a scanner says, sent from an address of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FROM, address, how, tool, "-x", address, "-p", str(office.sip), *words, "127.0.0.1",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=office.folder,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), WITHIN)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return said.decode()


async def guess(office: Office, address: str) -> None:
    """Passwords of desk1 that are wrong, until nothing is answered and the ban is known."""
    uri = f"sip:{office.address}"

    async def answered(data: bytes) -> Message | None:
        wire.send(data)
        while True:
            try:
                return await wire.response(1)
            except NotSeen:  # a busy machine takes its time too
                if address in await bans(office):
                    return None

    async with Wire(("127.0.0.1", office.sip), host=address) as wire:
        for number in range(30):
            if not (challenged := await answered(request("REGISTER", uri, wire))):
                return
            said = authorization(challenged.challenge(), "REGISTER", uri, "desk1", f"word{number}")
            if not (refused := await answered(request("REGISTER", uri, wire, headers={"Authorization": said}))):
                return
            assert refused.status == 403
    pytest.fail(f"{address} tried thirty passwords and is not banned")


async def bans(office: Office) -> dict[str, Ban]:
    async with await connect(office.socket) as switch:
        return {ban.address: ban for ban in (await switch.request(Watch(0))).bans}


async def journal(office: Office, kind: str) -> list[Event]:
    """Events of no call; they come within the writer's delay."""
    for _ in range(400):
        if found := [event for event in Reader(office.journal).events(0) if event.kind == kind]:
            return found
        await asyncio.sleep(0.05)
    return []


async def talk(anna: Baresip, boris: Baresip) -> None:
    """Anna calls Boris, and they hear each other."""
    await anna.dial("102")
    await boris.rings()
    await boris.accept()
    await anna.talks()
    await anna.listens(1.5)
    await anna.hang_up()
    await boris.closed()
    assert tone.heard(anna.heard(), BORIS_HZ) > 0.8 and tone.heard(boris.heard(), ANNA_HZ) > 0.8


async def test_scanners_find_nothing_and_are_banned_while_people_telephone(stage: Stage, office: Office) -> None:
    words = stage.folder / "words"
    password = PASSWORDS["desk1"]
    words.write_text("\n".join([*(f"word{n}" for n in range(RIGHT_AT)), password, *(f"more{n}" for n in range(200))]))
    names = stage.folder / "names"
    names.write_text(
        "\n".join([*(f"user{n}" for n in range(700)), "desk1", "desk2", *(f"desk{n}" for n in range(3, 99))])
    )
    anna, boris = await stage.desks(office)
    war, crack = (
        ("--force", "-d", str(names), "--maximumtime", "3"),
        ("-u", "desk1", "-d", str(words), "--maximumtime", "3"),
    )
    scans = {
        **{f"127.6.0.{n}": scan(office, f"127.6.0.{n}", "svmap", "-m", way)
           for n, way in enumerate(("OPTIONS", "INVITE", "REGISTER"), 1)},
        **{f"127.6.1.{n}": scan(office, f"127.6.1.{n}", "svwar", *war, "-m", way)
           for n, way in enumerate(("REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE"), 1)},
        "127.6.1.9": scan(office, "127.6.1.9", "svwar", *war, "-c"),  # the short form says no name
        "127.6.2.1": scan(office, "127.6.2.1", "svcrack", *crack),
    }  # fmt: skip
    hidden = {
        "127.6.3.3": ("", scan(office, "127.6.3.3", "svwar", *war, "-m", "REGISTER", how="hidden")),
        "127.6.3.1": ("requests", scan(office, "127.6.3.1", "svwar", *war, "-m", "OPTIONS", how="hidden")),
        "127.6.3.2": ("passwords", scan(office, "127.6.3.2", "svcrack", *crack, how="hidden")),
    }
    runs = (*scans.values(), *(run for _, run in hidden.values()))
    *said, _ = await asyncio.gather(*runs, talk(anna, boris))

    assert not [name for name in ("desk1", "desk2", password) if any(name in one for one in said)], said
    assert not [one for one in said if "linekeeper" in one.lower() or f"127.0.0.1:{office.sip}" in one]
    out = await bans(office)
    assert {address: ban.why for address, ban in out.items()} == dict.fromkeys(scans, "scanner") | {
        address: why for address, (why, _) in hidden.items() if why
    }
    assert {str(event.detail["address"]) for event in await journal(office, "banned")} == set(out)
    await talk(anna, boris)


async def test_who_is_banned_is_told_by_the_command_and_let_back_by_it(office: Office) -> None:
    await guess(office, "127.6.3.1")

    async def guard(*words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "appliance.programs", "guard", "--socket", str(office.socket), *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    code, said = await guard()
    assert code == 0 and said.split()[:2] == ["127.6.3.1", "passwords"]
    assert await guard("--lift", "127.6.3.9") == (1, "linekeeper guard: a ban of 127.6.3.9 is not known\n")
    async with Wire(("127.0.0.1", office.sip), host="127.6.3.1") as wire:
        with pytest.raises(NotSeen):
            await wire.ping(0.3)
        assert await guard("--lift", "127.6.3.1") == (0, "")
        wire.responses.skip()
        assert (await wire.ask(request("OPTIONS", f"sip:{office.address}", wire))).status == 200
    assert await guard() == (0, "")
    assert (await journal(office, "ban-lifted"))[0].detail == {"address": "127.6.3.1", "why": "lifted"}


async def test_the_alarm_and_each_ban_reach_who_watches(office: Office) -> None:
    async with await connect(office.socket) as switch:
        told: list[object] = []
        async for event in switch.watch():
            if isinstance(event, messages.Office):  # from now on we are told
                guessing = asyncio.create_task(guess(office, "127.6.4.1"))
            if isinstance(event, Banned | Happened):
                told.append(event)
            if len(told) == 2:
                break
        assert isinstance(told[0], Banned) and told[0].ban.address == "127.6.4.1" and told[0].ban.why == "passwords"
        assert isinstance(told[1], Happened) and told[1].kind == "alarm"
        assert told[1].detail == "banned 127.6.4.1: passwords"
        await guessing


async def test_without_the_table_nobody_is_banned(stage: Stage) -> None:
    """An office document of before goes on as it did; and takes the table up while it runs."""
    office = await stage.office()
    async with Wire(("127.0.0.1", office.sip), host="127.6.5.1") as wire, await connect(office.socket) as switch:
        for _ in range(600):
            assert (await wire.ping()).status == 200
        await switch.request(Apply(0, office.document.replace("[web]", GUARD + "requests = 50\n[web]")))
        async with asyncio.timeout(60):
            while "127.6.5.1" not in await bans(office):
                with contextlib.suppress(NotSeen):
                    await wire.ping(1)
        with pytest.raises(NotSeen):
            await wire.ping(0.5)
