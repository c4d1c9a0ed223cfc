# SPDX-License-Identifier: GPL-2.0-or-later
"""What people do with calls at their telephones: hold, transfer. Real core, settings and journal; telephones as told."""

from collections.abc import Callable
from functools import partial

import pytest

from appliance.calls.call import State
from appliance.calls.lamps import within
from appliance.control.board import Board, call_seen
from appliance.core.names import Trust
from appliance.settings.dialled import NotDialled
from appliance.store.reader import Reader
from tests.calls.desks import (
    ANNA,
    BORIS,
    CILE,
    THREE,
    Desk,
    calls,
    colleague,
    customer,
    hang_up,
    hears_music,
    press,
    talk,
)
from tests.calls.office import CALLER, Office


@pytest.fixture
async def office(offices: Callable[..., Office]) -> Office:
    office = offices(THREE)
    office.register(CILE, 1)
    return office


# ---- hold -----------------------------------------------------------------------------------------------------------


async def test_a_held_caller_hears_music_and_then_whoever_held_him(office: Office) -> None:
    anna = customer(office)
    office.control.held(anna, True)
    assert hears_music(office, CALLER)
    office.control.held(anna, False)
    assert talk(office, CALLER, anna)


async def test_the_one_who_was_called_is_held_too(office: Office) -> None:
    anna, boris = colleague(office)
    office.control.held(anna, True)
    assert hears_music(office, boris)
    office.control.held(anna, False)
    assert talk(office, anna, boris)


async def test_a_held_caller_chooses_what_he_hears_by_keys(offices: Callable[..., Office]) -> None:
    prompts = '[prompt.menu]\nfile = "/menu.wav"\n[prompt.prices]\nfile = "/prices.wav"\n'
    office = offices(THREE + prompts + '[hold]\nprompt = "menu"\nkeys = { 1 = "prices" }\n')
    anna = customer(office)
    office.control.held(anna, True)
    menu = office.lines.port("menu.wav")
    assert (CALLER, menu) in office.lines.heard
    office.control.played(menu)
    assert hears_music(office, CALLER)
    press(office, CALLER, "1")
    prices = office.lines.port("prices.wav")
    assert {source for who, source in office.lines.heard if who == CALLER} == {prices}
    office.control.held(anna, False)
    assert talk(office, CALLER, anna) and office.asked("stop", prices)
    press(office, CALLER, "1")
    assert office.asked("press 1", anna)


# ---- blind transfer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["keys", "refer"])
async def test_a_customer_is_sent_to_a_colleague_by_whoever_answered(office: Office, how: str) -> None:
    anna = customer(office)
    if how == "keys":
        press(office, anna, "##103#")
    else:
        office.control.transfer(anna, "103", 0)
        assert office.asked("referred", anna) == [200]
    assert office.asked("hang up", anna) == [16] and hears_music(office, CALLER)
    hang_up(office, anna)
    cile = Desk(office, CILE).answers()
    assert talk(office, CALLER, cile)
    assert office.call.person == "cile" and office.call.direction == "in"
    hang_up(office, CALLER)
    assert await office.outcome() == "answered"
    assert (await office.events("transfer"))[0] == {"to": "103", "by": "anna", "how": "blind"}


async def test_a_colleague_is_sent_on_by_the_one_who_called_him(office: Office) -> None:
    anna, boris = colleague(office)
    press(office, anna, "##103#")
    hang_up(office, anna)
    cile = Desk(office, CILE).answers()
    assert talk(office, boris, cile)
    [call] = calls(office)
    assert (call.caller_person, call.person) == ("boris", "cile")
    hang_up(office, boris)
    assert office.asked("hang up", cile) == [16] and not calls(office)
    hang_up(office, cile)
    assert set(office.control.person_states().values()) == {"free"}


PRIVATE = "+37061234567"


class Told:
    """Whoever watches the office: the numbers of callers that something happened to."""

    def __init__(self, numbers: list[str]) -> None:
        self._numbers = numbers

    def tell(self, event: object, *, number: str, **more: object) -> None:
        self._numbers.append(number)


