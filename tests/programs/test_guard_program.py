# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper guard` lists who is banned, and lifts bans."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from appliance.control import messages as m
from appliance.control.guard import Ban, Lift, holds
from appliance.programs import guard as program
from tests.control.office import SmallOffice

BANS = (
    Ban(address="192.0.2.7", why="passwords", since=1_790_000_000_000, until=1_790_000_600_000, times=2),
    Ban(address="2001:db8::/64", why="requests", since=1_790_000_000_000, until=1_790_000_600_000),
)


class Banning(SmallOffice):
    def _snapshot(self) -> m.Office:
        return msgspec.structs.replace(super()._snapshot(), bans=BANS)


async def run(tmp_path: Path, *given: str) -> list[m.Request]:
    async with Banning(tmp_path / "control.sock") as office:
        words = [*given, "--socket", str(tmp_path / "control.sock"), "--state", str(tmp_path)]
        assert await asyncio.to_thread(program.main, words) == 0
        return [request for request, _ in office.asked]


async def test_it_lists_them_a_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await run(tmp_path)
    first, second = capsys.readouterr().out.splitlines()
    assert first.split()[:2] == ["192.0.2.7", "passwords"] and first.endswith("  2")
    assert second.split()[:2] == ["2001:db8::/64", "requests"]


async def test_it_lifts_one_or_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(tmp_path, "--lift", "192.0.2.7") == [Lift(1, "192.0.2.7")]
    assert await run(tmp_path, "--lift-all") == [Lift(1, "")]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("said", "banned", "so"),
    [
        ("192.0.2.7", "192.0.2.7", True), ("192.0.2.8", "192.0.2.7", False), ("192.0.2.0/24", "192.0.2.7", True),
        ("2001:db8::5", "2001:db8::/64", True), ("2001:db8:0:0::/64", "2001:db8::/64", True),
        ("2001:db8:0:9::5", "2001:db8::/48", True), ("2001:db8::/48", "2001:db8:0:9::/64", True),
        ("2001:db8:1::5", "2001:db8::/48", False), ("::1", "192.0.2.7", False), ("anna", "192.0.2.7", False),
    ],
)  # fmt: skip
def test_an_address_is_known_by_whatever_is_written_of_it(said: str, banned: str, so: bool) -> None:
    assert holds(Ban(address=banned, why="requests", since=0, until=1), said) == so
