# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done with a customer's call, at softphones: who hears whom after every change, and nobody else."""

import asyncio
from functools import partial

from appliance.control.handling import CallFor, Disturb, Park, Press, Supervise, Take
from appliance.control.messages import HangUp, Send
from tests.calls.house import (
    CLARA_HZ,
    MOBILE,
    MOBILE_HZ,
    Customer,
    House,
    alone,
    hears,
    hears_music,
    talk,
    voices,
)
from tests.calls.lamp_keys import lamp_key, shows
from tests.calls.stories import AGAIN_HZ, PROMPT_HZ, prompt
from tests.telephones import tone
from tests.telephones.rtp import BOX_EVENTS
from tests.telephones.softphone import Softphone
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ

pytestmark = alone
MUSIC_HZ = 2700


async def talks_to(customer: Customer, phone: Softphone) -> None:
    """Each hears the other, and nobody else."""
    await asyncio.gather(hears(customer, phone.hz), hears(phone, CALLER_HZ))


async def speak(customer: Customer, mobile: Customer) -> None:
    """Both outside, each hears the other, and nobody else."""
    await asyncio.gather(hears(customer, MOBILE_HZ), hears(mobile, CALLER_HZ))


async def hears_tone_of_music(customer: Customer) -> None:
    """The music of these settings, and nobody."""
    for _ in range(50):
        if not voices(heard := await customer.listens()) and tone.heard(heard, MUSIC_HZ) > 0.3:
            return
    raise AssertionError(f"no music: {voices(heard)} Hz")


async def hang_up(house: House, *outside: Customer) -> None:
    """What is left of their call is ended from a page."""
    await house.ask(HangUp(0, (await house.call()).id))
    await asyncio.gather(*(one.gone() for one in outside))
    await house.all_over()


async def ends(house: House, customer: Customer, phone: Softphone) -> None:
    await phone.hang_up()
    await customer.gone()
    await house.all_over()


# ---- hold and transfer ----------------------------------------------------------------------------------------------


async def test_anna_holds_a_customer_and_comes_back(house: House) -> None:
    customer = await house.customer_with_anna()
    house.anna.phone.hold()
    await hears_music(customer)
    house.anna.phone.resume()
    await talks_to(customer, house.anna)
    await ends(house, customer, house.anna)


async def test_a_held_customer_chooses_what_he_hears_till_anna_is_back(house: House) -> None:
    music = tone.write(house.world.folder / "hold.wav", MUSIC_HZ, 2)
    hold = f'[hold]\nmusic = "{music}"\nprompt = "keys"\nkeys = {{ 1 = "address", 2 = "closed" }}\n'
    missing = '[prompt.closed]\nfile = "/nowhere/closed.wav"\n'
    prompts = prompt(house.world, "keys", seconds=4.0) + prompt(house.world, "address", AGAIN_HZ, 4.0) + missing
    await house.use(more=hold + prompts)
    customer = await house.customer_with_anna()
    house.anna.phone.hold()
    await hears(customer, PROMPT_HZ)
    customer.rtp.press("1")
    await hears(customer, AGAIN_HZ)
    await hears_tone_of_music(customer)
    customer.rtp.press("2")  # which is not there
    await hears_tone_of_music(customer)
    customer.rtp.press("1")
    await hears(customer, AGAIN_HZ)
    house.anna.phone.resume()
    await talks_to(customer, house.anna)
    await ends(house, customer, house.anna)


async def test_anna_sends_a_customer_to_a_mobile_by_a_code(house: House) -> None:
    await house.goes_out()
    customer, mobile = await house.customer_with_anna(), await house.outside()
    house.anna.phone.press(f"##{MOBILE}#")
    await house.anna.over()
    await speak(customer, mobile)
    await hang_up(house, customer, mobile)


