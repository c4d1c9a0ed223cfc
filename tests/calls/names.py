# SPDX-License-Identifier: GPL-2.0-or-later
"""Name servers that take every question and answer none: calls within the office go on. `make network`, as root."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.calls.stories import use
from tests.telephones import tone
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, Stage

DEAF = "127.0.0.53"
NAME = "sip.nowhere.example"
AT_ONCE = 2.0  # seconds; libc waits five for each question
LINE = f'[line.far]\nkind = "sip"\nhost = "{NAME}"\nregister = true\nuser = "100200"\nscenario = "main"\n'


class NameServer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked.append(data)

    def other(self) -> list[bytes]:
        """Questions for anything but the name of the line."""
        return [one for one in self.asked if b"\x07nowhere" not in one]


@pytest.fixture
async def deaf() -> AsyncIterator[NameServer]:
    server = NameServer()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, local_addr=(DEAF, 53))
    yield server
    transport.close()


def within(folder: Path) -> list[str]:
    """Where nobody but that server is asked."""
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver {DEAF}\n")
    return ["unshare", "--mount", "sh", "-c", f'mount --bind {resolver} /etc/resolv.conf && exec "$@"', "sh"]


async def test_calls_within_the_office_go_on_while_every_look_up_hangs(
    stage: Stage, deaf: NameServer, tmp_path: Path
) -> None:
    office = await stage.office(within=within(tmp_path))
    secrets = office.folder / "secrets.toml"
    secrets.write_text(secrets.read_text() + '[line.far]\npassword = "provider"\n')
    await use(office, f"{office.document}\n{LINE}")
    async with asyncio.timeout(20):
        while not deaf.asked:
            await asyncio.sleep(0.05)  # the line's name is looked up, and hangs
    anna, boris = await stage.desks(office)
    for _ in range(2):
        began = time.monotonic()
        await anna.dial("102")
        await boris.rings(within=AT_ONCE)
        await boris.accept()
        await anna.talks(within=AT_ONCE)
        assert time.monotonic() - began < AT_ONCE
        await asyncio.gather(anna.listens(1.0), boris.listens(1.0))
        await anna.hang_up()
        await asyncio.gather(anna.closed(), boris.closed())
        assert tone.heard(anna.heard(), BORIS_HZ) > 0.5 and tone.heard(boris.heard(), ANNA_HZ) > 0.5
    caller = await stage.outside(office, "caller-waits", await stage.ear())  # from a line that has an address
    await anna.rings(within=AT_ONCE)
    await anna.accept()
    await anna.talks(within=AT_ONCE)
    await anna.hang_up()
    await caller.finished()
    assert not deaf.other(), "a name was looked up that is not the line's"
