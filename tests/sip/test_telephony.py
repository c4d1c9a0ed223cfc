# SPDX-License-Identifier: GPL-2.0-or-later
"""The SIP side as call control sees it: the box's settings in, calls and telephones out."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.calls.ports import UNVOUCHED
from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import NotSeen, Seen
from appliance.settings.guard import Guard
from appliance.settings.load import parse
from appliance.settings.models import Settings
from appliance.settings.passwords import Secrets
from appliance.sip.gateways import Binding
from appliance.sip.hosts import own_address
from appliance.sip.telephony import Telephony, stir, vouches, withheld
from tests.sip.box import HOST, Account, Call, Telephone
from tests.sip.watcher import Watcher
from tests.sip.wire import Message, Wire, authorization, request, sdp

OFFICE = """
[office]
name = "Small Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[sip]
listen = "127.0.0.1"
port = {port}
rtp_ports = [{rtp}, {rtp_end}]
[phone.desk1]
[phone.desk2]
[line.city]
kind = "sip"
host = "127.0.0.1"
port = {city}
[line.lost]
kind = "sip"
host = "nowhere.invalid"
"""
PASSWORD = "correct-horse"
SECRETS = Secrets.model_validate({"phone": {name: {"password": PASSWORD} for name in ("desk1", "desk2")}})


class Desk:
    """A call control and a journal that note what they are told; `fails` at the next call that comes in."""

    def __init__(self) -> None:
        self.seen: Seen[tuple[object, ...]] = Seen("call control")
        self.fails = False

    def incoming(self, *told: object) -> None:
        self._add("incoming", *told)
        if self.fails:
            self.fails = False
            raise RuntimeError("call control stumbles")

    def _add(self, *told: object) -> None:
        self.seen.add(told)

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        return lambda *told: self._add(name, *told)

    async def told(self, *begins: object) -> tuple[object, ...]:
        return await self.seen.next(str(begins), lambda told: told[: len(begins)] == begins, 20)


class Office:
    def __init__(self, ports: Ports, *known: Binding) -> None:
        self.desk, self.died = Desk(), list[str]()
        self.port, rtp, self.city = ports.take(2), ports.take(40), ports.take(2)
        text = OFFICE.format(port=self.port, rtp=rtp, rtp_end=rtp + 39, city=self.city)
        self.settings: Settings = parse(text, Path("office.toml"))
        self.telephony = Telephony(self.desk, self.desk, opened=self.desk.opened, died=self.died.append, bans=self.desk)
        self.telephony.publish("dialog", "205", "dark")  # before anybody can ask
        self.telephony.start(self.settings, SECRETS, known)


@pytest.fixture
async def office(ports: Ports) -> AsyncIterator[Office]:
    office = Office(ports, Binding("desk2", f"sip:desk2@{HOST}:9", f"sip:desk2@{HOST}:9", "old", int(time.time()) + 99))
    yield office
    await office.telephony.close()


async def register(wire: Wire, name: str = "desk1") -> Message:
    uri, to = f"sip:{HOST}", f"<sip:{name}@{HOST}>"
    challenge = (await wire.ask(request("REGISTER", uri, wire, user=name, to=to))).challenge()
    said = authorization(challenge, "REGISTER", uri, name, PASSWORD)
    return await wire.ask(request("REGISTER", uri, wire, user=name, to=to, headers={"Authorization": said}))


async def test_a_day_of_the_office(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    telephony, desk = office.telephony, office.desk
    assert await desk.told("opened")
    assert (await desk.told("bind", "desk2"))[2] == f"sip:desk2@{HOST}:9"
    assert await desk.told("phone", "desk2", [f"sip:desk2@{HOST}:9"], "old")
    assert await desk.told("line", "city", True)
    assert (await desk.told("line", "lost", False))[3] == "nowhere.invalid is not known to DNS"
    assert telephony.dial("lost", "100", "", "") == telephony.dial("none", "100", "", "") == 0
    assert telephony.ring_phone("desk1", "1", "") == []

    async with Wire((HOST, office.port)) as anna, Wire((HOST, office.port), port=office.city) as city:
        assert (await register(anna)).status == 200
        assert await desk.told("bind", "desk1")
        assert [one.target for one in telephony.contacts("desk1")] == [f"sip:desk1@{anna.at}"]

        # the city calls; the telephone rings with name and number, is declined, and the caller is told
        caller = '"Mr Kazlauskas" <sip:+37060000001@127.0.0.1>;tag=here'
        city.send(request("INVITE", f"sip:100@{HOST}", city, headers={"From": caller}, body=sdp()))
        came = await desk.told("incoming")
        assert came[2:] == ("city", False, "+37060000001", "Mr Kazlauskas", "100", UNVOUCHED, 0)
        (ring,) = telephony.ring_phone("desk1", str(came[4]), str(came[5]))
        invite = await anna.request("INVITE")
        assert invite["from"].startswith('"Mr Kazlauskas" <sip:+37060000001@')
        anna.reply(invite, 486, "Busy Here")
        assert await desk.told("over", ring) == ("over", ring, 17)
        telephony.ringing(int(str(came[1])))
        telephony.hang_up(int(str(came[1])), 17)
        assert [(await city.response()).status for _ in range(3)] == [100, 180, 486]

        # a call out: what a caller asked for stays a number
        out = telephony.dial("city", "1@evil.example;x=\r\nX: y", "", "")
        invite = await city.request("INVITE")
        assert invite.uri == f"sip:1%40evil.example;x=%0d%0aX%3a%20y@{HOST}:{office.city}"
        city.reply(invite, 404, "Not Found")
        assert await desk.told("over", out) == ("over", out, 1)

        # settings change: desk1 goes
        text = OFFICE.format(port=office.port, rtp=1024, rtp_end=1100, city=office.city).replace("[phone.desk1]\n", "")
        telephony.configure(parse(text, Path("office.toml")), SECRETS)
        assert await desk.told("unbind", "desk1")
        assert (await register(anna)).status == 403
    async with asyncio.timeout(20):
        while not any("refused with 403: wrong user or password" in line for line in caplog.messages):
            await asyncio.sleep(0.01)  # a log line is told to nobody


async def test_what_a_telephone_does_with_its_call(office: Office) -> None:
    """It holds, resumes, hands the call on, and another takes it up."""
    telephony, desk = office.telephony, office.desk
    async with Wire((HOST, office.port)) as wire, Wire((HOST, office.port)) as other:
        box: Any = SimpleNamespace(address=wire.box, uri=f"sip:{HOST}")
        anna = Telephone(box, wire, Account("desk1", PASSWORD))
        uri = f"sip:100@{HOST}"
        first = await anna.ask("INVITE", uri, body=sdp(), call_id="one")
        leg = int(str((await desk.told("incoming"))[1]))
        call = Call(wire, leg, "one", first["from"], first["to"], uri, int(first["cseq"].split()[0]))
        telephony.answer(leg)
        await call.answered()
        await desk.told("answered", leg)
        for way, on in (("sendonly", True), ("sendrecv", False)):
            assert (await call.ask("INVITE", body=sdp(way=way))).status == 200
            assert await desk.told("held") == ("held", leg, on)
        assert (await call.ask("REFER", {"Refer-To": f"<sip:205@{HOST}>"})).status == 202
        assert await desk.told("transfer") == ("transfer", leg, "205", 0)
        telephony.referred(leg, 404)
        for body in (b"SIP/2.0 100 Trying\r\n", b"SIP/2.0 404 Not Found\r\n"):
            notify = await wire.request("NOTIFY")
            wire.reply(notify, 200)
            assert notify.body == body
        boris = Telephone(box, other, Account("desk2", PASSWORD))
        assert (await boris.ask("INVITE", uri, headers={"Replaces": call.name}, body=sdp())).status == 100
        came = await desk.told("incoming")
        assert (came[2], came[-1]) == ("desk2", leg)
        telephony.hang_up(int(str(came[1])), 21)
        await other.response(final=True)
        await call.bye()
        assert await desk.told("over", leg)


async def test_what_is_published_before_the_start_is_known_from_the_first_request_on(office: Office) -> None:
    async with Wire((HOST, office.port)) as wire:
        box: Any = SimpleNamespace(address=wire.box, uri=f"sip:{HOST}")
        lamp = Watcher(box, Telephone(box, wire, Account("desk1", PASSWORD)), "dialog", "205")
        assert (await lamp.subscribes()).status == 200
        assert (await lamp.told()).body == b"dark"
        office.telephony.publish("dialog", "205", "lit")
        assert (await lamp.told()).body == b"lit"


async def test_when_call_control_stumbles_over_one_call_the_next_is_told_all_the_same(office: Office) -> None:
    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context.get("exception")))
    await office.desk.told("line", "city", True)
    async with Wire((HOST, office.port), port=office.city) as city:
        office.desk.fails = True
        for n in range(3):
            city.send(request("INVITE", f"sip:10{n}@{HOST}", city, body=sdp()))
        assert [(await office.desk.told("incoming"))[6] for _ in range(3)] == ["100", "101", "102"]
    assert [str(problem) for problem in problems] == ["call control stumbles"]


@pytest.mark.parametrize("number", ["anonymous", "Anonymous", "unknown", "restricted", "private", "unavailable"])
def test_a_number_that_is_withheld_is_none(number: str) -> None:
    assert withheld(number) == "" and withheld("+37060000001") == "+37060000001"


@pytest.mark.parametrize(
    ("verstat", "found"),
    [
        ("TN-Validation-Passed", "passed"),
        ("tn-validation-passed-A", "passed"),
        ("TN-Validation-Failed", "failed"),
        ("TN-Validation-Failed-C", "failed"),
        ("No-TN-Validation", ""),
        ("TN-Validation-Passedx", ""),
        ("", ""),
    ],
)
def test_what_became_of_the_signature_of_a_number(verstat: str, found: str) -> None:
    assert stir(verstat) == found


def test_a_trunk_that_signs_for_a_number_it_hides_signs_for_none_that_the_caller_says() -> None:
    assert vouches("anonymous", "TN-Validation-Passed") == ("", "")
    assert vouches("anonymous", "TN-Validation-Failed") == ("", "failed")
    assert vouches("", "TN-Validation-Passed") == ("", "passed")
    assert vouches("+37060000001", "TN-Validation-Passed") == ("+37060000001", "passed")


def test_the_box_knows_its_own_address() -> None:
    assert own_address("127.0.0.1") == "127.0.0.1" and own_address("0.0.0.0").count(".") == 3


async def test_who_guesses_is_banned_once_the_settings_say_so_and_not_when_they_no_longer_do(office: Office) -> None:
    off = office.settings
    on = off.model_copy(update={"guard": Guard(mode="drop", passwords=3, never=("192.0.2.0/24",))})
    attacker = "127.8.1.1"

    async def guess(wire: Wire) -> int:
        """The status of the answer to a wrong password; 0: silence."""
        uri, to = f"sip:{HOST}", f"<sip:desk1@{HOST}>"
        try:
            wire.send(request("REGISTER", uri, wire, to=to))
            said = authorization((await wire.response(0.5)).challenge(), "REGISTER", uri, "desk1", "wrong")
            wire.send(request("REGISTER", uri, wire, to=to, headers={"Authorization": said}))
            return (await wire.response(0.5)).status
        except NotSeen:
            return 0

    async with Wire((HOST, office.port), host=attacker) as wire, Wire((HOST, office.port)) as anna:
        assert [await guess(wire) for _ in range(5)] == [403] * 5
        office.telephony.configure(on, SECRETS)
        assert (await anna.ping()).status == 200
        assert [await guess(wire) for _ in range(5)] == [403] * 3 + [0] * 2
        banned = await office.desk.told("banned", attacker, "passwords", 1)
        assert 595e3 < int(str(banned[4])) - time.time() * 1000 < 602e3
        office.telephony.lift(attacker)
        assert await office.desk.told("lifted", attacker, "lifted")
        assert [await guess(wire) for _ in range(4)] == [403] * 3 + [0]
        office.telephony.configure(off, SECRETS)
        assert await office.desk.told("lifted", attacker, "off")
        assert [await guess(wire) for _ in range(5)] == [403] * 5