async def test_anna_asks_at_a_mobile_first_by_a_code_and_puts_the_customer_through(house: House) -> None:
    await house.goes_out()
    customer, mobile = await house.customer_with_anna(), await house.outside()
    house.anna.phone.press(f"*2{MOBILE}#")
    await asyncio.gather(hears(house.anna, MOBILE_HZ), hears(mobile, ANNA_HZ), hears_music(customer))
    house.anna.phone.press("*0")
    await asyncio.gather(talks_to(customer, house.anna), hears_music(mobile))
    house.anna.phone.press("*2")
    await house.anna.over()
    await speak(customer, mobile)
    await hang_up(house, customer, mobile)


async def test_anna_asks_at_a_mobile_first_by_the_key_of_her_telephone(house: House) -> None:
    await house.goes_out()
    customer, mobile = await house.customer_with_anna(), await house.outside()
    house.anna.phone.hold()
    await house.anna.calls(MOBILE)
    await asyncio.gather(hears(house.anna, MOBILE_HZ), hears(mobile, ANNA_HZ), hears_music(customer))
    house.anna.phone.join()
    await asyncio.gather(house.anna.over(), house.anna.over())
    await speak(customer, mobile)
    await hang_up(house, customer, mobile)


async def customer_at_a_mobile(house: House) -> tuple[Customer, Customer]:
    """A customer, and Anna who has him at her mobile."""
    anna = ('extension = "101"\n', f'extension = "101"\nmobile = "{MOBILE}"\n')
    await house.goes_out(anna, ('people = ["anna"]', 'people = ["anna.mobile"]'))
    mobile, customer = await house.outside(), await house.customer()
    await hears_music(mobile)  # words, that ask for a key
    mobile.rtp.press("1", BOX_EVENTS)
    await speak(customer, mobile)
    return customer, mobile


async def test_who_took_a_customer_at_a_mobile_sends_him_on_to_boris(house: House) -> None:
    customer, mobile = await customer_at_a_mobile(house)
    mobile.rtp.press("##102#", BOX_EVENTS)
    await asyncio.gather(house.boris.takes(), mobile.gone())
    await talks_to(customer, house.boris)
    await ends(house, customer, house.boris)


async def test_who_took_a_customer_at_a_mobile_asks_boris_first_and_puts_the_customer_through(house: House) -> None:
    customer, mobile = await customer_at_a_mobile(house)
    mobile.rtp.press("*2102#", BOX_EVENTS)
    await house.boris.takes()
    await asyncio.gather(hears(mobile, BORIS_HZ), hears(house.boris, MOBILE_HZ), hears_music(customer))
    mobile.rtp.press("*0", BOX_EVENTS)
    await asyncio.gather(speak(customer, mobile), hears_music(house.boris))
    mobile.rtp.press("*2", BOX_EVENTS)
    await mobile.gone()
    await talks_to(customer, house.boris)
    await ends(house, customer, house.boris)


async def test_anna_calls_a_mobile_by_a_click_and_her_telephone_rings_first(house: House) -> None:
    await house.goes_out()
    mobile = await house.outside()
    await house.ask(CallFor(0, "anna", "+37061234567", "anna"))
    await house.anna.takes()
    await asyncio.gather(hears(house.anna, MOBILE_HZ), hears(mobile, ANNA_HZ))
    await hang_up(house, mobile)


async def test_anna_asks_at_a_mobile_first_by_her_page_and_puts_the_customer_through(house: House) -> None:
    await house.goes_out()
    customer, mobile = await house.customer_with_anna(), await house.outside()
    press = partial(Press, 0, (await house.call()).id, "anna", by="anna")
    await house.ask(press("consult", MOBILE))
    await asyncio.gather(hears(house.anna, MOBILE_HZ), hears(mobile, ANNA_HZ), hears_music(customer))
    await house.ask(press("swap"))
    await asyncio.gather(talks_to(customer, house.anna), hears_music(mobile))
    await house.ask(press("three-way"))
    await asyncio.gather(hears(customer, ANNA_HZ, MOBILE_HZ), hears(mobile, ANNA_HZ, CALLER_HZ))
    await house.ask(press("consult"))
    await house.anna.over()
    await speak(customer, mobile)
    await hang_up(house, customer, mobile)


