# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever guesses passwords is held up, also after a restart of the box; the owner never for ever."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.store.office import Office
from appliance.web import proofs
from appliance.web.access import FORM_COOKIE
from tests.web.visitors import site

MANY = 400  # `make log-ins` makes ten thousand


async def test_a_guesser_is_held_up_over_a_restart_and_the_owner_comes_in_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await guessed(tmp_path, monkeypatch, MANY)


async def guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """A guesser who never waits: a handful of his passwords are looked at, and it is over after a quarter of an hour."""
    async with site(tmp_path) as box:
        box.people()
        statuses = await guess(box.address, times)
        assert len(statuses) == times
        assert set(statuses) <= {403, 429}
        assert statuses.count(403) < 40
        async with box.visitor() as owner:
            assert (await owner.log_in("owner")).status_code == 429  # from the guesser's own address, for a while
    async with site(tmp_path) as again:  # the box was started anew
        async with again.visitor() as owner:
            answer = await owner.log_in("owner")
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) <= proofs.LONGEST_WAIT + 1
        monkeypatch.setattr("appliance.web.entry.time.time", later(proofs.LONGEST_WAIT + 1))
    async with site(tmp_path) as again, again.visitor() as owner:
        assert (await owner.log_in("owner")).status_code == 303


async def guess(address: str, times: int) -> list[int]:
    """The statuses of so many log-ins as owner over one connection each four."""
    host, port = address.removeprefix("http://").split(":")
    csrf = "a-guesser-of-passwords-a-guesser"
    body = f"csrf={csrf}&name=owner&password=wrong+password".encode()
    head = (
        f"POST /log-in HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {FORM_COOKIE}={csrf}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body

    async def one(count: int) -> list[int]:
        reader, writer = await asyncio.open_connection(host, int(port))
        found = []
        for _ in range(count):
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            found.append(int(answer.split(None, 2)[1]))
            length = next(int(line.split(b":")[1]) for line in answer.lower().splitlines() if b"content-length" in line)
            await reader.readexactly(length)
        writer.close()
        return found

    return [status for each in await asyncio.gather(*(one(times // 4) for _ in range(4))) for status in each]


def later(seconds: float) -> Callable[[], float]:
    real = time.time
    return lambda: real() + seconds


def test_wrong_tries_outlive_a_restart_and_right_ones_wipe_them_out(tmp_path: Path) -> None:
    clock = [1000.0]
    with contextlib.closing(Office(tmp_path)) as office:
        tries = proofs.Tries(lambda: clock[0], office.wrong)
        for _ in range(proofs.FREE):
            tries.wrong("owner", "192.0.2.1")
        assert tries.wait("owner", "192.0.2.1") == proofs.FIRST_WAIT
    with contextlib.closing(Office(tmp_path)) as office:
        tries = proofs.Tries(lambda: clock[0], office.wrong)
        assert tries.wait("owner", "192.0.2.1") == proofs.FIRST_WAIT
        assert tries.wait("owner", "192.0.2.2") == 0
        clock[0] += proofs.FIRST_WAIT
        tries.wrong("owner", "192.0.2.1")
        assert tries.wait("owner", "192.0.2.1") == 2 * proofs.FIRST_WAIT
        tries.right("owner", "192.0.2.1")
        assert tries.wait("owner", "192.0.2.1") == 0
    with contextlib.closing(Office(tmp_path)) as office:
        assert proofs.Tries(lambda: clock[0], office.wrong).wait("owner", "192.0.2.1") == 0


def test_a_clock_set_back_by_a_year_holds_nobody_up(tmp_path: Path) -> None:
    clock = [1_800_000_000.0]
    with contextlib.closing(Office(tmp_path)) as office:
        tries = proofs.Tries(lambda: clock[0], office.wrong)
        for _ in range(20):
            tries.wrong("owner", "192.0.2.1")
        clock[0] -= 365 * 86_400
        assert tries.wait("owner", "192.0.2.1") == 0


def test_what_is_kept_of_wrong_tries_is_bounded(tmp_path: Path) -> None:
    with contextlib.closing(Office(tmp_path)) as office:
        tries = proofs.Tries(lambda: 0.0, office.wrong)
        for n in range(proofs.REMEMBERED + 20):
            tries.wrong(f"user{n}", f"192.0.2.{n % 250}")
        assert len(office.wrong.all()) <= proofs.REMEMBERED
