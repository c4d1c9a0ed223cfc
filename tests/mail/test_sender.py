# SPDX-License-Identifier: GPL-2.0-or-later
"""E-mail about messages, by a real mail server: every message is told of once, whatever happens to whom."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import msgspec
import pytest

from appliance.control import messages as m
from appliance.control.server import Peer, Server
from appliance.mail.digests import Digests
from appliance.mail.post import Post
from appliance.mail.sender import Sender
from appliance.programs.demo.ports import Ports
from appliance.programs.demo.seen import NotSeen
from appliance.store.office import Office
from appliance.store.reader import Reader
from tests.calls.test_mailboxes import write
from tests.fakes.certificates import Authority
from tests.fakes.mail_server import MailServer
from tests.settings.documents import TWO, settings

PASSWORD = "of the box"
A, B = "a@example.com", "b@example.com"


class Switch:
    """A real control server with messages that are due; `became` is what it was told of each."""

    def __init__(self, folder: Path) -> None:
        self.socket, self.folder = folder / "control.sock", folder
        self.due: dict[int, m.Message] = {}
        self.became: list[tuple[int, str, str]] = []
        self._server = Server(self.socket, self._answer, self._office)

    async def start(self) -> None:
        self._server = Server(self.socket, self._answer, self._office)
        await self._server.start()

    async def stop(self) -> None:
        await self._server.close()

    def _office(self) -> m.Office:
        return m.Office(version=1, seq=0, name="", revision=1, calls=(), lines=(), queues=(), people=(), phones=())

    async def _answer(self, request: m.Request, peer: Peer) -> object:
        match request:
            case m.Messages(mail="due", after=after):
                return tuple(one for one in self.due.values() if one.id > after)
            case m.Mailed(message=id, result=result, reason=reason):
                self.due.pop(id, None)
                self.became.append((id, result, reason))
        return m.Done()

    def leave(self, id: int = 5, age: float = 0.0, **more: object) -> None:
        """A caller leaves a message, so many hours ago."""
        file = write(self.folder / "voicemail" / f"{id}.wav", 2.0)
        at = time.time_ns() // 1_000_000 - round(age * 3_600_000)
        one = m.Message(id, "sales", at, "+37060000001", "", 2000, str(file), "00" * 32, "new", False, 0, "due")
        self.due[id] = msgspec.structs.replace(one, **more)
        self._server.tell(m.MailboxChanged, mailbox=m.Mailbox(id="sales", name="Sales", new=1))

    async def told(self, count: int = 1, within: float = 15.0) -> list[tuple[int, str, str]]:
        for _ in range(round(within / 0.02)):
            if len(self.became) >= count:
                return self.became
            await asyncio.sleep(0.02)
        raise NotSeen(f"{self.became} alone became of {count} messages")


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Switch]:
    switch = Switch(tmp_path)
    await switch.start()
    yield switch
    await switch.stop()


def document(port: int, to: tuple[str, ...] = (A,), mail: str = 'security = "none"\n', mailbox: str = "") -> str:
    listed = ", ".join(f'"{one}"' for one in to)
    table = f'[mail]\nhost = "127.0.0.1"\nport = {port}\nfrom = "box@example.com"\n{mail}'
    return f"{TWO}[mailbox.sales]\nmail = [{listed}]\n{mailbox}{table}"


@asynccontextmanager
async def sending(switch: Switch, text: str, within: float = 20.0, secret: str = PASSWORD) -> AsyncIterator[None]:
    """The web program's part that sends."""

    async def password() -> str:
        return secret

    post = Post(password, within)
    with closing(Office(switch.folder / "pages")) as office:
        digests = Digests(post, office.digests, Reader(switch.folder / "journal.db"))
        sender = Sender(switch.socket, lambda: settings(text), post, digests, first_wait=0.2)
        async with going(sender.run()):
            yield


