# SPDX-License-Identifier: GPL-2.0-or-later
"""Made-up traffic from a description: calls per half hour, how long they talk and wait, who is there."""

import datetime
import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from appliance.core.names import Fact, Status
from appliance.reports.traffic import Known, Traffic, Visit
from appliance.settings import documents
from appliance.settings.faults import Fault, SettingsFaults
from appliance.settings.hours import moment
from appliance.settings.models import Settings
from appliance.settings.sentence import Sentence
from appliance.settings.words import Dialled, Keys

HALF_HOUR = 1_800_000  # ms
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Length(Table):
    """Seconds something takes."""

    mean: Annotated[float, Field(gt=0, le=86_400)]
    distribution: Literal["exponential", "lognormal", "constant"] = "exponential"
    deviation: Annotated[float, Field(gt=0, le=86_400)] | None = None  # lognormal; as the mean when left out

    def drawn(self, chance: Random) -> Callable[[], int]:
        """ms, one after another."""
        mean = self.mean * 1000
        if self.distribution == "constant":
            return lambda: round(mean)
        if self.distribution == "exponential":
            return lambda: round(-math.log(1 - chance.random()) * mean)
        spread = math.sqrt(math.log(1 + ((self.deviation or self.mean) / self.mean) ** 2))
        centre = math.log(mean) - spread * spread / 2
        return lambda: round(math.exp(chance.gauss(centre, spread)))


class PersonTable(Table):
    there: list[tuple[Clock, Clock]] | None = None  # from, until, each day; left out: always
    ignores: Annotated[float, Field(ge=0, le=100)] = 0  # per cent of the calls he lets ring


class TrafficTable(Table):
    begins: str  # "2027-01-11 08:00", in the office's time zone
    half_hours: Annotated[list[Annotated[float, Field(ge=0, le=10_000)]], Field(min_length=1, max_length=48)]
    line: str
    days: Annotated[int, Field(ge=1, le=400)] = 1
    called: Dialled = ""
    callers: list[Dialled] = []  # drawn from; left out: withheld
    talk: Length = Length(mean=180)
    patience: Length | None = None  # left out: they wait for ever
    answer: Length = Length(mean=5, distribution="constant")
    message: Length = Length(mean=20, distribution="constant")
    keys: dict[
        Keys, Annotated[float, Field(gt=0, le=1_000_000)]
    ] = {}  # what is pressed, and how often one is pressed to another
    prompt: Seconds = 0


class Description(Table):
    traffic: TrafficTable
    person: dict[str, PersonTable] = {}


def read(path: Path, settings: Settings) -> Description:
    """A description that fits the settings. Raises SettingsFaults, OSError."""
    described = documents.check(Description, documents.load(path)[0], path.name)[0]
    wrong = [f"person.{name}" for name in described.person if name not in settings.person]
    if described.traffic.line not in settings.line:
        wrong.append(f"line {described.traffic.line}")
    try:
        begin_of(described, settings)
    except ValueError:
        raise _refused(
            path, Sentence("traffic.begins is not accepted; accepted: `2027-01-11 08:00`, of 2000 to 2099")
        ) from None
    if wrong:
        raise _refused(path, Sentence("{}: not in the settings", ", ".join(wrong)))
    return described


def _refused(path: Path, message: Sentence) -> SettingsFaults:
    return SettingsFaults([Fault("bad-traffic", path.name, 0, 0, "", message)])


def begin_of(described: Description, settings: Settings) -> int:
    """ms UTC. Raises ValueError."""
    return _first(described, settings, 0)


def _first(described: Description, settings: Settings, day: int) -> int:
    """ms UTC at which a day's traffic begins: the same on the clock, also when clocks have gone forward or back."""
    local = moment(described.traffic.begins) + datetime.timedelta(days=day)
    return round(local.replace(tzinfo=ZoneInfo(settings.office.time_zone)).timestamp() * 1000)


def draw(described: Description, settings: Settings, seed: int, scale: float = 1.0) -> Traffic:
    """One such traffic: arrivals are a Poisson process whose rate changes each half hour."""
    chance, table = Random(seed), described.traffic
    begin = begin_of(described, settings)
    talk, answer, message = (one.drawn(chance) for one in (table.talk, table.answer, table.message))
    patience = table.patience.drawn(chance) if table.patience else None
    kept = list(table.keys)
    weights = list(table.keys.values())
    visits = []
    for day in range(table.days):
        first = _first(described, settings, day)
        for half_hour, expected in enumerate(table.half_hours):
            at, end = first + half_hour * HALF_HOUR, first + (half_hour + 1) * HALF_HOUR
            rate = expected * scale / HALF_HOUR
            time = float(at)
            while rate and (time := time - math.log(1 - chance.random()) / rate) < end:
                visit = Visit(int(time), table.line, called=table.called, talk=talk(), answer=answer())
                visit.message = message()
                visit.patience = max(patience(), 1) if patience else 0
                visit.number = chance.choice(table.callers) if table.callers else ""
                visit.keys = chance.choices(kept, weights)[0] if kept else ""
                visits.append(visit)
    visits.sort(key=lambda visit: visit.at)  # a day of 23 hours may end in the next one
    ignores = {name: round(one.ignores * 10) for name, one in described.person.items()}
    facts = _facts(described, settings, begin)
    return Traffic(begin, visits, facts, ignores, say=round(table.prompt * 1000))


def _facts(described: Description, settings: Settings, begin: int) -> list[Known]:
    zone = ZoneInfo(settings.office.time_zone)
    facts = [Known(begin - 1, Fact.LINE, line, 1) for line in settings.line]
    facts += [Known(begin - 1, Fact.REACHABLE, name, 1) for name in settings.person]
    first = datetime.datetime.fromtimestamp(begin / 1000, zone).date()
    for name, one in described.person.items():
        if one.there is None:
            continue
        facts.append(Known(begin - 1, Fact.STATUS, name, Status.OFF))
        for day in range(-1, described.traffic.days + 1):
            for since, until in one.there:
                for clock, status in ((since, Status.AVAILABLE), (until, Status.OFF)):
                    at = _instant(first + datetime.timedelta(days=day), clock, zone)
                    facts.append(Known(max(at, begin - 1), Fact.STATUS, name, status))
    return sorted(facts, key=lambda fact: fact.at)


def _instant(day: datetime.date, clock: str, zone: ZoneInfo) -> int:
    hours, minutes = map(int, clock.split(":"))
    midnight = datetime.datetime.combine(day, datetime.time(), zone)
    local = datetime.datetime.combine(day, datetime.time(hours % 24, minutes), zone)
    return round((local.timestamp() if hours < 24 else (midnight + datetime.timedelta(days=1)).timestamp()) * 1000)