@pytest.mark.parametrize("how", ["sent on", "put through"])
async def test_who_was_reached_at_a_private_number_is_shown_as_himself_when_he_is_handed_on(
    offices: Callable[..., Office], how: str
) -> None:
    forwards = 'extension = "102"\nname = "Boris"\nforward_always = "0861234567"'
    office = offices(THREE.replace('extension = "102"', forwards))
    office.register(CILE, 1)
    anna = Desk(office, ANNA).dials("102")
    boris = office.leg("city")
    office.control.answered(boris)
    assert talk(office, anna, boris)
    assert call_seen(office.call).called == "102" and next(within(office.call, "anna", "number")).number == "102"
    press(office, anna, "##103#" if how == "sent on" else "*2103#")
    cile = Desk(office, CILE).answers()
    hang_up(office, anna)
    assert talk(office, boris, cile)
    seen = [*((number, name) for _, number, name in office.lines.shown[1:]), *office.lines.displays.get(cile, [])]
    assert seen[-1] == ("102", "Boris") and not [one for one in seen if PRIVATE in "".join(one)]
    [call] = calls(office)
    if how == "sent on":
        assert (call.caller, call.name, call.trust) == (PRIVATE, "Boris", Trust.PROVEN), (
            "as whom he is believed and missed"
        )
    await office.journal.durable()
    assert PRIVATE not in [call.caller for call in Reader(office.path).calls()]
    told: list[str] = []
    Board(office.control, Told(told)).happened("transferred", call)  # type: ignore[arg-type]
    assert told == ["102"]


async def test_whoever_was_called_outside_is_sent_to_a_queue(offices: Callable[..., Office]) -> None:
    office = offices(THREE.replace("[queue.sales]", '[queue.sales]\nextension = "200"'))
    anna = Desk(office, ANNA).dials("0+37060000009".replace("+370", "8"))
    out = office.leg("city")
    office.control.answered(out)
    assert talk(office, anna, out)
    press(office, anna, "##200#")
    hang_up(office, anna)
    boris = Desk(office, BORIS).answers()
    assert talk(office, out, boris)
    [call] = calls(office)
    assert (call.queue, call.line, call.direction) == ("sales", "city", "in")


@pytest.mark.parametrize("how", ["keys", "refer", "page", "board"])
async def test_a_whole_number_needs_no_prefix_as_it_stands_in_phone_books(office: Office, how: str) -> None:
    anna = customer(office)
    [call] = calls(office)
    match how:
        case "refer":
            office.control.transfer(anna, "+37060000009", 0)
            assert office.asked("referred", anna) == [200]
        case "page":
            office.control.desk.press(call, "anna", "consult", "+37060000009", "anna")
        case "board":
            office.control.send(call.id, "number.+37060000009")
        case _:
            press(office, anna, "##000" + "37060000009#")
    assert office.lines.shown[-1][:2] == ("city", "+37060000009" if how != "keys" else "0037060000009")


async def test_a_transfer_outside_goes_by_the_lines_of_telephones(office: Office) -> None:
    anna = customer(office)
    press(office, anna, "##0860000009#")
    out = office.leg("city")
    office.control.answered(out)
    assert talk(office, CALLER, out)
    assert office.lines.shown[-1][:2] == ("city", "860000009")


@pytest.mark.parametrize("number", ["999", "0112", "*78", "", "*8"])
async def test_a_transfer_to_what_is_no_number_changes_nothing_but_a_tone(office: Office, number: str) -> None:
    anna = customer(office)
    press(office, anna, f"##{number}#")
    assert (CALLER, anna) in office.lines.heard and not office.asked("hang up", anna)
    assert (anna, office.lines.port("beep.wav")) in office.lines.heard
    office.control.transfer(anna, number, 0)
    assert office.asked("referred", anna) == [404]
    office.control.played(office.lines.port("beep.wav"))
    assert talk(office, CALLER, anna)


@pytest.mark.parametrize("number", ["++37060000009", "++112", "+123", "+3706000000900000", "0٠١١٢"])
async def test_what_only_looks_like_a_whole_number_takes_no_customer_away(office: Office, number: str) -> None:
    anna = customer(office)
    office.control.transfer(anna, number, 0)
    assert office.asked("referred", anna) == [404]
    assert talk(office, CALLER, anna)


