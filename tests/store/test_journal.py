# SPDX-License-Identifier: GPL-2.0-or-later
"""What the box remembers of its calls, and what it says when it cannot."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.calls import ports
from appliance.calls.texts import JOINED, PART, Sms
from appliance.core.names import Why
from appliance.store.journal import BATCH, Journal
from appliance.store.reader import Binding, Call, Event, Leg, Reader, Trace, Unreadable

T = 1_790_000_000_000  # ms UTC
PATIENCE = 10.0  # seconds a test waits for the writer


class Box:
    """A journal as the switch holds it, and what it was told of troubles."""

    def __init__(self, path: Path, **how: float) -> None:
        self.path = path
        self.troubles: Queue[tuple[str, str]] = Queue()
        self.journal = Journal(path, lambda id, said: self.troubles.put((id, said)), **how)  # type: ignore[arg-type]
        self.read = Reader(path)

    def told(self) -> tuple[str, str]:
        return self.troubles.get(timeout=PATIENCE)

    def settle(self) -> bool:
        return asyncio.run(asyncio.wait_for(self.journal.durable(), PATIENCE))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    opened = Box(tmp_path / "journal.db", delay=0.02, retry=0.02)
    yield opened
    opened.journal.close()


def test_call_control_may_use_it(box: Box) -> None:
    kept: ports.Journal = box.journal
    kept.flush()


def test_an_answered_call_is_remembered_with_its_legs_events_and_why(box: Box) -> None:
    journal = box.journal
    call = journal.next_call_id()
    journal.call(call, T, "city", "+37060000001", "+37060000099", "Mr Kazlauskas")
    journal.leg(call, 0, T, "city", "caller", "started")
    journal.trace(call, T + 1, 5, 0, "sales", 1)
    for leg, phone in ((1, "desk1"), (2, "desk2")):
        journal.leg(call, leg, T + 10, phone, "phone", "started")
        journal.leg(call, leg, T + 60, phone, "phone", "rang")
    journal.event(call, T + 60, "ringing", {"people": ["anna", "boris"]})
    journal.leg(call, 1, T + 5000, "desk1", "phone", "answered")
    journal.leg(call, 2, T + 5010, "desk2", "phone", "ended", 26)
    journal.leg(call, 0, T + 9000, "city", "caller", "ended", 16)
    journal.leg(call, 1, T + 9001, "desk1", "phone", "ended", 16)
    journal.over(call, T + 9000, "answered", "sales", "anna", T + 5000)
    assert box.settle()

    assert box.read.calls() == [
        Call(call, T, "city", "+37060000001", "+37060000099", "Mr Kazlauskas", "sales", "anna", T + 5000, T + 9000,
             "answered")
    ]  # fmt: skip
    assert box.read.legs(call) == [
        Leg(0, "city", "caller", T, None, None, T + 9000, 16),
        Leg(1, "desk1", "phone", T + 10, T + 60, T + 5000, T + 9001, 16),
        Leg(2, "desk2", "phone", T + 10, T + 60, None, T + 5010, 26),
    ]
    assert box.read.events(call) == [Event(T + 60, "ringing", {"people": ["anna", "boris"]})]
    assert box.read.trace(call) == [Trace(T + 1, 5, 0, "sales", 1)]


def test_the_newest_calls_come_first_and_can_be_chosen(box: Box) -> None:
    for n, outcome in enumerate(("answered", "abandoned", "answered")):
        box.journal.call(n + 1, T + n, "city", "", "", "")
        box.journal.over(n + 1, T + 100, outcome, "", "", None)
    assert box.settle()
    assert [row.id for row in box.read.calls()] == [3, 2, 1]
    assert [row.id for row in box.read.calls(limit=1)] == [3]
    assert [row.id for row in box.read.calls(since=T + 1)] == [3, 2]
    assert [row.id for row in box.read.calls(outcome="abandoned")] == [2]


def test_missed_counts_outside_callers_nobody_spoke_to(box: Box) -> None:
    ends = ("abandoned", "voicemail", "refused", "answered", "self-service")
    for n, outcome in enumerate(ends):
        box.journal.call(n + 1, T, "city", "", "", "")
        box.journal.over(n + 1, T + 9, outcome, "", "", T + 1 if outcome == "answered" else None)
    box.journal.call(80, T, "city", "", "", "")  # kept out, or let in at a gate, before anybody was looked for
    box.journal.over(80, T + 9, "refused", "", "", None)
    box.journal.trace(3, T + 1, Why.RUNG, 0, "anna", 0)
    box.journal.call(90, T, "phones", "101", "102", "")
    box.journal.over(90, T + 9, "abandoned", "", "", None)
    assert box.settle()
    assert box.read.missed() == 3
    assert box.read.missed(since=T + 1) == 0


def test_callers_are_known_by_their_last_call_and_by_who_spoke_to_them_last(box: Box) -> None:
    for n, (caller, outcome, person) in enumerate(
        [
            ("+1", "answered", "anna"),
            ("+2", "abandoned", ""),
            ("+1", "voicemail", ""),
            ("", "answered", "anna"),
            ("+2", "answered", "boris"),
            ("+3", "self-service", ""),
        ]
    ):
        box.journal.call(n + 1, T + n, "city", caller, "", "")
        box.journal.over(n + 1, T + n, outcome, "", person, T + n if person else None)
    box.journal.call(90, T + 9, "phones", "+9", "102", "")
    box.journal.over(90, T + 9, "abandoned", "", "", None)
    box.journal.call(91, T + 10, "city", "+8", "", "")  # under way
    assert box.settle()
    known = [("+1", True, "anna", T), ("+2", False, "boris", T + 4), ("+3", False, "", 0)]
    assert [tuple(one) for one in box.read.callers(10)] == known
    assert [tuple(one) for one in box.read.callers(2)] == known[1:]
    assert [tuple(one) for one in box.read.dialled(2)] == [("102", "+9", T + 9)]


def test_an_event_may_belong_to_no_call(box: Box) -> None:
    box.journal.event(0, T, "line", {"line": "city", "usable": False})
    assert box.settle()
    assert box.read.events(0) == [Event(T, "line", {"line": "city", "usable": False})]


def test_a_call_cut_by_a_crash_ends_at_the_last_thing_known(tmp_path: Path) -> None:
    first = Box(tmp_path / "journal.db")
    first.journal.call(1, T, "city", "+37060000001", "", "")
    first.journal.leg(1, 0, T, "city", "caller", "started")
    first.journal.leg(1, 1, T + 700, "desk1", "phone", "answered")
    first.journal.trace(1, T + 800, 9, 0, "anna", 0)
    first.journal.call(2, T + 5, "city", "", "", "")
    first.journal.close()  # a crash is nothing else to the next start: no end was written

    second = Box(tmp_path / "journal.db")
    unanswered, answered = second.read.calls()
    assert (answered.outcome, answered.ended_at, answered.answered_at) == ("cut", T + 800, T + 700)
    assert (unanswered.outcome, unanswered.ended_at, unanswered.answered_at) == ("cut", T + 5, None)
    assert [leg.ended_at for leg in second.read.legs(1)] == [T + 800, T + 800]
    assert second.read.missed() == 1
    second.journal.close()


def test_call_ids_never_repeat_even_when_the_clock_went_back(tmp_path: Path) -> None:
    ahead = ((time.time_ns() // 1_000_000) + 3_600_000) << 10  # a call made when the clock was an hour ahead
    first = Box(tmp_path / "journal.db")
    ids = [first.journal.next_call_id() for _ in range(5000)]
    assert sorted(set(ids)) == ids
    assert ids[-1] < 2**53  # exact in every JSON reader
    first.journal.call(ahead, T, "city", "", "", "")
    first.journal.close()
    second = Box(tmp_path / "journal.db")
    assert second.journal.next_call_id() > ahead
    second.journal.close()


def test_registrations_survive_a_restart_until_they_expire(tmp_path: Path) -> None:
    soon = time.time_ns() // 1_000_000 + 60_000
    first = Box(tmp_path / "journal.db")
    first.journal.bind("desk1", "sip:desk1@127.0.0.1:5062", "127.0.0.1:5062", soon, "baresip")
    first.journal.bind("desk1", "sip:desk1@127.0.0.1:5062", "127.0.0.1:5062", soon + 5, "baresip")
    first.journal.bind("desk2", "sip:desk2@127.0.0.1:5064", "127.0.0.1:5064", soon, "")
    first.journal.unbind("desk2", "sip:desk2@127.0.0.1:5064")
    first.journal.bind("desk3", "sip:desk3@127.0.0.1:5066", "127.0.0.1:5066", T - 100_000_000_000, "")
    first.journal.close()
    second = Box(tmp_path / "journal.db")
    expected = [Binding("desk1", "sip:desk1@127.0.0.1:5062", "127.0.0.1:5062", soon + 5, "baresip")]
    assert second.read.bindings(now=soon) == expected
    assert second.read.bindings(now=0) == expected  # the expired one is gone from the disk too
    second.journal.close()


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=st.characters(), max_size=50))
def test_whatever_a_caller_calls_himself_is_kept_or_told_harmlessly(text: str) -> None:
    hostile = "'); DROP TABLE call; --\0\ud800" + text
    box = _shared_box()
    call = box.journal.next_call_id()
    box.journal.call(call, T, hostile, hostile, hostile, hostile * 4)
    box.journal.event(call, T, hostile, {hostile: hostile})
    box.journal.over(call, T, hostile, hostile, hostile, None)
    assert box.settle()
    [row] = [row for row in box.read.calls(limit=1) if row.id == call]
    assert row.name.startswith("'); DROP TABLE call; --\ufffd?")
    assert len(row.name) == min(256, 4 * len(hostile))
    [event] = box.read.events(call)
    assert event.detail == json.loads(json.dumps({hostile: hostile}))  # JSON joins two halves of a letter
    assert box.troubles.empty()


_boxes: list[Box] = []


def _shared_box() -> Box:
    return _boxes[0]


@pytest.fixture(autouse=True, scope="module")
def _one_box_for_all_examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    _boxes.append(Box(tmp_path_factory.mktemp("hostile") / "journal.db"))
    yield
    _boxes.pop().journal.close()


def test_numbers_no_database_can_hold_cost_only_their_row(box: Box) -> None:
    box.journal.call(1, T, "city", "", "", "")
    box.journal.trace(1, T, 1, 0, "", 2**70)
    box.journal.call(1, T, "the same id again", "", "", "")
    box.journal.over(1, T + 1, "answered", "", "", T)
    assert box.settle()
    assert [row.outcome for row in box.read.calls()] == ["answered"]
    id, said = box.told()
    assert (id, box.journal.refused) == ("journal-row", 2)
    assert "refused 2 of" in said


def test_a_long_detail_is_told_by_its_length(box: Box) -> None:
    box.journal.event(0, T, "sip", {"body": "x" * 100_000})
    assert box.settle()
    assert box.read.events(0)[0].detail == {"too_long": 100_012}


def test_what_is_known_of_a_call_is_kept_though_its_beginning_was_lost(box: Box) -> None:
    box.journal.leg(7, 1, T, "desk1", "phone", "started")
    box.journal.over(8, T, "answered", "", "", None)
    assert box.settle()
    assert {row.id for row in box.read.calls()} == {7, 8}
    assert [leg.party for leg in box.read.legs(7)] == ["desk1"]


def test_an_unknown_leg_state_is_a_fault_of_the_program(box: Box) -> None:
    with pytest.raises(KeyError):
        box.journal.leg(1, 1, T, "desk1", "phone", "sleeping")


def test_while_the_journal_is_locked_calls_go_on_and_the_loss_is_told(tmp_path: Path) -> None:
    box = Box(tmp_path / "journal.db", delay=0.0, retry=0.02, room=100)
    assert box.settle()
    holder = sqlite3.connect(box.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    begun = time.monotonic()
    box.journal.call(1, T, "city", "", "", "")
    for n in range(200):
        box.journal.event(1, T + n, "dtmf", {"digit": "1"})
    for n in range(60):
        box.journal.call(n + 2, T, "city", "", "", "")
    assert time.monotonic() - begun < 0.4  # LOCK_WAIT is 0.5: telling waits for no lock
    id, said = box.told()
    assert id == "journal-locked"
    assert "kept in memory" in said

    holder.execute("COMMIT")
    holder.close()
    id, said = box.told()
    # of 100 places 50 are for calls and legs alone: the first call, 49 events, then 50 of the 60 calls
    assert (id, box.journal.dropped) == ("journal-recovered", 151 + 10)
    assert "161 rows were lost" in said
    assert len(box.read.calls()) == 51
    assert len(box.read.events(1)) == 49
    box.journal.close()


def test_a_waiter_is_told_when_the_journal_ends_before_writing(tmp_path: Path) -> None:
    box = Box(tmp_path / "journal.db", delay=0.0, retry=0.02)
    assert box.settle()
    holder = sqlite3.connect(box.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    answers: Queue[bool] = Queue()
    box.journal.call(1, T, "city", "", "", "")
    box.journal.flush(answers.put)
    assert box.told()[0] == "journal-locked"
    box.journal.close()
    holder.close()
    assert answers.get(timeout=PATIENCE) is False
    assert box.told() == ("journal-lost", "The journal was closed before 1 rows could be written.")
    box.journal.flush(answers.put)
    assert answers.get(timeout=PATIENCE) is False


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"not a database at all " * 1000),
        lambda path: path.write_bytes(path.read_bytes()[:100] + b"\xff" * 4000 + path.read_bytes()[4100:]),
        lambda path: path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2]),
        lambda path: _scribble_over_old_events(path),
    ],
    ids=["foreign", "first page lost", "half lost", "a page lost"],
)
def test_a_damaged_journal_is_set_aside_and_a_new_one_begun(tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "journal.db"
    before = Box(path)
    for n in range(500):
        before.journal.call(n + 1, T, "city", "+37060000001", "+37060000099", "Mr Kazlauskas")
        before.journal.event(n + 1, T, "ringing", {"people": ["anna", "boris"]})
    before.journal.close()
    spoil(path)  # type: ignore[operator]
    damaged = path.read_bytes()

    box = Box(path, delay=0.0, retry=0.02)
    id, said = box.told()
    assert id == "journal-corrupt"
    box.journal.call(1000, T, "city", "", "", "")
    assert box.settle()
    assert [row.id for row in box.read.calls()] == [1000]
    [aside] = [found for found in tmp_path.iterdir() if found.name.startswith("journal.db.2") and "-" not in found.name]
    assert str(aside) in said
    assert len(aside.read_bytes()) == len(damaged)
    box.journal.close()


def _scribble_over_old_events(path: Path) -> None:
    """A page that nothing reads in the course of new calls."""
    content = bytearray(path.read_bytes())
    page = content.index(b"ringing") // 4096 * 4096
    content[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(content)


def test_no_place_for_the_journal_is_told_and_it_begins_once_there_is_one(tmp_path: Path) -> None:
    box = Box(tmp_path / "later" / "journal.db", delay=0.0, retry=0.02)
    id, said = box.told()
    assert id == "journal-unwritable"
    assert str(box.path) in said
    box.journal.call(1, T, "city", "", "", "")
    with pytest.raises(Unreadable):
        box.read.calls()
    box.path.parent.mkdir()
    assert box.told()[0] == "journal-recovered"
    assert [row.id for row in box.read.calls()] == [1]
    box.journal.close()


def _delete_all(path: Path) -> None:
    for file in path.parent.glob("journal.db*"):
        file.unlink()


def _put_back_an_older_copy(path: Path) -> None:
    with sqlite3.connect(path) as live, sqlite3.connect(path.with_name("copy")) as copy:
        live.backup(copy)
        copy.execute("DELETE FROM call")
        copy.commit()
        copy.execute("PRAGMA journal_mode = DELETE")
    live.close()
    copy.close()
    path.with_name("copy").rename(path)


@pytest.mark.parametrize(
    ("lose", "gone", "left"),
    [
        (Path.unlink, "journal.db.", []),
        (_delete_all, "journal.db, journal.db-wal, journal.db-shm, journal.db.lock.", []),
        (lambda path: path.rename(path.with_name("old")), "journal.db.", []),
        (_put_back_an_older_copy, "journal.db.", []),
        (lambda path: Path(f"{path}-wal").unlink(), "journal.db-wal.", [1]),
        (lambda path: Path(f"{path}-shm").unlink(), "journal.db-shm.", [1]),
        (lambda path: Path(f"{path}.lock").unlink(), "journal.db.lock.", [1]),
    ],
    ids=["the database", "every file", "moved away", "an older copy put back", "-wal", "-shm", ".lock"],
)
def test_a_journal_deleted_or_replaced_in_use_is_told_and_calls_are_kept_from_then_on(
    box: Box, lose: Callable[[Path], object], gone: str, left: list[int]
) -> None:
    box.journal.call(1, T, "city", "", "", "")
    assert box.settle()
    lose(box.path)
    for call in (2, 3):
        box.journal.call(call, T + call, "city", "+37060000001", "", "")
        box.journal.over(call, T + 9, "answered", "", "anna", T + 5)
        assert box.settle()
        assert [row.id for row in box.read.calls()] == [*range(call, 1, -1), *left]
    id, said = box.told()
    assert (id, said.endswith(f": {gone} The journal goes on in what is there now.")) == ("journal-gone", True), said
    assert box.told()[0] == "journal-recovered"

    box.journal.leg(1, 0, T + 20, "city", "caller", "ended", 16)  # a call that began before goes on
    box.journal.over(1, T + 20, "answered", "", "boris", T + 1)
    assert box.settle()
    ended = {row.id: (row.outcome, row.person) for row in box.read.calls()}
    assert ended == {1: ("answered", "boris"), 2: ("answered", "anna"), 3: ("answered", "anna")}
    with closing(sqlite3.connect(box.path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert box.troubles.empty()


def test_opened_again_in_use_the_journal_does_not_cut_the_calls_that_go_on(box: Box) -> None:
    box.journal.call(1, T, "city", "", "", "")
    box.journal.leg(1, 0, T, "city", "caller", "started")
    assert box.settle()
    Path(f"{box.path}-shm").unlink()
    box.journal.event(1, T + 1, "dtmf", {})
    assert box.settle()
    assert box.told()[0] == "journal-gone"
    assert (box.read.calls()[0].outcome, box.read.legs(1)[0].ended_at) == (None, None)


def test_a_journal_deleted_while_it_could_not_be_written_begins_anew_with_what_waited(tmp_path: Path) -> None:
    box = Box(tmp_path / "journal.db", delay=0.0, retry=0.02)
    assert box.settle()
    with closing(sqlite3.connect(box.path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        box.journal.call(1, T, "city", "", "", "")
        assert box.told()[0] == "journal-locked"
        _delete_all(box.path)
        assert [box.told()[0], box.told()[0]] == ["journal-gone", "journal-recovered"]
        assert [row.id for row in box.read.calls()] == [1]
    box.journal.close()


def test_deleted_in_the_midst_of_writing_nothing_called_kept_is_lost(box: Box) -> None:
    class Time(int):
        """SQLite asks for its value inside the transaction; at that moment, once, the file is deleted."""

        def __conform__(self, protocol: object) -> int:
            if deletions:
                deletions.pop()()
            return int(self)

    deletions = [box.path.unlink]
    assert box.settle()
    box.journal.call(1, Time(T), "city", "", "", "")
    assert box.settle()
    assert not deletions
    assert [row.id for row in box.read.calls()] == [1]


def test_before_there_is_a_journal_a_reader_says_so_plainly(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with pytest.raises(
        Unreadable, match=r"^The journal .*/journal\.db cannot be read: it is not there yet, or may not be"
    ):
        Reader(path).bindings(0)
    path.touch()
    with pytest.raises(Unreadable, match=r"cannot be read: it is still empty, or of another version\.$"):
        Reader(path).calls()
    path.write_bytes(b"not a database at all " * 1000)
    with pytest.raises(Unreadable, match=r"cannot be read: it is no database\.$"):
        Reader(path).missed()


def test_a_rush_of_rows_is_written_in_few_strokes(box: Box) -> None:
    begun = time.monotonic()
    for call in range(1, 501):
        box.journal.call(call, T, "city", "+37060000001", "", "")
        for n in range(19):
            box.journal.trace(call, T + n, 7, 3, "boris", n)
        box.journal.over(call, T + 20, "abandoned", "sales", "", None)
    assert time.monotonic() - begun < 2.0  # seconds for 10,500 rows told
    assert box.settle()
    assert time.monotonic() - begun < 6.0  # and written: a hundred times what a busy office makes
    assert len(box.read.calls(limit=1000)) == 500
    assert len(box.read.trace(500)) == 19
    assert BATCH >= 2000


def test_no_transaction_ends_between_a_text_and_the_parts_it_was_put_together_from(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A box that is killed there would tell those parts once more, a day later, as a text with a gap."""
    monkeypatch.setattr("appliance.store.journal.BATCH", 1)  # as with a backlog: a transaction ends after any row
    found: list[dict[str, int]] = []
    kept = Journal._kept

    def look(journal: Journal, *written: Any) -> None:
        with closing(sqlite3.connect(box.path)) as db:
            found.append(dict(db.execute("SELECT state, count(*) FROM sms GROUP BY state")))
        kept(journal, *written)

    monkeypatch.setattr(Journal, "_kept", look)
    parts = [Sms(id, "gsm", PART, T, 0, "+37060000001", "half", False, f"part {id}", "00") for id in (1, 2)]
    whole = Sms(3, "gsm", "received", T, 0, "+37060000001", "halfhalf", True, "whole")

    async def comes() -> None:
        for part in parts:
            await box.journal.sms_once(part)
        assert await box.journal.sms_once(whole, (1, 2))

    asyncio.run(asyncio.wait_for(comes(), PATIENCE))
    assert found[-1] == {JOINED: 2, "received": 1}
    assert all(PART not in states for states in found if "received" in states)
