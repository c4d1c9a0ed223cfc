# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever people do with calls, in whatever order: at the end nobody is left on a call, and no leg hears another."""

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from appliance.calls.call import Call
from appliance.calls.supervision import How
from appliance.core import CoreError
from appliance.settings.dialled import NotDialled
from tests.calls.desks import ANNA, BORIS, CILE, EXTENSIONS, THREE
from tests.calls.office import Office

KEYS = [
    "##103#",
    "##101#",
    "##200#",
    "##300#",
    "##71#",
    "*2102#",
    "*2103#",
    "*2",
    "*0",
    "*3",
    "*5",
    "##",
    "*2999#",
    "7",
]
CALLED = ["101", "102", "103", "200", "300", "060000009"]
CODES = ["*8", "*8101", "*8102", "71", "72", "*78", "*79", "*72103", "*73", "*90102", "*91", "*37102", "*80102", "*81"]
CODES += ["*61", "*60", "*97", "*5", "999"]


class Day:
    """Legs as telephones and lines have them: those that were begun, and are not over."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.control, self.lines = office, office.control, office.lines
        self.chance = random.Random(seed)
        self.ours: dict[int, str] = {}  # incoming legs that are not over
        self.over: set[int] = set()
        self.next = 10

    def made(self) -> list[int]:
        """Legs the box made that are not over."""
        return [leg for legs in self.lines.legs.values() for leg in legs if leg not in self.over]

    def end(self, leg: int, cause: int = 16) -> None:
        self.over.add(leg)
        self.ours.pop(leg, None)
        self.lines.gone(leg)
        self.control.over(leg, cause)

    def settle(self) -> None:
        """Legs that were hung up are over, answered ones say so, and prompts come to their end."""
        for _ in range(20):
            hung = [leg for what, leg, _ in self.lines.asked if what == "hang up" and leg not in self.over]
            known = [leg for leg in dict.fromkeys(hung) if leg in self.ours or leg in self.made()]
            answered = [leg for what, leg, _ in self.lines.asked if what == "answer" and leg in self.ours]
            self.lines.asked = [one for one in self.lines.asked if one[0] not in ("hang up", "answer")]
            for leg in answered:
                self.control.answered(leg)
            for leg in known:
                self.end(leg)
            if not known and not answered:
                return
        raise AssertionError("it never settles")

    def ask(self, call: Call) -> None:
        """What a supervisor asks over the control socket."""
        desk = self.control.desk
        match self.chance.randrange(4):
            case 0:
                to = ["queue.sales", "person.anna", "person.boris", "number.103", "room.board", "mailbox.office"]
                self.control.send(call.id, self.chance.choice(to))
            case 1:
                desk.park_call(call, "", self.chance.choice(["", "anna"]))
            case 2:
                desk.supervision.take(call, [self.chance.choice(list(EXTENSIONS))], "page")
            case 3:
                how: How = self.chance.choice(["listen", "whisper", "barge"])
                desk.supervision.listen(call, [self.chance.choice(list(EXTENSIONS))], how, "page")

    def step(self) -> None:
        made = self.made()
        everybody = [*self.ours, *made]
        talkers = [leg for leg in everybody if self.control.desk._hands.talking(leg)]
        match self.chance.randrange(18):
            case 0 | 1:
                self.next += 1
                self.ours[self.next] = "city"
                self.office.call_in(leg=self.next)
            case 2 | 3 | 4:
                self.next += 1
                phone = self.chance.choice([ANNA, BORIS, CILE])
                self.ours[self.next] = phone
                number = self.chance.choice(CALLED if self.chance.random() < 0.5 else CODES)
                self.control.incoming(self.next, phone, True, "", "", number)
            case 5 | 6 | 7 | 8 if made:
                self.control.answered(self.chance.choice(made))
            case 9 if everybody:
                self.end(self.chance.choice(everybody), self.chance.choice([16, 17, 21, 18]))
            case 10 | 11 | 12 | 13 if talkers:
                leg = self.chance.choice(talkers)
                for key in self.chance.choice(KEYS):
                    self.control.digit(leg, key)
            case 14 if talkers:
                self.control.held(self.chance.choice(talkers), self.chance.random() < 0.5)
            case 15 if talkers:
                leg, other = self.chance.choice(talkers), self.chance.choice([0, *everybody])
                number = (
                    "" if other else self.chance.choice(["102", "103", "200", "300", "71", "*5", "0860000009", "999"])
                )
                self.control.transfer(leg, number, other)
            case 16 | 17 if self.control.calls:
                with suppress(KeyError, CoreError, NotDialled):
                    self.ask(self.chance.choice(list(self.control.calls.values())))
        if self.lines.files and self.chance.random() < 0.3:
            self.control.played(self.chance.choice(list(self.lines.files)))
        self.settle()


@pytest.mark.parametrize("seed", range(40))
async def test_a_day_ends_with_nobody_on_a_call(
    offices: Callable[..., Office], seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    office = offices(THREE.replace("[queue.sales]", '[queue.sales]\nextension = "200"'))
    office.register(CILE, 1)
    day = Day(office, seed)
    for _ in range(80):
        day.step()
    for _ in range(10):
        for leg in [*day.ours, *day.made()]:
            day.end(leg)
        day.settle()
    control = office.control
    assert not control.calls and not control._ringing.legs and not control.desk.calling.legs
    assert not control.desk.parking.slots and not control.desk.rooms.members and not control.desk._transfer.asking
    assert not control.desk.supervision.watched
    assert not any(control.desk._holding._held), "somebody is held who is gone"
    legs = day.over
    assert not {pair for pair in office.lines.heard if set(pair) & legs}
    assert set(control.person_states().values()) == {"free"}
    assert not [one for one in caplog.records if one.exc_info or "was not carried out" in one.getMessage()]
    for phone in EXTENSIONS:
        assert control._people.owner(phone)
