# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole traffic in virtual time: what callers and people do is done to the core, and what becomes of them is told."""

import itertools
import struct
import threading
from collections import Counter
from random import Random

import pytest

from appliance.core import CoreError, replay
from appliance.core.names import Fact, Outcome, Override, Status
from tests.core import offices
from tests.core.box import NINE
from tests.core.plans import Office
from tests.core.traffic import ARRIVAL, NEVER, arrivals, everybody, everyone, exponential, facts, manners, poisson, run

MINUTE = 60_000


def turns(people: int = 3, **how: object) -> Office:
    office = Office(calls_max=50)
    names = [f"person{i}" for i in range(people)]
    for name in names:
        office.person(name)
    office.queue("sales", " ".join(names), **{"strategy": "round-robin", "max_wait": 0, **how})  # type: ignore[arg-type]
    office.line("city", "sales")
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("mailbox", "voicemail", "office")
    return office


# ---- one call ---------------------------------------------------------------------------------------------------------


def test_a_caller_is_answered_talks_and_leaves() -> None:
    office = offices.two_desks()
    [call], loads = run(office, arrivals(office, "city", [NINE], talk=[MINUTE], answer=[3_000]))
    assert call.outcome == Outcome.ANSWERED
    assert (call.answered_at, call.over_at, call.waited) == (NINE + 3_000, NINE + 3_000 + MINUTE, 3_000)
    assert (office.names[call.person], office.names[call.queue], call.rung) == ("anna", "sales", 2)
    assert loads["anna"][1:] == (1, 1, MINUTE)
    assert loads["boris"][1:] == (0, 1, 0)


def test_a_caller_without_patience_hangs_up() -> None:
    office = offices.two_desks()
    [call], _ = run(office, arrivals(office, "city", [NINE], answer=[9_000], patience=[4_000]))
    assert (call.outcome, call.over_at, call.waited, call.person) == (Outcome.ABANDONED, NINE + 4_000, 4_000, 0)


def test_nobody_picks_up_and_a_message_is_left() -> None:
    office = offices.two_desks()
    [call], loads = run(office, arrivals(office, "city", [NINE], answer=[NEVER], message=[20_000]))
    assert (call.outcome, call.waited, call.over_at) == (Outcome.VOICEMAIL, MINUTE, NINE + MINUTE + 20_000)
    assert loads["anna"].rung == 2  # 20 s, 10 s later again, and then the minute is over


def test_how_somebody_took_this_call_is_done_again() -> None:
    office = offices.chain()
    rows = bytearray(arrivals(office, "city", [NINE], talk=[MINUTE], answer=[1_000]))
    ARRIVAL.pack_into(rows, 0, *(*ARRIVAL.unpack(rows)[:9], 3, *ARRIVAL.unpack(rows)[10:]))
    known = manners(office, ("anna", NEVER, 0), ("boris", 2_000, 21), ("cile", 4_000, 0))
    [call], loads = run(office, rows, manners=known)
    assert (office.names[call.person], call.waited, call.rung) == ("cile", 15_000 + 4_000, 3)
    assert {name: load.calls for name, load in loads.items()} == {"anna": 0, "boris": 0, "cile": 1}


def test_the_second_time_he_is_rung_may_be_known_too() -> None:
    office = turns(1)
    rows = bytearray(arrivals(office, "city", [NINE], talk=[MINUTE]))
    ARRIVAL.pack_into(rows, 0, *(*ARRIVAL.unpack(rows)[:9], 2, *ARRIVAL.unpack(rows)[10:]))
    [call], _ = run(office, rows, manners=manners(office, ("person0", NEVER, 0), ("person0", 7_000, 0)))
    assert (call.rung, call.waited) == (2, 20_000 + 10_000 + 7_000)


def test_somebody_called_outside_answers_or_refuses() -> None:
    office = offices.outside()
    anna = [office.id("person", "anna")]
    rows = arrivals(office, "desks", [NINE], called="037060000001", person=anna, talk=[MINUTE], answer=[5_000])
    [call], _ = run(office, rows)
    assert (call.outcome, call.waited, call.person) == (Outcome.ANSWERED, 5_000, 0)
    ARRIVAL.pack_into(rows, 0, *(*ARRIVAL.unpack(rows)[:9], 1, *ARRIVAL.unpack(rows)[10:]))
    [call], _ = run(office, rows, manners=manners(office, ("", 2_000, 17)))
    assert (call.outcome, call.waited) == (Outcome.REFUSED, 4_000)  # both lines were tried


