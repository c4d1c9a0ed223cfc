# SPDX-License-Identifier: GPL-2.0-or-later
"""Other programs are told what happens: signed, again when they were away, and nowhere they may not be."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from appliance.control.messages import Happened, LineChanged
from appliance.store.office import Office
from appliance.store.webhooks import WAITING_MAX
from appliance.web.access import OWNER
from appliance.web.webhook_pages import EVENTS
from appliance.webhooks import addresses, events
from appliance.webhooks.sender import Sender
from tests.fakes.switch import Switch, small_office
from tests.web.programs import Program, followed
from tests.web.visitors import site

SECRET = events.SECRET_PREFIX + base64.b64encode(b"a secret of thirty-two characters").decode()
HERE = ("127.0.0.0/8",)


class Receiver:
    """A program that is told; `statuses` are what it answers, the last again and again."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses or (200,))
        self.got: asyncio.Queue[tuple[dict[str, str], str]] = asyncio.Queue()

    async def __aenter__(self) -> "Receiver":
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in head[1:] if line)}
                body = (await reader.readexactly(int(headers["content-length"]))).decode()
                status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
                writer.write(f"HTTP/1.1 {status} X\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n".encode())
                self.got.put_nowait((headers, body))
        writer.close()

    async def next(self) -> tuple[dict[str, str], str]:
        async with asyncio.timeout(60):
            return await self.got.get()


@contextlib.asynccontextmanager
async def sending(
    office: Office, allow: tuple[str, ...] = HERE, waits: tuple[float, ...] = (0.1, 0.1)
) -> AsyncIterator[Sender]:
    sender = Sender(office.webhooks, lambda: allow, waits)
    sender.on_office(small_office())
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def missed(seq: int) -> Happened:
    return Happened(seq=seq, at=1_795_856_400_000 + seq, kind="missed", call=7, line="city", number="+37060000001")


async def until_empty(office: Office) -> None:
    async with asyncio.timeout(60):
        while office.webhooks.all()[0].waiting:
            await asyncio.sleep(0.02)


async def test_a_missed_call_is_told_signed_and_in_order(tmp_path: Path) -> None:
    with contextlib.closing(Office(tmp_path)) as office:
        async with Receiver() as receiver, sending(office) as sender:
            office.webhooks.add(receiver.url, SECRET, ["call.missed"], OWNER, 1)
            sender.on_event(missed(1))
            sender.on_event(LineChanged(seq=2, at=1, line=small_office().lines[0]))  # was not asked for
            sender.on_event(Happened(seq=3, at=1, kind="dtmf", call=7, detail="1"))
            sender.on_event(missed(4))
            headers, body = await receiver.next()
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
            key = base64.b64decode(SECRET.removeprefix("whsec_"))
            good = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            assert headers["webhook-signature"] == f"v1,{good}"
            assert abs(int(headers["webhook-timestamp"]) - time.time()) < 120
            told = json.loads(body)
            assert (told["type"], told["data"]["number"]) == ("call.missed", "+37060000001")
            assert json.loads((await receiver.next())[1])["timestamp"] == "2026-11-28T09:00:00.004Z"
            await until_empty(office)
            assert receiver.got.empty()


async def test_a_program_that_was_away_is_told_again_with_the_same_id_and_over_a_restart(tmp_path: Path) -> None:
    with contextlib.closing(Office(tmp_path)) as office:
        async with Receiver(500, 302, 200) as receiver, sending(office, waits=(0.1, 0.1, 0.1)) as sender:
            office.webhooks.add(receiver.url, SECRET, ["call.missed"], OWNER, 1)
            sender.on_event(missed(1))
            ids = {(await receiver.next())[0]["webhook-id"] for _ in range(3)}
            assert len(ids) == 1
            await until_empty(office)
            [hook] = office.webhooks.all()
            assert (hook.fault, hook.lost) == ("", 0) and hook.sent
    async with Receiver() as receiver:
        with contextlib.closing(Office(tmp_path)) as office:
            id = office.webhooks.add(receiver.url, SECRET, ["call.missed"], OWNER, 1)
            Sender(office.webhooks, lambda: HERE).put("call.missed", {}, at=1)
        with contextlib.closing(Office(tmp_path)) as office:  # started anew
            async with sending(office):
                assert (await receiver.next())[0]["webhook-id"].startswith(f"msg_{id}_")


async def test_what_never_arrives_is_given_up_counted_and_said(tmp_path: Path) -> None:
    with contextlib.closing(Office(tmp_path)) as office:
        async with Receiver(500) as receiver, sending(office) as sender:
            office.webhooks.add(receiver.url, SECRET, ["call.missed"], OWNER, 1)
            sender.on_event(missed(1))
            for _ in range(3):
                await receiver.next()
            await until_empty(office)
            [hook] = office.webhooks.all()
            assert (hook.lost, hook.fault) == (1, "status 500")


def test_what_waits_is_bounded_and_the_oldest_is_lost(tmp_path: Path) -> None:
    with contextlib.closing(Office(tmp_path)) as office:
        id = office.webhooks.add("http://192.0.2.1/", SECRET, ["call.missed"], OWNER, 1)
        for n in range(WAITING_MAX + 10):
            office.webhooks.put(id, str(n), n)
        [hook] = office.webhooks.all()
        assert (hook.waiting, hook.lost) == (WAITING_MAX, 10)
        first = office.webhooks.due(id, 10**9)
        assert first and first.body == "10"


