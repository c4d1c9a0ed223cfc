# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever hinders the real programs is told in a clear sentence, and never leaves a trace alone or a call harmed."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from appliance.programs.demo.office import Office
from appliance.sip import _sip
from tests.telephones.stage import ANNA_HZ, Stage, near

ROOT = Path(__file__).parents[2]
AT_ONCE = 30.0  # seconds a program takes at most to give up
OFFICE = """\
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[sip]
listen = "127.0.0.1"
port = {sip}
rtp_ports = [{rtp}, {rtp_end}]
[web]
port = {web}
[phone.desk1]
[person.anna]
phones = ["desk1"]
"""
PROGRAM = (sys.executable, "-m", "appliance.programs")
SMALL_DISK = ("unshare", "--map-root-user", "--mount", "sh", "-c")  # a mount namespace of our own needs no privilege
FILLED = 'mount -t tmpfs -o size={size} none "$0" && {{ cat /dev/zero > "$0/ballast" 2>/dev/null; exec "$@"; }}'


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def document(tmp_path: Path, stage: Stage) -> Path:
    """The settings of a small office; its state is beside it."""
    path = tmp_path / "office.toml"
    rtp = stage.ports.take(100)
    path.write_text(OFFICE.format(sip=stage.ports.take(), web=stage.ports.take(), rtp=rtp, rtp_end=rtp + 99))
    return path


def given(document: Path, state: Path) -> list[str]:
    return ["--settings", str(document), "--state", str(state), "--socket", str(document.parent / "control.sock")]


