# SPDX-License-Identifier: GPL-2.0-or-later
"""What each way of sharing calls promises, for any people and any callers: exact to one call, at every moment."""

from collections import Counter
from fractions import Fraction

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from appliance.core.names import Why
from tests.core.both import Both
from tests.core.box import Box
from tests.core.histories import Thing, days
from tests.core.histories import offices as any_office
from tests.core.plans import Office

NAMES = ["anna", "boris", "cile", "dora", "egle", "fedor"]


def queue(people: list[str], **how: object) -> Box:
    """All of them in one queue, which rings without music."""
    office = Office(calls_max=50)
    for person in people:
        office.person(person)
    fields = {"music": False, "max_wait": 0, **how}
    office.queue("sales", " ".join(people), **fields)  # type: ignore[arg-type]
    office.line("city", "sales")
    office.step("sales", "queue", "sales")
    return Box(office)


def served(box: Box, seconds: float = 1) -> str:
    """A call comes, is answered by whoever is rung, and ends; who that was."""
    call = box.arrives("city")
    person = box.on_ring(call)
    box.answers(person, call)
    box.wait(seconds)
    box.hangs_up(call)
    box.wants()
    return person


@st.composite
def parts(draw: st.DrawFn) -> dict[str, int]:
    """Shares that are 100 together, from 1 up."""
    people = NAMES[: draw(st.integers(1, 6))]
    cuts = draw(st.sets(st.integers(1, 99), min_size=len(people) - 1, max_size=len(people) - 1))
    edges = [0, *sorted(cuts), 100]
    return {person: b - a for person, a, b in zip(people, edges, edges[1:], strict=False)}


def less_than_a_call_off(given: Counter[str], run: dict[str, int]) -> bool:
    calls = given.total()
    return all(abs(given[p] - Fraction(share * calls, sum(run.values()))) < 1 for p, share in run.items())


# ---- percentages ----------------------------------------------------------------------------------------------------


@given(parts(), st.lists(st.booleans(), max_size=120))
@settings(max_examples=80, deadline=None)
def test_percentages_are_exact_after_every_call_also_when_callers_give_up(
    shares: dict[str, int], answered: list[bool]
) -> None:
    box = queue(list(shares), strategy="percentage", shares=shares)
    given: Counter[str] = Counter()
    for whether in answered:
        if whether:
            given[served(box)] += 1
        else:
            box.hangs_up(box.arrives("city"))
            box.wants()
        assert less_than_a_call_off(given, shares)


@given(parts(), st.lists(st.tuples(st.integers(0, 5), st.integers(1, 12)), max_size=12))
@settings(max_examples=80, deadline=None)
def test_percentages_are_exact_in_every_run_when_people_come_and_go(
    shares: dict[str, int], changes: list[tuple[int, int]]
) -> None:
    box = queue(list(shares), strategy="percentage", shares=shares)
    there = set(shares)
    for who, calls in changes:
        person = list(shares)[who % len(shares)]
        there ^= {person}
        box.status(person, "available" if person in there else "break")
        run = {p: share for p, share in shares.items() if p in there}
        given: Counter[str] = Counter()
        for _ in range(calls if run else 0):
            given[served(box)] += 1
            assert less_than_a_call_off(given, run)


@given(parts(), st.integers(1, 60), st.integers(0, 59))
@settings(max_examples=40, deadline=None)
def test_percentages_go_on_after_a_restart(shares: dict[str, int], calls: int, restart: int) -> None:
    box = queue(list(shares), strategy="percentage", shares=shares)
    given: Counter[str] = Counter()
    for call in range(calls):
        if call == restart:
            box = Box(box.office, box.core.memory())
        given[served(box)] += 1
        assert less_than_a_call_off(given, shares)


def test_who_does_not_answer_is_still_owed_his_part() -> None:
    box = queue(["anna", "boris"], strategy="percentage", shares={"anna": 50, "boris": 50})
    given: Counter[str] = Counter()
    for _ in range(10):  # Anna lets every call ring but the last: what she is owed is not lost
        call = box.arrives("city")
        if (first := box.on_ring(call)) == "anna":
            box.refuses("anna", call)
            first = box.on_ring(call)
        box.answers(first, call)
        box.hangs_up(call)
        box.wants()
        given[first] += 1
    assert given == {"boris": 10}
    assert [served(box) for _ in range(5)] == ["anna"] * 5


