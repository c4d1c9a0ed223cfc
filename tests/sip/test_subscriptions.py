# SPDX-License-Identifier: GPL-2.0-or-later
"""Lamps, messages and statuses that telephones watch: who may, what each is told, and how often."""

import asyncio
import re
import resource
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Telephone
from tests.sip.watcher import Watcher
from tests.sip.wire import Wire, request

GIVEN_UP_AFTER = 4.0  # seconds; who hears nothing for so long takes the box for gone
NOW = 1.5  # seconds within which nothing more comes that was to come at once


def dialog_info(state: str) -> str:
    return (
        '<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" '
        f'entity="sip:101@{HOST}"><dialog id="1"><state>{state}</state></dialog></dialog-info>\n'
    )


async def published(box: Box, package: str, resource: str, body: str) -> None:
    """It is known: a packet sent now finds it."""
    box.sip.publish(package, resource, body)
    await box.done()


async def watcher(box: Box, wire: Wire, package: str, resource: str, phone: Telephone | None = None) -> Watcher:
    """One who subscribed and was told how it is."""
    watcher = Watcher(box, phone or Telephone(box, wire), package, resource)
    answer = await watcher.subscribes()
    assert answer.status == 200 and answer["expires"] == "600"
    await watcher.told()
    return watcher


@pytest.fixture
async def second(endpoint: Box) -> AsyncIterator[Wire]:
    async with Wire(endpoint.address) as wire:
        yield wire


# ---- what is told ----------------------------------------------------------------------------------------------------


async def test_a_lamp_is_told_how_it_is_and_each_change(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "101", dialog_info("terminated"))
    lamp = Watcher(box, Telephone(box, wire), "dialog", "101")
    assert (await lamp.subscribes()).status == 200
    first = await lamp.told()
    assert first["event"] == "dialog" and first["content-type"] == "application/dialog-info+xml"
    assert re.fullmatch(r"active;expires=(600|599)", first["subscription-state"])
    assert first.body.decode() == dialog_info("terminated")
    for count, state in enumerate(("early", "confirmed", "terminated"), start=1):
        box.sip.publish("dialog", "101", dialog_info(state))
        told = await lamp.told()
        assert told.body.decode() == dialog_info(state).replace('version="0"', f'version="{count}"')
        assert first["call-id"] == told["call-id"]


async def test_each_subscription_has_a_count_of_its_own(box: Box, wire: Wire, second: Wire) -> None:
    await published(box, "dialog", "102", dialog_info("terminated"))
    early = await watcher(box, wire, "dialog", "102")
    box.sip.publish("dialog", "102", dialog_info("early"))
    assert b'version="1"' in (await early.told()).body
    late = await watcher(box, second, "dialog", "102")
    box.sip.publish("dialog", "102", dialog_info("confirmed"))
    assert b'version="2"' in (await early.told()).body
    assert b'version="1"' in (await late.told()).body


async def test_a_status_is_told_too(box: Box, wire: Wire) -> None:
    await published(box, "presence", "101", "<presence>free</presence>")
    status = Watcher(box, Telephone(box, wire), "presence", "101")
    assert (await status.subscribes()).status == 200
    told = await status.told()
    assert told["content-type"] == "application/pidf+xml" and told.body == b"<presence>free</presence>"


@pytest.mark.parametrize("asked_of", ["its own id", "the mailbox"])
async def test_messages_are_told_of_the_telephones_own_only(box: Box, wire: Wire, asked_of: str) -> None:
    phone = Telephone(box, wire)
    box.sip.publish("message-summary", "secret", "Messages-Waiting: no\r\n")
    await published(box, "message-summary", phone.account.name, "Messages-Waiting: yes\r\nVoice-Message: 2/0\r\n")
    resource = phone.account.name if asked_of == "its own id" else "secret"
    lamp = Watcher(box, phone, "message-summary", resource)
    assert (await lamp.subscribes()).status == 200
    told = await lamp.told()
    assert told["content-type"] == "application/simple-message-summary" and b"Voice-Message: 2/0" in told.body


async def test_what_stayed_the_same_is_not_told(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "103", dialog_info("terminated"))
    lamp = await watcher(box, wire, "dialog", "103")
    for _ in range(5):
        box.sip.publish("dialog", "103", dialog_info("terminated"))
    box.sip.publish("dialog", "103", dialog_info("early"))
    assert b"early" in (await lamp.told()).body


