# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones: which the settings have and which are about on the network, and what is done with them."""

import asyncio
import re
import unicodedata
from typing import Any, NamedTuple

from appliance.control.live import Live as Office
from appliance.control.messages import Phone as Live
from appliance.control.messages import Refused
from appliance.control.provisioning import PhonePassword, ProvisioningSecret, Reboot
from appliance.settings import edits
from appliance.settings.edits import MISSING, Values
from appliance.settings.phones import BEGINNINGS, bare, made_by
from appliance.settings.places import Path
from appliance.settings.words import NAME
from appliance.web import mdns
from appliance.web.access import Doer, Refusal
from appliance.web.around import Around, Neighbour
from appliance.web.drafts import Drafts, Work
from appliance.web.gateways import addresses
from appliance.web.known import Known
from appliance.web.provisioning import files
from appliance.web.provisioning.where import Address, reached
from appliance.web.screen import Screen
from appliance.web.tongue import marked as _

NOTHING = "It has no settings to fetch: they are not in force, or its address is not known."


class Listed(NamedTuple):
    """A telephone as the page lists it."""

    name: str
    owner: str
    mac: str
    maker: str
    live: Live | None


class Entered(NamedTuple):
    """What is put into a telephone by hand."""

    server: str
    user: str
    password: str


class Telephones:
    def __init__(self, drafts: Drafts, known: Known, around: Around, screen: Screen) -> None:
        self._drafts, self._known, self._around, self._screen = drafts, known, around, screen
        self._looking = asyncio.Semaphore(1)

    async def all(self, work: Work) -> tuple[list[Listed], list[Neighbour]]:
        """Those of the settings, and those that are about and nobody's."""
        known = self._live.phones if self._live else {}
        listed = [row(work.values, name, known.get(name)) for name in tables(work.values, "phone")]
        taken = addresses(work.values)
        about = await asyncio.to_thread(self._around.telephones)
        return listed, [one for one in about if one.mac not in taken]

    @property
    def _live(self) -> Office | None:
        return self._screen.live

    async def bind(self, asked: Doer, mac: str, person: str, maker: str) -> tuple[str, str]:
        """A telephone that is about becomes somebody's: its name, and `applied` or `draft`. Raises Refusal."""
        work = await self._drafts.work(asked)
        if not mac or person not in tables(work.values, "person"):
            raise Refusal(404, "There is nobody of that name.")
        if mac in addresses(work.values):
            raise Refusal(409, "That telephone is somebody's already.")
        name = free(person, tables(work.values, "phone"))
        made: list[tuple[Path, Any]] = [(("phone", name, "mac"), ":".join(re.findall("..", mac)))]
        if maker in BEGINNINGS and maker != made_by(mac):
            made.append((("phone", name, "maker"), maker))
        return name, await self._change(asked, work, [*made, _one_more(work, person, name)], f"telephone of {person}")

    async def add(self, asked: Doer, person: str, new: str) -> tuple[str, str]:
        """One more, set up by hand; of a person, or of somebody new, by his name. As bind()."""
        work = await self._drafts.work(asked)
        people, title = tables(work.values, "person"), " ".join(new.split())
        made: list[tuple[Path, Any]] = []
        if title:
            if len(title) > 64 or not title.isprintable():
                raise Refusal(422, "A name has 1 to 64 characters.")
            person = newcomer(title, people)
            made = [(("person", person, "name"), title), (("person", person, "extension"), extension(work.values))]
        elif person not in people:
            raise Refusal(422, "Say whose telephone it is.")
        name = free(person, tables(work.values, "phone"))
        made += [(("phone", name), {}), _one_more(work, person, name)]
        return name, await self._change(asked, work, made, f"telephone of {person}")

    async def forget(self, asked: Doer, name: str) -> str:
        """It is nobody's any longer. Raises Refusal, also where something else names it."""
        work = await self._drafts.work(asked)
        if name not in tables(work.values, "phone"):
            raise Refusal(404, "There is no such telephone.")
        made: list[tuple[Path, Any]] = [(("phone", name), MISSING)]
        for person, one in tables(work.values, "person").items():
            if name in (has := as_list(one.get("phones"))):
                made.append((("person", person, "phones"), [each for each in has if each != name]))
        became = await self._change(asked, work, made, f"without the telephone {name}")
        asked.note(_("phone-forgotten"), name)
        return became

    async def look(self) -> None:
        """Ask the network who is there. Raises Refusal where the settings in force do not say that this may be."""
        wanted = (await self._known.names()).settings.provisioning
        if wanted is None or not wanted.mdns:
            raise Refusal(409, "The settings do not say that the network may be asked.")
        try:
            async with self._looking:
                await mdns.look(self._around.heard, self._around.mac_at)
        except OSError:
            raise Refusal(503, "The network cannot be asked.") from None

    async def address(self, asked: Doer, name: str) -> Address:
        """It is in the audit log. Raises Refusal."""
        try:
            known = await self._drafts.ask(ProvisioningSecret(0, name, asked.by))
        except Refused:
            raise Refusal(409, NOTHING) from None
        asked.note("phone-address-shown", name)
        phone = (await self._known.names()).settings.phone.get(name)
        if phone is None or phone.kind is None:
            raise Refusal(409, NOTHING)
        _host, address = reached(asked.request, known.secret)
        return Address(address + files.FIRST[phone.kind], known.admin)

    async def password(self, asked: Doer, name: str) -> Entered:
        """It is in the audit log. Raises Refusal."""
        try:
            registers = await self._drafts.ask(PhonePassword(0, name, asked.by))
        except Refused:
            raise Refusal(409, "It is not in force yet: put your draft in force first.") from None
        asked.note("phone-password-shown", name)
        host, _address = reached(asked.request, "")
        port = (await self._known.names()).settings.sip.port
        server = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return Entered(server, registers.user, registers.password)

    async def reboot(self, asked: Doer, name: str) -> None:
        try:
            await self._drafts.ask(Reboot(0, name, asked.by))
        except Refused:
            raise Refusal(404, "There is no such telephone.") from None
        asked.note("phone-reboot", name)

    async def _change(self, asked: Doer, work: Work, made: list[tuple[Path, Any]], comment: str) -> str:
        document = await asyncio.to_thread(edits.put, work.document, made)
        return await self._drafts.change(asked, work, document, comment)


def _one_more(work: Work, person: str, name: str) -> tuple[Path, Any]:
    """A telephone among those of a person."""
    return ("person", person, "phones"), [*as_list(edits.at(work.values, ("person", person, "phones"))), name]


def tables(document: Values, kind: str) -> dict[str, Values]:
    """The tables of a kind, as far as they are any."""
    found = document.get(kind, {})
    return {name: one for name, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}


def row(document: Values, name: str, live: Live | None) -> Listed:
    phone = tables(document, "phone").get(name, {})
    mac = bare(str(phone.get("mac", "")))
    people = tables(document, "person").items()
    owner = next((str(one.get("name") or id) for id, one in people if name in as_list(one.get("phones"))), "")
    return Listed(name, owner, mac, str(phone.get("maker") or made_by(mac) or ""), live)


def as_list(value: Any) -> list[Any]:
    """A draft may hold anything."""
    return value if isinstance(value, list) else []


def free(person: str, taken: dict[str, Values]) -> str:
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