@given(parts(), parts(), st.integers(0, 20), st.booleans(), st.booleans())
@example({"anna": 91, "boris": 5, "cile": 4}, {"anna": 63, "boris": 37}, 8, False, True)
@example({"anna": 91, "boris": 5, "cile": 4}, {"anna": 63, "boris": 37}, 8, True, True)
@example({"anna": 91, "boris": 5, "cile": 4}, {"anna": 63, "boris": 37}, 8, False, False)
@example({"anna": 91, "boris": 5, "cile": 4}, {"anna": 63, "boris": 37}, 8, True, False)
@settings(max_examples=200, deadline=None)
def test_percentages_are_exact_after_one_who_shared_has_left_the_queue_or_the_office(
    before: dict[str, int], after: dict[str, int], calls: int, restart: bool, stays: bool
) -> None:
    """What the others were owed beside him put them more than a call off, for as long as they stayed."""
    assume(len(after) < len(before))
    box = queue(list(before), strategy="percentage", shares=before)
    for _ in range(calls):
        served(box)
    office = queue(list(after), strategy="percentage", shares=after).office
    for person in before if stays else ():
        if person not in after:
            office.person(person)
    if restart:
        box = Box(office, box.core.memory())
    else:
        box.core.swap(office.plan(), box.now)
    given: Counter[str] = Counter()
    for _ in range(30):
        given[served(box)] += 1
        assert less_than_a_call_off(given, after)


def test_people_without_a_share_are_rung_only_when_nobody_with_one_is_free() -> None:
    box = queue(["anna", "boris"], strategy="percentage", shares={"anna": 100})
    call = box.arrives("city")
    assert box.on_ring(call) == "anna"
    box.answers("anna", call)
    assert box.on_ring(box.arrives("city")) == "boris"


# ---- turns and counts ------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60))
@settings(max_examples=60, deadline=None)
def test_round_robin_is_exact_among_those_who_are_there(people: int, changes: list[tuple[int, bool]]) -> None:
    """Whoever is rung had his last turn before everybody else who is there."""
    box = queue(NAMES[:people], strategy="round-robin")
    turn: dict[str, int] = dict.fromkeys(NAMES[:people], 0)
    there = set(turn)
    for i, (who, leaves) in enumerate(changes, 1):
        person = NAMES[who % people]
        box.status(person, "break" if leaves and len(there) > 1 else "available")
        there = (there - {person}) if leaves and len(there) > 1 else there | {person}
        rung = served(box)
        assert turn[rung] == min(turn[p] for p in there)
        turn[rung] = i


@given(st.integers(1, 6), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_fewest_calls_keeps_all_within_one_call(people: int, calls: int) -> None:
    box = queue(NAMES[:people], strategy="fewest-calls")
    had = Counter(dict.fromkeys(NAMES[:people], 0))
    for _ in range(calls):
        had[served(box)] += 1
        assert max(had.values()) - min(had.values()) <= 1


@given(st.integers(1, 6), st.lists(st.integers(1, 300), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_least_talk_time_keeps_all_within_the_longest_call(people: int, talks: list[int]) -> None:
    box = queue(NAMES[:people], strategy="least-talk-time")
    talked = Counter(dict.fromkeys(NAMES[:people], 0))
    for seconds in talks:
        rung = served(box, seconds)
        assert talked[rung] == min(talked.values())
        talked[rung] += seconds


@given(st.integers(1, 6), st.lists(st.integers(0, 5), max_size=40))
@settings(max_examples=40, deadline=None)
def test_longest_idle_rings_whose_last_call_ended_first(people: int, pauses: list[int]) -> None:
    box = queue(NAMES[:people], strategy="longest-idle")
    ended = dict.fromkeys(NAMES[:people], 0)
    for pause in pauses:
        rung = served(box)
        assert ended[rung] == min(ended.values())
        ended[rung] = box.now
        box.wait(pause)


@given(st.permutations(NAMES))
@settings(max_examples=20, deadline=None)
def test_fixed_order_rings_the_first_who_is_free(people: list[str]) -> None:
    box = queue(people, strategy="fixed-order")
    for person in people:
        call = box.arrives("city")
        assert box.on_ring(call) == person
        box.answers(person, call)


def test_random_reaches_everybody_about_as_often_and_the_same_when_it_is_replayed() -> None:
    days = [[served(box) for _ in range(600)] for box in (queue(NAMES, strategy="random") for _ in range(2))]
    assert days[0] == days[1]
    assert all(70 <= count <= 130 for count in Counter(days[0]).values())  # 100 each, 3 standard deviations
    assert len(Counter(days[0])) == len(NAMES)


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 100), min_size=1))
@settings(max_examples=40, deadline=None)
def test_best_first_rings_the_best_of_those_who_are_free(levels: dict[str, int]) -> None:
    office = Office()
    for person, level in levels.items():
        office.person(person, level=level)
    office.queue("sales", " ".join(levels), strategy="best-first", music=False, max_wait=0)
    office.line("city", "sales")
    office.step("sales", "queue", "sales")
    box = Box(office)
    for level in sorted(levels.values(), reverse=True):
        call = box.arrives("city")
        rung = box.on_ring(call)
        assert levels[rung] == level
        box.answers(rung, call)


