# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones as a page: which are registered and from where, which are about on the network, and what their keys are."""

import asyncio
from urllib.parse import quote

from starlette.responses import Response

from appliance.settings import edits
from appliance.settings.edits import MISSING, Values
from appliance.settings.phones import bare
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.around import places
from appliance.web.box import Box
from appliance.web.drafts import Work
from appliance.web.gateways import listed as gateways
from appliance.web.provisioning import files
from appliance.web.provisioning.where import Address
from appliance.web.settings_pages import link
from appliance.web.telephones import Entered, as_list, row, tables
from appliance.web.tongue import marked as _

KEYS_MOST = 40
DONE = {
    "applied": _("It is in force."),
    "draft": _("It is in your draft."),
    "reboot": _("The telephone is asked to start anew."),
}


class PhonePages:
    def __init__(self, box: Box) -> None:
        self._box, self._telephones = box, box.telephones

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/phones", SETTERS, self.all),
            Row("POST", "/phones/bind", SETTERS, self.bind),
            Row("POST", "/phones/add", SETTERS, self.add),
            Row("POST", "/phones/look", SETTERS, self.look),
            Row("GET", "/phones/{phone}", SETTERS, self.one),
            Row("POST", "/phones/{phone}/keys", SETTERS, self.keys),
            Row("POST", "/phones/{phone}/password", SETTERS, self.password),
            Row("POST", "/phones/{phone}/reboot", SETTERS, self.reboot),
            Row("POST", "/phones/{phone}/address", SETTERS, self.address),
            Row("POST", "/phones/{phone}/forget", SETTERS, self.forget),
        )

    async def all(self, asked: Visit) -> Response:
        work = await self._box.drafts.work(asked)
        listed, about = await self._telephones.all(work)
        live = self._box.screen.live
        done = asked.request.query_params.get("done", "")
        return asked.page(
            "phones.html", phones=listed, about=about, people=_people(work.values),
            gives=isinstance(work.values.get("provisioning"), dict), work=work, link=link, when=await self._box.known.when(),
            live=live, looks=edits.at(work.values, ("provisioning", "mdns")) is True,
            from_=places, done=DONE.get(done, ""), gateways=gateways(work.values, dict(live.lines) if live else {}),
        )  # fmt: skip

    async def bind(self, asked: Visit) -> Response:
        """A telephone that is about becomes somebody's."""
        _name, became = await self._telephones.bind(
            asked, bare(asked.text("mac")), asked.text("person"), asked.text("maker")
        )
        return asked.to(f"/phones?done={became}")

    async def add(self, asked: Visit) -> Response:
        """One more telephone, set up by hand, of somebody there is or of somebody new."""
        name, became = await self._telephones.add(asked, asked.text("person"), asked.text("new"))
        return asked.to(f"/phones/{name}?done={became}")

    async def forget(self, asked: Visit) -> Response:
        """It is nobody's any longer, and may not register."""
        became = await self._telephones.forget(asked, str(asked.request.path_params["phone"]))
        return asked.to(f"/phones?done={became}")

    async def look(self, asked: Visit) -> Response:
        """Ask the network who is there, where the settings in force say that this may be."""
        await self._telephones.look()
        return asked.to("/phones#about")

    async def one(self, asked: Visit, known: Address | None = None, entered: Entered | None = None) -> Response:
        work, name = await self._found(asked)
        live = self._box.screen.live
        shown = row(work.values, name, live.phones.get(name) if live else None)
        keys = _keys(work.values, name)
        return asked.page(
            "phone.html", row=shown, keys=[_shown(work.values, key) for key in keys], work=work, link=link,
            when=await self._box.known.when(),
            from_=places, numbers=_numbers(work.values), full=len(keys) >= KEYS_MOST, known=known, entered=entered,
            gives=isinstance(work.values.get("provisioning"), dict),
            done=DONE.get(asked.request.query_params.get("done", ""), ""),
        )  # fmt: skip

    async def keys(self, asked: Visit) -> Response:
        """A key more, one less, or one further up; in the draft."""
        work, name = await self._found(asked)
        keys, at = _keys(work.values, name), asked.text("at")
        place = int(at) if at.isascii() and at.isdigit() and len(at) < 4 and int(at) < len(keys) else None
        match asked.text("do"):
            case "add":
                if number := (asked.text("number").strip() or asked.text("known")):
                    key: Values = {"number": number[:40]}
                    if label := asked.text("label").strip():
                        key["label"] = label[:200]
                    if not asked.text("lamp"):
                        key["lamp"] = False
                    keys = [*keys, key]
            case "remove" if place is not None:
                keys = [key for n, key in enumerate(keys) if n != place]
            case "up" if place:
                keys[place - 1], keys[place] = keys[place], keys[place - 1]
        where = ("phone", name, "keys")
        change = (where, keys) if keys else (where, MISSING)
        if keys or edits.at(work.values, where) is not MISSING:
            document = await asyncio.to_thread(edits.put, work.document, [change])
            self._box.drafts.keep(asked, work, document)
        return asked.to(f"/phones/{name}#keys")

    async def address(self, asked: Visit) -> Response:
        """Where a telephone finds its settings, for whoever puts that into it by hand."""
        _work, name = await self._found(asked)
        return await self.one(asked, known=await self._telephones.address(asked, name))

    async def password(self, asked: Visit) -> Response:
        """What is put into a telephone by hand."""
        _work, name = await self._found(asked)
        return await self.one(asked, entered=await self._telephones.password(asked, name))

    async def reboot(self, asked: Visit) -> Response:
        """It starts anew, and fetches its settings."""
        name = str(asked.request.path_params["phone"])
        await self._telephones.reboot(asked, name)
        return asked.to(f"/phones/{quote(name)}?done=reboot")

    # ---- parts

    async def _found(self, asked: Visit) -> tuple[Work, str]:
        work = await self._box.drafts.work(asked)
        name = str(asked.request.path_params["phone"])
        if name not in tables(work.values, "phone"):
            raise Refusal(404, "There is no such telephone.")
        return work, name


def _people(document: Values) -> list[tuple[str, str]]:
    """Everybody, those without a telephone first."""
    people = tables(document, "person").items()
    return [(id, str(one.get("name") or id)) for id, one in sorted(people, key=lambda one: bool(one[1].get("phones")))]


def _keys(document: Values, name: str) -> list[Values]:
    found = edits.at(document, ("phone", name, "keys"))
    return [one for one in as_list(found) if isinstance(one, dict)]


def _numbers(document: Values) -> list[tuple[str, str]]:
    """What a key may dial inside, and what it is called."""
    found = [
        (str(one["extension"]), str(one.get("name") or id))
        for kind in ("person", "queue", "chain", "room")
        for id, one in tables(document, kind).items()
        if one.get("extension")
    ]
    return sorted(found, key=lambda one: one[1].casefold())


def _shown(document: Values, key: Values) -> files.Key:
    """A key, and what stands beside it."""
    number = str(key.get("number", ""))
    return files.Key(
        number, str(key.get("label") or dict(_numbers(document)).get(number, number)), key.get("lamp") is not False
    )
