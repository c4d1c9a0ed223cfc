# SPDX-License-Identifier: GPL-2.0-or-later
"""What colleagues do among themselves, at softphones: who hears whom after every change, and nobody else."""

import asyncio

from appliance.control.messages import HangUp
from tests.calls.house import MOBILE, MOBILE_HZ, House, alone, call, hears, hears_music, talk
from tests.telephones.softphone import Softphone
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ, NUMBER

pytestmark = alone

TO_BORIS = ('scenario = "main"\n', f'scenario = "main"\nnumbers = {{ "{NUMBER}" = "boris" }}\n')


async def dials_code(phone: Softphone, number: str) -> None:
    """And does not wait for what is said to that."""
    await phone.calls(number)
    await phone.hang_up()


def rang(phone: Softphone) -> int:
    return sum(told["event"] == "rings" for told in phone.phone.seen.all)


# ---- intercom and paging --------------------------------------------------------------------------------------------


async def test_anna_speaks_to_boris_whose_telephone_answers_by_itself(house: House) -> None:
    await house.anna.calls("*80102")
    await house.boris.talks()
    await talk(house.anna, house.boris)
    await house.anna.hang_up()
    await house.all_over(house.boris)


async def test_anna_pages_both_who_hear_her_and_are_not_heard(house: House) -> None:
    await house.anna.calls("*81")
    await asyncio.gather(house.boris.talks(), house.clara.talks())
    await asyncio.gather(hears(house.boris, ANNA_HZ), hears(house.clara, ANNA_HZ), hears(house.anna))
    await house.anna.hang_up()
    await house.all_over(house.boris, house.clara)


async def test_anna_pages_the_people_of_a_queue_and_clara_is_left_alone(house: House) -> None:
    await house.use(('name = "Sales"\npeople = ["anna"]', 'name = "Sales"\nextension = "200"\npeople = ["boris"]'))
    before = rang(house.clara)
    await house.anna.calls("*81200")
    await house.boris.talks()
    await hears(house.boris, ANNA_HZ)
    await house.anna.hang_up()
    await house.all_over(house.boris)
    assert rang(house.clara) == before


# ---- call me back ---------------------------------------------------------------------------------------------------


async def test_anna_is_called_as_soon_as_boris_is_free(house: House) -> None:
    await call(house.boris, house.clara, "103")
    await dials_code(house.anna, "*37102")
    before = rang(house.anna)
    await talk(house.boris, house.clara)
    assert rang(house.anna) == before
    await house.boris.hang_up()
    await house.clara.over()
    await house.anna.takes()
    await house.boris.takes()
    await talk(house.anna, house.boris)
    await house.anna.hang_up()
    await house.all_over(house.boris)


# ---- status ---------------------------------------------------------------------------------------------------------


async def test_a_queue_leaves_boris_alone_till_he_is_back_from_his_break(house: House) -> None:
    await house.use(('name = "Sales"\npeople = ["anna"]', 'name = "Sales"\npeople = ["anna", "boris"]'))
    await dials_code(house.boris, "*61")
    before = rang(house.boris)
    customer = await house.customer_with_anna()
    assert rang(house.boris) == before
    await house.anna.hang_up()
    await customer.gone()
    await call(house.anna, house.boris, "102")  # who asks for him has him
    await house.anna.hang_up()
    await house.all_over(house.boris)
    await dials_code(house.boris, "*60")
    customer = await house.customer()
    await asyncio.gather(house.anna.rings(), house.boris.takes(), house.anna.over())
    await asyncio.gather(hears(customer, BORIS_HZ), hears(house.boris, CALLER_HZ))
    await house.boris.hang_up()
    await customer.gone()
    await house.all_over()


# ---- do not disturb, forwarding -------------------------------------------------------------------------------------


async def test_boris_is_not_disturbed_till_he_may_be_again(house: House) -> None:
    await dials_code(house.boris, "*78")
    before = rang(house.boris)
    await house.anna.calls("102")  # as if he were busy: she may leave a message
    assert rang(house.boris) == before
    await house.anna.hang_up()
    await dials_code(house.boris, "*79")
    await call(house.anna, house.boris, "102")
    await house.anna.hang_up()
    await house.all_over(house.boris)


async def test_all_calls_to_boris_go_to_clara_till_he_ends_it(house: House) -> None:
    await dials_code(house.boris, "*72103")
    await call(house.anna, house.clara, "102")
    await house.anna.hang_up()
    await house.clara.over()
    await dials_code(house.boris, "*73")
    await call(house.anna, house.boris, "102")
    await house.anna.hang_up()
    await house.all_over(house.boris)


