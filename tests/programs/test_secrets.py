# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is told what of secrets.toml, over a real control socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.control import messages as m
from appliance.control.client import follow
from appliance.control.secrets import BridgeSecrets, KeepSecret, Kept, MailSecrets, OfSecrets, SecretKept
from appliance.control.server import Peer, Server
from appliance.programs.may import MAY
from appliance.programs.secrets import Keeper, Told
from appliance.settings.passwords import Secrets, read_secrets
from appliance.store.journal import Journal
from tests.fakes.switch import small_office

ALL = """\
[phone.desk1]
password = "of-a-telephone"
[line.city]
password = "of a trunk"
[mqtt]
user = "box"
password = "of the broker"
[broker.cloud]
user = "box"
password = "of the cloud"
[mail]
password = "of the mail"
[hashing]
key = "of-the-numbers"
"""


class Switch:
    """The part of the switch that keeps secrets, and nothing else of it."""

    def __init__(self, folder: Path) -> None:
        self.socket, self.file = folder / "control.sock", folder / "secrets.toml"
        self.file.write_text(ALL)
        self.file.chmod(0o600)
        self.known = read_secrets(self.file)
        self.server = Server(self.socket, self._handle, small_office)
        self._journal = Journal(folder / "journal.db", lambda id, message: None)
        self._keeper = Keeper(folder / "office.toml", self._journal, self.server, asyncio.Lock(), self._use)

    def _use(self, secrets: Secrets) -> None:
        self.known = secrets

    async def _handle(self, request: m.Request, peer: Peer) -> object:
        assert isinstance(request, OfSecrets)
        return await self._keeper.answer(self.known, request)

    async def close(self) -> None:
        await self.server.close()
        await asyncio.to_thread(self._journal.close)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Switch]:
    switch = Switch(folder)
    await switch.server.start()
    try:
        yield switch
    finally:
        await switch.close()


@pytest.mark.parametrize(
    ("request_", "theirs", "nobodys"),
    [
        (BridgeSecrets(0), {"mqtt", "broker", "hashing"}, ("telephone", "trunk", "mail")),
        (MailSecrets(0), {"mail"}, ("telephone", "trunk", "broker", "cloud", "numbers")),
    ],
)
async def test_a_program_is_told_what_it_uses_and_nothing_of_others(
    tmp_path: Path, request_: BridgeSecrets | MailSecrets, theirs: set[str], nobodys: tuple[str, ...]
) -> None:
    async with running(tmp_path) as switch:
        kept = await switch._handle(request_, Peer(0, 0, 0))
    assert isinstance(kept, Kept) and set(kept.tables) == theirs
    assert not any(word in str(kept.tables) for word in nobodys) and "of the" not in repr(kept)


def test_who_may_ask_is_told_by_the_user_of_the_program() -> None:
    may = {
        name: {one.__name__ for one in asks} & {"KeepSecret", "BridgeSecrets", "MailSecrets"}
        for name, asks in MAY.items()
    }
    assert may["linekeeper-bridge"] == {"BridgeSecrets"} and may["linekeeper-fence"] == set()
    assert may["linekeeper-web"] == {"KeepSecret", "MailSecrets"}


async def test_another_secret_is_news_without_its_value_and_known_to_who_asks_then(tmp_path: Path) -> None:
    news: asyncio.Queue[object] = asyncio.Queue()
    own = tmp_path / "web.toml"
    told = Told(own, tmp_path / "control.sock", MailSecrets(0))
    async with running(tmp_path) as switch:
        following = asyncio.create_task(follow(switch.socket, news.put_nowait, news.put_nowait))
        assert isinstance(await news.get(), m.Office)
        await switch._handle(KeepSecret(0, "mail", {"password": "of the other mail"}), Peer(0, 0, 0))
        said = await news.get()
        assert isinstance(said, SecretKept) and (said.table, said.name) == ("mail", "") and "other" not in str(said)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        own.write_text('[mail]\npassword = "of a file"\n')
        own.chmod(0o600)
        assert password(await told.ask()) == "of the other mail"
    assert password(await told.ask()) == "of the other mail", "the switch is away for a moment"


async def test_while_no_switch_was_ever_there_a_programs_own_file_is_good(tmp_path: Path) -> None:
    own = tmp_path / "web.toml"
    own.write_text('[mail]\npassword = "of a file"\n')
    own.chmod(0o600)
    assert password(await Told(own, tmp_path / "control.sock", MailSecrets(0)).ask()) == "of a file"


def password(secrets: Secrets) -> str:
    assert secrets.mail
    return secrets.mail.password.get_secret_value()
