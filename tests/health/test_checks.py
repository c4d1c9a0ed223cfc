# SPDX-License-Identifier: GPL-2.0-or-later
"""Each thing that can be wrong is told, with what to do about it; and a sound box is told to be sound."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from appliance.control.doctor import Finding, LineChecked, Way
from appliance.control.guard import Ban
from appliance.control.health import Bridge, Broker, Trouble
from appliance.control.live import Live
from appliance.control.messages import Line, Phone
from appliance.control.modems import Modem
from appliance.health import checks
from appliance.health.checks import CHECKS, Row, examine, worst
from appliance.health.facts import Backups, Facts, Hook, Mails, Shown
from appliance.host.machine import Disk, Machine
from appliance.settings import documents
from appliance.settings.models import Settings
from tests.fakes.switch import small_office

NOW = 1_790_000_000_000
DAY, MINUTE = 86_400_000, 60_000
GB = 1_000_000_000
DOCUMENT = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[mqtt]
[mail]
host = "192.0.2.25"
from = "office@example.com"
[mailbox.office]
mail = ["anna@example.com"]
[recording.rule.all]
"""
SETTINGS = documents.check(Settings, DOCUMENT, "office.toml")[0]
BARE = documents.check(Settings, DOCUMENT.partition("[mqtt]")[0], "office.toml")[0]
BROKER = Broker(name="", address="192.0.2.1:1883", connected=True)
SOUND = Way(gain=0.0, noise=-60.0, delay=90.0, clips=None, lost=0, echo_loss=None, echo_delay=None)
LAST = LineChecked(line="city", other="gsm", call=1, at=1, said=SOUND, heard=SOUND)
CITY = Line(id="city", name="City", kind="sip", usable=True, checked=LAST)
GSM = Line(id="gsm", name="Mobile", kind="modem", usable=True, modem=Modem(standing="ready", signal=-71))


def office(**changes: Any) -> Live:
    """One where all is well."""
    well = {
        "lines": (CITY, GSM),
        "phones": (
            Phone(id="desk1", contacts=("sip:desk1@192.0.2.5",)),
            Phone(id="desk2", contacts=("sip:d@192.0.2.6",)),
        ),
        "bridge": Bridge(at=NOW, brokers=(BROKER,)),
    }
    return Live(msgspec.structs.replace(small_office(), **{**well, **changes}))


WELL = Facts(
    NOW,
    office(),
    SETTINGS,
    mails=Mails(),
    hooks=(Hook("http://192.0.2.9/", 0, 0, ""),),
    certificates=(Shown("HTTPS", NOW + 300 * DAY),),
    backups=Backups(NOW - DAY),
    machine=Machine((Disk(20 * GB, 30 * GB),), clock_set=True, hottest=48.2, low_voltage=False, on_battery=False),
)


def found(facts: Facts, id: str) -> Row:
    return next(row for row in examine(facts) if row.id == id)


def checked(id: str, gain: float | None) -> dict[str, Any]:
    """The line City was checked, and this was found of what is said into it."""
    found = Finding(id=id, way="said", words="", todo="")
    last = msgspec.structs.replace(LAST, said=msgspec.structs.replace(SOUND, gain=gain), findings=(found,))
    return {"lines": (msgspec.structs.replace(CITY, checked=last), GSM)}


def broken(standing: str, why: str = "") -> dict[str, Any]:
    return {"lines": (CITY, msgspec.structs.replace(GSM, usable=False, modem=Modem(standing=standing, why=why)))}  # type: ignore[arg-type]


def test_a_sound_box_is_sound_in_every_respect() -> None:
    assert {row.id: row.level for row in examine(WELL)} == {check.id: "good" for check in CHECKS}
    assert worst(examine(WELL)) == "good"


