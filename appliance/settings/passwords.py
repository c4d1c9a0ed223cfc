# SPDX-License-Identifier: GPL-2.0-or-later
"""secrets.toml: passwords, apart from the settings document, never shown."""

import base64
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Secret

from appliance.settings import documents, files
from appliance.settings.faults import Fault, SettingsFaults
from appliance.settings.lines import GatewayLine, SipLine, account
from appliance.settings.models import Settings
from appliance.settings.references import Wrong
from appliance.settings.sentence import Sentence
from appliance.settings.tables import Table, setting, some
from appliance.settings.words import Name, Password, PinHash, RecordingKey, SimPin, TotpSecret, TrunkPassword

FILE = "secrets.toml"  # beside the settings document
MODE = 0o600
CODES = 20  # of one holder that are good once: each wrong one is held against all of them
STRENGTH = 18  # random bytes of a password we make: 24 characters


class PhoneSecret(Table):
    """Of a telephone."""

    password: Secret[Password] = setting("What the telephone registers with.")


class LineSecret(Table):
    """Of a line."""

    password: Secret[TrunkPassword] | None = setting(
        "What we register with, of a trunk; what it registers with, of a gateway.", None
    )
    pin: Secret[SimPin] | None = setting(
        "What opens the SIM of a modem. It is tried once; one that was refused is never tried again, whatever restarts.",
        None,
    )


class MqttSecret(Table):
    """Of an MQTT broker."""

    user: Secret[TrunkPassword] = setting("User name at the broker.")
    password: Secret[TrunkPassword] = setting("The password of this user.")


class Hashing(Table):
    """Of telephone numbers told as words (`privacy = "hash"`)."""

    key: Secret[Password] = setting("The same key makes the same words.")


class ProofSecret(Table):
    """Of somebody who may set off actions: given on the page of an action, or made by `linekeeper proof NAME`."""

    pin: Secret[PinHash] | None = setting("The PIN, kept hashed.", None)
    totp: Secret[TotpSecret] | None = setting("What codes of six digits are made of that change twice a minute.", None)
    codes: tuple[Secret[PinHash], ...] = some("Codes of eight digits, each good once, kept hashed.", (), most=CODES)


class MailboxSecret(Table):
    """Of a mailbox: given on its page, or made by `linekeeper proof --mailbox NAME`."""

    pin: Secret[PinHash] = setting("What others listen with, kept hashed.")


class MailSecret(Table):
    """Of the server that sends our e-mail."""

    password: Secret[TrunkPassword] = setting("The password of `user`.")


class RecordingSecret(Table):
    """Of recorded calls. Without the key they were written with they can never be heard again: keep a copy elsewhere."""

    key: Secret[RecordingKey] = setting("What recordings are encrypted with.")
    old: tuple[Secret[RecordingKey], ...] = some("Keys used before, for older recordings.", (), most=20)


class ProvisioningSecret(Table):
    """Of the settings given to telephones: where each finds its own, and what opens its own pages, is made of it."""

    key: Secret[RecordingKey] = setting("Another one makes all of them others.")


class Secrets(Table):
    """The whole of secrets.toml. Values come out by `.get_secret_value()` only. Names without use are no fault."""

    phone: dict[Name, PhoneSecret] = setting("Telephones.", {}, max_length=1000)
    line: dict[Name, LineSecret] = setting("Lines.", {}, max_length=1000)
    mqtt: MqttSecret | None = setting("The MQTT broker; left out: none is asked for.", None)
    broker: dict[Name, MqttSecret] = setting("More MQTT brokers.", {}, max_length=100)
    proof: dict[Name, ProofSecret] = setting("PINs and codes of those who may set off actions.", {}, max_length=250)
    mailbox: dict[Name, MailboxSecret] = setting("PINs of mailboxes.", {}, max_length=500)
    mail: MailSecret | None = setting("The server that sends our e-mail.", None)
    recording: RecordingSecret | None = setting("The key of recorded calls.", None)
    provisioning: ProvisioningSecret | None = setting("The key of the settings given to telephones.", None)
    hashing: Hashing | None = setting(
        "Telephone numbers told as words; left out: the words are others after each start of the bridge.", None
    )


def read_secrets(path: Path) -> Secrets:
    """The secrets in a file; none when there is no file. Raises SettingsFaults, OSError."""
    return documents.check(Secrets, text_of(path), path.name, secret=True)[0]