def test_a_key_is_pressed_when_a_menu_asks() -> None:
    office = turns(2)
    office.line("city", "menu")
    office.step("menu", "menu", "welcome", "", "mailbox", 2, exits={"1": "sales", "2": "bye"}, seconds=5)
    office.step("bye", "hang-up", 17)
    rows = {
        key: arrivals(office, "city", [NINE], keys=key, talk=[1_000], message=[1_000]) for key in ("1", "2", "91", "")
    }
    ends = {key: run(office, row, say_ms=3_000, key_ms=500)[0][0] for key, row in rows.items()}
    assert (ends["1"].outcome, ends["1"].waited) == (Outcome.ANSWERED, 3_500)
    assert ends["2"].outcome in (Outcome.SELF_SERVICE, Outcome.REFUSED)
    assert (ends["91"].outcome, ends["91"].waited) == (Outcome.ANSWERED, 7_000)
    assert (ends[""].outcome, ends[""].waited) == (Outcome.VOICEMAIL, 2 * (3_000 + 5_000))


def test_what_is_looked_up_is_found_or_fails() -> None:
    office = turns(2)
    office.line("city", "crm")
    office.step("crm", "look-up", "crm", "sales", "mailbox", attribute="who", seconds=2)
    row = arrivals(office, "city", [NINE], talk=[1_000])
    crm = struct.pack("=III32s", office.id("lookup", "crm"), 700, 1, b"sales")
    assert run(office, row)[0][0].outcome == Outcome.VOICEMAIL
    [call], _ = run(office, row, look_ups=crm)
    assert (call.outcome, call.waited) == (Outcome.ANSWERED, 700)
    [late], _ = run(office, row, look_ups=struct.pack("=III32s", office.id("lookup", "crm"), NEVER, 1, b""))
    assert (late.outcome, late.waited) == (Outcome.VOICEMAIL, 2_000)


# ---- people and lines -------------------------------------------------------------------------------------------------


def test_who_is_away_is_not_rung() -> None:
    office = offices.two_desks()
    away = facts((NINE, Fact.STATUS, office.id("person", "anna"), Status.BREAK))
    [call], loads = run(office, arrivals(office, "city", [NINE + 1], answer=[1_000]), more=away)
    assert (office.names[call.person], loads["anna"].rung) == ("boris", 0)


def test_hours_held_closed_send_callers_to_the_mailbox() -> None:
    office = offices.hours()
    held = facts((NINE, Fact.OVERRIDE, office.id("hours", "office"), Override.HELD_CLOSED))
    row = arrivals(office, "city", [NINE + 1], answer=[1_000])
    assert run(office, row)[0][0].outcome == Outcome.ANSWERED
    assert run(office, row, more=held)[0][0].outcome == Outcome.VOICEMAIL


def test_who_lets_calls_ring_does_so_in_so_many_of_a_thousand() -> None:
    office = turns(1, ring=5, max_wait=5)
    count = 20_000
    at = [NINE + i * MINUTE for i in range(count)]
    calls, _ = run(office, arrivals(office, "city", at, answer=[1_000] * count), ignores=250)
    ignored = sum(call.outcome == Outcome.VOICEMAIL for call in calls)
    assert abs(ignored - count / 4) < 4 * (count * 0.25 * 0.75) ** 0.5
    assert calls == run(office, arrivals(office, "city", at, answer=[1_000] * count), ignores=250)[0]


def test_an_unknown_line_lets_nobody_in() -> None:
    office = turns()
    rows = arrivals(office, "city", [NINE, NINE + 1], talk=[1, 1])
    struct.pack_into("=I", rows, 8, office.id("line", "nowhere"))
    calls, _ = run(office, rows)
    assert [call.outcome for call in calls] == [0, Outcome.ANSWERED]


def test_as_many_calls_as_the_box_may_have_and_no_more() -> None:
    office = turns(1)
    office.calls_max = 2
    calls, _ = run(office, arrivals(office, "city", [NINE] * 4, talk=[MINUTE] * 4))
    assert Counter(call.outcome for call in calls) == {Outcome.ANSWERED: 2, Outcome.REFUSED: 2}


def test_who_waits_for_ever_hangs_up_in_the_end() -> None:
    office = turns(2)
    office.line("city", "alone")
    office.queue("alone", "", max_wait=0, join_when_empty=True)
    office.step("alone", "queue", "alone")
    [call], _ = run(office, arrivals(office, "city", [NINE]))
    assert call.outcome == Outcome.ABANDONED


