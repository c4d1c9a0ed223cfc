# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is still to be called back, as a journal tells it that was written as the switch writes it."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.calls.messages import Message
from appliance.core.names import Because, Why
from appliance.store.journal import Journal
from appliance.store.missed import Missed, MissedBook
from appliance.store.reader import Reader

T = 1_790_000_000_000  # ms UTC
ONA, JONAS = "+37060000001", "+37060000002"


class Days:
    """A journal, minute by minute."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path, lambda id, said: pytest.fail(said), delay=0.01)
        self.read = Reader(path)
        self.book, self.ended = (
            MissedBook(self.read),
            set[int](),
        )  # as the switch keeps it: told of each call that ended
        self.now = T

    def call(self, caller: str, outcome: str = "abandoned", *, line: str = "city", why: Why | None = None) -> int:
        """Somebody called, a minute later than the one before; why: something that was noted of it."""
        self.now += 60_000
        id, answered = self.journal.next_call_id(), self.now + 1 if outcome == "answered" else None
        self.journal.call(id, self.now, line, caller, "+37060000099", "")
        if why:
            self.journal.trace(id, self.now, why, Because.NONE, "sales", 0)
        self.ended.add(id)
        self.journal.over(id, self.now + 2, outcome, "sales" if line == "city" else "", "", answered)
        return id

    def calls_out(self, *numbers: str, answers: str = "") -> None:
        """One of ours calls a number, and then others; one of them may answer."""
        self.now += 60_000
        id = self.journal.next_call_id()
        self.journal.call(id, self.now, "phones", "101", numbers[0], "")
        self.journal.leg(id, 0, self.now, "desk1", "caller", "started")
        self.journal.leg(id, 0, self.now, "desk1", "caller", "answered")
        for nth, number in enumerate(numbers, 1):
            at = self.now + 10 * nth
            self.journal.event(id, at, "outgoing", {"number": number, "kind": "mobile", "person": "anna"})
            self.journal.leg(id, nth, at + 1, "city", "trunk", "started")
            if number == answers:
                self.journal.leg(id, nth, at + 2, "city", "trunk", "answered")
        self.ended.add(id)
        self.journal.over(id, self.now + 100, "answered" if answers else "refused", "", "", None)

    def message(self, call: int, caller: str, *, handled: bool) -> None:
        self.journal.message(Message(call, "office", self.now, caller, "", 1000, "a.wav", "", "new", handled, 0, ""))

    def open(self, since: int = 0) -> list[Missed]:
        assert asyncio.run(asyncio.wait_for(self.journal.durable(), 20))
        kept, self.ended = self.book.look(since, self.ended), set()
        assert kept == MissedBook(self.read).look(since), "what is kept is what the whole journal says"
        return kept

    def numbers(self) -> list[str]:
        return [one.number for one in self.open()]


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    opened = Days(tmp_path / "journal.db")
    yield opened
    opened.journal.close()


def test_a_caller_who_gave_up_is_open_once_with_his_first_and_last_call(days: Days) -> None:
    days.call(ONA)
    days.call(JONAS, "voicemail")
    days.call(ONA)
    assert [(one.number, one.calls, one.since - T, one.at - T) for one in days.open()] == [
        (ONA, 2, 60_000, 180_000), (JONAS, 1, 120_000, 120_000)
    ]  # fmt: skip
    assert days.open()[0].queue == "sales"
    assert [one.number for one in days.open(since=T + 150_000)] == [ONA]


def test_somebody_spoke_to_him_when_he_called_again_and_he_is_open_no_more(days: Days) -> None:
    days.call(ONA)
    days.call(ONA, "self-service")
    assert days.numbers() == [ONA]
    days.call(ONA, "answered")
    assert days.numbers() == []
    days.call(ONA)
    assert [one.calls for one in days.open()] == [1], "what came before the talk is settled"


def test_he_was_called_back_and_answered(days: Days) -> None:
    days.call(ONA)
    days.call(JONAS)
    days.calls_out(ONA)
    assert days.numbers() == [JONAS, ONA], "he did not answer"
    days.calls_out(ONA, JONAS, answers=JONAS)
    assert days.numbers() == [ONA], "another one answered, whom the same call was sent on to"
    days.calls_out(ONA, answers=ONA)
    assert days.numbers() == []
    days.call(ONA)
    assert days.numbers() == [ONA]


def test_his_message_was_handled(days: Days) -> None:
    days.call(ONA)
    left = days.call(ONA, "voicemail")
    days.message(left, ONA, handled=False)
    assert days.numbers() == [ONA]
    days.message(left, ONA, handled=True)
    assert days.numbers() == []
    days.call(ONA)
    assert days.numbers() == [ONA]


def test_who_shows_no_number_or_is_one_of_ours_or_was_spoken_to_is_not_open(days: Days) -> None:
    days.call("")
    days.call("101", line="phones")
    days.call(ONA, "answered")
    assert days.numbers() == []


@pytest.mark.parametrize(("why", "missed"), [(None, False), (Why.ACTION, False), (Why.RUNG, True), (Why.PASSED, True)])
def test_who_was_turned_away_was_missed_when_somebody_was_looked_for(why: Why | None, missed: bool, days: Days) -> None:
    days.call(ONA, "refused", why=why)
    assert bool(days.numbers()) is missed


def test_what_is_told_call_by_call_is_what_the_whole_journal_says_whatever_happens(days: Days) -> None:
    chance, left = random.Random(7), 0
    for _ in range(300):
        who, other = chance.choices([ONA, JONAS, "+37060000003", ""], k=2)
        match chance.randrange(7):
            case 0:
                days.calls_out(who or ONA, other or JONAS, answers=chance.choice([who, other]))
            case 1 if left:
                days.message(left, who, handled=chance.random() < 0.6)
            case 2:
                days.call(who, "answered")
            case _:
                left = days.call(
                    who, chance.choice(["abandoned", "voicemail", "refused"]), why=chance.choice([None, Why.RUNG])
                )
        if chance.random() < 0.5:
            days.open(since=max(T, days.now - 3_600_000))  # what is older than an hour is let go


def test_a_journal_begun_anew_is_asked_anew(days: Days, tmp_path: Path) -> None:
    days.call(ONA)
    assert days.numbers() == [ONA]
    fresh = Days(tmp_path / "other.db")
    fresh.call(JONAS)
    fresh.journal.close()
    days.read.path = tmp_path / "other.db"
    assert [one.number for one in days.book.look(0)] == [JONAS]