# ---- waiting --------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_ring_widens_at_its_very_second(after: list[int]) -> None:
    office = Office()
    for person in NAMES[: len(after)]:
        office.person(person)
    office.queue("sales", "", widen=list(zip(after, NAMES, strict=False)), ring=100, max_wait=0, music=False)
    office.line("city", "sales")
    office.step("sales", "queue", "sales")
    box = Box(office)
    box.arrives("city")
    words = box.wants()
    for second in range(62):
        rung = {word.split()[0] for word in words}
        assert rung == {person for person, at in zip(NAMES, after, strict=False) if at == second}
        assert box.wait(0.999) == []
        words = box.wait(0.001)


@given(st.lists(st.sampled_from([0, 3, 50, 99]), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_callers_come_by_priority_then_in_order(priorities: list[int]) -> None:
    office = Office(calls_max=20)
    office.person("anna")
    office.queue("sales", "anna", max_wait=0, music=False)
    for priority in sorted(set(priorities)):
        office.line(f"line{priority}", f"step{priority}")
        office.step(f"step{priority}", "priority", next="sales", extra=priority)
    office.line("city", "sales")
    office.step("sales", "queue", "sales")
    box = Box(office)
    talking = box.arrives("city")
    box.wants()
    box.answers("anna")
    waiting = [(-priority, i, box.arrives(f"line{priority}")) for i, priority in enumerate(priorities)]
    for _, _, call in sorted(waiting):
        box.wants()
        box.hangs_up(talking)
        assert box.on_ring(call) == "anna"
        box.answers("anna", call)
        talking = call


@given(st.integers(0, 100), st.integers(1, 100), st.sampled_from([None, 7, 20]))
@settings(max_examples=60, deadline=None)
def test_who_lacks_the_skill_is_rung_only_when_nobody_asks_for_it_any_more(
    has: int, wants: int, until: int | None
) -> None:
    office = Office()
    office.person("anna", skills={"german": has} if has else {})
    office.queue("sales", "anna", any_skill_after=until, max_wait=0, music=False)
    office.line("city", "german")
    office.step("german", "skill", "german", next="sales", extra=wants)
    office.step("sales", "queue", "sales")
    box = Box(office)
    box.arrives("city")
    if has >= wants:
        assert box.wants() == ["anna RINGS A"]
        return
    assert box.wants() == []
    if until is None:
        assert box.wait(3600) == []
    else:
        assert (box.wait(until - 0.001), box.wait(0.001)) == ([], ["anna RINGS A"])


@given(
    st.integers(1, 5), st.lists(st.sampled_from(["rings out", "declines", "answers", "says he is there"]), max_size=30)
)
@settings(max_examples=60, deadline=None)
def test_exactly_so_many_calls_let_ring_in_a_row_pause(after: int, ways: list[str]) -> None:
    office = Office(calls_max=50)
    office.person("anna", pause_after=after, pause_for=60)
    office.line("city", "anna")
    office.step("anna", "person", "anna", extra=5)
    box = Box(office)
    missed = 0
    for way in ways:
        call = box.arrives("city")
        box.wants()
        told: list[str] = []
        if way == "rings out":
            missed += 1
            told = box.wait(5)
        elif way == "declines":
            missed = 0
            box.refuses("anna", call)
        elif way == "answers":
            missed = 0
            box.answers("anna", call)
            box.hangs_up(call)
        else:
            missed = 0
            box.status("anna", "available")
            box.hangs_up(call)
        assert ("anna PAUSED 60" in told) == (missed == after)
        if missed == after:
            missed = 0
            box.wait(60)
        box.wants()


# ---- why ------------------------------------------------------------------------------------------------------------


class Told(Both):
    """Keeps the last word about every caller and person."""

    def start(self) -> None:
        self.last: dict[tuple[int, int], int] = getattr(self, "last", {})
        super().start()

    def heed(self, trace: list[tuple[int, ...]]) -> None:
        for of, rule, _, subject, _ in trace:
            if rule in (Why.RUNG, Why.PASSED, Why.REFUSED, Why.TIMEOUT):
                self.last[of, subject] = rule
        for call in self.model.waiting:
            queue = self.model.queue_of(call)
            rung = {leg.person for leg in call.legs}
            for person, _ in call.plan.run(queue.first, queue.count):
                told = self.last.get((call.id, person))
                assert person in rung if told == Why.RUNG else told == Why.PASSED, (call.id, person, told)


@given(any_office, days)
@settings(max_examples=150, deadline=None)
def test_no_waiting_caller_is_passed_by_without_a_reason(office: Office, day: list[Thing]) -> None:
    both = Told(office)
    for thing in day:
        both.happen(thing)
    both.end()
