# SPDX-License-Identifier: GPL-2.0-or-later
"""First steps: where the box is, its lines and telephones as they are found, hours, who answers; and a test call."""

import asyncio
import re
import zoneinfo
from typing import Any

from babel import Locale
from starlette.responses import Response

from appliance.control.messages import Dial, Refused
from appliance.control.modems import Plugged, Socket
from appliance.settings import edits, numbers, public_holidays
from appliance.settings.edits import MISSING, Values
from appliance.settings.places import Path
from appliance.settings.sentence import Sentence
from appliance.web import view
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.answering import HOURS, KEYS, Answering, tables
from appliance.web.box import Box
from appliance.web.drafts import Work
from appliance.web.forms import stood
from appliance.web.tongue import LANGUAGES
from appliance.web.view import _

DAYS = {
    "mon": _("Monday"), "tue": _("Tuesday"), "wed": _("Wednesday"), "thu": _("Thursday"), "fri": _("Friday"),
    "sat": _("Saturday"), "sun": _("Sunday"),
}  # fmt: skip
WORDS_MOST = 1000  # characters
USUAL = "09:00-18:00"
TEST = _("This is a test call of your telephone box. Everything works.")

OVERTAKEN = _(
    "The settings were changed since this page was opened. Look through it again: nothing of it was put in force."
)


class Begin:
    """The page, what it puts in force, and the test call."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/begin", SETTERS, self.page),
            Row("POST", "/begin", SETTERS, self.apply),
            Row("POST", "/begin/modem", SETTERS, self.modem),
            Row("POST", "/begin/test", SETTERS, self.test),
        )

    async def page(self, asked: Visit, faults: tuple[str, ...] = (), status: int = 200) -> Response:
        work = await self._box.drafts.work(asked)
        live, document = self._box.screen.live, work.values
        answering = Answering.of(document)
        if answering and not answering.people:  # there was nobody to be rung
            answering = answering._replace(people=tuple(tables(document, "person")))
        locale = Locale.parse(str(asked.words.globals["language"]))
        return asked.page(
            "begin.html", status, of=stood(work.document), faults=faults,
            fresh=not document.get("hours"), office=tables(document, "office"), days=DAYS,
            countries=_countries(locale), zones=_zones(), week=_week(document), holidays=_holidays(document),
            people=_people(document), answering=answering, keys=KEYS, words_most=WORDS_MOST,
            lines=view.lines(live, asked.say).rows if live else [],
            phones=view.phones(live, asked.say).rows if live else [], live=live,
            plugged=await self._plugged(document), kinds=view.KINDS,
            reachable=[one for one in live.people.values() if one.state != "unreachable"] if live else [],
            done=asked.request.query_params.get("done", "")[:10],
        )  # fmt: skip

    async def apply(self, asked: Visit) -> Response:
        """What is written becomes the settings in force at once; with faults it stays on the page and in the draft."""
        drafts = self._box.drafts
        work = await drafts.work(asked)
        if (of := asked.text("of")) and of != stood(work.document):
            return await self.page(asked, (asked.say(OVERTAKEN),), 409)
        answering = _answering(asked, work.values)
        document = await asyncio.to_thread(edits.put, work.document, _edits(asked, work.values, answering))
        if wrong := _keys_fault(asked, answering):
            drafts.keep(asked, work, document)
            return await self.page(asked, (asked.say(wrong),), 422)
        if found := await asyncio.to_thread(drafts.faults, document):
            drafts.keep(asked, work, document)
            return await self.page(
                asked, tuple(Sentence("{}: {}", fault.path, fault.message) for fault in found[:20]), 422
            )
        if document != work.before:
            try:
                await drafts.enact(asked, Work(work.before, document, True), "first steps")
            except Refused as refused:
                drafts.keep(asked, work, document)
                return await self.page(asked, (refused.message,), 422)
        return asked.to("/begin?done=applied#test")

    async def _plugged(self, document: Values) -> list[Socket]:
        """Modems that no line of the document has."""
        lines = tables(document, "line")
        named = {one.get("usb") for one in lines.values() if isinstance(one, dict)}
        try:
            found = await self._box.drafts.ask(Plugged(0))
        except Refused:  # an older switch
            return []
        return [one for one in found if one.usb not in named]

    async def modem(self, asked: Visit) -> Response:
        """One that is plugged in becomes a line."""
        work, usb = await self._box.drafts.work(asked), asked.text("usb")
        if usb not in [one.usb for one in await self._plugged(work.values)]:
            raise Refusal(404, "There is no such modem.")
        taken = tables(work.values, "line")
        name = next(name for n in range(1, 70) if (name := "gsm" if n == 1 else f"gsm-{n}") not in taken)
        made = [(("line", name), {"kind": "modem", "usb": usb})]
        document = await asyncio.to_thread(edits.put, work.document, made)
        await self._box.drafts.change(asked, work, document, f"modem in {usb}")
        return asked.to("/begin")

    async def test(self, asked: Visit) -> Response:
        """Ring somebody's telephones and say that it works."""
        live, person = self._box.screen.live, asked.text("person")
        if live is None:
            raise Refusal(503, "The switch does not answer. Nothing was changed, as far as is known.")
        if person not in live.people:
            raise Refusal(404, "There is nobody of that name.")
        language = str(asked.words.globals["language"])
        try:
            await self._box.drafts.ask(Dial(0, f"person.{person}", None, asked.say(TEST), None, "", language))
        except Refused as refused:
            unreachable = refused.id == "unreachable"
            raise Refusal(409, "No telephone there is registered." if unreachable else refused.message) from None
        asked.note("test-call", person)
        return asked.to("/begin?done=test#test")


