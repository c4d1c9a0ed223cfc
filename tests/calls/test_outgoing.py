# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls out: who may make them, what is said of those that are refused, and that no way leads around it."""

from collections.abc import Callable
from typing import Any

import pytest

from appliance.calls.originate import Purpose
from appliance.core import CoreError
from appliance.core.names import Fact
from appliance.settings.dialled import NotDialled
from appliance.store.reader import Reader
from tests.calls.office import CALLER, OFFICE, Office

ABROAD, PREMIUM, HOME = "0044 20 7946 0958".replace(" ", ""), "90012345", "852000001"
DOCUMENT = OFFICE.replace('lines = ["city"]\n[action', 'lines = ["city"]\nrefused = "no"\n[action') + (
    '[prompt.no]\nfile = "/srv/no.wav"\n'
)
TWO_LINES = OFFICE.replace('lines = ["city"]\n[action', 'lines = ["city", "far"]\n[action') + (
    '[line.far]\nkind = "sip"\nhost = "192.0.2.8"\n'
)
Offices = Callable[..., Office]


def of(person: str, what: str, document: str = OFFICE) -> str:
    """The document with one more line in the table of a person."""
    return document.replace(f"[person.{person}]\n", f"[person.{person}]\n{what}\n")


def limits(*lines: str, document: str = OFFICE) -> str:
    everything = of("anna", 'calls = "everything"', of("boris", 'calls = "everything"', document))
    return everything + "".join(f"{line}\n" for line in ("[limits]", *lines))


def dial(office: Office, number: str, phone: str = "desk1", leg: int = CALLER) -> None:
    office.control.incoming(leg, phone, True, phone, "", "0" + number if number[0] != "+" else number)


def called(office: Office) -> list[tuple[str, str]]:
    """The lines and numbers called so far."""
    return [(line, number) for line, number, _ in office.lines.shown if line in ("city", "far")]


async def why(office: Office) -> list[dict[str, Any]]:
    return await office.events("outgoing-refused")


async def subjects(office: Office) -> list[str]:
    """The steps the newest call went through."""
    await office.journal.durable()
    reader = Reader(office.path)
    return [row.subject for row in reader.trace(reader.calls()[0].id) if row.subject.startswith("step.")]


# ---- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "kind"), [(ABROAD, "international"), (PREMIUM, "premium"), ("anna", "unknown")])
async def test_a_call_that_is_not_allowed_is_refused_and_its_why_tells_the_reason(
    offices: Offices, number: str, kind: str
) -> None:
    office = offices()
    dial(office, number)
    assert called(office) == []
    assert office.asked("hang up", CALLER) == [21], "the display says nothing"
    assert [(one["kind"], one["person"], one["why"]) for one in await why(office)] == [(kind, "anna", kind)]
    assert (await subjects(office))[0] == f"step.outside.refused.{kind}"
    assert await office.outcome() == "refused"


async def test_what_the_settings_say_is_told_to_whoever_may_not_call(offices: Offices) -> None:
    office = offices(DOCUMENT)
    dial(office, ABROAD)
    assert office.asked("early", CALLER) and (CALLER, office.lines.port("no.wav")) in office.lines.heard
    office.control.played(office.lines.port("no.wav"))
    assert office.asked("hang up", CALLER) == [21] and called(office) == []
    assert not office.asked("answer", CALLER)


@pytest.mark.parametrize("number", [HOME, "+37052000001", "0037052000001"])
async def test_numbers_of_the_country_are_called_as_they_were_dialled(offices: Offices, number: str) -> None:
    office = offices()
    dial(office, number)
    assert called(office) == [("city", number)]
    assert (office.call.direction, office.call.line, office.call.dialled) == ("out", "city", "+37052000001")
    assert [one["number"] for one in await office.events("outgoing")] == ["+37052000001"]


