# SPDX-License-Identifier: GPL-2.0-or-later
"""From an open port to a modem that can be used: who are you, is your SIM open, and what can you do."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from appliance.lines.at.commands import enter_pin
from appliance.lines.at.detect import family_of, may_enter, said, serial, sounds_of, tries_left
from appliance.lines.at.engine import MEDIUM, Answer, Command
from appliance.lines.at.families import FIRST, MAKER, MODEL, PIN, REVISION, SERIAL, Family, Sound, Step
from appliance.lines.at.fields import fields
from appliance.lines.at.gains import Side, command
from appliance.lines.modems.talk import Talk

SIM_WITHIN = 30.0  # s after a start until a SIM can be read
SIM_AGAIN = 2.0  # s between two looks at a SIM that is not ready
NO_SIM, SIM_BUSY = 10, 14  # +CME ERROR


class Unfit(Exception):
    """This modem cannot be used as it is. Theirs. id: what a page can show."""

    def __init__(self, id: str, detail: str = "") -> None:
        super().__init__(f"{id}: {detail}" if detail else id)
        self.id = id


class Identity(NamedTuple):
    family: Family
    maker: str
    model: str
    revision: str
    imei: str


class Fitted(NamedTuple):
    """What a modem can do. sounds: how it is heard, the best first; refused: steps of its set-up that it would not take."""

    identity: Identity
    sounds: tuple[Sound, ...]
    refused: tuple[str, ...]


async def identify(talk: Talk) -> Identity:
    """Unfit("unknown-modem") when it is none of ours."""
    for _ in range(2):  # the first command after a start may be lost
        if (await talk.ask(Command("AT"))).ok:
            break
    await take(talk, FIRST)
    maker, model = said(await talk.ask(MAKER)), said(await talk.ask(MODEL))
    revision, imei = said(await talk.ask(REVISION)), serial(await talk.ask(SERIAL))
    family = family_of(maker, model)
    if not family:
        raise Unfit("unknown-modem", f"{maker} {model}".strip())
    return Identity(family, maker, model, revision, imei)


async def take(talk: Talk, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Take steps; those that were refused. Unfit when one of them was needed."""
    refused: tuple[str, ...] = ()
    for step in steps:
        answer = await talk.ask(step.command)
        if not answer.ok:
            refused += (step.command.text,)
            if step.needed:
                raise Unfit("set-up-refused", step.command.text)
    return refused


class Refused(Protocol):
    """PINs that were refused once."""

    def __contains__(self, pin: object, /) -> bool: ...
    def add(self, pin: str, /) -> None: ...
    def discard(self, pin: str, /) -> None: ...


async def open_sim(talk: Talk, family: Family, pin: str, refused: Refused) -> None:
    """Until the SIM is open, or Unfit says why not. A PIN that is refused goes into `refused`, and is not tried again."""
    over = asyncio.get_running_loop().time() + SIM_WITHIN
    entered = False  # from then on a SIM that asks for its PIN has not noticed yet
    while (state := sim_state(await talk.ask(PIN))) != "READY":
        if state == "SIM PIN" and not entered:
            if not pin:
                raise Unfit("sim-pin-wanted")
            await enter(talk, family, pin, refused)
            entered = True
        elif state not in ("BUSY", "SIM PIN"):
            raise Unfit("sim-missing" if state == "NONE" else "sim-blocked", state)
        elif asyncio.get_running_loop().time() > over:
            raise Unfit("sim-missing", "it does not get ready")
        await asyncio.sleep(SIM_AGAIN)


def sim_state(answer: Answer) -> str:
    """READY, SIM PIN, SIM PUK and the like; NONE, or BUSY when it is too early to say."""
    if answer.ok and answer.lines:
        return fields(answer.lines[0])[0]
    return "NONE" if answer.error == NO_SIM else "BUSY"


async def enter(talk: Talk, family: Family, pin: str, refused: Refused) -> None:
    tries = tries_left(family, await talk.ask(family.pin.command)) if family.pin else None
    if not may_enter(tries, pin in refused):
        raise Unfit("sim-pin-at-risk", "refused before" if pin in refused else f"tries left: {tries}")
    refused.add(pin)  # before it is tried: it must not be tried again when we do not learn what became of it
    answer = await talk.ask(enter_pin(pin))
    if not answer.ok:
        raise Unfit("sim-pin-refused", answer.result)
    refused.discard(pin)


async def set_up(talk: Talk, identity: Identity, levels: Mapping[Side, int] | None = None) -> Fitted:
    """levels: how loud its calls are to be; those left out stay as they are."""
    family = identity.family
    refused = await take(talk, family.setup)
    answers: dict[str, Answer] = {}
    for each in family.sounds:
        if each.probe.text not in answers:
            answers[each.probe.text] = await talk.ask(each.probe)
    sounds = sounds_of(family, answers)
    before = [text for sound in sounds for text in sound.before]
    louder = ((command(family, side), level) for side, level in (levels or {}).items())
    before += [f"{text}={level}" for text, level in louder if text]
    refused += await take(talk, tuple(Step(Command(text, within=MEDIUM)) for text in before))
    return Fitted(identity, sounds, refused)