def missing(settings: Settings, known: Secrets) -> Iterator[Wrong]:
    """The passwords a document needs and a secrets file does not have."""
    for name, phone in settings.phone.items():
        if name not in known.phone and phone.channel is None:
            yield Wrong(
                "no-password",
                ("phone", name),
                _no_password("phone", name),
                True,
            )
    for name, line in settings.line.items():
        if not (line.registers if isinstance(line, SipLine) else isinstance(line, GatewayLine) and line.registers_here):
            continue
        if not (name in known.line and known.line[name].password):
            yield Wrong(
                "no-password",
                ("line", name),
                _no_password("line", name),
                True,
            )
    if settings.recording.rule and settings.recording.encrypt and not known.recording:
        what = Sentence(
            "has no key in {}; accepted: [recording] with key = ... there (`--fill` makes one), or `encrypt = false`",
            FILE,
        )
        yield Wrong("no-key", ("recording", "rule"), what, True)
    if settings.provisioning and not known.provisioning:
        what = Sentence(
            "has no key in {}; accepted: [provisioning] with key = ... there (`--fill` makes one), or left out", FILE
        )
        yield Wrong("no-key", ("provisioning",), what, True)


def registering(settings: Settings, known: Secrets) -> Iterator[tuple[str, str]]:
    """Who may register here, telephones and gateways, and the password of each."""
    for name, phone in settings.phone.items():
        if phone.channel is None and name in known.phone:
            yield name, known.phone[name].password.get_secret_value()
    for name, line in settings.line.items():
        if isinstance(line, GatewayLine) and line.registers_here and (one := known.line.get(name)) and one.password:
            yield account(name), one.password.get_secret_value()


def unproved(settings: Settings, known: Secrets) -> Iterator[Wrong]:
    """The holders of actions who can prove nothing by what a secrets file has; on a box the bridge has a file of its own."""
    for id, action in settings.action.items():
        for i, holder in enumerate(action.holders):
            proof = known.proof.get(holder)
            has = proof and (proof.codes if action.challenge == "code" else getattr(proof, action.challenge or "pin"))
            if not has:
                what = Sentence(
                    "has no {} in {}, so nobody can give it; `linekeeper proof {}` makes one",
                    action.challenge,
                    FILE,
                    holder,
                )
                yield Wrong("no-proof", ("action", id, "holders", i), what)


def fill_secrets(settings: Settings, path: Path) -> Secrets:
    """Add a password of our own for each telephone or gateway without one, and keys that are missing; tell what the file
    then holds.

    Nothing is written when none is missing. Raises SettingsFaults, files.DiskFull, OSError.
    """
    text = text_of(path)
    known, _ = documents.check(Secrets, text, path.name, secret=True)
    new = [f"phone.{name}" for name, one in settings.phone.items() if name not in known.phone and one.channel is None]
    new += [
        f"line.{name}"
        for name, line in settings.line.items()
        if name not in known.line and isinstance(line, GatewayLine) and line.registers_here
    ]
    added = "".join(f'\n[{table}]\npassword = "{secrets.token_urlsafe(STRENGTH)}"\n' for table in new)
    if settings.recording.rule and settings.recording.encrypt and not known.recording:
        added += f'\n[recording]\nkey = "{_key()}"\n'
    if settings.provisioning and not known.provisioning:
        added += f'\n[provisioning]\nkey = "{_key()}"\n'
    if not added:
        return known
    text = (text if not text or text.endswith("\n") else text + "\n") + added
    known, _ = documents.check(Secrets, text, path.name, secret=True)  # `phone = {...}` in one line cannot be added to
    path = path.resolve()
    files.put(files.prepare(path, text.encode(), MODE), path)
    return known


def told(known: Secrets, tables: Iterable[str]) -> dict[str, Any]:
    """Some tables as the file has them, for the program that uses them."""
    return {name: value for name in tables if (value := _bare(getattr(known, name)))}


def over(known: Secrets, more: Mapping[str, Any]) -> Secrets:
    """Secrets with others before them, field by field. Raises ValueError for what are none."""
    return Secrets.model_validate(_over(told(known, Secrets.model_fields), more))


def text_of(path: Path) -> str:
    """A secrets file as it is, "" when there is none. Raises SettingsFaults, OSError."""
    try:
        text, status = documents.load(path)
    except FileNotFoundError:
        return ""
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = Sentence(
            "others may read it (mode {}); accepted: {}", f"{stat.S_IMODE(status.st_mode):04o}", f"{MODE:04o}"
        )
        raise SettingsFaults([Fault("secrets-readable", path.name, 0, 0, "", message)])
    return text


def _bare(value: object) -> Any:
    """As TOML has it: values that are there, and no others."""
    match value:
        case Secret():
            return value.get_secret_value()
        case Table():
            return {key: bare for key in type(value).model_fields if (bare := _bare(getattr(value, key)))}
        case dict():
            return {key: _bare(each) for key, each in value.items()}
        case tuple():
            return [_bare(each) for each in value]
    return value


def _over(under: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _over(under[key], each) for key, each in upper.items() if isinstance(each, dict) and key in under}
    return {**under, **upper, **both}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _no_password(kind: str, name: str) -> Sentence:
    return Sentence('has no password in {}; accepted: [{}.{}] with password = "..." there', FILE, kind, name)
