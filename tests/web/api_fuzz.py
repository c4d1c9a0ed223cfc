# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests made from docs/openapi.json, sound and unsound, at a real switch and real pages: none is answered by a fault.

`make api-fuzz` runs it; EXAMPLES (50) is how many requests each way is asked in each phase.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.programs.demo.ports import Ports
from appliance.web.access import OWNER
from appliance.web.api import pace
from tests.web.fuzzer import PROGRAM, install
from tests.web.programs import Program, followed
from tests.web.visitors import Site

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("EXAMPLES", "50"))
LONGEST = 1800  # seconds
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
ENDS_IT = ("delete_self", "delete_tokens_token")  # they would end the token that is used
THERE = """
[parameters]
"path.person" = "anna"
"path.hours" = "office"
"path.user" = "reader"
"path.version" = "1"
"path.phone" = "desk1"
"path.prompt" = "welcome"
"path.line" = "city"
"""
OFFICE = """\
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[sip]
listen = "127.0.0.1"
port = {sip}
[phone.desk1]
[phone.desk2]
[person.anna]
name = "Anna"
extension = "101"
phones = ["desk1"]
mailbox = "anna"
[person.boris]
extension = "102"
phones = ["desk2"]
[mailbox.anna]
[hours.office]
week = {{ mon = ["09:00-18:00"] }}
[queue.sales]
people = ["anna", "boris"]
[prompt.welcome]
text = "Welcome."
[line.city]
kind = "sip"
host = "192.0.2.1"
scenario = "main"
[scenario.main]
hours = "office"
open = "queue.sales"
closed = "mailbox.office"
"""


@pytest.fixture
async def box(tmp_path: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """The switch as a program of its own; programs may ask as often as they like."""
    monkeypatch.setattr(pace, "AT_ONCE", 1e9)
    document, state = tmp_path / "office.toml", tmp_path / "state"
    document.write_text(OFFICE.format(sip=ports.take()))
    switch = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.programs", "switch", "--settings", str(document), "--state", str(state)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            while not (state / "control.sock").exists():
                await asyncio.sleep(0.1)
        async with followed(state, state / "control.sock", document) as box:
            yield box
        assert switch.returncode is None, "the switch has ended"
    finally:
        if switch.returncode is None:
            switch.terminate()
        await switch.wait()


@pytest.mark.timeout(LONGEST + 60)
async def test_no_request_is_answered_by_a_fault(box: Site, tmp_path: Path) -> None:
    install()
    (tmp_path / "schemathesis.toml").write_text(THERE)
    async with Program(box, OWNER) as program:
        process = await asyncio.create_subprocess_exec(
            *(str(PROGRAM), "run", str(ROOT / "docs/openapi.json"), "--url", box.address),
            *("--header", f"Authorization: {program.headers['Authorization']}"),
            *("--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)),
            *(
                "--exclude-path",
                "/api/v1/events",
                *(word for one in ENDS_IT for word in ("--exclude-operation-id", one)),
            ),
            *("--request-timeout", "30", "--continue-on-failure", "--no-color"),
            cwd=tmp_path,
            env={
                **os.environ,
                "SCHEMATHESIS_HOOKS": "fuzzed_bodies",
                "PYTHONPATH": str(Path(__file__).parent),
                "FUZZED": box.address,
                "FUZZED_TOKEN": program.headers["Authorization"],
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(LONGEST):
                said = (await process.communicate())[0].decode()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        print(said)
        assert process.returncode == 0, said[-8000:]
        assert (await program.get("/queues")).status_code == 200, "the switch still answers"