async def test_anna_asks_boris_and_her_telephone_puts_the_customer_through(house: House) -> None:
    customer = await house.customer_with_anna()
    house.anna.phone.hold()
    house.anna.dial("102")
    await house.boris.takes()
    await house.anna.talks()
    await asyncio.gather(talk(house.anna, house.boris), hears_music(customer))
    house.anna.phone.join()
    await asyncio.gather(house.anna.over(), house.anna.over())
    await talks_to(customer, house.boris)
    await ends(house, customer, house.boris)


async def test_anna_does_not_wait_till_boris_answers(house: House) -> None:
    customer = await house.customer_with_anna()
    house.anna.phone.hold()
    house.anna.dial("102")
    await asyncio.gather(house.boris.rings(), house.anna.phone.event("ringing-there"))
    house.anna.phone.join()
    await asyncio.gather(house.anna.over(), house.anna.over())
    await house.boris.rings()
    house.boris.phone.answer()
    await house.boris.talks()
    await talks_to(customer, house.boris)
    await ends(house, customer, house.boris)


async def test_anna_may_not_call_there_and_keeps_the_customer(house: House) -> None:
    await house.use(('lines = ["city"]', 'prefix = "0"\nlines = ["city"]'))
    customer = await house.customer_with_anna()
    house.anna.transfer("000441632960000")
    assert (await house.anna.phone.event("transfer"))["code"] == 403
    house.anna.transfer("555")
    assert (await house.anna.phone.event("transfer"))["code"] == 404
    await talks_to(customer, house.anna)
    await ends(house, customer, house.anna)


async def test_a_customer_boris_cannot_take_comes_back_though_the_next_call_rings_already(house: House) -> None:
    sales = 'name = "Sales"\npeople = ["anna"]'
    await house.use((sales, f'{sales}\nextension = "200"'))
    await house.ask(Disturb(0, "boris", False))
    customer = await house.customer_with_anna()
    house.clara.dial("200")
    await house.until(lambda seen: any(queue.waiting for queue in seen.queues))
    house.anna.transfer("102")
    await asyncio.gather(house.anna.over(), house.anna.rings())
    await house.anna.rings()
    await hears_music(customer)
    await house.clara.hang_up()
    await house.anna.over()
    house.anna.phone.answer()
    await house.anna.talks()
    await talks_to(customer, house.anna)
    await ends(house, customer, house.anna)


# ---- three and more -------------------------------------------------------------------------------------------------


async def test_anna_the_customer_and_boris_talk_all_three(house: House) -> None:
    customer = await house.customer_with_anna()
    house.anna.phone.press("*2102#")
    await house.boris.takes()
    await asyncio.gather(talk(house.anna, house.boris), hears_music(customer))
    house.anna.phone.press("*0")
    await asyncio.gather(talks_to(customer, house.anna), hears_music(house.boris))
    house.anna.phone.press("*3")
    await asyncio.gather(
        hears(customer, ANNA_HZ, BORIS_HZ),
        hears(house.anna, BORIS_HZ, CALLER_HZ),
        hears(house.boris, ANNA_HZ, CALLER_HZ),
    )
    await house.anna.hang_up()
    await talks_to(customer, house.boris)
    await ends(house, customer, house.boris)