async def test_each_person_may_call_what_the_settings_say(offices: Offices) -> None:
    office = offices(of("anna", 'calls = "international"', of("boris", 'calls = "office"')))
    dial(office, ABROAD)
    dial(office, HOME, "desk2", 2)
    assert called(office) == [("city", ABROAD)]
    assert [one["why"] for one in await why(office)] == ["none-outside"]


async def test_a_telephone_that_belongs_to_nobody_may_call_what_is_said_of_the_outside(offices: Offices) -> None:
    document = "[phone.hall]\n".join(OFFICE.split("[phone.desk1]\n", 1)).replace(
        "[person.anna]", "[phone.desk1]\n[person.anna]"
    )
    office = offices(document.replace('prefix = "0"', 'prefix = "0"\ncalls = "office"'))
    dial(office, HOME, "hall")
    assert called(office) == [] and [one["why"] for one in await why(office)] == ["none-outside"]
    dial(office, "112", "hall", 2)
    assert called(office) == [("city", "112")]


async def test_other_settings_hold_from_the_next_call_on(offices: Offices) -> None:
    office = offices()
    office.apply(of("anna", 'calls = "international"'))
    dial(office, ABROAD)
    assert called(office) == [("city", ABROAD)]


# ---- no way around it -----------------------------------------------------------------------------------------------


def send(office: Office, number: str, by: str) -> None:
    """As a transfer or a forward does it."""
    call, routing = office.call, office.control._routing
    call.called = "0" + number
    routing.tell(Fact.SENT, call=call.id, other="0" + number, person=routing.id("person", by))
    office.control.drain()


async def test_nobody_sends_a_call_where_he_may_not_call_and_the_call_stays_where_it_is(offices: Offices) -> None:
    office = offices(of("boris", 'calls = "international"'))
    office.call_in()
    with pytest.raises(CoreError) as refused:
        send(office, ABROAD, "anna")
    assert refused.value.id == "not-allowed"
    assert called(office) == [] and not office.asked("hang up", CALLER)
    assert [one["person"] for one in await why(office)] == ["anna"]
    send(office, ABROAD, "boris")
    assert called(office) == [("city", ABROAD)]


async def test_a_program_calls_no_number_a_telephone_of_nobody_could_not(offices: Offices) -> None:
    office = offices()
    for number in (ABROAD, PREMIUM):
        with pytest.raises(NotDialled) as refused:
            office.control.originate.dial(number, "", Purpose(connect="person.anna"), {})
        assert refused.value.id == "number-refused"
    assert called(office) == [] and not office.control.calls


async def test_a_mobile_abroad_that_the_settings_name_is_rung(offices: Offices) -> None:
    document = of("boris", 'mobile = "+447700900123"').replace('["anna", "boris"]', '["anna", "boris.mobile"]')
    office = offices(document)
    office.call_in()
    assert called(office) == [("city", "+447700900123")]


@pytest.mark.parametrize("number", ["+0004420794609580", "+00044207946095812345", "+0" + PREMIUM, "+0+442079460958"])
async def test_no_way_of_writing_a_number_gets_around_it(offices: Offices, number: str) -> None:
    office = offices()
    office.control.incoming(CALLER, "desk1", True, "desk1", "", number)
    assert called(office) == [] and office.asked("hang up", CALLER)


# ---- by which line --------------------------------------------------------------------------------------------------


@pytest.fixture
async def two(offices: Offices) -> Office:
    """Two lines; the second is the cheaper one to London, the first to all of Britain."""
    document = limits(document=TWO_LINES)
    document = document.replace('host = "192.0.2.7"', 'host = "192.0.2.7"\nrates = { "+44" = 0.1, "+4420" = 0.2 }')
    document = document.replace('host = "192.0.2.8"', 'host = "192.0.2.8"\nrates = { "+44" = 0.15 }\ndial_as = "e164"')
    office = offices(document)
    office.control.line("far", True, "")
    office.lines.usable.add("far")
    return office


