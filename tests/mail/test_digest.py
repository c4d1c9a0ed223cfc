# SPDX-License-Identifier: GPL-2.0-or-later
"""The digest of calls: when it is due, what it says, and that it comes once, whatever happens to whom."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.mail import digest
from appliance.mail.digests import Digests
from appliance.mail.post import Post
from appliance.programs.demo.ports import Ports
from appliance.reports.day import Day
from appliance.reports.load import Load, Report
from appliance.settings.digest import Digest
from appliance.settings.models import Settings
from appliance.store.missed import Missed
from appliance.store.office import Office
from appliance.store.reader import Reader
from tests.fakes.mail_server import MailServer
from tests.mail.test_letter import body as lines
from tests.mail.test_letter import read
from tests.mail.test_sender import going
from tests.settings.documents import TWO, settings
from tests.web.kept import DOCUMENT, Kept, T

ZONE = ZoneInfo("Europe/Vilnius")
A, B = "a@example.com", "b@example.com"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def body(mail: EmailMessage) -> str:
    return lines(mail).replace("\r\n", "\n")


def clocks(moments: Sequence[int]) -> list[str]:
    return [f"{datetime.fromtimestamp(one / 1000, ZONE):%m-%d %H:%M}" for one in moments]


# ---- when it is due ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "since", "until", "due"),
    [
        ("18:00", "2026-09-22 18:00", "2026-09-24 17:59", ["09-23 18:00"]),
        ("00:00", "2026-09-22 23:59", "2026-09-24 00:00", ["09-23 00:00", "09-24 00:00"]),
        ("03:30", "2026-03-28 03:30", "2026-03-30 03:30", ["03-29 04:30", "03-30 03:30"]),  # the clock skips it
        ("03:30", "2026-10-24 03:30", "2026-10-26 03:29", ["10-25 03:30"]),  # and shows it twice
        ("18:00", "2026-09-22 18:00", "2026-09-22 18:01", []),
    ],
)
def test_it_is_due_once_a_day_by_the_clock_of_the_office(clock: str, since: str, until: str, due: list[str]) -> None:
    assert clocks(Digest(to=(A,), at=clock).due(ZONE, at(since), at(until))) == due


def test_the_day_on_which_the_clock_is_turned_is_told_whole() -> None:
    daily = Digest(to=(A,), at="00:00")
    for day, hours in (("2026-03-30", 23), ("2026-10-26", 25), ("2026-09-24", 24)):
        until = at(f"{day} 00:00")
        assert until - daily.begins(ZONE, until) == hours * HOUR


def test_one_on_working_days_tells_of_the_weekend_too_and_a_weekly_one_of_the_week() -> None:
    working = Digest(to=(A,), days=("mon", "tue", "wed", "thu", "fri"))
    assert clocks([working.begins(ZONE, at("2026-09-21 18:00"))]) == ["09-18 18:00"]
    weekly = Digest(to=(A,), days=("fri",))
    assert clocks([weekly.begins(ZONE, at("2026-10-30 18:00"))]) == ["10-23 18:00"]


# ---- what it says -----------------------------------------------------------------------------------------------------

TABLE = "\ufeffcall,begins\r\n1,2026-09-23 11:00:00\r\n"
BUSY = Report(
    total=Load(42, 35, 7, 28, 315_000, 4_000_000),
    hours={(1, 18): Load(2, 2), (2, 11): Load(12, 10, 2), (2, 14): Load(12, 12)},
    queues={"sales": Load(30, 26, 4, 24), "gone": Load(1)},
)
TOLD = Day(
    at("2026-09-22 18:00"),
    at("2026-09-23 18:00"),
    BUSY,
    3,
    [
        Missed("+37060000001", "Mr\r\nKazlauskas", T - HOUR, T, 2, "city", "sales"),
        Missed("+37060000002", "", T, T, 1, "city", ""),
    ],
    TABLE,
)
ENGLISH = """\
From 2026-09-22 at 18:00 to 2026-09-23 at 18:00, Small Ltd.

Calls in: 42
Answered: 35
Missed: 7
Of these, left a message: 3
Service level: 67 %, answered within 20 seconds
Mean wait: 9 seconds
Busiest hour: from 2026-09-23 at 11:00, 12 calls

Queues
Sales: 30 in, 26 answered, 4 missed, service level 80 %
gone: 1 in, 0 answered, 0 missed

To be called back: 2
Mr Kazlauskas +37060000001, 2 calls, last 2026-09-23 at 11:00
+37060000002, 1 call, last 2026-09-23 at 11:00

The calls are attached as a table.
"""
RUSSIAN = """\
С 22.09.2026 18:00 по 23.09.2026 18:00, Small Ltd.

