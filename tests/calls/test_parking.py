# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that are parked, picked up, brought into rooms, and supervised. Real core, settings and journal; telephones as told."""

from collections.abc import Callable

import pytest

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
    office_call,
    press,
    talk,
)
from tests.calls.office import CALLER, Office


@pytest.fixture
async def office(offices: Callable[..., Office]) -> Office:
    office = offices(THREE)
    office.register(CILE, 1)
    return office


# ---- park -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["keys", "refer", "refer to a slot"])
async def test_a_parked_customer_is_taken_at_another_telephone(office: Office, how: str) -> None:
    anna = customer(office)
    match how:
        case "keys":
            press(office, anna, "*5")
            office.control.played(office.lines.port("beep.wav"))
        case "refer":
            office.control.transfer(anna, "*5", 0)
        case _:
            office.control.transfer(anna, "71", 0)
    assert office.asked("hang up", anna) == [16]
    hang_up(office, anna)
    assert hears_music(office, CALLER) and office.call.state == "parked" and office.call.slot == "71"
    assert office.witness.slots == {"71": "+37060000001"}
    assert office.control.person_states()["anna"] == "free"
    boris = Desk(office, BORIS).dials("71")
    assert office.asked("answer", boris) and talk(office, CALLER, boris)
    assert (office.call.person, office.call.slot) == ("boris", "") and office.witness.slots == {"71": ""}
    hang_up(office, boris)
    assert not calls(office) and await office.outcome() == "answered"


async def test_who_waited_in_the_park_and_who_takes_him_are_told_of_each_other(office: Office) -> None:
    anna, boris = colleague(office)
    press(office, anna, "*5")
    cile = Desk(office, CILE).dials("71")
    assert office.lines.displays[boris][-1] == ("103", "Cile")
    assert office.lines.displays[cile][0] == ("102", "Boris"), "by the answer already"


async def test_who_is_taken_from_the_park_at_a_telephone_of_nobody_sees_which_it_is(
    offices: Callable[..., Office],
) -> None:
    office = offices(THREE + "[phone.lobby]\n")
    office.register(CILE, 1)
    anna, boris = colleague(office)
    press(office, anna, "*5")
    Desk(office, "lobby").dials("71")
    assert office.lines.displays[boris][-1] == ("lobby", "lobby")


async def test_slots_are_given_in_turn_and_an_empty_one_answers_nobody(office: Office) -> None:
    press(office, customer(office), "*5")
    cile, _ = colleague(office, CILE, BORIS)
    press(office, cile, "*5")
    assert {call.slot for call in calls(office)} == {"71", "72"}
    assert office.asked("hang up", Desk(office, ANNA).dials("73")) == [1]


async def test_a_parked_call_nobody_takes_returns_to_who_parked_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = customer(office)
    press(office, anna, "*5")
    hang_up(office, anna)
    later = office.control.now() + 121_000
    monkeypatch.setattr(office.control._routing, "now", lambda: later)
    office.control._routing._tick()
    back = Desk(office, ANNA).answers()
    assert back != anna and talk(office, CALLER, back) and not office.control.desk.parking.slots


async def test_a_supervisor_sends_a_call_to_a_number_and_into_a_room(office: Office) -> None:
    cile = Desk(office, CILE).dials("300")
    office.call_in()
    office.control.send(office_call(office), "number.102")
    assert Desk(office, BORIS).rings() and not Desk(office, ANNA).rings()
    office.control.send(office_call(office), "room.board")
    assert talk(office, CALLER, cile) and not Desk(office, BORIS).rings()
    for nowhere in ("number.999", "number.0112", "number.*78", "room.none"):
        with pytest.raises(KeyError):
            office.control.send(office_call(office), nowhere)
    assert talk(office, CALLER, cile)


async def test_a_supervisor_parks_a_talk(office: Office) -> None:
    anna = customer(office)
    assert office.control.desk.park_call(office.call, "75", "boris") == "75"
    assert office.asked("hang up", anna) and hears_music(office, CALLER)
    with pytest.raises(KeyError):
        office.control.desk.park_call(office.call, "75", "boris")
    cile = Desk(office, CILE).dials("75")
    assert talk(office, CALLER, cile)


async def test_a_parked_customer_who_hangs_up_frees_his_slot(office: Office) -> None:
    press(office, customer(office), "*5")
    hang_up(office, CALLER)
    assert not office.control.desk.parking.slots and await office.outcome() == "answered"


# ---- pickup ---------------------------------------------------------------------------------------------------------


async def test_a_call_that_rings_at_a_colleague_is_picked_up(office: Office) -> None:
    cile = Desk(office, CILE).dials("102")
    anna = Desk(office, ANNA).dials("*8102")
    assert talk(office, cile, anna) and not Desk(office, BORIS).rings()
    assert office.call.person == "anna"
    assert (await office.events("pickup")) == [{"by": "anna", "rang": ["boris"]}]


async def test_a_call_to_my_queue_is_picked_up_before_one_that_has_rung_longer_elsewhere(office: Office) -> None:
    Desk(office, ANNA).dials("103")
    office.call_in()  # sales: Anna and Boris; she is on the telephone, so Boris is rung
    boris = Desk(office, BORIS).dials("*8")
    assert talk(office, CALLER, boris)
    cile = Desk(office, BORIS)
    assert office.asked("hang up", cile.dials("*8101")) == [1]