# ---- strategies, exactly ----------------------------------------------------------------------------------------------


def test_turns_are_exact_in_a_replay() -> None:
    office = turns(7)
    calls, loads = run(
        office, arrivals(office, "city", [NINE + i * MINUTE for i in range(7_003)], talk=[1_000] * 7_003)
    )
    assert sorted(load.calls for load in loads.values()) == [1_000] * 4 + [1_001] * 3
    given = [call.person for call in calls]
    assert all(len(set(given[i : i + 7])) == 7 for i in range(len(given) - 7))


def test_percentages_are_exact_to_one_call_at_every_moment_of_a_replay() -> None:
    shares = {"person0": 50, "person1": 33, "person2": 17}
    office = turns(3, strategy="percentage", shares=shares)
    count = 10_000
    calls, loads = run(
        office, arrivals(office, "city", [NINE + i * MINUTE for i in range(count)], talk=[1_000] * count)
    )
    given = Counter[str]()
    for n, call in enumerate(calls, start=1):
        given[office.names[call.person]] += 1
        assert all(abs(given[name] - share * n / 100) < 1 for name, share in shares.items())
    assert {name: load.calls for name, load in loads.items()} == {name: share * 100 for name, share in shares.items()}


# ---- the run itself ---------------------------------------------------------------------------------------------------


def busy(count: int = 5_000) -> tuple[Office, bytearray]:
    chance, office = Random(7), turns(5, max_wait=90)
    columns = {"talk": 150_000, "patience": 80_000, "answer": 6_000, "message": 20_000}
    drawn = {name: [ms + 1 for ms in exponential(chance, mean, count)] for name, mean in columns.items()}
    return office, arrivals(office, "city", poisson(chance, 5.2 / 150_000, count), **drawn)


def test_the_same_traffic_always_ends_the_same_way() -> None:
    office, rows = busy()
    first = run(office, rows, ignores=100, spread=500)
    assert first == run(office, rows, ignores=100, spread=500)
    assert len({call.path for call in first[0]}) == 5 + 2  # each of them answers, or nobody does, in two ways
    assert {call.outcome for call in first[0]} == {Outcome.ANSWERED, Outcome.VOICEMAIL, Outcome.ABANDONED}


def test_every_call_ends_and_nobody_talks_to_two_callers_at_once() -> None:
    office, rows = busy()
    calls, loads = run(office, rows, ignores=100)
    assert all(call.over_at > 0 and call.outcome for call in calls)
    talks = sorted((call.person, call.answered_at, call.over_at) for call in calls if call.person)
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in itertools.pairwise(talks))
    for name, load in loads.items():
        mine = [over - answered for person, answered, over in talks if person == office.id("person", name)]
        assert (load.calls, load.talk) == (len(mine), sum(mine))


def test_progress_is_told_and_may_end_the_run() -> None:
    office = turns(5)
    count = 1_000_000
    rows = arrivals(office, "city", range(NINE, NINE + count * 10, 10), patience=[1] * count)

    class Enough(Exception):
        pass

    def enough(done: int) -> None:
        assert 0 < done < count
        raise Enough

    with pytest.raises(Enough):
        run(office, rows, progress=enough)


def test_other_threads_go_on_meanwhile() -> None:
    office, rows = busy(100_000)
    over = threading.Event()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while not over.wait(0.001):
            ticks += 1

    ticking = threading.Thread(target=tick)
    ticking.start()
    replay(office.plan(), rows, facts=everybody(office), people=everyone(office))
    during = ticks
    over.set()
    ticking.join()
    assert during > 5


def test_what_is_no_traffic_is_refused() -> None:
    office = turns()
    plan = office.plan()
    with pytest.raises(ValueError, match="whole records"):
        replay(plan, b"x" * 127)
    with pytest.raises(CoreError) as unsorted:
        replay(plan, arrivals(office, "city", [NINE + 1, NINE]))
    assert unsorted.value.id == "bad-event"
    with pytest.raises(CoreError) as damaged:
        replay(b"LKPL" + bytes(100), b"")
    assert damaged.value.id == "bad-plan"
    rows = arrivals(office, "city", [NINE])
    ARRIVAL.pack_into(rows, 0, *(*ARRIVAL.unpack(rows)[:9], 1, *ARRIVAL.unpack(rows)[10:]))
    with pytest.raises(CoreError) as outside:
        replay(plan, rows)
    assert outside.value.id == "bad-event"


def test_nobody_calls() -> None:
    assert run(turns(), b"")[0] == []