async def test_many_changes_at_once_are_one_and_the_last_counts(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "104", dialog_info("terminated"))
    lamp = await watcher(box, wire, "dialog", "104")
    began = time.monotonic()
    for number in range(500):
        box.sip.publish("dialog", "104", dialog_info(f"n{number}"))
        await asyncio.sleep(0.001)
    told: dict[str, bytes] = {}  # by CSeq: one whose answer is late is sent again
    while not any(b"n499<" in body for body in told.values()):
        notify = await lamp.told()
        told[notify["cseq"]] = notify.body
    bodies = list(told.values())
    took = time.monotonic() - began
    assert len(bodies) <= took / 0.2 + 2
    versions = [int(re.findall(rb'<dialog-info.*?version="(\d+)"', body)[0]) for body in bodies]
    assert versions == list(range(1, len(bodies) + 1))


# ---- what is asked for once somebody watches --------------------------------------------------------------------------


async def test_what_nobody_watched_is_asked_for_and_told_when_it_is_there(box: Box, wire: Wire, second: Wire) -> None:
    await published(box, "dialog", "120", "?")
    lamp = Watcher(box, Telephone(box, wire), "dialog", "120")
    assert (await lamp.subscribes()).status == 200
    asked = await box.told(Heard.WATCHED, of="120")
    assert (asked.code, asked.text[:2]) == (1, ("120", "dialog"))
    assert not wire.requests.all
    box.sip.publish("dialog", "120", dialog_info("early"))
    assert (await lamp.told()).body.decode() == dialog_info("early")
    another = await watcher(box, second, "dialog", "120")  # it is known by now
    for one in (lamp, another):
        assert (await one.subscribes(0)).status == 200
        await one.told()
    over = await box.told(Heard.WATCHED, of="120")
    assert (over.code, over.text[:2]) == (0, ("120", "dialog"))


async def test_who_watches_anew_before_it_is_given_up_is_told_all_the_same(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "121", dialog_info("terminated"))
    lamp = await watcher(box, wire, "dialog", "121")
    box.sip.publish("dialog", "121", "?")
    assert (await box.told(Heard.WATCHED, of="121")).code == 1
    box.sip.publish("dialog", "121", dialog_info("confirmed"))
    assert b"confirmed" in (await lamp.told()).body


async def test_a_look_waits_for_what_is_asked_for(box: Box, wire: Wire) -> None:
    await published(box, "presence", "122", "?")
    lamp = Watcher(box, Telephone(box, wire), "presence", "122")
    assert (await lamp.subscribes(0)).status == 200
    assert (await box.told(Heard.WATCHED, of="122")).code == 1
    box.sip.publish("presence", "122", "<presence>free</presence>")
    only = await lamp.told()
    assert only["subscription-state"].startswith("terminated") and only.body == b"<presence>free</presence>"
    assert (await box.told(Heard.WATCHED, of="122")).code == 0


# ---- its life --------------------------------------------------------------------------------------------------------


async def test_it_goes_on_when_asked_for_again(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "105", dialog_info("terminated"))
    lamp = await watcher(box, wire, "dialog", "105")
    assert (await lamp.subscribes(300))["expires"] == "300"
    assert re.fullmatch(r"active;expires=(300|299)", (await lamp.told())["subscription-state"])


async def test_it_ends_when_asked_to(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "106", dialog_info("terminated"))
    lamp = await watcher(box, wire, "dialog", "106")
    assert (await lamp.subscribes(0)).status == 200
    last = await lamp.told()
    assert last["subscription-state"].startswith("terminated") and last.body
    box.sip.publish("dialog", "106", dialog_info("early"))
    await box.done()
    await asyncio.sleep(NOW)
    assert len(wire.requests.all) == 2
    assert (await lamp.subscribes()).status == 481


async def test_a_look_is_no_subscription(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "107", dialog_info("confirmed"))
    lamp = Watcher(box, Telephone(box, wire), "dialog", "107")
    assert (await lamp.subscribes(0)).status == 200
    only = await lamp.told()
    assert only["subscription-state"].startswith("terminated") and b"confirmed" in only.body
    assert (await lamp.subscribes()).status == 481


