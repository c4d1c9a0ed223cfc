# SPDX-License-Identifier: GPL-2.0-or-later
"""A Quectel that is a sound card too, in a whole switch: it is heard by its own card, by its tty when there is none, and a call
whose card goes is over. The cards are plug-ins of ALSA's, the modem a simulator."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest
import pytest_asyncio

from appliance.lines import lines
from appliance.lines.usb import Found, Watch
from appliance.programs.demo.modem.simulator import Simulator
from appliance.store.reader import Call, Reader
from tests.calls.stories import use
from tests.lines.far_card import FarCard, alsa
from tests.lines.far_end import RATE, FarEnd
from tests.lines.mobile import CALLED, CALLER, OWN, modem, seen, stands, with_ways_out
from tests.lines.shelf import OfficeHere, Shelf
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

EC25, HEADSET = (0x2C7C, 0x0125), (0x046D, 0x0A38)
SOCKET = "1-1.3"
LINE = f'\n[line.gsm]\nkind = "modem"\nusb = "{SOCKET}"\nnumber = "{OWN}"\n'
CARD_HZ, TTY_HZ = 1000, 1300
NETWORK_OUT_OF_ORDER = 38


class OfficeWithUsb(OfficeHere):
    watch: Watch

    async def start(self) -> None:
        with patch.object(lines, "Watch", lambda: self.watch):
            await super().start()


@dataclass
class Plugged:
    """An office with a modem in a socket, and what udev tells of."""

    stage: Stage
    folder: Path
    modem: Simulator
    tty: FarEnd
    office: OfficeWithUsb = field(init=False)
    anna: Baresip = field(init=False)
    cards: dict[str, FarCard] = field(default_factory=dict)  # by socket
    calls: int = 0  # so far

    def look(self) -> list[Found]:
        ports = [Found(os.path.realpath(self.modem.link), SOCKET, EC25, 2), Found(self.tty.path, SOCKET, EC25, 1)]
        ids = {SOCKET: EC25}
        return [*ports, *(Found(card.name, usb, ids.get(usb, HEADSET), None, True) for usb, card in self.cards.items())]

    async def plug(self, card: FarCard | None) -> None:
        self.cards = {usb: one for usb, one in self.cards.items() if usb != SOCKET}
        if card:
            self.cards[SOCKET] = card
        self.modem.card = card
        await self.office.watch.look()

    async def talk(self) -> None:
        """Somebody calls, and Anna answers."""
        self.modem.heard.clear()
        self.modem.ring(CALLER)
        await self.anna.rings()
        await self.anna.accept()
        await self.anna.talks()

    async def sounds(self, standing: str) -> None:
        async with asyncio.timeout(20):
            while (known := (await seen(self.office, "gsm")).modem) is None or known.sound != standing:
                await asyncio.sleep(0.05)

    async def over(self) -> Call:
        await self.anna.closed()
        self.calls += 1
        return await self.stage.call_over(self.office, self.calls)

    def asked_for_sound(self) -> list[str]:
        return [command for command in self.modem.heard if command.startswith("AT+QPCMV=1")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plugged]:
    folder = tmp_path_factory.mktemp("uac")
    async with AsyncExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("ALSA_CONFIG_PATH", str(alsa(folder)))
        stage = await stack.enter_async_context(Stage(folder))
        tty = stack.enter_context(FarEnd(tone.samples(TTY_HZ, 1, RATE)))
        plugged = Plugged(stage, folder, modem(folder), tty)
        plugged.cards["1-1.2"] = stack.enter_context(FarCard(folder, 1, tone.samples(440, 1, RATE)))
        tty.quiet, plugged.modem.far = True, tty
        plugged.modem.plug()
        stack.callback(plugged.modem.unplug)
        (folder / "office").mkdir()
        office = OfficeWithUsb(folder / "office", stage.ports, music=False, pages=False)
        office.shelf, office.watch = Shelf(), Watch(plugged.look)
        plugged.office = await stack.enter_async_context(office)
        await use(office, with_ways_out(office.document) + LINE)
        await stands(office, "gsm", "ready")
        plugged.anna = await stage.desk(office, "desk1", ANNA_HZ)
        yield plugged


@pytest.fixture
def card(box: Plugged) -> FarCard:
    """Of the modem; not plugged in yet."""
    card = FarCard(box.folder, 3, tone.samples(CARD_HZ, 1, RATE), ppm=80)
    card.quiet = True
    return card


async def test_a_caller_and_a_desk_hear_each_other_by_the_modems_own_card(box: Plugged, card: FarCard) -> None:
    with card:
        await box.plug(card)
        await box.talk()
        await card.hears(ANNA_HZ, 1.0)
        await box.anna.listens(1.5)
        await box.sounds("ok")
        box.modem.far_hangs_up()
        await box.over()
        await box.modem.until(lambda: box.modem.heard[-1] == "AT+QPCMV=0")
    assert box.asked_for_sound() == ["AT+QPCMV=1,2"]
    assert tone.heard(box.anna.heard(), CARD_HZ) > 0.8
    assert not box.tty.heard and not box.cards["1-1.2"].heard, "another port or card was opened"


async def test_a_card_that_goes_in_a_call_ends_it_as_network_out_of_order(box: Plugged, card: FarCard) -> None:
    with card:
        await box.plug(card)
        await box.anna.dial(CALLED)
        await box.modem.until(lambda: box.modem.calls)
        box.modem.far_answers()
        await card.hears(ANNA_HZ, 0.5)
    await box.sounds("gone")
    call = await box.over()
    assert [leg.cause for leg in Reader(box.office.journal).legs(call.id) if leg.kind == "trunk"] == [
        NETWORK_OUT_OF_ORDER
    ]
    assert not box.modem.calls


async def test_a_modem_whose_card_is_missing_is_heard_by_its_tty(box: Plugged) -> None:
    await box.plug(None)
    await box.talk()
    await box.tty.hears(ANNA_HZ, 1.0)
    await box.anna.listens(1.5)
    await box.sounds("ok")
    box.modem.far_hangs_up()
    await box.over()
    assert box.asked_for_sound() == ["AT+QPCMV=1,0"]
    assert tone.heard(box.anna.heard(), TTY_HZ) > 0.8


async def test_so_is_one_whose_card_has_another_rate(box: Plugged) -> None:
    with FarCard(box.folder, 4, tone.samples(CARD_HZ, 1, RATE), rate=16000) as card:
        await box.plug(card)
        await box.talk()
        await box.tty.hears(ANNA_HZ, 0.5)
        await box.sounds("ok")
        box.modem.far_hangs_up()
        await box.over()
    assert box.asked_for_sound() == ["AT+QPCMV=1,2", "AT+QPCMV=1,0"]


async def test_and_one_that_will_not_begin_by_its_card(box: Plugged, card: FarCard) -> None:
    with card:
        await box.plug(card)
        box.modem.refuses = {"+QPCMV=1,2"}
        await box.talk()
        await box.tty.hears(ANNA_HZ, 0.5)
        box.modem.refuses = set()
        box.modem.far_hangs_up()
        await box.over()
    assert box.asked_for_sound()[-1] == "AT+QPCMV=1,0"


async def test_and_one_whose_card_gives_nothing(box: Plugged, card: FarCard) -> None:
    with card:
        await box.plug(card)
        box.modem.card = None  # it says OK, and that is all
        await box.talk()
        await box.tty.hears(ANNA_HZ, 0.5)
        await box.sounds("ok")
        box.modem.far_hangs_up()
        await box.over()
    assert box.asked_for_sound() == ["AT+QPCMV=1,2", "AT+QPCMV=1,0"]
