# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones as a page: which are registered and from where, which are about on the network, and what their keys are."""

import asyncio
import re
import unicodedata
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from appliance.control.messages import Phone as Live
from appliance.control.messages import Refused
from appliance.control.provisioning import PhonePassword, ProvisioningSecret, Reboot
from appliance.settings import edits
from appliance.settings.edits import MISSING, Values
from appliance.settings.phones import BEGINNINGS, bare, made_by
from appliance.settings.places import Path
from appliance.settings.words import NAME
from appliance.web import mdns, phone_files
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.accounts import when
from appliance.web.around import places
from appliance.web.box import Box
from appliance.web.drafts import Work
from appliance.web.gateway_pages import addresses
from appliance.web.gateway_pages import listed as gateways
from appliance.web.provisioning import files
from appliance.web.settings_pages import link
from appliance.web.tongue import marked as _

AWAY = "The switch does not answer. Nothing was changed, as far as is known."
KEYS_MOST = 40
DONE = {
    "applied": _("It is in force."),
    "draft": _("It is in your draft."),
    "reboot": _("The telephone is asked to start anew."),
}


class Listed(NamedTuple):
    """A telephone as the page lists it."""

    name: str
    owner: str
    mac: str
    maker: str
    live: Live | None


class PhonePages:
    def __init__(self, box: Box) -> None:
        self._box = box
        self._looking = asyncio.Semaphore(1)

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
        )

    async def all(self, asked: Visit) -> Response:
        work = await self._box.drafts.work(asked)
        live = self._box.screen.live
        known = live.phones if live else {}
        listed = [_row(work.values, name, known.get(name)) for name in _tables(work.values, "phone")]
        taken = addresses(work.values)
        about = await asyncio.to_thread(self._box.around.telephones)
        done = asked.request.query_params.get("done", "")
        return asked.page(
            "phones.html", phones=listed, about=[one for one in about if one.mac not in taken], people=_people(work.values),
            gives=isinstance(work.values.get("provisioning"), dict), work=work, link=link, when=when, live=live,
            looks=edits.at(work.values, ("provisioning", "mdns")) is True,
            from_=places, done=DONE.get(done, ""), gateways=gateways(work.values, dict(live.lines) if live else {}),
        )  # fmt: skip

    async def bind(self, asked: Visit) -> Response:
        """A telephone that is about becomes somebody's."""
        mac, person = bare(asked.text("mac")), asked.text("person")
        work = await self._box.drafts.work(asked)
        if not mac or person not in _tables(work.values, "person"):
            raise Refusal(404, "There is nobody of that name.")
        if mac in addresses(work.values):
            raise Refusal(409, "That telephone is somebody's already.")
        name = _free(person, _tables(work.values, "phone"))
        maker = asked.text("maker")
        made: list[tuple[Path, Any]] = [(("phone", name, "mac"), ":".join(re.findall("..", mac)))]
        if maker in BEGINNINGS and maker != made_by(mac):
            made.append((("phone", name, "maker"), maker))
        has = edits.at(work.values, ("person", person, "phones"))
        made.append((("person", person, "phones"), [*_list(has), name]))
        document = await asyncio.to_thread(edits.put, work.document, made)
        became = await self._box.drafts.change(asked, work, document, f"telephone of {person}")
        return asked.to(f"/phones?done={became}")

    async def add(self, asked: Visit) -> Response:
        """One more telephone, set up by hand, of somebody there is or of somebody new."""
        work = await self._box.drafts.work(asked)
        people, title = _tables(work.values, "person"), " ".join(asked.text("new").split())
        made: list[tuple[Path, Any]] = []
        if title:
            if len(title) > 64 or not title.isprintable():
                raise Refusal(422, "A name has 1 to 64 characters.")
            person = newcomer(title, people)
            made = [(("person", person, "name"), title), (("person", person, "extension"), extension(work.values))]
        elif (person := asked.text("person")) not in people:
            raise Refusal(422, "Say whose telephone it is.")
        name = _free(person, _tables(work.values, "phone"))
        has = edits.at(work.values, ("person", person, "phones"))
        made += [(("phone", name), {}), (("person", person, "phones"), [*_list(has), name])]
        document = await asyncio.to_thread(edits.put, work.document, made)
        became = await self._box.drafts.change(asked, work, document, f"telephone of {person}")
        return asked.to(f"/phones/{name}?done={became}")

    async def look(self, asked: Visit) -> Response:
        """Ask the network who is there, where the settings in force say that this may be."""
        wanted = (await self._box.known.names()).settings.provisioning
        if wanted is None or not wanted.mdns:
            raise Refusal(409, "The settings do not say that the network may be asked.")
        around = self._box.around
        try:
            async with self._looking:
                await mdns.look(around.heard, around.mac_at)
        except OSError:
            raise Refusal(503, "The network cannot be asked.") from None
        return asked.to("/phones#about")

    async def one(
        self, asked: Visit, known: tuple[str, str] | None = None, entered: tuple[str, str, str] | None = None
    ) -> Response:
        work, name = await self._found(asked)
        live = self._box.screen.live
        row = _row(work.values, name, live.phones.get(name) if live else None)
        keys = _keys(work.values, name)
        return asked.page(
            "phone.html", row=row, keys=[_shown(work.values, key) for key in keys], work=work, link=link, when=when,
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
        """Where a telephone finds its settings, for whoever puts that into it by hand. It is in the audit log."""
        _work, name = await self._found(asked)
        try:
            known = await self._box.drafts.ask(ProvisioningSecret(0, name, asked.name))
        except Refused:
            raise Refusal(
                409, "It has no settings to fetch: they are not in force, or its address is not known."
            ) from None
        asked.note("phone-address-shown", name)
        phone = (await self._box.known.names()).settings.phone.get(name)
        if phone is None or phone.kind is None:
            raise Refusal(409, "It has no settings to fetch: they are not in force, or its address is not known.")
        _host, address = phone_files.reached(asked.request, known.secret)
        return await self.one(asked, (address + files.FIRST[phone.kind], known.admin))

    async def password(self, asked: Visit) -> Response:
        """What is put into a telephone by hand. It is in the audit log."""
        _work, name = await self._found(asked)
        try:
            registers = await self._box.drafts.ask(PhonePassword(0, name, asked.name))
        except Refused:
            raise Refusal(409, "It is not in force yet: put your draft in force first.") from None
        asked.note("phone-password-shown", name)
        host, _address = phone_files.reached(asked.request, "")
        port = (await self._box.known.names()).settings.sip.port
        server = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return await self.one(asked, entered=(server, registers.user, registers.password))

    async def reboot(self, asked: Visit) -> Response:
        """It starts anew, and fetches its settings."""
        name = str(asked.request.path_params["phone"])
        try:
            await self._box.drafts.ask(Reboot(0, name, asked.name))
        except Refused:
            raise Refusal(404, "There is no such telephone.") from None
        asked.note("phone-reboot", name)
        return asked.to(f"/phones/{quote(name)}?done=reboot")

    # ---- parts

    async def _found(self, asked: Visit) -> tuple[Work, str]:
        work = await self._box.drafts.work(asked)
        name = str(asked.request.path_params["phone"])
        if name not in _tables(work.values, "phone"):
            raise Refusal(404, "There is no such telephone.")
        return work, name


def _tables(document: Values, kind: str) -> dict[str, Values]:
    """The tables of a kind, as far as they are any."""
    found = document.get(kind, {})
    return {name: one for name, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}


def _row(document: Values, name: str, live: Live | None) -> Listed:
    phone = _tables(document, "phone").get(name, {})
    mac = bare(str(phone.get("mac", "")))
    people = _tables(document, "person").items()
    owner = next((str(one.get("name") or id) for id, one in people if name in _list(one.get("phones"))), "")
    return Listed(name, owner, mac, str(phone.get("maker") or made_by(mac) or ""), live)


def _list(value: Any) -> list[Any]:
    """A draft may hold anything."""
    return value if isinstance(value, list) else []


def _people(document: Values) -> list[tuple[str, str]]:
    """Everybody, those without a telephone first."""
    people = _tables(document, "person").items()
    return [(id, str(one.get("name") or id)) for id, one in sorted(people, key=lambda one: bool(one[1].get("phones")))]


def _free(person: str, taken: dict[str, Values]) -> str:
    """A name for a telephone of somebody."""
    names = (person, *(f"{person[:27]}-{n}" for n in range(2, 300)))
    found = next((name for name in names if name not in taken and re.fullmatch(NAME, name)), None)
    if found is None:
        raise Refusal(409, "There is nobody of that name.")
    return found


def newcomer(title: str, taken: Values) -> str:
    """A name in the settings for somebody: of what can be of his own."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    begins = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24].strip("-") or "person"
    names = (begins, *(f"{begins}-{n}" for n in range(2, 300)))
    return next(name for name in names if name not in taken and re.fullmatch(NAME, name))


def extension(document: Values) -> str:
    """The first that is free from 101 on."""
    taken = {
        str(one.get("extension", ""))
        for tables in document.values() if isinstance(tables, dict)
        for one in tables.values() if isinstance(one, dict)
    }  # fmt: skip
    return next(str(number) for number in range(101, 1000) if str(number) not in taken)


def _keys(document: Values, name: str) -> list[Values]:
    found = edits.at(document, ("phone", name, "keys"))
    return [one for one in _list(found) if isinstance(one, dict)]


def _numbers(document: Values) -> list[tuple[str, str]]:
    """What a key may dial inside, and what it is called."""
    found = [
        (str(one["extension"]), str(one.get("name") or id))
        for kind in ("person", "queue", "chain", "room")
        for id, one in _tables(document, kind).items()
        if one.get("extension")
    ]
    return sorted(found, key=lambda one: one[1].casefold())


def _shown(document: Values, key: Values) -> files.Key:
    """A key, and what stands beside it."""
    number = str(key.get("number", ""))
    return files.Key(
        number, str(key.get("label") or dict(_numbers(document)).get(number, number)), key.get("lamp") is not False
    )