OFFICE: list[tuple[str, dict[str, Any], str, str]] = [  # what is wrong in the office, how bad it is, a word of it
    ("lines", {"lines": ()}, "warning", "nobody can call"),
    ("lines", {"lines": (msgspec.structs.replace(CITY, usable=False),)}, "bad", "“City” is out of order"),
    ("lines", broken("absent"), "bad", "“Mobile” is not found"),
    ("lines", broken("starting"), "warning", "is starting"),
    ("lines", broken("unfit", "sim-missing"), "bad", "no SIM card"),
    ("lines", broken("unfit", "sim-pin-wanted"), "bad", "wants its PIN"),
    ("lines", broken("unfit", "sim-pin-at-risk"), "bad", "wants its PIN"),
    ("lines", broken("unfit", "sim-pin-refused"), "bad", "refused its PIN"),
    ("lines", broken("unfit", "sim-blocked"), "bad", "is blocked"),
    ("lines", broken("unfit", "unknown-modem"), "bad", "cannot be used"),
    ("lines", broken("unfit", "set-up-refused"), "bad", "cannot be used"),
    ("lines", broken("searching"), "bad", "no network"),
    ("lines", broken("silent"), "bad", "does not answer"),
    ("lines", {"lines": (msgspec.structs.replace(GSM, modem=Modem(standing="ready", signal=-109)),)}, "warning", "-109"),
    ("lines", {"lines": (msgspec.structs.replace(GSM, modem=Modem(standing="ready", registration="roaming")),)},
     "warning", "another provider"),
    ("lines", {"lines": (CITY, Line(id="land", name="Land", kind="fxo", usable=False, why="no-channel channel 1: none"))},
     "bad", "“Land”: channel 1: none"),
    ("lines", {"lines": (CITY, Line(id="land", name="Land", kind="fxo", usable=False, why="unplugged"))}, "bad", "“Land”"),
    ("lines", {"lines": (CITY, Line(id="wall", name="Wall", kind="gateway", usable=False, why="not-registered"))},
     "bad", "“Wall”"),
    ("line-checks", checked("one-way", None), "bad", "“City”: what is said into it is not heard"),
    ("line-checks", checked("too-loud", 7.2), "warning", "“City”: what is said into it arrives 7.2 dB too loud"),
    ("line-checks", {"lines": (GSM,)}, "none", "No line was checked"),
    ("phones", {"phones": ()}, "warning", "No telephone is set"),
    ("phones", {"phones": (Phone(id="desk1", contacts=("sip:a",)), Phone(id="desk2"))}, "warning", "desk2"),
    ("phones", {"phones": (Phone(id="desk1"), Phone(id="desk2"))}, "bad", "nobody can be rung"),
    ("journal", {"troubles": (Trouble(id="journal", why="The disk is full.", since=1),)}, "bad", "The disk is full."),
    ("recordings", {"troubles": (Trouble(id="recording", why="no room", since=1),)}, "bad", "no room"),
    ("recordings", {"troubles": (Trouble(id="recording-key", why="3 need it", since=1),)}, "warning", "3 need it"),
    ("settings", {"troubles": (Trouble(id="settings", why="office.toml:3", since=1),)}, "warning", "office.toml:3"),
    ("certificates", {"troubles": (Trouble(id="tls", why="no openssl", since=1),)}, "bad", "no openssl"),
    ("bridge", {"bridge": None}, "bad", "does not run"),
    ("bridge", {"bridge": Bridge(at=NOW - 2 * MINUTE, brokers=(BROKER,))}, "bad", "does not run"),
    ("brokers", {"bridge": Bridge(at=NOW - 2 * MINUTE, brokers=(BROKER,))}, "none", "Not known"),
    ("brokers", {"bridge": Bridge(at=NOW, brokers=(Broker(name="", address="a:1", connected=False, why="refused"),))},
     "bad", "a:1 is not reached: refused"),
    ("brokers", {"bridge": Bridge(at=NOW, brokers=(BROKER, Broker(name="club", address="b:2", connected=False)))},
     "warning", "b:2"),
    ("bans", {"bans": (Ban(address="192.168.1.20", why="passwords", since=1, until=2),)}, "warning", "192.168.1.20"),
    ("bans", {"bans": (Ban(address="fe80::/64", why="passwords", since=1, until=2),)}, "warning", "fe80::/64"),
    ("bans", {"bans": (Ban(address="203.0.113.9", why="passwords", since=1, until=2),)}, "good", "guessing passwords: 1"),
]  # fmt: skip


@pytest.mark.parametrize(("id", "changes", "level", "word"), OFFICE)
def test_what_is_wrong_in_the_office_is_told(id: str, changes: dict[str, Any], level: str, word: str) -> None:
    tell(found(replace(WELL, live=office(**changes)), id), level, word)


def machine(**changes: Any) -> Machine:
    return replace(WELL.machine, **changes)