async def test_nothing_is_sent_to_the_box_itself_unless_allowed(tmp_path: Path) -> None:
    with contextlib.closing(Office(tmp_path)) as office:
        async with Receiver() as receiver, sending(office, (), ()) as sender:
            office.webhooks.add(receiver.url.replace("127.0.0.1", "localhost"), SECRET, ["call.missed"], OWNER, 1)
            sender.on_event(missed(1))
            await until_empty(office)
            assert receiver.got.empty()
            assert "may not be sent to" in office.webhooks.all()[0].fault


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("192.168.1.7", True),
        ("10.0.0.2", True),
        ("203.0.113.9", True),
        ("2001:db8::1", True),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:a9fe:a9fe::1", False),
        ("::169.254.169.254", False),
        ("fd00:ec2::254", False),
        ("100.100.100.200", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("nonsense", False),
    ],
)
def test_where_webhooks_may_be_sent(address: str, may: bool) -> None:
    assert addresses.may(address) is may
    assert addresses.may(address, ["169.254.0.0/16"]) is (may or "169.254" in address or "a9fe" in address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x/",
        "http://",
        "http://u:p@x/",
        "http://x y/",
        "http://x/\r\nA: b",
        "javascript:1",
        "http://x:0/",
        "x" * 600,
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert not addresses.is_url(url)
    assert addresses.is_url("https://example.com:8443/hook?a=b")


async def test_a_webhook_is_made_tried_and_removed_on_its_page(tmp_path: Path) -> None:
    async with site(tmp_path) as box:
        box.people()
        async with box.logged_in(OWNER) as owner:
            assert "a caller was not answered" in (await owner.get("/webhooks")).text
            assert (await owner.fill("/webhooks", url="ftp://x/", kind="call.missed")).status_code == 422
            assert (await owner.fill("/webhooks", url="http://192.0.2.1/", kind="dtmf")).status_code == 422
            made = await owner.fill("/webhooks", url="http://192.0.2.1/", kind="call.missed")
            [hook] = box.office.webhooks.all()
            assert hook.secret in made.text.replace("&#43;", "+")
            assert hook.secret not in (await owner.get("/webhooks")).text
            await owner.fill("/webhooks", "/webhooks/try", webhook=str(hook.id))
            assert box.office.webhooks.all()[0].waiting == 1
            assert (await owner.fill("/webhooks", "/webhooks/remove", webhook="99")).status_code == 404
            await owner.fill("/webhooks", "/webhooks/remove", webhook=str(hook.id))
            assert box.office.webhooks.all() == []


def test_each_kind_of_event_is_told_in_words_on_the_page() -> None:
    assert set(EVENTS) == set(events.KINDS)


async def test_a_program_says_where_it_wants_to_be_told(tmp_path: Path) -> None:
    async with site(tmp_path) as box:
        box.people()
        async with Program(box, "installer") as program:
            new = {"url": "http://192.0.2.1/", "kinds": ["call.missed"]}
            made = await program.post("/webhooks", json=new)
            [hook] = box.office.webhooks.all()
            assert (made.status_code, made.json()) == (201, {"id": hook.id, "secret": hook.secret})
            told = await program.get("/webhooks")
            assert told.json()[0]["kinds"] == ["call.missed"] and hook.secret not in told.text
            assert (await program.post(f"/webhooks/{hook.id}/test")).status_code == 200
            assert box.office.webhooks.all()[0].waiting == 1
            for wrong in ({"url": "ftp://192.0.2.1/"}, {"kinds": ["dtmf"]}, {"kinds": []}):
                assert (await program.post("/webhooks", json=new | wrong)).status_code == 422
            assert (await program.delete(f"/webhooks/{hook.id}")).status_code == 200
            assert (await program.delete(f"/webhooks/{hook.id}")).status_code == 404


async def test_prometheus_reads_the_figures_and_strangers_do_not(tmp_path: Path) -> None:
    async with Switch(tmp_path / "control.sock") as switch, followed(tmp_path / "pages", switch.socket) as box:
        async with box.visitor() as stranger, Program(box, "installer", ["metrics:read"]) as prometheus:
            assert (await stranger.get("/metrics")).status_code == 401
            answer = await prometheus.get(f"{box.address}/metrics")
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
            found = {
                (sample.name, *sample.labels.values()): sample.value
                for family in text_string_to_metric_families(answer.text)
                for sample in family.samples
            }
            assert found["linekeeper_switch_up",] == 1
            assert found["linekeeper_line_usable", "city"] == 1
            assert found["linekeeper_line_usable", "backup"] == 0
            assert found["linekeeper_queue_free", "sales"] == 2
            assert found["linekeeper_missed_total",] == found["linekeeper_calls_total", "in", "abandoned"] == 0
            switch.call(state="over", outcome="abandoned")
            switch.tell(Happened, at=0, kind="missed", call=7)
            while "linekeeper_missed_total 1\n" not in (answer := await prometheus.get(f"{box.address}/metrics")).text:
                pass  # what the switch tells is on its way
            assert 'linekeeper_calls_total{direction="in",outcome="abandoned"} 1\n' in answer.text
        async with Program(box, "owner", ["office:read"]) as other, box.logged_in(OWNER) as owner:
            assert (await other.get(f"{box.address}/metrics")).status_code == 403
            assert (await owner.get("/metrics")).status_code == 401  # a cookie is no token
