# SPDX-License-Identifier: GPL-2.0-or-later
"""Three colleagues at their telephones, as a test tells what they do."""

from itertools import count

from appliance.calls.call import Call
from tests.calls.office import CALLER, OFFICE, Office

THREE = (
    OFFICE.replace("[line.city]", '[phone.desk3]\n[person.cile]\nextension = "103"\nphones = ["desk3"]\n[line.city]')
    + '[room.board]\nextension = "300"\n[room.safe]\nextension = "301"\npin = "4711"\n'
)
ANNA, BORIS, CILE = "desk1", "desk2", "desk3"
EXTENSIONS = {ANNA: "101", BORIS: "102", CILE: "103"}


class Desk:
    """Somebody at a telephone of ours, as a test tells what he does."""

    legs = count(10)  # of those who dial

    def __init__(self, office: Office, phone: str) -> None:
        self.office, self.phone = office, phone

    def dials(self, number: str) -> int:
        leg = next(self.legs)
        self.office.control.incoming(leg, self.phone, True, "", "", number)
        if self.office.asked("answer", leg):
            self.office.control.answered(leg)
        return leg

    def answers(self) -> int:
        leg = self.office.leg(self.phone)
        self.office.control.answered(leg)
        return leg

    def rings(self) -> bool:
        legs = self.office.lines.legs.get(self.phone, [])
        return bool(legs) and not self.office.asked("hang up", legs[-1])


def press(office: Office, leg: int, keys: str) -> None:
    for key in keys:
        office.control.digit(leg, key)


def hang_up(office: Office, leg: int) -> None:
    office.lines.gone(leg)
    office.control.over(leg, 16)


def talk(office: Office, one: int, other: int) -> bool:
    """Whether these two hear each other, and nobody else."""
    ears = {one: {other}, other: {one}}
    return all({source for who, source in office.lines.heard if who == ear} == heard for ear, heard in ears.items())


def hears_music(office: Office, leg: int) -> bool:
    return {office.lines.files.get(source, "")[-9:] for who, source in office.lines.heard if who == leg} == {
        "music.wav"
    }


def calls(office: Office) -> list[Call]:
    return list(office.control.calls.values())


def office_call(office: Office) -> int:
    """The call from outside."""
    return next(call.id for call in calls(office) if call.direction == "in")


def customer(office: Office, phone: str = ANNA) -> int:
    """Somebody from outside talks to whoever is at this telephone, whose leg it is."""
    office.call_in()
    leg = Desk(office, phone).answers()
    assert talk(office, CALLER, leg)
    return leg


def colleague(office: Office, caller: str = ANNA, called: str = BORIS) -> tuple[int, int]:
    mine = Desk(office, caller).dials(EXTENSIONS[called])
    theirs = Desk(office, called).answers()
    office.control.answered(mine)
    assert talk(office, mine, theirs)
    return mine, theirs


def code(office: Office, phone: str, number: str) -> int:
    """It is dialled, and what it says is heard to its end."""
    leg = Desk(office, phone).dials(number)
    office.control.answered(leg)
    office.control.played(office.lines.port("beep.wav"))
    assert office.asked("answer", leg) and office.asked("hang up", leg) == [16]
    hang_up(office, leg)
    return leg
