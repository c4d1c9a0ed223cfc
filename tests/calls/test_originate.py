# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that programs ask for: who is called, who is never, what becomes of each, how many there may be."""

import asyncio
from collections.abc import Callable

import pytest

from appliance.calls import originate
from appliance.calls.call import State
from appliance.calls.originate import Purpose
from appliance.control import messages
from appliance.core.names import Trust
from appliance.programs.may import MAY
from appliance.settings.dialled import NotDialled, Outside, Phones, for_help, party
from appliance.settings.load import parse
from tests.calls.office import OFFICE, Office

NUMBER = "+37060000001"  # a regular, whose calls light a lamp
TWO_LINES = OFFICE.replace('lines = ["city"]\n[action', 'lines = ["city", "backup"]\n[action') + (
    '[line.backup]\nkind = "sip"\nhost = "192.0.2.8"\n[prompt.alarm]\nfile = "/srv/alarm.wav"\n'
)
ANNA = Purpose(connect="person.anna", title="Example Ltd")
ALARM = Purpose(file="/srv/alarm.wav", title="Example Ltd")
ANNOUNCED = Purpose(file="/srv/alarm.wav", title="Example Ltd", at_once=True)
Offices = Callable[..., Office]


@pytest.fixture
async def office(offices: Offices) -> Office:
    office = offices(TWO_LINES)
    office.control.line("backup", True, "")
    office.lines.usable.add("backup")
    return office


def dial(office: Office, to: str = NUMBER, purpose: Purpose = ANNA, line: str = "") -> int:
    return office.control.originate.dial(to, line, purpose, {"to": to})


async def ended(office: Office) -> tuple[str | None, dict[str, object]]:
    """The outcome of the only call, and what the journal has as its result."""
    assert not office.control.calls
    return await office.outcome(), (await office.events("dial-result"))[-1]


# ---- put through ----------------------------------------------------------------------------------------------------


async def test_who_answers_is_put_through_as_a_caller_and_lights_no_lamp(office: Office) -> None:
    dial(office)
    call, leg = office.call, office.leg("city")
    assert office.lines.shown == [("city", NUMBER, "Example Ltd")]
    assert (call.direction, call.state, call.line, call.name) == ("out", State.RINGING, "city", "Mr Kazlauskas")
    office.control.rang(leg)
    assert not office.lines.legs.get("desk1"), "Anna rings for somebody who has not answered"
    office.control.answered(leg)
    assert office.lines.shown[-1] == ("cordless", NUMBER, "Mr Kazlauskas")
    assert (leg, office.lines.port("music.wav")) in office.lines.heard, "he waits in silence"
    assert office.witness.actions == [] and not office.asked("answer", leg)
    assert (call.trust, call.called_back) == (Trust.PROVEN, True)
    office.control.answered(office.leg("desk1"))
    assert {(leg, office.leg("desk1")), (office.leg("desk1"), leg)} <= office.lines.heard
    assert call.state is State.TALKING and call.person == "anna"
    office.control.over(leg, 16)
    assert office.asked("hang up", office.leg("desk1")) == [16]
    assert await ended(office) == ("answered", {"result": "answered"})


async def test_a_number_nobody_knows_is_not_taken_for_one_of_ours(office: Office) -> None:
    dial(office, "+37061234567")
    office.control.answered(office.leg("city"))
    assert not office.call.called_back and office.call.trust == Trust.PROVEN


async def test_who_is_put_through_to_somebody_not_there_may_leave_a_message(office: Office) -> None:
    office.register("desk1", 0)
    dial(office)
    office.control.answered(office.leg("city"))
    assert office.call.state is State.VOICEMAIL


async def test_who_hangs_up_before_anna_answers_lets_her_telephone_stop(office: Office) -> None:
    dial(office)
    leg = office.leg("city")
    office.control.answered(leg)
    office.control.over(leg, 16)
    assert office.asked("hang up", office.leg("desk1")) == [16]
    assert (await ended(office))[0] == "abandoned"


async def test_a_colleague_called_at_his_extension_is_put_through_and_busy(office: Office) -> None:
    dial(office, "102")
    leg = office.leg("desk2")
    assert office.call.direction == "internal"
    office.control.answered(leg)
    assert office.control.person_states()["boris"] == "talking"
    assert office.lines.shown[-1][2] == "Boris" and office.lines.legs["desk1"]
    office.control.over(leg, 16)
    assert office.control.person_states()["boris"] == "free"


async def test_the_first_telephone_of_a_person_that_answers_has_the_call(office: Office) -> None:
    office.register("cordless", 2)
    dial(office, "person.anna", ALARM)
    first, *others = [*office.lines.legs["cordless"], office.leg("desk1")]
    office.control.answered(first)
    assert [office.asked("hang up", leg) for leg in others] == [[26], [26]]
    for leg in others:
        office.control.over(leg, 26)
    assert office.call.state is State.MENU
    office.control.answered(others[0])  # it had answered before it heard of that
    assert office.asked("hang up", others[0]) == [26]