@asynccontextmanager
async def going(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
        assert not task.done(), "it has ended"
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def server(tmp_path: Path, ports: Ports) -> AsyncIterator[MailServer]:
    async with MailServer(tmp_path / "mail", ports.take()) as server:
        yield server


async def test_each_message_comes_once_with_its_audio(switch: Switch, server: MailServer) -> None:
    async with sending(switch, document(server.port, (A, B))):
        switch.leave(5)
        switch.leave(6)
        assert sorted(await switch.told(2)) == [(5, "sent", ""), (6, "sent", "")]
        mails = await server.came(2)
        switch.leave(7)
        await switch.told(3)
    assert len(server.mails()) == 3
    assert mails[0]["X-To"] == f"{A}, {B}"
    [audio] = mails[0].iter_attachments()
    assert len(audio.get_content()) > 15_000
    assert audio.get_filename().endswith("-37060000001.wav")


async def test_a_mailbox_may_want_no_audio(switch: Switch, server: MailServer) -> None:
    async with sending(switch, document(server.port, mailbox="attach = false\n")):
        switch.leave()
        await switch.told()
    [mail] = server.mails()
    assert not list(mail.iter_attachments())
    assert "Dial *97" in mail.get_content()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_it_goes_by_tls_with_user_and_password(
    switch: Switch, tmp_path: Path, ports: Ports, security: str
) -> None:
    authority = Authority(tmp_path / "ca")
    mine = authority.certificate("mail")
    server = MailServer(
        tmp_path / "mail", ports.take(), certificate=mine.file, key=mine.key, tls=security, login=("box", PASSWORD)
    )
    how = f'security = "{security}"\nca_file = "{authority.file}"\nuser = "box"\n'
    async with server, sending(switch, document(server.port, mail=how)):
        switch.leave()
        assert await switch.told() == [(5, "sent", "")]
    [mail] = server.mails()
    if security == "starttls":
        assert (mail["X-Tls"], mail["X-Login"]) == ("True", "True")


async def test_without_the_password_of_its_user_no_server_is_bothered_and_the_log_says_why(
    switch: Switch, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with sending(switch, document(server.port, mail='user = "box"\n'), secret=""):
        switch.leave()
        async with asyncio.timeout(15):
            while "no password of box is known" not in caplog.text:
                await asyncio.sleep(0.02)
    assert switch.became == [] and not (server.folder / "connections").exists()


async def test_a_server_nobody_vouches_for_gets_neither_password_nor_message(
    switch: Switch, tmp_path: Path, ports: Ports
) -> None:
    mine, other = Authority(tmp_path / "ca").certificate("mail"), Authority(tmp_path / "other", "other")
    server = MailServer(tmp_path / "mail", ports.take(), certificate=mine.file, key=mine.key, tls="starttls")
    how = f'security = "starttls"\nca_file = "{other.file}"\nuser = "box"\n'
    async with server, sending(switch, document(server.port, mail=how)):
        switch.leave()
        await server.tried(2)  # and again
    assert server.mails() == []
    assert switch.became == []


async def test_a_server_without_tls_gets_nothing_when_tls_is_wanted(switch: Switch, server: MailServer) -> None:
    async with sending(switch, document(server.port, mail='security = "starttls"\n')):
        switch.leave()
        await server.tried(2)
    assert (server.mails(), switch.became) == ([], [])


async def test_a_server_that_is_away_gets_them_when_it_is_back(switch: Switch, tmp_path: Path, ports: Ports) -> None:
    server = MailServer(tmp_path / "mail", ports.take())
    async with sending(switch, document(server.port)):
        switch.leave(5)
        switch.leave(6)
        await asyncio.sleep(0.5)  # it is tried meanwhile, and nothing says so
        assert switch.became == []
        async with server:
            assert sorted(await switch.told(2)) == [(5, "sent", ""), (6, "sent", "")]
    assert len(server.mails()) == 2


async def test_a_server_that_hangs_holds_up_nothing_but_mail(switch: Switch, server: MailServer) -> None:
    server.answers(hangs=True)
    async with sending(switch, document(server.port), within=0.5):
        switch.leave()
        await server.tried(2)
        assert switch.became == []
        server.answers()
        assert await switch.told() == [(5, "sent", "")]
    assert len(server.mails()) == 1


async def test_we_are_killed_before_it_is_sent_and_send_it_after_the_next_start(
    switch: Switch, tmp_path: Path, ports: Ports
) -> None:
    server = MailServer(tmp_path / "mail", ports.take())
    text = document(server.port)
    async with sending(switch, text):
        switch.leave()
        await asyncio.sleep(0.3)
    async with server, sending(switch, text):
        assert await switch.told() == [(5, "sent", "")]
    assert len(server.mails()) == 1


async def test_a_switch_that_is_away_when_it_was_sent_is_told_later_and_it_is_not_sent_twice(
    switch: Switch, server: MailServer
) -> None:
    server.answers({A: "451 Come back later"})
    async with sending(switch, document(server.port)):
        switch.leave()
        await server.tried(1)
        await switch.stop()
        server.answers()
        await switch.start()
        assert await switch.told() == [(5, "sent", "")]
        await asyncio.sleep(0.5)
    assert len(server.mails()) == 1


async def test_who_is_put_off_gets_it_later_and_the_others_only_once(switch: Switch, server: MailServer) -> None:
    server.answers({B: "451 Greylisted"})
    async with sending(switch, document(server.port, (A, B))):
        switch.leave()
        [first] = await server.came(1)
        await server.tried(2)
        server.answers()
        assert await switch.told() == [(5, "sent", "")]
    assert [mail["X-To"] for mail in server.mails()] == [A, B]
    assert first["Message-ID"] == server.mails()[1]["Message-ID"]


async def test_an_address_there_is_none_of_is_told_and_keeps_nobody_else_waiting(
    switch: Switch, server: MailServer
) -> None:
    server.answers({B: "550 No such user"})
    async with sending(switch, document(server.port, (A, B))):
        switch.leave()
        assert await switch.told() == [(5, "sent", f"{B}: 550 No such user")]
    server.answers({A: "550 No such user"})
    async with sending(switch, document(server.port, (A,))):
        switch.leave(6)
        assert (await switch.told(2))[1] == (6, "failed", f"{A}: 550 No such user")


async def test_a_message_too_large_for_the_server_comes_without_audio(switch: Switch, server: MailServer) -> None:
    server.answers({"AUDIO": "552 Too large"})
    async with sending(switch, document(server.port)):
        switch.leave()
        assert await switch.told() == [(5, "sent", "")]
    [mail] = server.mails()
    assert not list(mail.iter_attachments())


async def test_what_the_server_never_takes_is_given_up_and_told(switch: Switch, server: MailServer) -> None:
    server.answers({"DATA": "554 Spam"})
    async with sending(switch, document(server.port)):
        switch.leave()
        assert await switch.told() == [(5, "failed", "554 Spam")]


async def test_what_is_too_old_is_given_up_and_told(switch: Switch, ports: Ports) -> None:
    async with sending(switch, document(ports.take(), mail='security = "none"\ngive_up_after = 2\n')):
        switch.leave(5, age=1.9)
        switch.leave(6, age=2.1)
        [(id, result, why)] = await switch.told()
        assert (id, result) == (6, "failed")
        assert why.startswith("given up: ")


async def test_a_message_whose_file_is_gone_is_told_of_all_the_same(switch: Switch, server: MailServer) -> None:
    async with sending(switch, document(server.port)):
        switch.leave(file="/nowhere.wav")
        assert await switch.told() == [(5, "sent", "")]
    assert not list(server.mails()[0].iter_attachments())