async def test_it_runs_out(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "108", dialog_info("terminated"))
    lamp = Watcher(box, Telephone(box, wire), "dialog", "108")
    assert (await lamp.subscribes(2)).status == 200
    await lamp.told()
    last = await lamp.told()
    assert last["subscription-state"] == "terminated;reason=timeout"
    assert (await lamp.subscribes()).status == 481


async def test_it_ends_with_what_it_watches(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "109", dialog_info("terminated"))
    lamp = await watcher(box, wire, "dialog", "109")
    box.sip.publish("dialog", "109", "")
    assert (await lamp.told())["subscription-state"] == "terminated;reason=noresource"
    assert (await Watcher(box, Telephone(box, wire), "dialog", "109").subscribes()).status == 404


@pytest.mark.parametrize("status", [481, 404, 500])
async def test_who_knows_nothing_of_it_is_told_no_more(box: Box, wire: Wire, status: int) -> None:
    await published(box, "dialog", "110", dialog_info("terminated"))
    lamp = await watcher(box, wire, "dialog", "110")
    box.sip.publish("dialog", "110", dialog_info(f"early{status}"))
    await lamp.told(status)
    box.sip.publish("dialog", "110", dialog_info("terminated"))
    await asyncio.sleep(NOW)
    assert len(wire.requests.all) == 2


async def test_a_telephone_is_asked_to_start_anew_and_fetch_its_settings(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    box.sip.sync(phone.account.name)  # registered nowhere: nobody is asked
    assert (await phone.register()).status == 200
    box.sip.sync(phone.account.name)
    told = await wire.request("NOTIFY")
    wire.reply(told, 200)
    assert told.uri == phone.contact and told["event"] == "check-sync;reboot=true"
    assert told.body == b"" and told["content-type"] == ""
    await wire.ping()


async def test_a_telephone_that_starts_anew_is_told_once(box: Box, wire: Wire) -> None:
    """It subscribes again from the same address and has forgotten the dialog it had."""
    await published(box, "dialog", "111", dialog_info("terminated"))
    phone = Telephone(box, wire)
    before, after = [await watcher(box, wire, "dialog", "111", phone) for _ in range(2)]
    box.sip.publish("dialog", "111", dialog_info("early"))
    await after.told()
    await asyncio.sleep(NOW)
    assert [one["call-id"] for one in wire.requests.all] == [before.call_id, after.call_id, after.call_id]


async def test_one_notify_is_under_way_at_a_time(box: Box, wire: Wire) -> None:
    """A telephone that answers nothing must not gather more and more of them."""
    await published(box, "dialog", "112", dialog_info("terminated"))
    lamp = Watcher(box, Telephone(box, wire), "dialog", "112")
    assert (await lamp.subscribes()).status == 200
    first = await wire.request("NOTIFY")
    for number in range(10):
        box.sip.publish("dialog", "112", dialog_info(f"n{number}"))
        await asyncio.sleep(0.1)
    assert {one["cseq"] for one in wire.requests.all} == {first["cseq"]}  # sent again, and nothing else
    wire.reply(first, 200)
    again = await wire.requests.next("the next", lambda one: one["cseq"] != first["cseq"], 5)
    assert b"n9<" in again.body


# ---- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", ["101", "nobody"])
@pytest.mark.parametrize("package", ["dialog", "message-summary", "presence", "secrets"])
async def test_a_stranger_learns_nothing(box: Box, wire: Wire, package: str, resource: str) -> None:
    await published(box, "dialog", "101", dialog_info("terminated"))
    answer = await wire.ask(request("SUBSCRIBE", f"sip:{resource}@{HOST}", wire, headers={"Event": package}))
    assert answer.status == 401
    within = request("SUBSCRIBE", f"sip:{resource}@{HOST}", wire, to=f"<{box.uri}>;tag=x", headers={"Event": package})
    assert (await wire.ask(within)).status == 401


async def test_a_telephone_learns_what_there_is_not(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    assert (await Watcher(box, phone, "dialog", "nobody").subscribes()).status == 404
    unknown = await Watcher(box, phone, "secrets", "101").subscribes()
    assert unknown.status == 489 and "dialog" in unknown["allow-events"]


async def test_nobody_goes_on_with_the_subscription_of_another(box: Box, wire: Wire, second: Wire) -> None:
    await published(box, "dialog", "101", dialog_info("terminated"))
    lamp = await watcher(box, wire, "dialog", "101")
    lamp.phone = Telephone(box, second)
    assert (await lamp.subscribes()).status == 403


async def test_who_is_no_telephone_any_more_watches_nothing(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "101", dialog_info("terminated"))
    lamp = await watcher(box, wire, "dialog", "101")
    box.sip.remove_phone(lamp.phone.account.name)
    assert (await lamp.told())["subscription-state"] == "terminated;reason=rejected"
    assert (await lamp.subscribes()).status == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Event": ""}, 489),
        ({"Event": "dialog;id=7", "Accept": "text/plain"}, 406),
        ({"Expires": "1"}, 423),
        ({"Accept": ""}, 200),
        ({"Accept": "text/plain, application/dialog-info+xml;q=1"}, 200),
        ({"Event": "DIALOG;sla;ma=1"}, 200),
        ({"Event": "", "o": "dialog"}, 200),
        ({"Expires": "99999999"}, 200),
        ({"Expires": ""}, 200),
        ({"Event": "x" * 2000}, 489),
        ({"Event": ";;;"}, 400),
        ({"Contact": ""}, 400),
        ({"Contact": "<tel:1>"}, 400),
        ({"Expires": "-1"}, 400),
        ({"Accept": ", ".join(["text/plain"] * 200)}, 400),
    ],
)
async def test_subscriptions_right_and_wrong(box: Box, wire: Wire, headers: dict[str, str], status: int) -> None:
    await published(box, "dialog", "101", dialog_info("terminated"))
    lamp = Watcher(box, Telephone(box, wire), "dialog", "101")
    answer = await lamp.subscribes(**headers)
    assert answer.status == status or (status == 400 and answer.status in (400, 401, 416, 489, 500))
    if answer.status == 200:
        assert int(answer["expires"]) <= 3600
        await lamp.told()
    await wire.ping()


