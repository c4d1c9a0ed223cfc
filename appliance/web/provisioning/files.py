# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings file of a telephone, in the form its maker asks for: from the office's settings, by a template."""

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from appliance.control.provisioning import Provisioned
from appliance.settings.models import Settings
from appliance.settings.phones import Maker, Phone
from appliance.settings.words import seen
from appliance.web.provisioning.book import Entry, entries
from appliance.web.provisioning.zone import Zone, zone

TEMPLATES: dict[Maker, str] = {
    "yealink": "yealink.cfg", "grandstream": "grandstream.xml", "snom": "snom.xml", "fanvil": "fanvil.xml",
}  # fmt: skip
ASKED: dict[Maker, str] = {  # the name each asks for its own file by; MAC: 12 hexadecimal digits
    "yealink": r"MAC\.cfg",
    "grandstream": r"cfgMAC(?:\.xml)?",
    "snom": r"snom[a-z0-9]{0,10}-MAC\.(?:xml|htm)",
    "fanvil": r"MAC\.(?:cfg|xml)",
}
FIRST: dict[Maker, str] = {  # what follows the secret in the address that is put into a telephone
    "yealink": "", "grandstream": "", "snom": "snom-{mac}.xml", "fanvil": "",
}  # fmt: skip
MAC = re.compile(r"(?:cfg|snom[a-z0-9]{0,10}-)?([0-9a-f]{12})(?:\.[a-z]{3})?", re.IGNORECASE)
VALUE_MOST = 256  # characters of one value


class Key(NamedTuple):
    """A key that dials a number; lamp: it shows what becomes of it."""

    number: str
    label: str
    lamp: bool


class Device(NamedTuple):
    """All that a file tells. address: where it is found again, up to the secret, ending with a slash; book_at: the same
    of the phone book, up to its name."""

    user: str
    password: str
    admin: str
    mac: str
    name: str
    server: str
    port: int
    transport: str  # udp or tls
    srtp: str
    verify: bool  # the box's certificate is one that a telephone can check
    language: str
    zone: Zone
    time_server: str
    voicemail: str
    pickup: str
    keys: tuple[Key, ...]
    address: str
    office: str
    book: tuple[Entry, ...]
    book_at: str


def mac_of(file: str) -> str:
    """The address on the network that a file's name is of, "" when it is of none."""
    found = MAC.fullmatch(file) if len(file) <= 40 else None
    return found[1].lower() if found else ""


def is_own(maker: Maker, file: str) -> bool:
    """Whether this is a name telephones of this maker ask by."""
    return re.fullmatch(ASKED[maker].replace("MAC", "[0-9a-f]{12}"), file, re.IGNORECASE) is not None


def device(settings: Settings, given: Provisioned, host: str, address: str) -> Device:
    """What a telephone is told; host: by which it reached us. Raises KeyError when it is not there."""
    phone, wanted = settings.phone[given.phone], settings.provisioning
    if wanted is None:
        raise KeyError(given.phone)
    codes = settings.features
    return Device(
        user=given.phone,
        password=given.password,
        admin=given.admin,
        mac=phone.bare,
        name=owner(settings, given.phone) or given.phone,
        server=wanted.server or host,
        port=settings.sip.tls_port if phone.tls else settings.sip.port,
        transport="tls" if phone.tls else "udp",
        srtp=phone.srtp,
        verify=settings.sip.certificate is not None,
        language=wanted.language or settings.office.language,
        zone=zone(settings.office.time_zone),
        time_server=wanted.time_server or "",
        voicemail=codes.voicemail,
        pickup=codes.pickup,
        keys=keys(settings, phone),
        address=address,
        office=settings.office.name,
        book=entries(settings),
        book_at=f"{address}{phone.bare}/",
    )


def owner(settings: Settings, phone: str) -> str:
    """Who has a telephone, as it shows him; "" when nobody has."""
    return next((one.name for one in settings.person.values() if phone in one.phones), "")


def keys(settings: Settings, phone: Phone) -> tuple[Key, ...]:
    """The keys of a telephone, those without a label called as what they dial is."""
    called = {
        one.extension: one.name
        for kind in (settings.person, settings.queue, settings.chain, settings.room)
        for one in kind.values()
        if one.extension
    }
    return tuple(Key(key.number, key.label or called.get(key.number, key.number), key.lamp) for key in phone.keys)


def rendered(maker: Maker, one: Device) -> str:
    """The file of a telephone."""
    return filled(TEMPLATES[maker], one.server, one._asdict())


def filled(name: str, server: str, told: dict[str, Any]) -> str:
    """A file made of a template."""
    host = f"[{server}]" if ":" in server else server
    return _environment(name.endswith(".xml")).get_template(name).render(host=host, **told)


def book(maker: Maker, found: tuple[Entry, ...]) -> str:
    """The phone book, for those who fetch it apart from their settings."""
    template = "book_grandstream.xml" if maker == "grandstream" else "book.xml"
    return _environment(True).get_template(template).render(book=found, root=f"{maker.capitalize()}IPPhoneDirectory")


@cache
def _environment(xml: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=xml,
        undefined=StrictUndefined,
        finalize=plain,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def plain(value: object) -> object:
    """A value that ends no line, hides nothing and is none of the words a telephone takes for a command, as %NULL% is."""
    if isinstance(value, Markup):
        return value
    text = "".join(c if seen(c) else " " for c in str(value))[:VALUE_MOST].strip()
    return re.sub(r"%(?=[A-Za-z]+%)", "% ", text)
