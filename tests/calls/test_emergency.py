# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever calls for help gets through: from every telephone, whatever is not allowed, full or busy."""

import asyncio
from collections.abc import Callable

import pytest

from appliance.calls import outgoing
from appliance.calls.originate import Purpose
from tests.calls.office import CALLER, OFFICE, Office
from tests.calls.test_outgoing import HOME, TWO_LINES, called, dial, of

ONE_CHANNEL = OFFICE.replace('host = "192.0.2.7"', 'host = "192.0.2.7"\nchannels = 1')
TWO_CHANNELS = ONE_CHANNEL.replace("channels = 1", "channels = 2")
BUSY, CONGESTED = 17, 42
Offices = Callable[..., Office]


def for_help(office: Office, phone: str = "cordless", leg: int = 9, number: str = "112") -> None:
    office.control.incoming(leg, phone, True, phone, "", number)


async def happened(office: Office, kind: str) -> list[tuple[str, str]]:
    await asyncio.sleep(0)  # what waits for the end of a leg goes on then
    return [seen for seen in office.witness.seen if seen[0] == kind]


@pytest.mark.parametrize("number", ["112", "0112"])
async def test_with_the_prefix_or_without_it_help_is_called_and_the_house_is_told(
    offices: Offices, number: str
) -> None:
    office = offices(of("anna", 'calls = "office"'))
    for_help(office, number=number)
    assert called(office) == [("city", "112")]
    assert await happened(office, "emergency") == [("emergency", "anna")]
    assert [(one["number"], one["kind"]) for one in await office.events("outgoing")] == [("112", "emergency")]


async def test_help_is_called_in_an_office_that_calls_nobody_else(offices: Offices) -> None:
    office = offices(OFFICE.replace('prefix = "0"\nlines = ["city"]\n', ""))
    dial(office, HOME)
    assert called(office) == []
    for_help(office)
    assert called(office) == [("city", "112")]


async def test_no_list_and_no_limit_keeps_anybody_from_help(offices: Offices) -> None:
    document = of("anna", 'calls = "office"').replace('prefix = "0"', 'prefix = "0"\nbarred = ["+1", "+3"]')
    office = offices(document + "[limits]\nperson_an_hour = 0\nall_an_hour = 0\nmoney_a_day = 0.0001\n")
    for_help(office)
    assert called(office) == [("city", "112")]


async def test_the_preferred_line_is_called_first_then_every_other_there_is(offices: Offices) -> None:
    document = TWO_LINES.replace('lines = ["city", "far"]', 'lines = ["city"]\nemergency_lines = ["far"]')
    office = offices(document)
    office.control.line("far", True, "")
    office.lines.usable.add("far")
    for_help(office)
    assert called(office) == [("far", "112")]
    office.control.over(office.leg("far"), 38)
    assert called(office) == [("far", "112"), ("city", "112")]


async def test_the_most_calls_a_box_takes_are_no_more_without_room_for_help(offices: Offices) -> None:
    office = offices(OFFICE + "[sip]\nmax_calls = 1\n")
    office.call_in()
    dial(office, HOME, "desk2", 2)
    assert office.asked("hang up", 2) == [CONGESTED] and called(office) == []
    for_help(office)
    assert called(office) == [("city", "112")]


async def test_the_least_important_call_ends_when_the_lines_are_full(offices: Offices) -> None:
    office = offices(TWO_CHANNELS)
    dial(office, HOME, "desk1", 1)
    talk = office.leg("city")
    office.control.answered(talk)
    dial(office, "852000002", "desk2", 2)
    rings = office.leg("city")
    for_help(office)
    assert called(office) == [("city", HOME), ("city", "852000002")], "the line was free"
    assert office.asked("hang up", 2) and not office.asked("hang up", 1), "a talk ended, though another call only rang"
    office.control.over(2, 16)
    assert office.asked("hang up", rings)
    office.control.over(rings, 16)
    await asyncio.sleep(0)
    assert called(office)[2:] == [("city", "112")]
    assert len(await office.events("gave-way")) == len(await office.events("line-freed")) == 1
    assert await happened(office, "alarm") == [("alarm", "gave-way")]
    office.control.answered(office.leg("city"))
    assert (9, office.leg("city")) in office.lines.heard