async def test_a_call_that_was_put_through_can_be_sent_on(office: Office) -> None:
    id = dial(office)
    office.control.answered(office.leg("city"))
    office.control.send(id, "person.boris")
    assert office.call.ringing_people() == ("boris",)


async def test_what_there_is_nothing_of_is_not_connected(office: Office) -> None:
    with pytest.raises(KeyError):
        dial(office, purpose=Purpose(connect="person.nobody"))
    assert not office.control.calls and not office.lines.shown


async def test_settings_that_change_meanwhile_are_those_of_the_call(office: Office) -> None:
    dial(office, purpose=Purpose(connect="queue.sales"))
    office.apply(
        TWO_LINES.replace("[queue.sales]", '[queue.first]\npeople = ["anna"]\n[queue.sales]\nname = "Selling"')
    )
    office.control.answered(office.leg("city"))
    assert office.call.queue == "sales" and office.lines.shown[-1][2] == "Selling: Mr Kazlauskas"


async def test_settings_that_take_the_target_away_meanwhile_end_the_call(office: Office) -> None:
    dial(office, purpose=Purpose(connect="queue.sales"))
    office.apply(TWO_LINES.replace("queue.sales", "queue.selling").replace('"sales"', '"selling"'))
    office.control.answered(office.leg("city"))
    assert office.asked("hang up", office.leg("city")) == [42]
    assert await ended(office) == ("refused", {"result": "cannot be put through"})


# ---- told something -------------------------------------------------------------------------------------------------


async def test_who_is_told_something_hears_it_once_and_is_hung_up(office: Office) -> None:
    dial(office, purpose=ALARM)
    leg = office.leg("city")
    assert not office.lines.files, "it is said to nobody yet"
    office.control.answered(leg)
    assert (leg, office.lines.port("alarm.wav")) in office.lines.heard and office.call.state is State.MENU
    office.control.digit(leg, "1")
    office.control.played(office.lines.port("alarm.wav"))
    assert office.asked("hang up", leg) == [16]
    assert await ended(office) == ("answered", {"result": "told"})
    office.control.over(leg, 16)


async def test_who_hangs_up_while_he_is_told_ends_it(office: Office) -> None:
    dial(office, purpose=ALARM)
    leg = office.leg("city")
    office.control.answered(leg)
    office.control.over(leg, 16)
    assert office.asked("stop", office.lines.port("alarm.wav"))
    assert await ended(office) == ("answered", {"result": "hung up"})


async def test_what_cannot_be_played_ends_the_call(office: Office) -> None:
    dial(office, purpose=ALARM)
    office.control.answered(office.leg("city"))
    office.control.stopped(office.lines.port("alarm.wav"), "it cannot be opened")
    assert office.asked("hang up", office.leg("city")) == [16]
    assert await ended(office) == ("refused", {"result": "cannot be told"})


async def test_an_announcement_is_a_call_to_each_telephone_that_is_there(office: Office) -> None:
    calls = office.control.originate.announce(["desk1", "cordless", "desk2"], ANNOUNCED, {})
    assert len(calls) == 2 and office.lines.called_at_once == ["desk1", "cordless", "desk2"]
    office.control.answered(office.leg("desk1"))
    office.control.answered(office.leg("desk2"))
    ports = [port for port, path in office.lines.files.items() if path.endswith("alarm.wav")]
    assert {(office.leg("desk1"), ports[0]), (office.leg("desk2"), ports[1])} <= office.lines.heard


# ---- failures -------------------------------------------------------------------------------------------------------


async def test_a_line_that_fails_gives_way_to_the_next(office: Office) -> None:
    dial(office)
    first = office.leg("city")
    office.control.over(first, 38)
    assert office.call.line == "backup"
    office.control.answered(office.leg("backup"))
    assert office.call.leg == office.leg("backup") and office.call.ringing_people() == ("anna",)


async def test_who_is_busy_on_every_line_is_busy(office: Office) -> None:
    dial(office)
    office.control.over(office.leg("city"), 17)
    office.control.over(office.leg("backup"), 17)
    assert await ended(office) == ("refused", {"result": "not answered", "cause": 17})


@pytest.mark.parametrize("cause", [17, 19, 21])
async def test_who_was_rung_and_does_not_answer_is_not_tried_by_the_next_line(office: Office, cause: int) -> None:
    dial(office)
    office.control.rang(office.leg("city"))
    office.control.over(office.leg("city"), cause)
    assert "backup" not in office.lines.legs
    assert (await ended(office))[1]["cause"] == cause


async def test_nobody_is_rung_for_longer_than_that(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originate, "ANSWERED_WITHIN", 0.05)
    dial(office)
    office.control.rang(office.leg("city"))
    async with asyncio.timeout(20):
        while office.control.calls:
            await asyncio.sleep(0.01)
    assert office.asked("hang up", office.leg("city")) == [19]
    assert await ended(office) == ("refused", {"result": "not answered", "cause": 19})
    office.control.answered(office.leg("city"))  # it had answered just then
    assert office.asked("hang up", office.leg("city"))[-1] == 26 and not office.control.calls


