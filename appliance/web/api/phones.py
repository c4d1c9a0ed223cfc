# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones and gateways by the API: found, made somebody's, set up, started anew, forgotten. Their keys are of the draft."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from appliance.settings.phones import bare
from appliance.web.api import shapes as s
from appliance.web.api.gate import Asked, Way
from appliance.web.around import Neighbour, places

Became = Literal["applied", "draft"]


class Known(Struct, frozen=True):
    """One of the settings. agent: its model and firmware, as it says; contacts: where it is registered, none: nowhere."""

    phone: str
    owner: str
    mac: str
    maker: str
    agent: str
    contacts: list[str]


class About(Struct, frozen=True):
    """One on the network that is nobody's; by: how it was found."""

    mac: str
    ip: str
    maker: str
    model: str
    by: str


class AllPhones(Struct, frozen=True):
    known: list[Known]
    about: list[About]


class Bound(s.Strict, frozen=True):
    """Whose the one with this address becomes. maker: where the address does not say it."""

    mac: Annotated[str, Meta(pattern="^[0-9A-Fa-f]{2}([:.-]?[0-9A-Fa-f]{2}){5}$")]
    person: s.Name
    maker: Annotated[str, Meta(max_length=20)] = ""


class LineBound(s.Strict, frozen=True):
    """The line that the HT813 with this address becomes; "": a new one."""

    mac: Annotated[str, Meta(pattern="^[0-9A-Fa-f]{2}([:.-]?[0-9A-Fa-f]{2}){5}$")]
    line: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")] = ""


class LineIs(Struct, frozen=True):
    """As of a telephone."""

    line: str
    became: Became


class LineRegisters(Struct, frozen=True):
    """What is put into a gateway by hand."""

    user: str
    password: str


class Added(s.Strict, frozen=True):
    """One more of a person, or (new) of somebody who is not there yet, by his name."""

    person: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")] = ""
    new: Annotated[str, Meta(max_length=64)] = ""


class PhoneIs(Struct, frozen=True):
    """applied: it is in force; draft: it is in your draft, as there was one."""

    phone: str
    became: Became


class Fetches(Struct, frozen=True):
    """Where a telephone finds its settings, and the password of its own pages."""

    address: str
    admin: str


class Registers(Struct, frozen=True):
    """What is put into a telephone by hand."""

    server: str
    user: str
    password: str


async def phones(asked: Asked) -> AllPhones:
    known, about = await asked.box.telephones.all(await asked.box.drafts.work(asked))
    return AllPhones(
        [
            Known(one.name, one.owner, one.mac, one.maker, one.live.agent, places(one.live.contacts))
            if one.live
            else Known(one.name, one.owner, one.mac, one.maker, "", [])
            for one in known
        ],
        [_about(one) for one in about],
    )


async def look(asked: Asked) -> list[About]:
    await asked.box.telephones.look()
    _known, about = await asked.box.telephones.all(await asked.box.drafts.work(asked))
    return [_about(one) for one in about]


async def bind(asked: Asked) -> PhoneIs:
    wanted = asked.body
    return PhoneIs(*await asked.box.telephones.bind(asked, bare(wanted.mac), wanted.person, wanted.maker))  # type: ignore[arg-type]


async def add(asked: Asked) -> PhoneIs:
    return PhoneIs(*await asked.box.telephones.add(asked, asked.body.person, asked.body.new))  # type: ignore[arg-type]


async def forget(asked: Asked) -> PhoneIs:
    name = asked.path["phone"]
    return PhoneIs(name, await asked.box.telephones.forget(asked, name))  # type: ignore[arg-type]


async def reboot(asked: Asked) -> s.Done:
    await asked.box.telephones.reboot(asked, asked.path["phone"])
    return s.Done()


async def address(asked: Asked) -> Fetches:
    return Fetches(*await asked.box.telephones.address(asked, asked.path["phone"]))


async def password(asked: Asked) -> Registers:
    return Registers(*await asked.box.telephones.password(asked, asked.path["phone"]))


async def bind_line(asked: Asked) -> LineIs:
    return LineIs(*await asked.box.gateways.bind(asked, bare(asked.body.mac), asked.body.line))  # type: ignore[arg-type]


async def reboot_line(asked: Asked) -> s.Done:
    await asked.box.gateways.reboot(asked, asked.path["line"])
    return s.Done()


async def address_of_line(asked: Asked) -> Fetches:
    return Fetches(*await asked.box.gateways.address(asked, asked.path["line"]))


async def password_of_line(asked: Asked) -> LineRegisters:
    known = await asked.box.gateways.password(asked, asked.path["line"])
    return LineRegisters(known.user, known.password)


def _about(one: Neighbour) -> About:
    return About(one.mac, one.ip, one.maker or "", one.model, one.by)


WAYS = (
    Way(
        "GET", "/phones/all", "settings:read", phones, "Telephones of the settings, and those that are about", AllPhones
    ),
    Way("POST", "/phones", "phones:write", add, "One more, to be set up by hand", PhoneIs, Added, made=True),
    Way("POST", "/phones/look", "phones:write", look, "Ask the network who is there", list[About]),
    Way("POST", "/phones/bind", "phones:write", bind, "One that is about becomes somebody's", PhoneIs, Bound),
    Way(
        "DELETE", "/phones/{phone}", "phones:write", forget, "It is nobody's any longer, and may not register", PhoneIs
    ),
    Way("POST", "/phones/{phone}/reboot", "phones:write", reboot, "It starts anew, and fetches its settings"),
    Way("POST", "/phones/{phone}/address", "phones:secrets", address, "Where it finds its settings", Fetches),
    Way("POST", "/phones/{phone}/password", "phones:secrets", password, "What to put into it by hand", Registers),
    Way(
        "POST", "/gateways/bind", "phones:write", bind_line, "An HT813 that is about becomes a line", LineIs, LineBound
    ),
    Way(
        "POST",
        "/gateways/{line}/reboot",
        "phones:write",
        reboot_line,
        "A gateway starts anew, and fetches its settings",
    ),
    Way("POST", "/gateways/{line}/address", "phones:secrets", address_of_line, "Where it finds its settings", Fetches),
    Way(
        "POST", "/gateways/{line}/password", "phones:secrets", password_of_line, "What it registers with", LineRegisters
    ),
)