async def test_a_telephone_is_told_whether_a_number_is_none_or_not_for_its_person(office: Office) -> None:
    abroad = "0" + "00441632960000"
    anna = customer(office)
    office.control.transfer(anna, abroad, 0)
    office.control.transfer(anna, "555", 0)
    assert office.asked("referred", anna) == [403, 404]
    assert talk(office, CALLER, anna)
    office.apply(THREE.replace("[person.anna]\n", '[person.anna]\ncalls = "international"\n'))
    office.control.transfer(anna, abroad, 0)
    assert office.asked("referred", anna) == [403, 404, 200]
    assert office.lines.shown[-1][:2] == ("city", "00441632960000")


async def test_a_transferred_call_nobody_answers_returns_to_who_transferred_it(office: Office) -> None:
    anna = customer(office)
    press(office, anna, "##103#")
    hang_up(office, anna)
    hang_up(office, office.leg(CILE))  # it does not answer
    assert Desk(office, ANNA).rings()
    back = Desk(office, ANNA).answers()
    assert talk(office, CALLER, back)


async def test_it_returns_also_to_somebody_whose_telephone_rings_for_the_next_customer(office: Office) -> None:
    colleague(office, BORIS, CILE)
    anna = customer(office)
    office.call_in("+37060000002", 2)
    press(office, anna, "##103#")  # who talks
    hang_up(office, anna)
    rung = office.lines.legs[ANNA][-2:]
    assert not any(office.asked("hang up", leg) for leg in rung), "the next customer, and the one who comes back"
    assert hears_music(office, CALLER) and len(set(rung)) == 2
    office.control.answered(rung[1])
    assert talk(office, CALLER, rung[1]) and office.asked("hang up", rung[0])
    assert not any(call.state is State.VOICEMAIL for call in calls(office))


async def test_it_waits_for_somebody_who_wants_no_second_call_and_comes_before_the_queue(
    offices: Callable[..., Office],
) -> None:
    office = offices(THREE.replace('extension = "101"', 'extension = "101"\ncall_waiting = false'))
    office.register(CILE, 1)
    anna = customer(office)
    press(office, anna, "##103#")
    hang_up(office, anna)
    office.call_in("+37060000002", 2)
    second = Desk(office, ANNA).answers()
    office.call_in("+37060000003", 3)
    hang_up(office, office.leg(CILE))  # it does not answer
    assert office.leg(ANNA) == second and talk(office, 2, second), "her telephone does not ring while she talks"
    assert hears_music(office, CALLER)
    hang_up(office, 2)
    hang_up(office, second)
    back = office.lines.legs[ANNA][-1]
    office.control.answered(back)
    assert talk(office, CALLER, back), "the third has not been waiting longer"


async def test_keys_of_a_customer_are_never_codes(office: Office) -> None:
    anna = customer(office)
    press(office, CALLER, "##103#")
    assert [what for what, leg, _ in office.lines.asked if leg == anna and what.startswith("press")] == [
        f"press {key}" for key in "##103#"
    ]
    assert talk(office, CALLER, anna)


# ---- attended transfer ----------------------------------------------------------------------------------------------


async def test_a_colleague_is_asked_first_and_the_two_are_put_through(office: Office) -> None:
    anna = customer(office)
    press(office, anna, "*2103#")
    assert hears_music(office, CALLER)
    cile = Desk(office, CILE).answers()
    assert talk(office, anna, cile) and hears_music(office, CALLER)
    press(office, anna, "*2")
    assert talk(office, CALLER, cile) and office.asked("hang up", anna) == [16]
    hang_up(office, anna)
    [call] = calls(office)
    assert (call.person, call.state, call.leg) == ("cile", State.TALKING, CALLER)
    assert office.control.person_states() == {"anna": "free", "boris": "free", "cile": "talking"}
    hang_up(office, cile)
    assert office.asked("hang up", CALLER) == [16] and not calls(office)


async def test_hanging_up_puts_the_two_through(office: Office) -> None:
    anna, boris = colleague(office)  # and the one who asks is the caller
    press(office, anna, "*2103#")
    cile = Desk(office, CILE).answers()
    hang_up(office, anna)
    assert talk(office, boris, cile)
    [call] = calls(office)
    assert (call.caller_person, call.person) == ("boris", "cile")