async def test_a_lamp_key_picks_up_by_replaces(office: Office) -> None:
    office.call_in()
    office.control.incoming(77, CILE, True, "", "", "102", replaces=office.leg(BORIS))
    assert talk(office, CALLER, 77) and office.call.person == "cile"


async def test_a_lamp_key_takes_a_parked_call_and_never_one_that_others_talk_on(office: Office) -> None:
    anna = customer(office)
    office.control.incoming(77, CILE, True, "", "", "101", replaces=anna)
    assert office.asked("hang up", 77) and talk(office, CALLER, anna)
    press(office, anna, "*5")
    office.control.incoming(78, CILE, True, "", "", "71", replaces=CALLER)
    assert talk(office, CALLER, 78)


async def test_anna_takes_her_call_along_to_her_other_telephone(office: Office) -> None:
    anna = customer(office)
    office.control.incoming(77, "cordless", True, "", "", "101", replaces=anna)
    assert talk(office, CALLER, 77) and office.asked("hang up", anna) == [16]


async def test_who_has_a_held_customer_picks_up_another_and_loses_none(office: Office) -> None:
    anna = customer(office)
    office.control.held(anna, True)
    cile = Desk(office, CILE).dials("102")
    second = Desk(office, ANNA).dials("*8102")
    assert talk(office, cile, second) and hears_music(office, CALLER)
    hang_up(office, second)
    office.control.held(anna, False)
    assert talk(office, CALLER, anna)


# ---- rooms------------------------------- -----------------------------------------------------------------------------


async def test_all_in_a_room_hear_each_other(office: Office) -> None:
    legs = [Desk(office, phone).dials("300") for phone in (ANNA, BORIS, CILE)]
    anna, boris, cile = legs
    assert {pair for pair in office.lines.heard if pair[0] in legs} == {(a, b) for a in legs for b in legs if a != b}
    hang_up(office, anna)
    assert talk(office, boris, cile)
    hang_up(office, boris)
    assert hears_music(office, cile)


async def test_a_room_is_entered_by_its_pin_alone(office: Office) -> None:
    anna, boris = Desk(office, ANNA).dials("301"), Desk(office, BORIS).dials("301")
    press(office, anna, "4711#")
    press(office, boris, "1111#")
    assert not any(boris in pair for pair in office.lines.heard if anna in pair)
    press(office, boris, "4711#")
    assert talk(office, anna, boris)
    cile = Desk(office, CILE).dials("301")
    press(office, cile, "1#2#3#")
    office.control.played(office.lines.port("beep.wav"))
    assert office.asked("hang up", cile)


async def test_a_customer_is_sent_into_a_room(office: Office) -> None:
    cile = Desk(office, CILE).dials("300")
    press(office, customer(office), "##300#")
    assert talk(office, CALLER, cile)


# ---- supervisors ----------------------------------------------------------------------------------------------------


async def test_a_supervisor_answers_a_waiting_call(office: Office) -> None:
    office.call_in()
    office.control.desk.supervision.take(office.call, [CILE], "page")
    cile = Desk(office, CILE).answers()
    assert talk(office, CALLER, cile) and office.call.person == "cile" and not Desk(office, ANNA).rings()
    assert await office.events("supervisor") == [{"how": "take", "by": "page"}]


@pytest.mark.parametrize(("how", "heard_by"), [("listen", ""), ("whisper", "anna"), ("barge", "anna and the customer")])
async def test_a_supervisor_on_a_talk(office: Office, how: str, heard_by: str) -> None:
    anna = customer(office)
    office.control.desk.supervision.listen(office.call, [CILE], how, "page")  # type: ignore[arg-type]
    cile = Desk(office, CILE).answers()
    assert {(cile, anna), (cile, CALLER)} <= office.lines.heard
    assert ((anna, cile) in office.lines.heard) == ("anna" in heard_by)
    assert ((CALLER, cile) in office.lines.heard) == ("customer" in heard_by)
    hang_up(office, CALLER)
    assert office.asked("hang up", cile)


async def test_a_supervisor_changes_what_he_does_by_keys_which_reach_nobody(office: Office) -> None:
    anna = customer(office)
    office.control.desk.supervision.listen(office.call, [CILE], "listen", "page")
    cile = Desk(office, CILE).answers()
    press(office, cile, "5")
    assert (anna, cile) in office.lines.heard and (CALLER, cile) not in office.lines.heard
    press(office, cile, "664")
    assert talk(office, anna, CALLER)
    press(office, cile, "9#*")
    assert not [asked for asked, *_ in office.lines.asked if asked.startswith("press")]
    hows = [event["how"] for event in await office.events("supervisor")]
    assert hows == ["listen", "whisper", "barge", "listen"]


async def test_a_supervisor_stays_with_a_customer_who_is_put_through(office: Office) -> None:
    anna = customer(office)
    office.control.desk.supervision.listen(office.call, [CILE], "listen", "page")
    cile = Desk(office, CILE).answers()
    press(office, anna, "##102#")
    hang_up(office, anna)
    boris = Desk(office, BORIS).answers()
    assert {(cile, boris), (cile, CALLER)} <= office.lines.heard and (cile, anna) not in office.lines.heard


async def test_strangers_do_not_stay_in_a_room_without_one_of_ours(office: Office) -> None:
    cile = Desk(office, CILE).dials("300")
    press(office, customer(office), "##300#")
    hang_up(office, cile)
    assert office.asked("hang up", CALLER) == [16]
