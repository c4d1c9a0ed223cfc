# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenario constructor in a real browser: forms in place, ways drawn by mouse and finger, a call tried with every change."""

import json
from pathlib import Path

from appliance.settings import edits
from appliance.web import access
from tests.fakes.browser import Browser, browser
from tests.web.applying import Applying
from tests.web.test_pages_in_a_browser import AXE, FULL, RULES, check
from tests.web.visitors import site

WAYS = """
window.box = (step) => document.querySelector(`[data-box="${step}"]`);
window.plus = (step) => document.querySelector(`.grip.more[data-step="${step}"]`);
window.dot = (step, way) => [...document.querySelectorAll(`.grip:not(.more)[data-step="${step}"]`)]
  .find((one) => JSON.parse(one.dataset.ways).some(([by]) => by === way));
window.middle = (one) => { const at = one.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; };
"""
LIT = "[...document.querySelectorAll('#canvas a.lit')].map(one => one.dataset.box).join()"


async def js(chromium: Browser, script: str) -> None:
    answer = await chromium.do("Runtime.evaluate", expression=script, userGesture=True)
    assert "exceptionDetails" not in answer, answer


async def drag(chromium: Browser, what: str, onto: str, *, finger: bool = False) -> None:
    await js(chromium, f"{what}.scrollIntoView({{block: 'center', inline: 'center'}})")
    here, there = [await chromium.until(f"middle({one})") for one in (what, onto)]
    between = [(here[0] + (there[0] - here[0]) * n / 4, here[1] + (there[1] - here[1]) * n / 4) for n in range(1, 5)]
    if finger:
        await chromium.do("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": here[0], "y": here[1]}])
        for x, y in between:
            await chromium.do("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": x, "y": y}])
        await chromium.do("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        return
    button = {"button": "left", "clickCount": 1}
    await chromium.do("Input.dispatchMouseEvent", type="mousePressed", x=here[0], y=here[1], **button)
    for x, y in between:
        await chromium.do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, buttons=1)
    await chromium.do("Input.dispatchMouseEvent", type="mouseReleased", x=there[0], y=there[1], **button)


async def enter(chromium: Browser, focused: str) -> None:
    """The key Enter, on what is focused so."""
    await js(chromium, f"{focused}.focus()")
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    await chromium.do("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
    await chromium.do("Input.dispatchKeyEvent", type="keyUp", **key)


async def axe(chromium: Browser) -> None:
    await js(chromium, AXE.read_text())
    answer = await chromium.do("Runtime.evaluate", expression=RULES, awaitPromise=True, returnByValue=True)
    assert json.loads(answer["result"]["value"])[1] == []


async def test_a_scenario_is_built_by_mouse_finger_and_keys_and_tried(tmp_path: Path) -> None:
    async with (
        Applying(tmp_path, FULL) as switch,
        site(tmp_path / "pages", switch.socket, switch.document) as box,
        browser(tmp_path / "profile") as chromium,
    ):
        box.people()
        token = "installer".ljust(43, "x")
        box.office.begin(token, "installer", "its-csrf", at=access.now(), address="", agent="")
        await chromium.open(f"{box.address}/log-in")
        await chromium.do("Network.enable")
        await chromium.do("Network.setCookie", name=access.COOKIE, value=token, url=box.address)
        await chromium.open(f"{box.address}/scenarios/main", width=1500, height=1000)
        await chromium.until("window.htmx !== undefined && document.readyState === 'complete'")
        await js(chromium, WAYS)

        # a call is tried: its path is lit, the trace stands beside it
        for field, value in {
            "from": "+37060000002",
            "when": "2026-12-01T10:00",
            "keys": "1",
            "answers": "anna",
        }.items():
            await js(chromium, f"document.querySelector('#ask-{field}').value = '{value}'")
        await js(chromium, "document.querySelector('#ask-go').click()")
        await chromium.until(f"{LIT} === 'hours,busy,vip,known,welcome'")
        await chromium.until("document.querySelector('#try').textContent.includes('Anna answered after')")
        await axe(chromium)

        # by mouse a way is led elsewhere, and the call takes it at once
        await drag(chromium, "dot('known', 'no')", "box('sooner')")
        await chromium.until(f"{LIT} === 'hours,busy,vip,known,welcome,sooner'")
        await chromium.until("document.querySelector('.bar a[href=\"/settings/draft\"]') !== null")

        # by finger, from the plus: which way is asked; now it leads round for ever, and is shown to
        await drag(chromium, "plus('vip')", "box('known')", finger=True)
        await chromium.until("document.querySelector('#which[open]') !== null")
        await axe(chromium)
        choice = "[...document.querySelectorAll('#which button')].find(one => one.firstChild.data === 'listed')"
        await js(chromium, f"{choice}.click()")
        await chromium.until(
            "document.querySelector('.line.wrong') !== null && box('believed').matches('.lost.faulty')"
        )
        await chromium.until("document.querySelector('#try').textContent.includes('First mend')")

        # by keys: a step opens its form in place, the way is chosen there, and all is well again
        await enter(chromium, "box('vip')")
        await chromium.until("document.activeElement?.textContent === 'scenario.main.step.vip'")
        await axe(chromium)
        await js(chromium, "document.querySelector('#f-listed').value = 'believed'")
        await enter(chromium, "document.querySelector('#form-main .save button')")
        await chromium.until("document.querySelector('#form-main [role=status]') !== null")
        await chromium.until(f"document.querySelector('.faulty') === null && {LIT}.includes('sooner')")

        # a step of the palette comes with its form and its faults, and goes again
        name, kind = "document.querySelector('#add-step')", "document.querySelector('#add-step-kind')"
        await js(chromium, f"{name}.value = 'extra', {kind}.value = 'say'")
        await enter(chromium, "document.querySelector('.palette button')")
        await chromium.until("box('extra')?.matches('.lost.faulty')")
        await chromium.until("document.querySelector('#form-main #f-prompt') !== null")
        await js(chromium, "document.querySelector('#form-main .save button').click()")
        await chromium.until("document.querySelector('#form-main .wrong .fault') !== null")  # beside its field
        await js(chromium, "document.querySelector('#form-main .danger').click()")
        await chromium.until("box('extra') === null && document.querySelector('.faulty') === null")

        draft = box.office.draft("installer")
        assert draft is not None
        made = edits.changes(edits.values(FULL), edits.values(draft.document))
        assert made == [edits.Change(("scenario", "main", "step", "known", "no"), "vip", "sooner")]
        await check(chromium, f"{box.address}/scenarios/main", width=390, dark=True)
        assert [one for one in chromium.complaints if "422" not in one] == []  # a form with faults is answered so