# ---- messages, told unasked ------------------------------------------------------------------------------------------


def messages(new: int) -> str:
    return f"Messages-Waiting: {'yes' if new else 'no'}\r\nVoice-Message: {new}/0\r\n"


async def test_a_telephone_that_did_not_subscribe_is_told_of_its_messages(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    assert (await phone.register()).status == 200
    await published(box, "message-summary", phone.account.name, messages(1))
    told = await wire.request("NOTIFY")
    wire.reply(told, 200)
    assert told.uri == phone.contact and told["event"] == "message-summary" and b"Voice-Message: 1/0" in told.body
    assert told["subscription-state"] == "terminated"
    for new in range(2, 30):
        box.sip.publish("message-summary", phone.account.name, messages(new))
    told = await wire.request("NOTIFY")
    wire.reply(told, 200)
    assert b"Voice-Message: 29/0" in told.body


async def test_a_telephone_that_starts_anew_is_told_of_its_messages(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    await published(box, "message-summary", phone.account.name, messages(3))
    for _ in range(2):
        phone.call_id = secrets.token_hex(8)
        assert (await phone.register()).status == 200
        assert (await phone.register()).status == 200  # only goes on: nothing to tell
        told = await wire.request("NOTIFY")
        wire.reply(told, 200)
        assert b"Voice-Message: 3/0" in told.body
    await asyncio.sleep(NOW)
    assert len(wire.requests.all) == 2


async def test_a_telephone_that_subscribed_is_told_so_only(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    await published(box, "message-summary", phone.account.name, messages(0))
    assert (await phone.register()).status == 200
    lamp = await watcher(box, wire, "message-summary", phone.account.name, phone)
    box.sip.publish("message-summary", phone.account.name, messages(1))
    await lamp.told()
    await asyncio.sleep(2 * NOW)
    assert len(wire.requests.all) == 2


# ---- many ------------------------------------------------------------------------------------------------------------


class Crowd:
    """Two hundred watchers of one lamp, each at an address of its own."""

    def __init__(self, box: Box, resource: str) -> None:
        self.box, self.resource = box, resource
        self.watchers: list[Watcher] = []
        self.told: list[list[bytes]] = []

    async def gather(self, stack: AsyncExitStack, answering: bool) -> None:
        accounts = [self.box.account() for _ in range(8)]
        for number in range(200):
            wire = await stack.enter_async_context(Wire(self.box.address))
            phone = Telephone(self.box, wire, accounts[number % 8])
            lamp = Watcher(self.box, phone, "dialog", self.resource)
            bodies: list[bytes] = []
            if answering:
                task = asyncio.create_task(self._answers(lamp, bodies))
                stack.callback(task.cancel)
            assert (await lamp.subscribes()).status == 200
            self.watchers.append(lamp)
            self.told.append(bodies)

    async def _answers(self, lamp: Watcher, bodies: list[bytes]) -> None:
        while True:
            bodies.append((await lamp.told(within=60)).body)


async def test_two_hundred_watchers_are_no_storm(box: Box, wire: Wire) -> None:
    """A colleague whose lamp changes a hundred times in a second: each watcher is told a few times, and calls go on."""
    await published(box, "dialog", "200", dialog_info("terminated"))
    crowd = Crowd(box, "200")
    async with AsyncExitStack() as stack:
        await crowd.gather(stack, answering=True)
        began = time.monotonic()
        for number in range(100):
            box.sip.publish("dialog", "200", dialog_info(f"n{number}"))
            await wire.ping(within=GIVEN_UP_AFTER)
            await asyncio.sleep(0.01)
        while not all(bodies and b"n99<" in bodies[-1] for bodies in crowd.told):
            assert time.monotonic() - began < 20
            await asyncio.sleep(0.02)
        took = time.monotonic() - began
        assert max(len(bodies) for bodies in crowd.told) <= 1 + took / 0.2 + 1
    box.sip.publish("dialog", "200", "")


async def test_two_hundred_that_answer_nothing_cost_one_notify_each(box: Box, wire: Wire) -> None:
    await published(box, "dialog", "201", dialog_info("terminated"))
    crowd = Crowd(box, "201")
    async with AsyncExitStack() as stack:
        await crowd.gather(stack, answering=False)
        for number in range(20):
            box.sip.publish("dialog", "201", dialog_info(f"n{number}"))
            await asyncio.sleep(0.05)
        for lamp in crowd.watchers:
            assert len({one["cseq"] for one in lamp.wire.requests.all if one["call-id"] == lamp.call_id}) == 1
        await wire.ping()
    box.sip.publish("dialog", "201", "")


def memory() -> int:
    """Bytes this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_a_hundred_thousand_changes_take_no_memory(box: Box, wire: Wire) -> None:
    names = [f"slot{number}" for number in range(200)]

    async def change(times: int) -> None:
        for number in range(times):
            for name in names:
                box.sip.publish("dialog", name, dialog_info(f"n{number}" + "x" * 1000))
            await box.done()

    await change(20)
    before = memory()
    await change(500)
    assert memory() - before < 4 << 20
    for name in names:
        box.sip.publish("dialog", name, "")


async def test_there_are_not_more_states_than_places(box: Box, wire: Wire) -> None:
    for number in range(3000):
        box.sip.publish("dialog", f"slot{number}", dialog_info("terminated"))
    await box.done()
    phone = Telephone(box, wire)
    assert (await Watcher(box, phone, "dialog", "slot0").subscribes(0)).status == 200
    assert (await Watcher(box, phone, "dialog", "slot2999").subscribes(0)).status == 404
    for number in range(3000):
        box.sip.publish("dialog", f"slot{number}", "")
    await box.done()


async def test_a_telephone_has_its_share_of_them(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    answers = []
    for number in range(201):
        box.sip.publish("dialog", f"slot{number}", dialog_info("terminated"))
        await box.done()
        lamp = Watcher(box, phone, "dialog", f"slot{number}")
        answers.append((await lamp.subscribes()).status)
        if answers[-1] == 200:
            await lamp.told()
    assert answers == [200] * 200 + [503]
    for number in range(201):
        box.sip.publish("dialog", f"slot{number}", "")


@pytest.mark.parametrize(("name", "body"), [("x" * 64, "x"), ("101", "x" * 2001), ("101", "ž" * 1001)])
async def test_what_is_too_long_is_not_published(box: Box, name: str, body: str) -> None:
    with pytest.raises(ValueError):
        box.sip.publish("dialog", name, body)
