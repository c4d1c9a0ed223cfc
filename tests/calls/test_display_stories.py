# SPDX-License-Identifier: GPL-2.0-or-later
"""What telephones show of whom they talk with, at softphones that know UPDATE."""

import asyncio

import pytest

from tests.calls.house import House, alone, call, talk
from tests.telephones.softphone import Softphone

pytestmark = alone

ANNA, BORIS, CLARA = ("Anna", "101"), ("Boris", "102"), ("Clara", "103")
CUSTOMER = ("Mr Kazlauskas", "+37060000001")


async def see(one: Softphone, whom: tuple[str, str], other: Softphone, back: tuple[str, str]) -> None:
    """Each shows the other, and hears it."""
    await asyncio.gather(one.shows(*whom), other.shows(*back))
    await talk(one, other)


async def test_the_answer_says_who_took_the_call(house: House) -> None:
    await call(house.anna, house.boris, "102")
    await house.anna.shows(*BORIS)
    await house.anna.hang_up()
    await house.all_over(house.boris)


async def test_boris_sends_anna_to_clara_whom_she_sees_then(house: House) -> None:
    await call(house.anna, house.boris, "102")
    house.boris.transfer("103")
    await house.clara.takes()
    await house.boris.over()
    await house.anna.shows(*CLARA)
    await talk(house.anna, house.clara)
    await house.anna.hang_up()
    await house.all_over(house.clara)


async def test_anna_sends_boris_whom_she_called_to_clara(house: House) -> None:
    await call(house.anna, house.boris, "102")
    house.anna.transfer("103")
    await house.clara.takes()
    await house.boris.shows(*CLARA)
    await talk(house.boris, house.clara)
    await house.boris.hang_up()
    await house.all_over(house.clara, house.anna)


async def test_two_who_are_put_through_by_the_key_see_each_other(house: House) -> None:
    await call(house.anna, house.boris, "102")
    house.anna.phone.hold()
    house.anna.dial("103")
    await house.clara.takes()
    await house.anna.talks()
    house.anna.phone.join()
    await see(house.boris, CLARA, house.clara, BORIS)
    await house.boris.hang_up()
    await house.all_over(house.clara, house.anna, house.anna)


async def test_by_codes_anna_sees_whom_she_talks_with_and_then_they_each_other(house: House) -> None:
    await call(house.anna, house.boris, "102")
    house.anna.phone.press("*2103#")
    await house.clara.takes()
    await house.anna.shows(*CLARA)
    house.anna.phone.press("*0")
    await house.anna.shows(*BORIS)
    house.anna.phone.press("*0")
    await house.anna.shows(*CLARA)
    house.anna.phone.press("*2")
    await house.anna.over()
    await see(house.boris, CLARA, house.clara, BORIS)
    await house.boris.hang_up()
    await house.all_over(house.clara)


async def test_three_talk_and_when_one_leaves_two_see_each_other(house: House) -> None:
    await call(house.anna, house.boris, "102")
    house.anna.phone.press("*2103#")
    await house.clara.takes()
    await talk(house.anna, house.clara)
    house.anna.phone.press("*3")
    await asyncio.gather(
        house.anna.shows("Boris, Clara", "102"),
        house.boris.shows("Anna, Clara", "101"),
        house.clara.shows("Anna, Boris", "101"),
    )
    await house.clara.hang_up()
    await see(house.anna, BORIS, house.boris, ANNA)
    await house.anna.hang_up()
    await house.all_over(house.boris)


async def test_in_a_room_of_two_each_sees_the_other_and_of_three_the_room(house: House) -> None:
    await house.use(("[room.board]\n", '[room.board]\nname = "Board"\n'))
    await house.anna.calls("300")
    await house.anna.shows("Board", "300")
    await house.boris.calls("300")
    await see(house.anna, BORIS, house.boris, ANNA)
    await house.clara.calls("300")
    await asyncio.gather(*(phone.shows("Board", "300") for phone in (house.anna, house.boris, house.clara)))
    await house.boris.hang_up()
    await see(house.anna, CLARA, house.clara, ANNA)
    await house.anna.hang_up()
    await house.clara.hang_up()


async def test_boris_picks_up_what_rings_at_anna(house: House) -> None:
    house.clara.dial("101")
    await house.anna.rings()
    await house.clara.shows(*ANNA)
    await house.boris.calls("*8101")
    await see(house.boris, CLARA, house.clara, BORIS)
    await house.boris.hang_up()
    await house.all_over(house.clara)


@pytest.mark.parametrize("caller, shown", [("+37060000001", CUSTOMER), ("anonymous", ("Withheld", "anonymous"))])
async def test_boris_picks_up_a_customer_and_sees_him_unless_he_hides(
    house: House, caller: str, shown: tuple[str, str]
) -> None:
    customer = await house.customer(caller=caller)
    await house.anna.rings()
    await house.boris.calls("*8101")
    await house.boris.shows(*shown)
    await house.boris.hang_up()
    await customer.gone()


async def test_who_takes_a_call_from_the_park_and_who_waited_there_see_each_other(house: House) -> None:
    await call(house.anna, house.boris, "102")
    house.boris.phone.press("*5")
    await house.until(lambda seen: any(call.slot for call in seen.calls))
    slot = (await house.call()).slot
    await house.boris.over()
    await house.clara.calls(slot)
    await see(house.anna, CLARA, house.clara, ANNA)
    await house.anna.hang_up()
    await house.all_over(house.clara)
