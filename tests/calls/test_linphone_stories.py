# SPDX-License-Identifier: GPL-2.0-or-later
"""Clara's telephone is Linphone: what it does with calls by its own keys, and by codes."""

import asyncio

from tests.calls.house import House, alone, call, hears_music, talk
from tests.telephones.linphone import Linphone

pytestmark = alone
HOUSE = {"clara": Linphone}


async def clara_talks(house: House) -> int:
    """Anna calls Clara, and each hears the other; the number of the call at Clara's."""
    house.anna.dial("103")
    await house.clara.rings()
    number = await house.clara.answers()
    await house.anna.talks()
    await talk(house.anna, house.clara)
    return number


async def test_clara_holds_anna_and_comes_back(house: House) -> None:
    number = await clara_talks(house)
    await house.clara.hold()
    await hears_music(house.anna)
    await house.clara.resume(number)
    await talk(house.anna, house.clara)
    await house.clara.hang_up()
    await house.all_over(house.anna)


async def test_clara_sends_anna_to_boris(house: House) -> None:
    await clara_talks(house)
    house.clara.transfer("102")
    await house.boris.takes()
    await house.clara.over()
    await talk(house.anna, house.boris)
    await house.anna.hang_up()
    await house.all_over(house.boris)


async def test_clara_asks_boris_and_puts_anna_through(house: House) -> None:
    first = await clara_talks(house)
    await house.clara.hold()
    house.clara.dial("102")
    await house.boris.takes()
    second = await house.clara.talks()
    await asyncio.gather(talk(house.boris, house.clara), hears_music(house.anna))
    house.clara.join(first, second)
    await asyncio.gather(house.clara.over(), house.clara.over())
    await talk(house.anna, house.boris)
    await house.anna.hang_up()
    await house.all_over(house.boris)


async def test_clara_sends_who_calls_her_to_boris_without_answering(house: House) -> None:
    house.anna.dial("103")
    await house.clara.rings()
    house.clara.diverts("102")
    await house.boris.takes()
    await asyncio.gather(house.anna.talks(), house.clara.over())
    await talk(house.anna, house.boris)
    await house.anna.hang_up()
    await house.all_over(house.boris)


async def test_clara_parks_anna_by_a_code_and_takes_her_again(house: House) -> None:
    await clara_talks(house)
    house.clara.press("*5")
    await house.clara.over(within=10)
    await hears_music(house.anna)
    await house.clara.calls((await house.call()).slot)
    await talk(house.anna, house.clara)
    await house.clara.hang_up()
    await house.all_over(house.anna)


async def test_clara_is_called_as_soon_as_boris_is_free(house: House) -> None:
    await call(house.anna, house.boris, "102")
    house.clara.dial("*37102")
    await house.clara.over()  # it is told her, and over by itself
    await house.anna.hang_up()
    await house.boris.over()
    await house.clara.rings()
    await house.clara.answers()
    await house.boris.takes()
    await talk(house.boris, house.clara)
    await house.clara.hang_up()
    await house.all_over(house.boris)


async def test_anna_speaks_to_clara_whose_telephone_rings_as_it_does_not_answer_by_itself(house: House) -> None:
    house.anna.dial("*80103")
    await house.clara.rings()
    await house.clara.answers()
    await house.anna.talks()
    await talk(house.anna, house.clara)
    await house.anna.hang_up()
    await house.all_over(house.clara)