async def told(*command: str | Path, **environment: str) -> tuple[int, str, float]:
    """What a program that cannot go on says: exit code, log, seconds; it must have ended by itself."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "LINEKEEPER_PARENT": str(os.getpid())} | environment,
    )  # fmt: skip
    assert process.stdout
    said: list[str] = []

    async def listen(lines: asyncio.StreamReader) -> None:
        async for line in lines:
            said.append(line.decode(errors="replace"))

    listening = asyncio.create_task(listen(process.stdout))
    try:
        await asyncio.wait_for(process.wait(), AT_ONCE)
    except TimeoutError:
        process.terminate()
        await process.wait()
        await listening
        raise AssertionError(f"it goes on for {AT_ONCE} s: {''.join(said)}") from None
    await listening
    return process.returncode or 0, "".join(said), time.monotonic() - began


def is_a_sentence(code: int, said: str, words: Sequence[str], program: str = "switch") -> None:
    """It ended as a failure, with one line in which all these words stand, and without a trace."""
    assert code != 0, said
    assert "Traceback" not in said, said
    lines = [line for line in said.splitlines() if f"linekeeper {program}: " in line]
    assert len(lines) == 1, said
    assert all(re.search(word, lines[0]) for word in words), (words, lines[0])


# ---- a port that is taken -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
async def test_the_port_of_the_telephones_is_taken_and_the_whole_box_says_so_and_ends(
    document: Path, kind: socket.SocketKind
) -> None:
    port = int(re.findall(r"port = (\d+)", document.read_text())[0])
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", port))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        code, said, _ = await told(*PROGRAM, "run", *given(document, document.parent / "state"))
    is_a_sentence(code, said, [str(port), "taken|in use"])


# ---- what was remembered is damaged ---------------------------------------------------------------------------------


async def test_a_box_whose_memory_is_damaged_starts_says_so_and_takes_calls(stage: Stage) -> None:
    office = await stage.office(strategy="round-robin")
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    files = [office.state / name for name in ("memory", "people.json")]
    for nth, damage in enumerate((b"", b"junk" * 1000)):
        await office.end()
        for file in files:
            assert file.exists()
            file.write_bytes(damage)
        before = len(office.log.all)
        office.log.skip()
        await office.start()
        said = office.log.all[before:]
        assert all(any(str(file) in line for line in said) for file in files), said
        assert not [line for line in said if "Traceback" in line]
        caller = await stage.outside(office, "caller-waits")
        await anna.rings()
        await anna.accept()
        await anna.talks()
        await anna.hang_up()
        await caller.finished()
        assert (await stage.call_over(office, nth + 1)).person == "anna"


# ---- a disk that is full --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["64k", "4m"])
async def test_a_switch_on_a_full_disk_says_so_and_ends(document: Path, size: str) -> None:
    state = document.parent / "state"
    state.mkdir()
    disk = (*SMALL_DISK, FILLED.format(size=size), str(state))
    code, said, _ = await told(*disk, *PROGRAM, "switch", *given(document, state))
    assert "unshare" not in said and "mount" not in said, said
    is_a_sentence(code, said, ["[Dd]isk is full"])


async def test_a_demo_that_has_no_room_says_so_and_begins_nothing(tmp_path: Path) -> None:
    disk = (*SMALL_DISK, 'mount -t tmpfs -o size=4m none "$0" && exec "$@"', str(tmp_path))
    code, said, _ = await told(*disk, *PROGRAM, "demo", TMPDIR=str(tmp_path))
    is_a_sentence(code, said, ["[Dd]isk is full", re.escape(str(tmp_path)), "TMPDIR"], program="demo")
    assert "Starting" not in said


# ---- PJSIP is not there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["extension", "libraries"])
async def test_without_pjsip_the_switch_says_what_is_missing_and_what_to_do(document: Path, missing: str) -> None:
    """The programs as installed, in a tree of their own from which a part is taken away."""
    tree = document.parent / "tree"
    shutil.copytree(ROOT / "appliance", tree / "appliance", ignore=shutil.ignore_patterns("_sip*.so", "__pycache__"))
    if missing == "libraries":
        whole = Path(_sip.__file__).read_bytes()
        path = library_path(Path(_sip.__file__))
        assert whole.count(path + b"\0") == 1
        (tree / "appliance/sip" / Path(_sip.__file__).name).write_bytes(
            whole.replace(path, b"/gone".ljust(len(path), b"_"))
        )
    places = os.pathsep.join([str(tree), *filter(lambda one: one.endswith("site-packages"), sys.path)])
    code, said, _ = await told(
        sys.executable, "-SP", "-m", "appliance.programs", "switch", *given(document, document.parent / "state"),
        PYTHONPATH=places,
    )  # fmt: skip
    is_a_sentence(code, said, ["make"] + (["PJSIP", r"libpj\w*\.so"] if missing == "libraries" else ["_sip"]))


def library_path(library: Path) -> bytes:
    """Where it looks for PJSIP (DT_RUNPATH)."""
    table = subprocess.run(["readelf", "--dynamic", "--wide", library], capture_output=True, text=True, check=True)
    [path] = re.findall(r"\(R(?:UN)?PATH\).*\[(.+)\]", table.stdout)
    return str(path).encode()


# ---- a state folder that is in use ----------------------------------------------------------------------------------


async def test_a_second_switch_in_the_same_folder_gives_up_and_the_talk_under_way_stays_right(stage: Stage) -> None:
    office = await stage.office()
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    ear = await stage.ear()
    caller = await stage.outside(office, "caller-waits", ear)
    await anna.rings()
    await anna.accept()
    answered = await anna.talks()
    await ear.listens(0.5)

    second = another(office, stage.ports.take())
    code, said, _ = await told(*PROGRAM, "switch", *given(second, office.state))
    is_a_sentence(code, said, [re.escape(str(office.state)), "[Aa]nother"])
    code, said, _ = await told(*PROGRAM, "run", *given(second, office.state))
    is_a_sentence(code, said, [re.escape(str(office.state))])

    await ear.listens(0.5)
    await anna.hang_up()
    ended = await anna.closed()
    await caller.finished()
    call = await stage.call_over(office)
    assert (call.outcome, call.person) == ("answered", "anna"), "the journal was touched"
    assert near(call.answered_at, answered.at) and near(call.ended_at, ended.at)
    assert not list(office.state.glob("journal.db.*T*")), "the journal was set aside"


def another(office: Office, port: int) -> Path:
    """Settings of a switch that differs only in its ports, in a folder of its own."""
    folder = office.folder.parent / "second"
    folder.mkdir()
    shutil.copy(office.folder / "secrets.toml", folder)
    document = office.document.replace(f"port = {office.sip}\n", f"port = {port}\n")
    (folder / "office.toml").write_text(document)
    return folder / "office.toml"