def _edits(asked: Visit, now: Values, answering: Answering | None) -> list[tuple[Path, Any]]:
    """What the page changes; ways of calls that were made elsewhere stay as they are."""
    made: list[tuple[Path, Any]] = [
        (("office", key), asked.text(key).strip()) for key in ("name", "country", "time_zone") if asked.text(key)
    ]
    language = asked.text("language")
    if language in LANGUAGES and language != edits.at(now, ("office", "language")):
        made.append((("office", "language"), language))
    if _week(now) is not None:
        week = {day: _windows(asked.text(day)) for day in DAYS if asked.text(day).strip()}
        holidays = (
            [asked.text("country")] if asked.text("holidays") and public_holidays.known(asked.text("country")) else []
        )
        made.append((("hours", HOURS, "week"), week))
        if holidays != _holidays(now):
            made.append((("hours", HOURS, "holidays"), holidays or MISSING))
    made += answering.edits(now) if answering else []
    return [(path, value) for path, value in made if value is not MISSING or edits.at(now, path) is not MISSING]


def _answering(asked: Visit, now: Values) -> Answering | None:
    """As the page was filled in; None where calls are led some way already."""
    if Answering.of(now) is None:
        return None
    people = tables(now, "person")
    keys = {asked.text(f"key:{name}"): str(name) for name in reversed(people)}  # of two with one key the first has it
    return Answering(
        tuple(name for name in asked.form.getlist("people") if isinstance(name, str) and name in people),
        {key: name for key, name in keys.items() if key in [*KEYS]},
        *(" ".join(asked.text(words).split())[:WORDS_MOST] for words in ("welcome", "closed")),
    )


def _keys_fault(asked: Visit, answering: Answering | None) -> str:
    """Why the keys of a menu cannot be as they were given; "" nothing."""
    given = [str(key) for name, key in asked.form.items() if name.startswith("key:") and key]
    if answering is None or not given:
        return ""
    if set(given) - set(KEYS):
        return _("A key is one figure, from 1 to 9.")
    if len(set(given)) < len(given):
        return _("Two people have the same key: give each one of his own.")
    return "" if answering.welcome else _("Write what callers hear first: which key is whose.")


def _windows(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,;]+", text.replace("–", "-")) if part][:8]


def _week(document: Values) -> dict[str, str] | None:
    """As a document has it, the usual one where it says nothing; None when calls meet other hours, made elsewhere."""
    week = edits.at(document, ("hours", HOURS, "week"))
    if HOURS not in tables(document, "hours") and tables(document, "hours") and Answering.of(document) is None:
        return None
    if not isinstance(week, dict):
        return {day: USUAL if day not in ("sat", "sun") else "" for day in DAYS}
    return {day: ", ".join(map(str, week.get(day, ()))) for day in DAYS}


def _holidays(document: Values) -> list[str]:
    found = edits.at(document, ("hours", HOURS, "holidays"))
    return [str(one) for one in found] if isinstance(found, list) else []


def _people(document: Values) -> list[tuple[str, str]]:
    people = tables(document, "person").items()
    return [(str(name), str(one.get("name") or name)) for name, one in people if isinstance(one, dict)]


def _countries(locale: Locale) -> list[tuple[str, str]]:
    """Two letters and a name, by the name in this language."""
    found = [
        (code, words) for code, words in locale.territories.items() if len(code) == 2 and numbers.known_country(code)
    ]
    return sorted(found, key=lambda one: one[1])


def _zones() -> list[str]:
    """Those of places, as `Europe/Vilnius`."""
    return sorted(
        zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))
    )
