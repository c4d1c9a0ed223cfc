# SPDX-License-Identifier: GPL-2.0-or-later
"""What people do with calls at their telephones. Real core, settings and journal; telephones as told."""

from collections.abc import Callable
from itertools import count

import pytest

from appliance.calls.call import Call, Person, State
from tests.calls.office import CALLER, OFFICE, Office

THREE = (
    OFFICE.replace("[line.city]", '[phone.desk3]\n[person.cile]\nextension = "103"\nphones = ["desk3"]\n[line.city]')
    + '[room.board]\nextension = "300"\n[room.safe]\nextension = "301"\npin = "4711"\n'
)
ANNA, BORIS, CILE = "desk1", "desk2", "desk3"
EXTENSIONS = {ANNA: "101", BORIS: "102", CILE: "103"}


@pytest.fixture
async def office(offices: Callable[..., Office]) -> Office:
    office = offices(THREE)
    office.register(CILE, 1)
    return office


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


# ---- codes ----------------------------------------------------------------------------------------------------------


def code(office: Office, phone: str, number: str) -> int:
    """It is dialled, and what it says is heard to its end."""
    leg = Desk(office, phone).dials(number)
    office.control.answered(leg)
    office.control.played(office.lines.port("beep.wav"))
    assert office.asked("answer", leg) and office.asked("hang up", leg) == [16]
    hang_up(office, leg)
    return leg


@pytest.mark.parametrize(
    ("number", "status"),
    [("*61", "break"), ("*62", "away"), ("*63", "meeting"), ("*64", "off"), ("*60", "available")],
)
async def test_a_status_is_dialled(office: Office, number: str, status: str) -> None:
    code(office, ANNA, number)
    assert (office.control.people["anna"].status, office.control.people["anna"].source) == (status, "phone")
    assert not calls(office) and await office.outcome() == "self-service"


async def test_a_break_that_is_dialled_ends_by_itself(offices: Callable[..., Office]) -> None:
    office = offices(THREE + "[features]\nbreak_lasts = 600\n")
    code(office, ANNA, "*61")
    until = office.control.people["anna"].until
    assert until is not None and 590_000 < until - office.control.now() <= 600_000
    code(office, ANNA, "*60")
    assert office.control.people["anna"].until is None


async def test_who_is_not_to_be_disturbed_is_rung_by_no_queue_and_called_by_nobody(office: Office) -> None:
    code(office, ANNA, "*78")
    office.call_in()
    assert Desk(office, BORIS).rings() and not office.lines.legs.get(ANNA)
    hang_up(office, CALLER)
    cile = Desk(office, CILE).dials("101")
    assert not office.lines.legs.get(ANNA) and office.asked("answer", cile)  # her mailbox
    hang_up(office, cile)
    code(office, ANNA, "*79")
    Desk(office, CILE).dials("101")
    assert Desk(office, ANNA).rings()


async def test_calls_to_me_go_where_i_dialled(office: Office) -> None:
    code(office, ANNA, "*72103")
    boris = Desk(office, BORIS).dials("101")
    cile = Desk(office, CILE).answers()
    assert talk(office, boris, cile) and not office.lines.legs.get(ANNA)
    hang_up(office, boris)
    hang_up(office, cile)
    office.call_in()
    assert Desk(office, ANNA).rings(), "a queue asks for her, not for her extension"
    hang_up(office, CALLER)
    code(office, ANNA, "*73")
    Desk(office, CILE).dials("101")
    assert Desk(office, ANNA).rings()


async def test_calls_to_me_go_to_my_mobile_when_i_do_not_answer(office: Office) -> None:
    code(office, ANNA, "*920860000009")
    Desk(office, BORIS).dials("101")
    hang_up(office, office.leg(ANNA))
    assert office.lines.shown[-1][:2] == ("city", "860000009")


