# SPDX-License-Identifier: GPL-2.0-or-later
"""The line doctor on a SIP trunk whose provider sends the call back: too quiet, too loud, with an echo, losing keys."""

import asyncio
from pathlib import Path

import pytest

from appliance.control import client
from appliance.control.doctor import CheckLine, LineChecked
from tests.calls.stories import use
from tests.lines.carried import Carried
from tests.lines.exchange import Way
from tests.telephones.rtp import BOX_EVENTS
from tests.telephones.stage import NUMBER, Stage

OURS = f'kind = "sip"\nnumbers = {{ "{NUMBER}" = "main" }}\n'
TRUNK = '\n[line.trunk]\nkind = "sip"\nhost = "127.0.0.1"\nport = {}\ncaller = "+37052000009"\n'


async def checked(folder: Path, said: Way, heard: Way) -> LineChecked:
    """What is found of `trunk`, whose provider carries what is said into it and what is heard from it so, and calls by `city`."""
    async with Stage(folder) as stage:
        office = await stage.office(music=False)
        port = stage.ports.take()
        await use(office, office.document.replace('kind = "sip"\n', OURS, 1) + TRUNK.format(port))
        called, calling = (Carried(stage.ports.take(2), way, kind) for way, kind in ((said, BOX_EVENTS), (heard, 101)))
        called.other, calling.other = calling, called
        async with called, calling, await client.connect(office.socket) as switch:
            provider = await stage.sipp("callee-waits", port=port, rtp=called.port, talk=0.1)
            checking = asyncio.create_task(switch.request(CheckLine(0, "trunk", NUMBER)))
            await called.listens(0.1, 20)
            back = await stage.outside(office, "caller-waits", calling, caller="+37052000009")
            found = await checking
            await asyncio.gather(provider.finished(), back.finished())
            return found


def ids(found: LineChecked) -> set[tuple[str, str]]:
    """Without what a busy machine adds of its own."""
    return {(one.id, one.way) for one in found.findings if one.id not in ("gaps", "late")}


async def test_a_provider_that_is_too_quiet_one_way_too_loud_the_other_and_echoes_is_told_in_words_and_figures(
    tmp_path: Path,
) -> None:
    heard = Way(gain=1.9, keys=lambda keys: keys.replace("9", "").replace("3", "33"))
    found = await checked(tmp_path, Way(gain=0.4, echo=(0.2, 0.12)), heard)
    assert (found.line, found.other) == ("trunk", "city")
    loud = {("too-loud", "heard"), ("lost-keys", "heard"), ("doubled-keys", "heard")}
    assert ids(found) == {("too-quiet", "said"), ("echo", "said")} | loud
    assert (found.said.gain, found.heard.gain) == (pytest.approx(-8, abs=0.7), pytest.approx(5.6, abs=0.4))
    assert found.said.echo_loss == pytest.approx(14, abs=4)  # a busy machine loses some of it
    assert 120 <= (found.said.echo_delay or 0) < 500
    words = " ".join(one.words for one in found.findings)
    assert f"Line “trunk”: what is said into it arrives {-(found.said.gain or 0):.1f} dB too quiet." in words
    assert f"what is heard from it is {found.heard.gain:.1f} dB too loud." in words
    assert f"an echo after {found.said.echo_delay:.0f} ms, {found.said.echo_loss:.0f} dB below" in words
    assert "at its far end are lost: 9." in words and "are heard twice: 3." in words