async def test_hanging_up_before_he_answers_sends_the_customer_there(office: Office) -> None:
    anna = customer(office)
    press(office, anna, "*2103#")
    first = office.leg(CILE)
    hang_up(office, anna)
    assert office.asked("hang up", first)
    cile = Desk(office, CILE).answers()
    assert cile != first and talk(office, CALLER, cile)


async def test_who_asks_swaps_between_the_two_and_gives_up_the_one_who_does_not_answer(office: Office) -> None:
    anna = customer(office)
    press(office, anna, "*2103#")
    press(office, anna, "*0")  # he does not answer
    assert talk(office, CALLER, anna) and not Desk(office, CILE).rings()
    press(office, anna, "*2103#")
    cile = Desk(office, CILE).answers()
    press(office, anna, "*0")
    assert talk(office, CALLER, anna) and hears_music(office, cile)
    press(office, anna, "*0")
    assert talk(office, cile, anna) and hears_music(office, CALLER)


async def test_who_is_asked_hangs_up_and_the_customer_is_there_again(office: Office) -> None:
    anna = customer(office)
    press(office, anna, "*2103#")
    cile = Desk(office, CILE).answers()
    hang_up(office, cile)
    assert talk(office, CALLER, anna) and not office.asked("hang up", anna)
    hang_up(office, anna)
    assert office.asked("hang up", CALLER) == [16]
    assert not calls(office)


async def test_the_customer_hangs_up_while_a_colleague_is_asked_and_the_two_go_on_talking(office: Office) -> None:
    anna = customer(office)
    press(office, anna, "*2103#")
    cile = Desk(office, CILE).answers()
    hang_up(office, CALLER)
    assert talk(office, anna, cile) and not office.asked("hang up", anna)
    hang_up(office, anna)
    assert office.asked("hang up", cile) and not calls(office)


async def test_all_three_talk_and_two_stay_when_the_one_who_called_goes(office: Office) -> None:
    anna = customer(office)
    press(office, anna, "*2103#")
    cile = Desk(office, CILE).answers()
    press(office, anna, "*3")
    three = {CALLER, anna, cile}
    assert {pair for pair in office.lines.heard if pair[0] in three} == {
        (one, other) for one in three for other in three - {one}
    }
    hang_up(office, anna)
    assert talk(office, CALLER, cile)


@pytest.mark.parametrize("leaves", ["customer", "colleague"])
async def test_all_three_talk_and_one_leaves(office: Office, leaves: str) -> None:
    anna = customer(office)
    press(office, anna, "*2103#")
    cile = Desk(office, CILE).answers()
    press(office, anna, "*3")
    hang_up(office, CALLER if leaves == "customer" else cile)
    assert talk(office, anna, cile if leaves == "customer" else CALLER)


async def test_a_page_asks_first_for_anna_swaps_and_puts_the_two_through(office: Office) -> None:
    anna = customer(office)
    [call] = calls(office)
    press = partial(office.control.desk.press, call, "anna", by="maria")
    press("consult", "103")
    assert hears_music(office, CALLER)
    cile = Desk(office, CILE).answers()
    assert talk(office, anna, cile)
    press("swap", "")
    assert talk(office, CALLER, anna) and hears_music(office, cile)
    press("consult", "")
    assert talk(office, CALLER, cile) and office.asked("hang up", anna) == [16]
    told = {"feature": "consult", "to": "103", "person": "anna", "by": "maria"}
    assert (await office.events("pressed"))[0] == told


@pytest.mark.parametrize(
    ("person", "feature", "number"),
    [
        ("anna", "consult", ""),
        ("anna", "swap", ""),
        ("anna", "transfer", "000441632960000"),
        ("anna", "transfer", "+441632960000"),
        ("anna", "transfer", "112"),
        ("anna", "consult", "+112"),
        ("anna", "transfer", "+370112"),
        ("anna", "record_pause", ""),
        ("boris", "transfer", "103"),
        ("nobody", "park", ""),
        ("", "park", ""),
    ],
)
async def test_what_a_page_cannot_do_for_somebody_is_told_and_changes_nothing(
    office: Office, person: str, feature: str, number: str
) -> None:
    anna = customer(office)
    with pytest.raises(NotDialled, match="does so"):
        office.control.desk.press(calls(office)[0], person, feature, number, "maria")
    assert talk(office, CALLER, anna) and len(calls(office)) == 1
    assert bool(await office.events("pressed")) is (person == "anna")