async def test_four_in_a_room_hear_the_other_three(house: House) -> None:
    customer = await house.customer_with_anna()
    house.anna.transfer("300")
    await house.anna.over()
    await hears_music(customer)
    for phone in (house.anna, house.boris, house.clara):
        await phone.calls("300")
    await asyncio.gather(
        hears(customer, ANNA_HZ, BORIS_HZ, CLARA_HZ),
        hears(house.anna, BORIS_HZ, CLARA_HZ, CALLER_HZ),
        hears(house.boris, ANNA_HZ, CLARA_HZ, CALLER_HZ),
        hears(house.clara, ANNA_HZ, BORIS_HZ, CALLER_HZ),
    )
    await house.anna.hang_up()
    await hears(customer, BORIS_HZ, CLARA_HZ)
    await house.clara.hang_up()
    await talks_to(customer, house.boris)
    await ends(house, customer, house.boris)


# ---- pickup ---------------------------------------------------------------------------------------------------------


async def test_boris_picks_up_what_rings_at_annas_by_her_extension(house: House) -> None:
    customer = await house.customer()
    await house.anna.rings()
    await house.boris.calls("*8101")
    await house.anna.over()
    await talks_to(customer, house.boris)
    await ends(house, customer, house.boris)


async def test_clara_picks_up_for_her_group_and_not_what_rings_elsewhere(house: House) -> None:
    sales = 'name = "Sales"\npeople = ["anna"]'
    await house.use((sales, f'{sales}\nextension = "200"'), more='[queue.service]\npeople = ["boris", "clara"]\n')
    customer = await house.customer()
    await house.anna.rings()
    house.anna.dial("102")
    await house.boris.rings()
    await house.clara.calls("*8")
    await asyncio.gather(house.anna.talks(), house.boris.over())
    await talk(house.anna, house.clara)
    await house.clara.hang_up()
    await house.anna.over()
    house.anna.phone.answer()
    await house.anna.talks()
    await ends(house, customer, house.anna)


async def test_boris_picks_up_by_the_lamp_key_of_anna(house: House) -> None:
    async with lamp_key(house.office, "101") as key:
        customer = await house.customer()
        await house.anna.rings()
        await house.boris.calls("101", replaces=await shows(key, "early"))
        await house.anna.over()
        await talks_to(customer, house.boris)
        assert not await shows(key, "terminated")
    await ends(house, customer, house.boris)


async def test_anna_goes_on_with_a_customer_at_another_telephone_of_hers(house: House) -> None:
    await house.use(('phones = ["desk1"]', 'phones = ["desk1", "desk3"]'), ('phones = ["desk3"]\n', "phones = []\n"))
    async with lamp_key(house.office, "101") as key:
        customer = await house.customer()
        await asyncio.gather(house.anna.takes(), house.clara.rings())
        await house.clara.over()
        await talks_to(customer, house.anna)
        await house.clara.calls("101", replaces=await shows(key, "confirmed"))
        await house.anna.over()
        await talks_to(customer, house.clara)
    await ends(house, customer, house.clara)


# ---- park -----------------------------------------------------------------------------------------------------------


async def test_a_parked_customer_is_taken_by_the_lamp_key_of_the_slot(house: House) -> None:
    async with lamp_key(house.office, "71") as key:
        customer = await house.customer_with_anna()
        house.anna.transfer("*5")
        await house.anna.over()
        named = await shows(key, "confirmed")
        await hears_music(customer)
        await house.boris.calls("71", replaces=named)
        await talks_to(customer, house.boris)
        await shows(key, "terminated")
    await ends(house, customer, house.boris)


async def test_nobody_takes_a_parked_customer_and_he_comes_back_to_anna(house: House) -> None:
    async with lamp_key(house.office, "72") as key:
        customer = await house.customer_with_anna()
        house.anna.transfer("72")
        await house.anna.over()
        await shows(key, "confirmed")
        await house.anna.rings(within=12)
        await shows(key, "terminated")
        house.anna.phone.answer()
        await house.anna.talks()
        await talks_to(customer, house.anna)
    await ends(house, customer, house.anna)


# ---- supervisors ----------------------------------------------------------------------------------------------------


