# SPDX-License-Identifier: GPL-2.0-or-later
"""What people give of secrets.toml on the page of its table: kept by the switch at once, in no draft, and shown nowhere."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.control.messages import Refused
from appliance.control.secrets import DropSecret, KeepSecret
from appliance.settings.edits import MISSING, at
from appliance.settings.faults import SettingsFaults
from appliance.settings.given import DROPPED, GIVEN, check, field, is_named
from appliance.settings.places import Path
from appliance.web import forms, tongue
from appliance.web.access import Doer, Refusal
from appliance.web.drafts import Drafts
from appliance.web.tongue import marked as _

PASSWORD = _("Password")
SIM = _("PIN of the SIM")
HEADS = {
    "mqtt": _("User and password"),
    "broker": _("User and password"),
    "proof": _("Proof of %(name)s"),
    "mailbox": _("PIN of the mailbox"),
    "hashing": _("Key of the words that numbers are told as"),
    "recording": _("A key used before"),
}
LABELS = {"password": PASSWORD, "user": _("User"), "codes": _("Codes"), "key": _("Key"), "old": _("Key")}
SHORT = {"pin": "PIN", "totp": "TOTP"}  # the same in every language
PROOFS = {"pin": "pin", "totp": "totp", "code": "codes"}  # by the challenge of an action
SIZES = _("What is given is empty or longer than accepted.")


@dataclass(frozen=True)
class Asked:
    """One field."""

    key: str
    label: str
    help: str
    accepts: str


@dataclass(frozen=True)
class Form:
    """Fields of one table of secrets.toml."""

    table: str
    name: str
    head: str
    fields: tuple[Asked, ...]

    @property
    def may_go(self) -> bool:
        return self.table in DROPPED


def shown(values: Mapping[str, Any], path: Path) -> Iterator[Form]:
    """What is given on the page of a table of the settings."""
    here = forms.table(values, path)
    match path:
        case ("line", str(name)) if here.get("kind") == "modem":
            yield _form("line", name, ("pin",), SIM)
        case ("line", str(name)) if here.get("kind") in ("sip", "gateway"):
            yield _form("line", name, ("password",))
        case ("phone", str(name)) if "channel" not in here:
            yield _form("phone", name)
        case ("broker" | "mailbox" as table, str(name)):
            yield _form(table, name)
        case ("action", _name) if proof := PROOFS.get(str(here.get("challenge", "pin"))):
            for holder in _holders(here):
                yield _form("proof", holder, (proof,))
        case ("mqtt" | "mail" | "recording" as table,) if here:
            yield _form(table, "")
    if path[0] in ("mqtt", "broker") and here.get("privacy") == "hash":
        yield _form("hashing", "")


async def keep(drafts: Drafts, asked: Doer, table: str, name: str, given: Mapping[str, str]) -> None:
    """Have the switch keep what is given of a table that the draft has something for. Raises Refused, Refusal."""
    await _known(drafts, asked, table, name)
    values = {key: value for key, value in given.items() if value}
    try:
        await asyncio.to_thread(check, table, name, values)
        await drafts.ask(KeepSecret(0, table, values, name, asked.by))
    except SettingsFaults as wrong:
        words = " ".join(tongue.said(fault.message, asked.language) for fault in wrong.faults)
        raise Refused(wrong.id, words) from None
    except Refused as refused:
        if refused.id == "bad-request":
            raise Refused(refused.id, asked.say(SIZES)) from None
        raise
    asked.note("secret-kept", _which(table, name))


async def drop(drafts: Drafts, asked: Doer, table: str, name: str) -> None:
    """Have the switch keep nothing of it any longer. Raises Refused, Refusal."""
    await _known(drafts, asked, table, name)
    await drafts.ask(DropSecret(0, table, name, asked.by))
    asked.note("secret-dropped", _which(table, name))


async def _known(drafts: Drafts, asked: Doer, table: str, name: str) -> None:
    if not _is_used((await drafts.work(asked)).values, table, name):
        raise Refusal(404, "There is no such table.")


def _which(table: str, name: str) -> str:
    return f"{table}.{name}" if name else table


def _is_used(values: Mapping[str, Any], table: str, name: str) -> bool:
    """Whether the settings have something of which such a secret is."""
    if table not in GIVEN or bool(name) != is_named(table):
        return False
    match table:
        case "hashing":
            return "mqtt" in values
        case "proof":
            actions = forms.table(values, ("action",)).values()
            return any(name in _holders(action) for action in actions if isinstance(action, dict))
        case "mailbox" if name == "office":  # is always there
            return True
    return at(values, (table, name) if name else (table,)) is not MISSING


def _holders(action: Mapping[str, Any]) -> list[str]:
    listed = action.get("holders")
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def _form(table: str, name: str, keys: tuple[str, ...] = (), head: str = "") -> Form:
    fields = []
    for key in keys or GIVEN[table]:
        about = field(table, key)
        label = head or SHORT.get(key) or LABELS[key]
        fields.append(Asked(key, label, about["description"], about["accepts"]))
    return Form(table, name, head or HEADS.get(table, PASSWORD), tuple(fields))