async def test_a_talk_of_ours_ends_before_that_of_a_customer_who_called(offices: Offices) -> None:
    office = offices(TWO_CHANNELS)
    office.call_in(leg=1)
    office.control.answered(office.leg("desk1"))
    dial(office, HOME, "desk2", 2)
    office.control.answered(office.leg("city"))
    for_help(office)
    assert office.asked("hang up", 2) and not office.asked("hang up", 1)


async def test_a_customer_who_called_ends_when_there_is_nothing_else(offices: Offices) -> None:
    office = offices(ONE_CHANNEL)
    office.call_in(leg=1)
    for_help(office)
    assert office.asked("hang up", 1)
    office.control.over(1, 16)
    await asyncio.sleep(0)
    assert called(office) == [("city", "112")]


async def test_a_call_a_program_makes_gives_way(offices: Offices) -> None:
    office = offices(ONE_CHANNEL)
    office.control.originate.dial("+37060000001", "", Purpose(connect="person.anna"), {})
    machine = office.leg("city")
    for_help(office)
    assert office.asked("hang up", machine)
    office.control.over(machine, 16)
    await asyncio.sleep(0)
    assert called(office)[-1] == ("city", "112")


async def test_nobody_who_calls_for_help_gives_way_to_another(offices: Offices) -> None:
    office = offices(ONE_CHANNEL)
    for_help(office, "desk1", 8)
    for_help(office, "desk2", 9)
    assert not office.asked("hang up", 8) and called(office) == [("city", "112")]
    assert office.asked("hang up", 9), "who cannot be helped is to hear so at once"


async def test_a_trunk_that_says_it_is_busy_is_freed_and_called_once_more(offices: Offices) -> None:
    """It carries all it can, though the settings do not say how much that is."""
    office = offices()
    dial(office, HOME, "desk2", 2)
    other = office.leg("city")
    for_help(office)
    office.control.over(office.leg("city"), BUSY)
    assert office.asked("hang up", 2) and called(office) == [("city", HOME), ("city", "112")]
    office.control.over(2, 16)
    office.control.over(other, 16)
    await asyncio.sleep(0)
    assert called(office)[2:] == [("city", "112")]
    office.control.over(office.leg("city"), BUSY)
    assert office.asked("hang up", 9), "nothing more can be done, and nobody is told"


async def test_an_end_that_never_comes_is_not_waited_for(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "ROOM_WITHIN", 0.01)
    office = offices()
    dial(office, HOME, "desk2", 2)
    for_help(office)
    office.control.over(office.leg("city"), BUSY)
    async with asyncio.timeout(20):
        while called(office)[2:] != [("city", "112")]:
            await asyncio.sleep(0.01)


async def test_who_hangs_up_while_a_line_is_freed_is_not_called_for(offices: Offices) -> None:
    office = offices(ONE_CHANNEL)
    dial(office, HOME, "desk2", 2)
    other = office.leg("city")
    for_help(office)
    office.control.over(9, 16)
    office.control.over(2, 16)
    office.control.over(other, 16)
    await asyncio.sleep(0)
    assert called(office) == [("city", HOME)] and not office.control.calls


async def test_a_telephone_whose_caller_is_unknown_to_the_settings_calls_for_help(offices: Offices) -> None:
    office = offices()
    office.control.incoming(CALLER, "nobody", True, "nobody", "", "112")
    assert called(office) == [("city", "112")]


async def test_lines_that_seem_to_be_down_are_tried_after_those_that_are_up(offices: Offices) -> None:
    office = offices(TWO_LINES)
    office.control.line("city", False, "no answer to REGISTER")
    office.lines.usable.clear()
    dial(office, HOME, "desk2", 2)
    assert called(office) == [], "nobody else is called by them"
    for_help(office)
    assert called(office) == [("city", "112")]
    office.control.over(office.leg("city"), 38)
    assert called(office) == [("city", "112"), ("far", "112")]
    office.control.answered(office.leg("far"))
    assert (9, office.leg("far")) in office.lines.heard


async def test_a_line_that_is_up_is_called_before_the_preferred_one_that_is_down(offices: Offices) -> None:
    office = offices(TWO_LINES.replace('lines = ["city", "far"]', 'lines = ["far"]\nemergency_lines = ["far"]'))
    for_help(office)
    assert called(office) == [("city", "112")]