async def supervise(house: House, how: str) -> Customer:
    """Anna talks with a customer, and Clara is on that talk."""
    customer = await house.customer_with_anna()
    await house.ask(Supervise(0, (await house.call()).id, how, person="clara", by="clara"))  # type: ignore[arg-type]
    await house.clara.takes()
    await hears(house.clara, ANNA_HZ, CALLER_HZ)
    return customer


async def test_clara_listens_and_whispers_and_barges_in_by_the_keys_of_her_telephone(house: House) -> None:
    customer = await supervise(house, "listen")
    await talks_to(customer, house.anna)
    house.clara.phone.press("5")
    await asyncio.gather(hears(customer, ANNA_HZ), hears(house.anna, CALLER_HZ, CLARA_HZ))
    house.clara.phone.press("6")
    await asyncio.gather(hears(customer, ANNA_HZ, CLARA_HZ), hears(house.anna, CALLER_HZ, CLARA_HZ))
    house.clara.phone.press("4")
    await asyncio.gather(talks_to(customer, house.anna), hears(house.clara, ANNA_HZ, CALLER_HZ))
    await house.clara.hang_up()
    await talks_to(customer, house.anna)
    await ends(house, customer, house.anna)


async def test_clara_whispers_to_anna_alone_also_when_the_customer_has_gone_on_to_boris(house: House) -> None:
    customer = await supervise(house, "whisper")
    await asyncio.gather(hears(customer, ANNA_HZ), hears(house.anna, CALLER_HZ, CLARA_HZ))
    house.anna.transfer("102")
    await house.boris.takes()
    await asyncio.gather(
        hears(customer, BORIS_HZ), hears(house.boris, CALLER_HZ, CLARA_HZ), hears(house.clara, BORIS_HZ, CALLER_HZ)
    )
    await ends(house, customer, house.boris)
    await house.clara.over()


async def test_clara_barges_in(house: House) -> None:
    customer = await supervise(house, "barge")
    await asyncio.gather(hears(customer, ANNA_HZ, CLARA_HZ), hears(house.anna, CALLER_HZ, CLARA_HZ))
    await ends(house, customer, house.anna)
    await house.clara.over()


async def test_a_supervisor_answers_redirects_and_drops(house: House) -> None:
    customer = await house.customer()
    await house.anna.rings()
    id = (await house.call()).id
    await house.ask(Take(0, id, person="clara", by="clara"))
    await house.clara.takes()
    await house.anna.over()
    await talks_to(customer, house.clara)
    await house.ask(Send(0, id, "person.boris"))
    await asyncio.gather(house.boris.takes(), house.clara.over())
    await talks_to(customer, house.boris)
    await house.ask(HangUp(0, id))
    await asyncio.gather(house.boris.over(), customer.gone())
    await house.all_over()


async def test_a_supervisor_takes_a_customer_out_of_a_talk(house: House) -> None:
    customer = await house.customer_with_anna()
    await house.ask(Take(0, (await house.call()).id, person="clara", by="clara"))
    await house.clara.rings()
    await talks_to(customer, house.anna)
    house.clara.phone.answer()
    await asyncio.gather(house.clara.talks(), house.anna.over())
    await talks_to(customer, house.clara)
    await ends(house, customer, house.clara)


async def test_a_supervisor_sends_a_customer_into_the_park_a_room_and_to_a_mobile(house: House) -> None:
    await house.goes_out()
    customer, mobile = await house.customer_with_anna(), await house.outside()
    id = (await house.call()).id
    await house.ask(Park(0, id, by="clara"))
    await house.anna.over()
    await hears_music(customer)
    assert (await house.call()).slot == "71"
    await house.boris.calls("300")
    await house.ask(Send(0, id, "room.board"))
    await talks_to(customer, house.boris)
    await house.ask(Send(0, id, f"number.{MOBILE}"))
    await asyncio.gather(speak(customer, mobile), hears_music(house.boris))
    await house.boris.hang_up()
    await house.until(lambda seen: len(seen.calls) == 1)
    await hang_up(house, customer, mobile)
