# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys with lamps, of Anna's telephone: what they show, and the dialog a telephone names when they are pressed."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

from appliance.programs.demo.office import PASSWORDS, Office
from tests.sip.box import Account, Telephone
from tests.sip.watcher import Watcher
from tests.sip.wire import Message, Wire

INFO = "{urn:ietf:params:xml:ns:dialog-info}"


def key(office: Office, wire: Wire, package: str, number: str) -> Watcher:
    box: Any = SimpleNamespace(address=wire.box, uri=f"sip:{office.address}")
    return Watcher(box, Telephone(box, wire, Account("desk1", PASSWORDS["desk1"])), package, number)


def lamp(notify: Message) -> tuple[str, int]:
    """What it shows, and the count."""
    info = ElementTree.fromstring(notify.body)
    return info.findtext(f"{INFO}dialog/{INFO}state", ""), int(info.attrib["version"])


@asynccontextmanager
async def lamp_key(office: Office, number: str) -> AsyncIterator[Watcher]:
    """The key of a number, whose lamp is out."""
    host, port = office.address.split(":")
    async with Wire((host, int(port))) as wire:
        watcher = key(office, wire, "dialog", number)
        assert (await watcher.subscribes()).status == 200
        assert lamp(await watcher.told())[0] == "terminated"
        yield watcher
        await watcher.subscribes(0)


async def shows(watcher: Watcher, state: str) -> str:
    """Until the lamp shows it: early blinks, confirmed burns, terminated is out. What to name in Replaces."""
    while lamp(told := await watcher.told())[0] != state:
        pass
    named = re.search(rb'call-id="([^"]+)" local-tag="([^"]+)" remote-tag="([^"]+)"', told.body)
    return "{};to-tag={};from-tag={}".format(*(one.decode() for one in named.groups())) if named else ""