async def test_a_telephone_puts_its_two_partners_through_itself(office: Office) -> None:
    anna = customer(office)
    office.control.held(anna, True)
    second = Desk(office, ANNA).dials("103")
    cile = Desk(office, CILE).answers()
    office.control.answered(second)
    office.control.transfer(anna, "", second)
    assert office.asked("referred", anna) == [200] and talk(office, CALLER, cile)
    for leg in (anna, second):
        assert office.asked("hang up", leg) == [16]
        hang_up(office, leg)
    [call] = calls(office)
    assert (call.person, call.caller) == ("cile", "+37060000001")


@pytest.mark.parametrize("how", ["blind", "asked", "refer", "parked"])
async def test_who_hands_a_customer_on_has_the_time_after_a_call_all_the_same(
    offices: Callable[..., Office], how: str
) -> None:
    """asterisk#607"""
    office = offices(THREE.replace('people = ["anna", "boris"]', 'people = ["anna"]\nwrap_up = 60'))
    office.register(CILE, 1)
    anna = customer(office)
    if how == "asked":
        press(office, anna, "*2103#")
        Desk(office, CILE).answers()
        press(office, anna, "*2")
    elif how == "refer":
        office.control.transfer(anna, "103", 0)
    else:
        press(office, anna, "*5" if how == "parked" else "##103#")
    hang_up(office, anna)
    before = len(office.lines.legs[ANNA])
    office.call_in("+37060000002", 2)
    assert len(office.lines.legs[ANNA]) == before and not Desk(office, ANNA).rings()


# ---- calls from a page ----------------------------------------------------------------------------------------------


async def test_a_page_calls_for_anna_who_answers_first(office: Office) -> None:
    office.control.desk.call_for("anna", [ANNA], "+37060000009", "maria")
    assert Desk(office, ANNA).rings() and not office.lines.legs.get("city")
    anna = Desk(office, ANNA).answers()
    assert office.lines.shown[-1][:2] == ("city", "+37060000009")
    out = office.leg("city")
    office.control.answered(out)
    assert talk(office, anna, out)
    [call] = calls(office)
    assert (call.caller_person, call.phone) == ("anna", ANNA)


async def test_who_asked_for_a_call_is_told_what_became_of_it(office: Office) -> None:
    ring = office.control.desk.call_for
    asked = [ring("anna", [ANNA], "+37060000009", "maria")]
    hang_up(office, office.leg(ANNA))  # nobody answers there
    asked += [ring("anna", [ANNA], "+37060000009", "maria")]
    await office.journal.durable()
    reader = Reader(office.path)
    first, rings = map(reader.call, asked)
    assert first and first.outcome == "refused" and (first.called, first.name) == ("+37060000009", "Anna")
    assert [event.detail for event in reader.events(first.id)][-1] == {"result": "not answered"}
    assert rings and rings.ended_at is None, "it rings"
    Desk(office, ANNA).answers()
    [call] = calls(office)
    assert call.id == asked[1]
    hang_up(office, office.leg("city"))
    await office.journal.durable()
    assert len(reader.calls()) == 2


@pytest.mark.parametrize("number", ["112", "+112", "000441632960000", "+441632960000", "555"])
async def test_a_page_calls_nobody_for_help_nor_where_anna_may_not_call(office: Office, number: str) -> None:
    with pytest.raises(KeyError):
        office.control.desk.call_for("anna", [ANNA], number, "maria")
    assert not office.lines.legs.get(ANNA)


@pytest.mark.parametrize("late", [False, True], ids=["while it rings", "in the talk"])
async def test_a_number_that_comes_late_is_shown_in_place_of_withheld(office: Office, late: bool) -> None:
    office.call_in("")
    assert office.lines.shown[-1][1:] == ("", "Sales: Withheld")
    if late:
        anna = Desk(office, ANNA).answers()
        office.control.named(CALLER, "+37060000001")
    else:
        office.control.named(CALLER, "+37060000001")
        anna = Desk(office, ANNA).answers()
    assert office.lines.displays[anna][-1] == ("+37060000001", "Sales: Mr Kazlauskas")
