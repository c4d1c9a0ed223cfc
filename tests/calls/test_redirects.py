# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones and lines that name another number instead of themselves (302), and lines that are heard before an answer."""

from collections.abc import Callable

import pytest

from tests.calls.office import CALLER, Office
from tests.calls.test_desk import ANNA, BORIS, CILE, THREE, Desk, calls, talk
from tests.calls.test_outgoing import ABROAD, HOME, TWO_LINES, called, dial, of, why

OTHER, ABOUT = "860000009", "+37060000009"  # as it is dialled, and as lines are told it
FOLLOWS = TWO_LINES.replace('host = "192.0.2.7"\n', 'host = "192.0.2.7"\nredirects = true\n')
MOVED = 31  # Q.850, of 302
Offices = Callable[..., Office]


@pytest.fixture
async def office(offices: Offices) -> Office:
    office = offices(THREE)
    office.register(CILE, 1)
    return office


def two_lines(offices: Offices, document: str) -> Office:
    office = offices(document)
    office.control.line("far", True, "")
    office.lines.usable.add("far")
    return office


def diverts(office: Office, leg: int, number: str) -> None:
    office.control.diverted(leg, number)
    office.control.over(leg, MOVED)


# ---- telephones -----------------------------------------------------------------------------------------------------


async def test_a_call_to_somebody_goes_where_his_telephone_sends_it(office: Office) -> None:
    boris = Desk(office, BORIS).dials("101")
    diverts(office, office.leg(ANNA), "103")
    assert talk(office, boris, Desk(office, CILE).answers())
    assert len(calls(office)) == 1


async def test_it_goes_outside_as_the_telephone_dials(office: Office) -> None:
    Desk(office, BORIS).dials("101")
    diverts(office, office.leg(ANNA), "0" + OTHER)
    assert called(office) == [("city", OTHER)]


@pytest.mark.parametrize("number", ["0" + ABROAD, "112", "0112", "999", "sip", "0" + "8" * 40, ""])
async def test_it_goes_nowhere_where_its_person_may_not_call(office: Office, number: str) -> None:
    boris = Desk(office, BORIS).dials("101")
    diverts(office, office.leg(ANNA), number)
    assert called(office) == []
    assert office.asked("answer", boris), "it did not end in her mailbox"


async def test_a_call_of_a_queue_stays_with_the_queue(office: Office) -> None:
    """The office would lose it to whatever one telephone has been set to."""
    office.call_in()
    diverts(office, office.leg(ANNA), "0" + OTHER)
    assert called(office) == [] and Desk(office, BORIS).rings()


async def test_two_telephones_that_divert_to_each_other_end_in_a_mailbox(office: Office) -> None:
    cile = Desk(office, CILE).dials("101")
    diverts(office, office.leg(ANNA), "102")
    diverts(office, office.leg(BORIS), "101")
    diverts(office, office.leg(ANNA), "102")
    assert office.asked("answer", cile)


# ---- lines ----------------------------------------------------------------------------------------------------------


async def test_a_line_is_followed_where_the_settings_say_so(offices: Offices) -> None:
    office = two_lines(offices, FOLLOWS)
    dial(office, HOME)
    diverts(office, office.lines.legs["city"][-1], OTHER)
    assert called(office) == [("city", HOME), ("city", ABOUT)]
    diverts(office, office.lines.legs["city"][-1], HOME)  # once, then the next line, as it was dialled
    assert called(office)[2:] == [("far", HOME)]


async def test_a_line_is_not_followed_otherwise(offices: Offices) -> None:
    office = two_lines(offices, TWO_LINES)
    dial(office, HOME)
    diverts(office, office.lines.legs["city"][-1], OTHER)
    assert called(office) == [("city", HOME), ("far", HOME)]


@pytest.mark.parametrize("number", ["+442079460958", "112", "90012345", "a", "8" * 40])
async def test_a_line_is_not_followed_to_what_may_not_be_called(offices: Offices, number: str) -> None:
    office = two_lines(offices, FOLLOWS)
    dial(office, HOME)
    diverts(office, office.lines.legs["city"][-1], number)
    assert called(office) == [("city", HOME), ("far", HOME)]


async def test_where_it_was_not_followed_is_written_down(offices: Offices) -> None:
    office = offices(of("anna", 'calls = "national"', FOLLOWS))
    dial(office, HOME)
    diverts(office, office.lines.legs["city"][-1], "+442079460958")
    assert [(one["number"], one["why"]) for one in await why(office)] == [("+442079460958", "international")]


# ---- heard before the answer ----------------------------------------------------------------------------------------


async def test_who_calls_out_hears_the_line_before_the_answer_and_is_not_heard(offices: Offices) -> None:
    office = offices()
    dial(office, HOME)
    out = office.leg("city")
    office.control.early(out)
    assert office.asked("early", CALLER) and office.lines.heard == {(CALLER, out)}
    office.control.answered(out)
    assert talk(office, CALLER, out) and office.asked("answer", CALLER)


async def test_who_hears_music_goes_on_hearing_it(offices: Offices) -> None:
    office = offices(of("boris", 'mobile = "+37061111111"').replace('["anna", "boris"]', '["boris.mobile"]'))
    office.call_in()
    before = set(office.lines.heard)
    office.control.early(office.leg("city"))
    assert not office.asked("early", CALLER) and office.lines.heard == before