async def test_no_line_at_all_is_told_and_written_down(office: Office) -> None:
    office.lines.usable.clear()
    with pytest.raises(NotDialled) as fault:
        dial(office)
    assert fault.value.id == "no-line"
    assert await ended(office) == ("refused", {"result": "not answered", "cause": 34})


async def test_a_telephone_that_is_not_there_is_told(office: Office) -> None:
    with pytest.raises(NotDialled) as fault:
        dial(office, "phone.cordless", ALARM)
    assert fault.value.id == "unreachable"
    assert (await ended(office))[1]["cause"] == 20


@pytest.mark.parametrize("answered", [False, True])
async def test_a_call_can_be_hung_up_from_its_first_moment_on(office: Office, answered: bool) -> None:
    id = dial(office, purpose=ALARM)
    leg = office.leg("city")
    if answered:
        office.control.answered(leg)
    office.control.hang_up(id)
    assert office.asked("hang up", leg) == [16] and not office.control.calls
    office.control.over(leg, 16)
    office.control.played(office.lines.port("alarm.wav")) if answered else None


async def test_when_the_box_ends_nobody_is_left_ringing(office: Office) -> None:
    dial(office)
    ending = asyncio.create_task(office.control.finish(5))
    await asyncio.sleep(0)
    assert office.asked("hang up", office.leg("city")) == [16] and not ending.done()
    office.control.over(office.leg("city"), 16)
    await asyncio.wait_for(ending, 20)


# ---- how many -------------------------------------------------------------------------------------------------------


async def test_a_third_call_at_once_is_refused_until_one_is_over(office: Office) -> None:
    dial(office)
    second = dial(office, "+37060000002", ALARM)
    with pytest.raises(NotDialled) as fault:
        dial(office, "+37060000003")
    assert fault.value.id == "too-many"
    office.control.answered(office.leg("city"))
    with pytest.raises(NotDialled):
        dial(office, "+37060000003")
    office.control.hang_up(second)
    dial(office, "+37060000003")


async def test_so_many_a_minute_and_no_more(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(office.control.originate, "_clock", lambda: now)
    for _ in range(10):
        office.control.hang_up(dial(office))
    with pytest.raises(NotDialled) as fault:
        dial(office)
    assert fault.value.id == "too-often"
    now += 60
    dial(office)


async def test_settings_may_allow_none(offices: Offices) -> None:
    office = offices(OFFICE.replace("[outside]", "[outside]\nmachines_at_once = 0"))
    with pytest.raises(NotDialled):
        dial(office)


def test_brokers_and_pages_may_ask_for_calls_and_the_fence_may_not() -> None:
    assert {messages.Dial, messages.Say} <= MAY["linekeeper-bridge"]
    assert {messages.Dial, messages.Say} <= MAY["linekeeper-web"]  # which asks by role
    assert not {messages.Dial, messages.Say} & MAY["linekeeper-fence"]


# ---- whom -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "means"),
    [
        ("+370 600 00009", Outside("+37060000009", ("city", "backup"))),
        ("060000009", Outside("+37060000009", ("city", "backup"))),
        ("1588", Outside("1588", ("city", "backup"))),
        ("101", Phones(("desk1", "cordless"))),
        ("person.boris", Phones(("desk2",))),
        ("phone.desk2", Phones(("desk2",))),
    ],
)
def test_whom_a_program_may_call(office: Office, to: str, means: object) -> None:
    assert party(office.control.rules.settings, to, "") == means


@pytest.mark.parametrize("number", ["112", "0112", "911", "+112", "1 1 2", "(112)", "+370112", "033", "1121", "112-0"])
def test_an_emergency_number_is_never_called(office: Office, number: str) -> None:
    with pytest.raises(NotDialled) as fault:
        party(office.control.rules.settings, number, "")
    assert fault.value.id == "number-refused"


@pytest.mark.parametrize(
    "to",
    [
        "",
        "x",
        "sip:anna@example.org",
        "+37060000001@example.org",
        "phone.",
        "person.nobody",
        "*21*1#",
        "+1;2",
        "9" * 40,
    ],
)
def test_what_is_no_number_is_not_called(office: Office, to: str) -> None:
    with pytest.raises(NotDialled):
        party(office.control.rules.settings, to, "")


def test_a_line_telephones_do_not_call_out_by_is_closed_to_programs_too(office: Office) -> None:
    settings = office.control.rules.settings
    assert party(settings, NUMBER, "backup") == Outside(NUMBER, ("backup",))
    with pytest.raises(NotDialled):
        party(settings, NUMBER, "nowhere")
    without = parse(OFFICE.partition("[outside]")[0], office.path.with_name("office.toml"))
    with pytest.raises(NotDialled):
        party(without, NUMBER, "")


def test_no_usual_number_is_taken_for_a_call_for_help(office: Office) -> None:
    settings = office.control.rules.settings
    for number in ("+37052000000", "+37033300000", "+37011200000", "+4402079460000", "+12125550100", "1588", "8800"):
        assert not for_help(settings, number), number