async def test_the_cheapest_line_is_called_first_and_why_tells_so(two: Office) -> None:
    dial(two, ABROAD)
    assert called(two) == [("far", "+442079460958")]
    assert await subjects(two) == ["step.outside.price.2.cheapest.far"]


async def test_another_number_may_be_cheaper_by_another_line(two: Office) -> None:
    dial(two, "+441512345678")
    assert called(two) == [("city", "+441512345678")]


async def test_the_next_line_by_price_is_called_when_the_cheapest_cannot(two: Office) -> None:
    dial(two, ABROAD)
    two.control.over(two.leg("far"), 34)
    assert called(two) == [("far", "+442079460958"), ("city", ABROAD)]


async def test_numbers_without_a_price_go_by_the_order_of_the_settings(two: Office) -> None:
    dial(two, HOME)
    assert called(two) == [("city", HOME)]


async def test_a_line_that_carries_all_it_can_is_passed_over(offices: Offices) -> None:
    office = offices(TWO_LINES.replace('host = "192.0.2.7"', 'host = "192.0.2.7"\nchannels = 1'))
    office.control.line("far", True, "")
    office.lines.usable.add("far")
    dial(office, HOME)
    dial(office, HOME, "desk2", 2)
    assert called(office) == [("city", HOME), ("far", HOME)]
    office.control.over(office.leg("city"), 16)
    dial(office, "852000002", "desk1", 3)
    assert called(office)[-1] == ("city", "852000002"), "a line is not free again when its call is over"


# ---- as whom --------------------------------------------------------------------------------------------------------


async def test_a_person_is_shown_by_a_number_of_the_own_else_by_that_of_the_line(offices: Offices) -> None:
    document = of("anna", 'number = "8 5 200 0101"').replace(
        'host = "192.0.2.7"', 'host = "192.0.2.7"\ncaller = "+37052000000"'
    )
    office = offices(document)
    dial(office, HOME)
    dial(office, HOME, "desk2", 2)
    assert office.lines.identities == [("+37052000101", False, ""), ("+37052000000", False, "")]


@pytest.mark.parametrize("number", ["*310" + HOME, "*31+37052000001"])
async def test_a_code_hides_the_number_of_one_call(offices: Offices, number: str) -> None:
    office = offices(of("anna", 'number = "+37052000101"'))
    office.control.incoming(CALLER, "desk1", True, "desk1", "", number)
    dial(office, HOME, "cordless", 2)
    assert [hidden for _, hidden, _ in office.lines.identities] == [True, False]
    assert office.lines.identities[0][0] == "+37052000101", "the trunk is not told who calls"


async def test_the_code_that_hides_a_number_opens_no_other_way(offices: Offices) -> None:
    office = offices()
    office.control.incoming(CALLER, "desk1", True, "desk1", "", "*310" + ABROAD)
    assert called(office) == [] and office.asked("hang up", CALLER) == [21]


async def test_who_always_hides_the_number_still_shows_it_to_those_who_help(offices: Offices) -> None:
    office = offices(of("anna", "withhold = true"))
    dial(office, HOME)
    dial(office, "112", "cordless", 2)
    office.control.incoming(3, "cordless", True, "cordless", "", "*31112")
    assert [hidden for _, hidden, _ in office.lines.identities] == [True, False, False]


@pytest.mark.parametrize(
    ("diverts", "shown"), [("true", ("+37060000001", False, "+37052000000")), ("false", ("+37052000000", False, ""))]
)
async def test_a_call_that_is_passed_on_shows_who_called_where_the_trunk_allows_it(
    offices: Offices, diverts: str, shown: tuple[str, bool, str]
) -> None:
    document = of("boris", 'mobile = "+37061111111"').replace('["anna", "boris"]', '["anna", "boris.mobile"]')
    line = f'host = "192.0.2.7"\ncaller = "+37052000000"\ndiverts = {diverts}'
    office = offices(document.replace('host = "192.0.2.7"', line))
    office.call_in()
    assert office.lines.identities == [shown]