ELSEWHERE: list[tuple[str, dict[str, Any], str, str]] = [
    ("switch", {"live": None}, "bad", "no call is taken"),
    ("backups", {"backups": None}, "none", "No backups"),
    ("backups", {"backups": Backups()}, "warning", "no backup yet"),
    ("backups", {"backups": Backups(NOW - 3 * DAY)}, "bad", "newest backup is of"),
    ("backups", {"backups": Backups(NOW + 300 * DAY)}, "bad", "newest backup is of"),
    *(
        (id, {"live": None}, "none", "Not known")
        for id in ("lines", "line-checks", "phones", "journal", "recordings", "bans", "bridge")
    ),
    ("pages", {"pages": False}, "bad", "do not answer"),
    ("log-in", {"owner": False}, "warning", "Nobody can log in"),
    ("settings", {"faults": ("office.toml:7: unknown",)}, "warning", "office.toml:7"),
    ("settings", {"settings": None}, "bad", "cannot be read"),
    ("drafts", {"drafts": (("maria", NOW - 3 * DAY),)}, "warning", "maria changed the settings on 2026-09-18"),
    ("drafts", {"drafts": (("maria", NOW - MINUTE),)}, "good", ""),
    ("disk", {"machine": machine(disks=(Disk(90_000_000, 30 * GB),))}, "bad", "90 MB"),
    ("disk", {"machine": machine(disks=(Disk(20 * GB, 30 * GB), Disk(900_000_000, 30 * GB)))}, "warning", "900 MB"),
    ("disk", {"machine": machine(disks=(Disk(4 * GB, 100 * GB),))}, "warning", "4000 MB"),
    ("disk", {"machine": machine(disks=(Disk(20 * GB, 30 * GB, read_only=True),))}, "bad", "cannot be written"),
    ("mail", {"mails": Mails(3, NOW - 40 * MINUTE)}, "warning", "3; the oldest for 40 minutes"),
    ("mail", {"mails": Mails(1, NOW - MINUTE)}, "good", ""),
    ("mail", {"mails": Mails(failed=2)}, "warning", "last week: 2"),
    ("mail", {"mails": None}, "none", "Not known"),
    ("webhooks", {"hooks": (Hook("http://192.0.2.9/", 7, 2, "refused"),)}, "warning", "waiting: 7, given up: 2"),
    ("certificates", {"certificates": (Shown("HTTPS", NOW + 10 * DAY),)}, "warning", "HTTPS runs out on 2026-10-01"),
    ("certificates", {"certificates": (Shown("SIP", NOW + DAY),)}, "bad", "SIP runs out"),
    ("certificates", {"certificates": (Shown("SIP", NOW - DAY),)}, "bad", "ran out on 2026-09-20"),
    ("certificates", {"certificates": (Shown("SIP", None, "No such file"),)}, "bad", "No such file"),
    ("clock", {"machine": machine(clock_set=False)}, "warning", "Nothing sets the clock"),
    ("clock", {"now": 1_000_000_000}, "bad", "1970-01-12"),
    ("clock", {"machine": machine(clock_set=None)}, "none", "does not tell"),
    ("power", {"machine": machine(low_voltage=True)}, "warning", "too little power"),
    ("power", {"machine": machine(on_battery=True)}, "warning", "battery"),
    ("heat", {"machine": machine(hottest=74.6)}, "warning", "75 °C"),
    ("heat", {"machine": machine(hottest=85.0)}, "bad", "85 °C"),
    ("heat", {"machine": Machine()}, "none", "does not tell"),
    *((id, {"settings": BARE}, "none", "Not used") for id in ("bridge", "brokers", "mail", "recordings")),
    ("webhooks", {"hooks": ()}, "none", "Not used"),
    ("certificates", {"certificates": ()}, "none", "Not used"),
]


@pytest.mark.parametrize(("id", "changes", "level", "word"), ELSEWHERE)
def test_what_is_wrong_elsewhere_is_told(id: str, changes: dict[str, Any], level: str, word: str) -> None:
    tell(found(replace(WELL, **changes), id), level, word)


def tell(row: Row, level: str, word: str) -> None:
    first = row.findings[0]
    assert (row.level, first.level) == (level, level)
    assert word in first.words.format(*first.gaps)
    if level in ("warning", "bad"):
        assert first.todo, "whoever is told of it is told what to do"


def test_every_check_has_been_seen_to_find_something() -> None:
    seen = {id for id, _changes, level, _word in (*OFFICE, *ELSEWHERE) if level in ("warning", "bad")}
    assert seen == {check.id for check in CHECKS}


def test_the_worst_comes_first_and_decides() -> None:
    rows = examine(replace(WELL, live=office(phones=()), machine=machine(hottest=90.0), hooks=()))
    assert worst(rows) == "bad"
    assert [row.level for row in checks.by_weight(rows)][:2] == ["bad", "warning"]
    assert checks.by_weight(rows)[-1].id == "webhooks"
    two = found(replace(WELL, live=office(lines=(msgspec.structs.replace(CITY, usable=False),
                msgspec.structs.replace(GSM, modem=Modem(standing="ready", signal=-110))))), "lines")  # fmt: skip
    assert [one.level for one in two.findings] == ["bad", "warning"]


def test_a_hundred_telephones_that_are_away_do_not_fill_the_page() -> None:
    many = tuple(Phone(id=f"desk{n:03}") for n in range(100))
    row = found(replace(WELL, live=office(phones=(*many, Phone(id="here", contacts=("sip:a",))))), "phones")
    assert row.findings[0].gaps == (", ".join(f"desk{n:03}" for n in range(10)) + " + 90",)
