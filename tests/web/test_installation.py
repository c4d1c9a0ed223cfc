# SPDX-License-Identifier: GPL-2.0-or-later
"""The ten minutes of an installer, by clicks and typing on pages alone: a box as it comes, a modem, two telephones, a gate."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser

from appliance.programs.demo.modem.simulator import Simulator
from appliance.programs.demo.ports import Ports
from appliance.web.begin import DAYS
from tests.calls.stories import changed
from tests.fakes.actuator import Actuator
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.lines.far_end import RATE, FarEnd
from tests.lines.mobile import CALLER, OWN, modem
from tests.telephones import tone
from tests.telephones.baresip import Baresip
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, CALLER_HZ
from tests.web.chromium import look, many, somebody
from tests.web.installer import Hands
from tests.web.test_begin import WITHIN, running
from tests.web.visitors import PASSWORD

ROOT = Path(__file__).parents[2]
TEN_MINUTES = 600.0
RINGS = "CALL_INCOMING"
RESIDENT, STRANGER = CALLER, "+37060000777"
WELCOME, CLOSED = "Welcome. For Anna press one. For Boris press two.", "We are closed now."

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Place:
    """What the installer finds: a box that runs, a modem in it, a broker; and who calls."""

    folder: Path
    ports: Ports
    hands: Hands
    address: str
    simulator: Simulator
    far: FarEnd
    broker: Mosquitto

    async def hears(self, hz: float, seconds: float = 0.5) -> None:
        """Until the caller has heard so much of a tone."""
        since, heard = len(self.far.heard), 0.0
        async with asyncio.timeout(WITHIN):
            while heard < seconds:
                await asyncio.sleep(0.1)
                now = len(self.far.heard)
                heard, since = heard + self.far.heard_tone(hz, since, now), now

    async def told(self, seconds: float) -> None:
        """Until the caller of the call that begins now has heard so much that is not silence."""
        begins, file = len(self.far.heard), self.folder / "told.wav"
        async with asyncio.timeout(WITHIN):
            while True:
                tone.save(file, self.far.heard[begins:], RATE)
                if tone.loud(file) >= seconds:
                    return
                await asyncio.sleep(0.1)

    async def over(self) -> None:
        if self.simulator.calls:
            self.simulator.far_hangs_up()


@asynccontextmanager
async def place(folder: Path, ports: Ports, chromium: Browser) -> AsyncIterator[Place]:
    sip, web, secure = ports.take(2), ports.take(), ports.take()
    document = folder / "office.toml"
    fresh = (ROOT / "office.fresh.toml").read_text()
    ours = ("port = 5060", f"port = {sip}"), ("port = 80 ", f"port = {web} "), ("port = 443", f"port = {secure}")
    document.write_text(changed(fresh, *ours))
    simulator = modem(folder)
    with FarEnd(tone.samples(CALLER_HZ, 1, RATE)) as far:
        simulator.far, far.quiet = far, True
        simulator.plug()
        try:
            async with (
                Mosquitto(folder, ports.take()) as broker,
                running(document, web) as address,
                somebody(chromium, trusts=True) as page,
            ):
                await broker.start()
                yield Place(folder, ports, Hands(page), address, simulator, far, broker)
        finally:
            simulator.unplug()


async def owner(at: Place) -> None:
    one = at.hands
    await one.page.goto(at.address)
    await one.opens("main a[href^='https:']", "https://**")
    await one.photograph("install-1-comes")
    await one.opens("#pages a[href='/first-run']", "**/first-run")
    await one.write("#password", PASSWORD)
    await one.write("#again", PASSWORD)
    await one.opens("main form button", "**/begin")
    await one.photograph("install-2-begin")


async def line(at: Place) -> None:
    """The modem: its ports are typed, as of one that no USB id tells."""
    one = at.hands
    await one.choose("#line-kind", "modem")
    await one.write("#line-name", "gsm")
    await one.opens("form[action='/settings/add'] button", "**/settings/at/line/gsm")
    await one.photograph("install-3-line")
    await one.write("#f-port", str(at.simulator.link))
    await one.write("#f-audio_port", at.far.path)
    await one.write("#f-number", OWN)
    await one.opens(".save button", "**/settings/at/line/gsm?done=kept")
    await in_force(at)
    await one.opens("#pages a[href='/begin']", "**/begin")
    await one.sees("free", "[sse-swap=lines]")
    await one.photograph("install-4-line-found")


async def in_force(at: Place) -> None:
    one = at.hands
    await one.opens(".bar a", "**/settings/draft")
    await one.photograph("install-draft")
    await one.opens("form[action='/settings/apply'] button", "**/settings/apply")
    await one.photograph("install-applied")


async def telephone(at: Place, name: str, hz: int) -> Baresip:
    """Of somebody new; what the page shows is typed into it."""
    one = at.hands
    await one.opens("#pages a[href='/phones']", "**/phones")
    await one.write("#new", name)
    await one.opens("#more button", "**/phones/*")
    await one.click("form[action$='/password'] button")
    server, user, password = [await one.copies(f"#{field}") for field in ("server", "user", "secret")]
    await one.photograph(f"install-5-phone-{user}")
    says = tone.write(at.folder / f"{hz}.wav", hz, 60)
    return Baresip(at.folder / user, at.ports, user=user, password=password, registrar=server, says=says)


async def hours_and_answers(at: Place) -> None:
    one = at.hands
    await one.opens("#pages a[href='/begin']", "**/begin")
    await one.write("#name", "Bakery")
    await one.choose("#country", "LT")
    await one.choose("#time_zone", "Europe/Vilnius")
    for day in DAYS:
        await one.write(f"#{day}", "00:00-24:00")  # whenever this is tried
    await one.click("[name=holidays]")
    await one.choose("[name='key:anna']", "1")
    await one.choose("[name='key:boris']", "2")
    await one.write("#welcome", WELCOME)
    await one.write("#closed", CLOSED)
    await look(one.page, "install-6-filled")
    await one.opens(".steps .save button", "**/begin?done=applied*")
    await one.photograph("install-7-in-force")


async def gate(at: Place) -> None:
    """Who may, the broker, and what is sent."""
    one = at.hands
    await one.opens("#pages a[href='/settings']", "**/settings")
    await one.photograph("install-8-settings")
    await one.write("#add-callers", "residents")
    await one.opens("button[aria-label='Add to Callers']", "**/settings/at/callers/residents")
    await one.write(one.page.locator("[name='key:numbers']").first, RESIDENT)
    await one.write(one.page.locator("[name='numbers']").first, "Mr Kazlauskas")
    await one.photograph("install-9-callers")
    await one.opens(".save button", "**/settings/at/callers/residents?done=kept")
    await one.opens("#pages a[href='/settings']", "**/settings")
    await one.opens("h3 a[href='/settings/at/mqtt']", "**/settings/at/mqtt")
    await one.write("#f-port", str(at.broker.port))
    await one.opens(".save button", "**/settings/at/mqtt?done=kept")
    await one.opens("#pages a[href='/settings']", "**/settings")
    await one.write("#add-action", "gate")
    await one.opens("button[aria-label='Add to Action']", "**/settings/at/action/gate")
    await one.write("#f-class", "2")
    await one.choose("#f-callers", "residents")
    await one.choose("[aria-label='Lines 1']", "gsm")
    await one.choose("#f-hours", "office")
    await one.click("details.further > summary")
    await one.click("#f-by_number")
    await one.click("#f-reject")
    await one.write("#f-topic", "gate/set")
    await one.write("#f-payload", "open")
    await one.write("#f-state_topic", "gate/state")
    await one.write("#f-state_expected", "open")
    await one.photograph("install-10-action")
    await one.opens(".save button", "**/settings/at/action/gate?done=kept")
    await in_force(at)


async def hold(at: Place, mode: str) -> None:
    one = at.hands
    await one.opens("#pages a[href='/hours']", "**/hours")
    await one.click(f".hold button[value={mode}]")
    await one.sees(f"held {mode}")
    await one.photograph(f"install-11-{mode}")


@pytest.mark.timeout(400)
async def test_a_box_is_installed_in_ten_minutes_and_works(tmp_path: Path, ports: Ports, chromium: Browser) -> None:
    async with place(tmp_path, ports, chromium) as at:
        one = at.hands
        await owner(at)
        await line(at)
        async with await telephone(at, "Anna", ANNA_HZ) as anna, await telephone(at, "Boris", BORIS_HZ) as boris:
            await asyncio.gather(anna.registered(WITHIN), boris.registered(WITHIN))
            await hours_and_answers(at)
            await gate(at)

            # the test call
            await one.opens("#pages a[href='/begin']", "**/begin")
            await one.choose("#person", "anna")
            await one.opens("#test button", "**/begin?done=test*")
            await one.photograph("install-12-test")
            await anna.rings(WITHIN)
            await anna.accept()
            await anna.closed(WITHIN)
            assert tone.loud(anna.heard()) > 1.0
            print(f"\n{one.clicks} clicks, {one.keys} keys, {one.pages} pages: {one.seconds:.0f} s of a person")
            assert one.seconds < TEN_MINUTES

            await answered_by_key(at, anna, boris)
            await opened_for_a_resident(at, anna)
            await hold(at, "closed")
            rung = {phone: len(phone.seen.all) for phone in (anna, boris)}
            at.simulator.ring(STRANGER)
            await at.told(1.0)
            await at.over()
            await one.opens("#pages a[href='/calls']", "**/calls")
            await many(one.page, "table.calls tbody tr", 4)
            await one.click(one.page.locator("table.calls td.when a").first)
            await one.sees("the list of callers of action “gate”")
            await one.sees("went on to step “closed” of scenario")
            await one.photograph("install-13-why")
            assert not [one for phone in (anna, boris) for one in phone.seen.all[rung[phone] :] if one.type == RINGS]


async def answered_by_key(at: Place, anna: Baresip, boris: Baresip) -> None:
    """A caller hears the menu, presses 1, and talks with Anna; Boris is not rung."""
    at.simulator.ring(STRANGER)
    await at.told(1.5)
    at.simulator.far_presses("1")
    await anna.rings(WITHIN)
    await anna.accept()
    await anna.talks(WITHIN)
    await at.hears(ANNA_HZ)
    heard = await anna.moment()
    assert tone.heard(heard, CALLER_HZ) > 0.2
    await at.over()
    await anna.closed(WITHIN)


async def opened_for_a_resident(at: Place, anna: Baresip) -> None:
    """He is refused unanswered, and the gate is told to open, and says so."""
    at.simulator.heard.clear()
    async with (
        Listener(at.broker.port) as house,
        Actuator(at.broker.port, "gate/set", "gate/state") as thing,
    ):
        at.simulator.ring(RESIDENT)
        await house.until(lambda: "gate/state" in house.now, WITHIN)
        await at.simulator.until(lambda: not at.simulator.calls, WITHIN)
        assert thing.did == ["open"] and "ATA" not in at.simulator.heard
