# SPDX-License-Identifier: GPL-2.0-or-later
"""What the stories of this folder have in common: another document for a running office, and prompts that are tones."""

from pathlib import Path

from appliance.control import client
from appliance.control.messages import Apply
from appliance.programs.demo.office import Office
from tests.telephones import tone
from tests.telephones.rtp import Rtp
from tests.telephones.stage import Stage

PROMPT_HZ, AGAIN_HZ = 500, 600  # what prompts sound like: no caller, no desk and no note of the music
SIMPLE = '[scenario.main]\nopen = "sales"\nunanswered = "office"\n'


def prompt(stage: Stage, name: str, hz: int = PROMPT_HZ, seconds: float = 1.0) -> str:
    """A table of the document: a prompt that is a tone."""
    file = tone.write(stage.folder / f"{name}.wav", hz, seconds)
    return f'[prompt.{name}]\nfile = "{file}"\n'


async def use(office: Office, document: str) -> None:
    async with await client.connect(office.socket) as switch:
        await switch.request(Apply(0, document))


def changed(document: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert document.count(old) == 1, f"{old!r} is there {document.count(old)} times"
        document = document.replace(old, new)
    return document


async def hears(stage: Stage, ear: Rtp, hz: int, seconds: float, within: float = 15.0) -> Path:
    """Wait until this tone was heard for so long in all; what was heard so far."""
    for _ in range(round(within / 0.1)):
        await ear.listens(0.1)
        heard = ear.heard(stage.folder / f"heard-{ear.port}.wav")
        if tone.heard(heard, hz) >= seconds:
            return heard
    raise AssertionError(f"{tone.heard(heard, hz):.1f} s of {hz} Hz were heard, waiting for {seconds}: {ear.account()}")