Входящих звонков: 42
Отвечено: 35
Пропущено: 7
Из них оставили сообщение: 3
Уровень обслуживания: 67 %, ответ за 20 секунд
Среднее ожидание: 9 секунд
Самый занятой час: с 23.09.2026 11:00, 12 звонков

Очереди
Sales: звонков 30, отвечено 26, пропущено 4, уровень обслуживания 80 %
gone: звонков 1, отвечено 0, пропущено 0

Надо перезвонить: 2
Mr Kazlauskas +37060000001, 2 звонка, последний 23.09.2026 11:00
+37060000002, 1 звонок, последний 23.09.2026 11:00

Звонки приложены таблицей.
"""
UKRAINIAN = """\
Від 22.09.2026 18:00 до 23.09.2026 18:00, Small Ltd.

Вхідних дзвінків: 42
Відповіли: 35
Пропущено: 7
З них залишили повідомлення: 3
Рівень обслуговування: 67 %, відповідь за 20 секунд
Середнє очікування: 9 секунд
Найзавантаженіша година: з 23.09.2026 11:00, 12 дзвінків

Черги
Sales: дзвінків 30, відповіли 26, пропущено 4, рівень обслуговування 80 %
gone: дзвінків 1, відповіли 0, пропущено 0

Треба передзвонити: 2
Mr Kazlauskas +37060000001, 2 дзвінки, останній 23.09.2026 11:00
+37060000002, 1 дзвінок, останній 23.09.2026 11:00

Дзвінки додано таблицею.
"""


def office(language: str = "en") -> Settings:
    mail = '[mail]\nhost = "mail.example.com"\nfrom = "box@example.com"\n'
    text = TWO.replace("[office]\n", f'[office]\nlanguage = "{language}"\n')
    queue = '[queue.sales]\nname = "Sales"\npeople = ["anna"]\n'
    return settings(f'{text}{queue}{mail}[digest]\nto = ["{A}"]\n')


@pytest.mark.parametrize(
    ("language", "subject", "text"),
    [
        ("en", "Calls of Small Ltd until 2026-09-23 at 18:00", ENGLISH),
        ("ru", "Звонки, Small Ltd, по 23.09.2026 18:00", RUSSIAN),
        ("uk", "Дзвінки, Small Ltd, до 23.09.2026 18:00", UKRAINIAN),
    ],
)
def test_it_tells_of_the_day_in_the_language_of_the_office(language: str, subject: str, text: str) -> None:
    mail = read(digest.letter(office(language), TOLD, (A, B)))
    assert body(mail) == text
    assert (mail["Subject"], mail["To"]) == (subject, f"{A}, {B}")
    [table] = mail.iter_attachments()
    assert (table.get_content_type(), table.get_filename()) == ("text/csv", "calls-2026-09-23.csv")
    assert table.get_content() == TABLE


def test_a_day_without_calls_is_told_in_few_lines() -> None:
    mail = read(digest.letter(office(), TOLD._replace(report=Report(), messages=0, missed=[], table=""), (A,)))
    told = body(mail).splitlines()[2:]
    assert told == [
        "Calls in: 0", "Answered: 0", "Missed: 0", "Of these, left a message: 0", "", "To be called back: 0"
    ]  # fmt: skip
    assert not list(mail.iter_attachments())


def test_of_very_many_missed_callers_fifty_are_named() -> None:
    mail = digest.letter(office(), TOLD._replace(missed=TOLD.missed * 40), (A,), whole=False)
    assert "To be called back: 80" in body(mail)
    assert body(mail).count("last 2026") == 50
    assert "The list of missed callers has the others." in body(mail)


# ---- it comes once ----------------------------------------------------------------------------------------------------

NIGHT = at("2026-10-26 00:00")  # after a day of 25 hours
EARLY, LATE = NIGHT - 25 * HOUR + MINUTE, NIGHT - MINUTE


class Clock:
    """Of the box; passed: what has looked at it since it was set."""

    def __init__(self) -> None:
        self.set("2026-10-25 23:59")

    def set(self, text: str) -> None:
        self.shows, self.looks, self.looked = at(text), 0, asyncio.Event()

    def __call__(self) -> float:
        self.looks += 1
        if self.looks == 3:  # so a whole look has passed
            self.looked.set()
        return self.shows / 1000


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    (tmp_path / "state").mkdir()
    kept = Kept(tmp_path / "state")
    kept.call(EARLY)
    left = kept.call(LATE, person="", outcome="voicemail", caller="+37060000002", name="=Petras")
    kept.journal.event(left, LATE, "voicemail", {})
    kept.call(LATE + 1, person="", outcome="voicemail", caller="+37060000003")  # hung up at the greeting
    kept.call(EARLY - 2 * MINUTE)  # of the day before
    kept.call(NIGHT)  # of the day after
    async with kept:
        yield kept


@pytest.fixture
async def server(tmp_path: Path, ports: Ports) -> AsyncIterator[MailServer]:
    async with MailServer(tmp_path / "mail", ports.take()) as server:
        yield server


def document(port: int, more: str = "") -> str:
    mail = f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nfrom = "box@example.com"\n'
    return f'{DOCUMENT}{mail}[digest]\nto = ["{A}", "{B}"]\nat = "00:00"\n{more}'


async def _no_password() -> str:
    return ""


@asynccontextmanager
async def sending(kept: Kept, clock: Callable[[], float], text: str) -> AsyncIterator[None]:
    """The web program's part that sends, from its start to its end."""
    with closing(Office(kept.state / "pages")) as office:
        reader = Reader(kept.state / "journal.db")
        sends = Digests(Post(_no_password), office.digests, reader, now=clock, look_every=0.05, first_wait=0.1)
        sends.configure(settings(text))
        async with going(sends.run()):
            yield