async def test_calls_to_me_go_elsewhere_while_i_talk(office: Office) -> None:
    code(office, ANNA, "*90103")
    customer(office)
    boris = Desk(office, BORIS).dials("101")
    assert talk(office, boris, Desk(office, CILE).answers())


async def test_two_who_forward_to_each_other_end_in_a_mailbox(office: Office) -> None:
    code(office, ANNA, "*72102")
    code(office, BORIS, "*72101")
    cile = Desk(office, CILE).dials("101")
    rung = office.leg(ANNA)  # each forwards once, then the first is rung
    hang_up(office, rung)
    assert office.asked("answer", cile)


@pytest.mark.parametrize("number", ["*72999", "*72112", "*720112"])
async def test_nobody_forwards_to_nowhere_or_to_the_police(office: Office, number: str) -> None:
    code(office, ANNA, number)
    assert not office.control.people["anna"].forward_always
    [told] = await office.events("feature")
    assert not told["done"]


async def test_what_was_dialled_is_known_after_a_restart_and_over_another_status(
    offices: Callable[..., Office],
) -> None:
    office = offices(THREE, people={"anna": Person(dnd=True, forward_busy="103")})
    office.register(CILE, 1)
    office.call_in()
    assert not office.lines.legs.get(ANNA) and Desk(office, BORIS).rings()
    office.control.set_status("anna", "break", "")
    office.control.set_status("anna", "available", "")
    assert office.control.people["anna"].dnd and office.control.people["anna"].forward_busy == "103"


# ---- call waiting ---------------------------------------------------------------------------------------------------


async def test_a_second_call_knocks_and_both_are_mine(office: Office) -> None:
    anna = customer(office)
    cile = Desk(office, CILE).dials("101")
    assert Desk(office, ANNA).rings()
    office.control.held(anna, True)  # as telephones do
    second = Desk(office, ANNA).answers()
    assert talk(office, cile, second) and hears_music(office, CALLER)
    hang_up(office, second)
    office.control.held(anna, False)
    assert talk(office, CALLER, anna)


async def test_who_wants_no_second_call_is_busy(offices: Callable[..., Office]) -> None:
    office = offices(THREE.replace('extension = "101"', 'extension = "101"\ncall_waiting = false'))
    office.register(CILE, 1)
    anna = customer(office)
    cile = Desk(office, CILE).dials("101")
    assert office.leg(ANNA) == anna and office.asked("answer", cile)


async def test_a_second_caller_who_gives_up_knocks_no_longer(office: Office) -> None:
    customer(office)
    cile = Desk(office, CILE).dials("101")
    hang_up(office, cile)
    assert not Desk(office, ANNA).rings()
    assert len(calls(office)) == 1


# ---- rooms, intercom, paging, call back -----------------------------------------------------------------------------


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


async def test_an_intercom_is_answered_by_itself(office: Office) -> None:
    anna = Desk(office, ANNA).dials("*80102")
    assert office.lines.called_at_once == [BORIS]
    assert talk(office, anna, Desk(office, BORIS).answers())


async def test_a_page_is_heard_at_every_telephone_but_those_that_talk(office: Office) -> None:
    customer(office, BORIS)
    anna = Desk(office, ANNA).dials("*81")
    assert office.lines.called_at_once == ["cordless", CILE]
    cile = Desk(office, CILE).answers()
    assert (cile, anna) in office.lines.heard and (anna, cile) not in office.lines.heard
    hang_up(office, anna)
    assert office.asked("hang up", cile)


async def test_i_am_called_as_soon_as_a_colleague_is_free(office: Office) -> None:
    boris = customer(office, BORIS)
    code(office, ANNA, "*37102")
    assert not Desk(office, ANNA).rings() or office.asked("hang up", office.leg(ANNA))
    hang_up(office, boris)
    hang_up(office, CALLER)
    assert Desk(office, ANNA).rings()
    anna = Desk(office, ANNA).answers()
    assert talk(office, anna, Desk(office, BORIS).answers())


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