async def test_all_calls_to_boris_go_to_his_mobile(house: House) -> None:
    await house.goes_out()
    await dials_code(house.boris, f"*72{MOBILE}")
    mobile = await house.outside()
    await house.anna.calls("102")
    await asyncio.gather(hears(house.anna, MOBILE_HZ), hears(mobile, ANNA_HZ))
    await house.anna.hang_up()
    await mobile.gone()
    await house.all_over()


async def test_who_calls_boris_while_he_talks_comes_to_anna(house: House) -> None:
    await dials_code(house.boris, "*90101")
    await house.use(TO_BORIS)
    await call(house.boris, house.clara, "103")
    customer = await house.customer()
    await house.anna.takes()
    await asyncio.gather(hears(customer, ANNA_HZ), hears(house.anna, CALLER_HZ), talk(house.boris, house.clara))
    await house.anna.hang_up()
    await customer.gone()
    await house.boris.hang_up()
    await house.all_over(house.clara)


async def test_who_rings_at_boriss_in_vain_comes_to_clara(house: House) -> None:
    await dials_code(house.boris, "*92103")
    his = 'extension = "102"\nphones = ["desk2"]\nring_for = '
    await house.use((f"{his}20", f"{his}5"))
    house.anna.dial("102")
    await house.boris.rings()
    await house.clara.rings(within=10)
    house.clara.phone.answer()
    await asyncio.gather(house.anna.talks(), house.clara.talks(), house.boris.over())
    await talk(house.anna, house.clara)
    await house.anna.hang_up()
    await house.all_over(house.clara)


async def test_who_rings_at_boriss_in_vain_comes_to_his_mobile(house: House) -> None:
    his = 'extension = "102"\nphones = ["desk2"]\nring_for = '
    await house.goes_out((f"{his}20", f"{his}5"))
    await dials_code(house.boris, f"*92{MOBILE}")
    mobile = await house.outside()
    house.anna.dial("102")
    await house.boris.rings()
    await asyncio.gather(house.anna.talks(), house.boris.over())
    await asyncio.gather(hears(house.anna, MOBILE_HZ), hears(mobile, ANNA_HZ))
    await house.anna.hang_up()
    await mobile.gone()
    await house.all_over()


async def test_boris_cannot_forward_to_where_nobody_is(house: House) -> None:
    await house.goes_out()
    await dials_code(house.boris, "*72555")
    await call(house.anna, house.boris, "102")
    await house.anna.hang_up()
    await house.all_over(house.boris)


# ---- a telephone that sends its calls on ---------------------------------------------------------------------------


async def test_boriss_telephone_sends_who_calls_it_to_clara(house: House) -> None:
    house.anna.dial("102")
    await house.boris.rings()
    house.boris.diverts("103")
    await house.clara.takes()
    await house.anna.talks()
    await talk(house.anna, house.clara)
    await house.anna.hang_up()
    await house.all_over(house.clara)


async def test_boriss_telephone_sends_a_customer_to_his_mobile(house: House) -> None:
    await house.goes_out(TO_BORIS)
    mobile, customer = await house.outside(), await house.customer()
    await house.boris.rings()
    house.boris.diverts(MOBILE)
    await asyncio.gather(hears(customer, MOBILE_HZ), hears(mobile, CALLER_HZ))
    await house.ask(HangUp(0, (await house.call()).id))
    await asyncio.gather(customer.gone(), mobile.gone())
    await house.all_over()


# ---- call waiting ---------------------------------------------------------------------------------------------------


async def test_boris_knocks_while_anna_talks_with_clara_and_she_goes_back_and_forth(house: House) -> None:
    await call(house.anna, house.clara, "103")
    house.boris.dial("101")
    await house.anna.rings()
    await talk(house.anna, house.clara)
    house.anna.phone.hold()
    house.anna.phone.answer()
    await house.boris.talks()
    await asyncio.gather(talk(house.anna, house.boris), hears_music(house.clara))
    house.anna.phone.hold()
    house.anna.phone.resume()
    await asyncio.gather(talk(house.anna, house.clara), hears_music(house.boris))
    await house.boris.hang_up()
    await house.anna.over()
    await talk(house.anna, house.clara)
    await house.anna.hang_up()
    await house.all_over(house.clara)