async def test_at_the_turn_of_the_day_the_calls_of_25_hours_are_told(kept: Kept, server: MailServer) -> None:
    clock = Clock()
    async with sending(kept, clock, document(server.port, "calls = true")):
        await clock.looked.wait()
        assert server.mails() == []
        clock.set("2026-10-26 00:00")
        [mail] = await server.came(1)
    told = body(mail)
    assert "Calls in: 3\nAnswered: 1\nMissed: 2\nOf these, left a message: 1\n" in told
    assert "Sales: 3 in, 1 answered, 2 missed, service level 33 %" in told
    assert "To be called back: 2\n" in told and "\n=Petras +37060000002, 1 call, last 2026-10-25 at 23:59" in told
    assert mail["X-To"] == f"{A}, {B}"
    [table] = mail.iter_attachments()
    assert [row.split(";")[3:5] for row in table.get_content().splitlines()[1:]] == [
        ["+37060000003", ""], ["+37060000002", "'=Petras"], ["+37060000001", ""]
    ]  # fmt: skip


async def test_a_restart_sends_it_no_second_time_and_loses_none(kept: Kept, server: MailServer) -> None:
    clock, text = Clock(), document(server.port)
    async with sending(kept, clock, text):
        await clock.looked.wait()
    clock.set("2026-10-26 00:00")  # the box was off as it was due
    async with sending(kept, clock, text):
        await server.came(1)
        await clock.looked.wait()
    clock.set("2026-10-26 23:59")
    async with sending(kept, clock, text):
        await clock.looked.wait()
        assert len(server.mails()) == 1
        clock.set("2026-10-27 00:00")
        assert [subject(mail) for mail in await server.came(2)] == ["26.10", "27.10"]


def subject(mail: EmailMessage) -> str:
    """The day it was due."""
    _, month, day = str(mail["Subject"]).split(" at ")[0].rpartition(" ")[2].split("-")
    return f"{day}.{month}"


async def test_a_server_that_was_away_gets_each_when_it_is_back_and_what_is_too_old_is_given_up(
    kept: Kept, tmp_path: Path, ports: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    server, clock = MailServer(tmp_path / "mail", ports.take()), Clock()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(sending(kept, clock, document(server.port)))
        await clock.looked.wait()
        for day in ("2026-10-26 00:00", "2026-10-27 00:00", "2026-10-29 00:01"):
            clock.set(day)
            await clock.looked.wait()
        await stack.enter_async_context(server)
        assert [subject(mail) for mail in await server.came(3)] == ["27.10", "28.10", "29.10"]
    assert "is given up" in caplog.text


async def test_who_is_put_off_gets_it_later_and_the_others_only_once(kept: Kept, server: MailServer) -> None:
    clock = Clock()
    server.answers({B: "451 Greylisted"})
    async with sending(kept, clock, document(server.port)):
        await clock.looked.wait()
        clock.set("2026-10-26 00:00")
        await server.tried(2)
        server.answers()
        assert [mail["X-To"] for mail in await server.came(2)] == [A, B]


async def test_one_switched_on_tells_from_then_on(kept: Kept, server: MailServer) -> None:
    clock = Clock()
    clock.set("2026-10-26 00:01")
    async with sending(kept, clock, document(server.port)):
        await clock.looked.wait()
        assert server.mails() == []
    async with sending(kept, clock, DOCUMENT):  # switched off, and on again days later
        await asyncio.sleep(0)
    clock.set("2026-10-28 12:00")
    async with sending(kept, clock, document(server.port)):
        await clock.looked.wait()
        assert server.mails() == []
