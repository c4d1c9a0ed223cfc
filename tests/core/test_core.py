# SPDX-License-Identifier: GPL-2.0-or-later
"""What the stories cannot tell: the why, restarts, new settings, and what the core refuses."""

import re
from pathlib import Path

import pytest

from appliance.core import Command, Core, CoreError, number_lookup
from appliance.core.names import Do, Fact, Outcome, Why
from tests.core import offices
from tests.core.box import NINE, Box, refused
from tests.core.plans import Office

ROOT = Path(__file__).parents[2]


def test_why_tells_who_was_rung_who_was_passed_over_and_why() -> None:
    box = Box(offices.turns())
    box.status("anna", "break")
    box.arrives("city")
    assert box.reasons() == [
        "ARRIVED city",
        "STEP sales",
        "QUEUED sales",
        "PASSED anna STATUS",
        "PASSED cile NOT_YET",
        "RUNG boris NEXT_TURN",
    ]
    box.wants()
    box.refuses("boris")
    assert box.reasons() == ["REFUSED boris DECLINED", "PASSED boris DECLINED", "RUNG cile NEXT_TURN"]
    box.wants()
    box.wait(2)
    box.answers("cile")
    assert box.reasons() == ["ANSWERED cile"]
    box.hangs_up("A")
    assert box.reasons() == ["HUNG_UP", "OVER cile"]
    box.arrives("city")
    assert "PASSED cile WRAP_UP" in box.reasons()


def test_why_tells_of_lists_actions_hours_and_the_ways_a_step_ended() -> None:
    box = Box(offices.hours())
    box.arrives("city", "4477009000")
    assert box.reasons() == [
        "ARRIVED city",
        "CALLER regulars",
        "ACTION lamp",
        "STEP who",
        "STEP anna",
        "RUNG anna DIRECT",
    ]
    box.wants()
    box.arrives("city", "15550100")
    assert box.reasons() == [
        "ARRIVED city",
        "STEP who",
        "STEP open",
        "HOURS office OPEN",
        "STEP anna OPEN",
        "PASSED anna RINGING",
        "STEP mailbox RINGING",
    ]
    box.wait(20)
    assert box.reasons() == ["TIMEOUT anna NO_ANSWER", "STEP mailbox NO_ANSWER"]


def test_numbers_of_the_trace_are_what_its_rule_says() -> None:
    box = Box(offices.two_desks())
    box.arrives("city")
    first = box.arrives("city")
    box.wants()
    assert [(t.call, t.detail) for t in box.why if t.rule == Why.QUEUED] == [(1, 1), (2, 2)]
    box.now += 2500
    box.answers("anna", "A")
    box.wants()
    assert [t.detail for t in box.why if t.rule == Why.ANSWERED] == [2500]
    box.hangs_up(first)
    box.wants()
    assert [t.detail for t in box.why if t.rule == Why.OVER] == [Outcome.ABANDONED]


def test_a_person_passed_over_for_one_reason_is_told_once() -> None:
    box = Box(offices.two_desks())
    box.status("boris", "break")
    box.arrives("city")
    for _ in range(5):
        box.telephones("anna", 2)
    assert [line for line in box.reasons() if line.startswith("PASSED")] == ["PASSED boris STATUS"]


def test_withheld_number_is_on_no_list_even_when_everybody_else_is() -> None:
    office = offices.hours()
    office.callers("everybody", *(f"{digit}*" for digit in range(1, 10)))
    office.action("door", "everybody", "city")
    box = Box(office)
    assert "door DUE A" in (box.arrives("city", "7"), box.wants())[1]
    assert "door DUE B" not in (box.arrives("city", ""), box.wants())[1]
    assert "door DUE C" not in (box.arrives("backup", "7"), box.wants())[1]


def test_a_number_is_found_exactly_then_by_its_longest_prefix() -> None:
    office = offices.hours()
    numbers = ["37060000001", "447700900012", "44770090001", "4477009000", "370", "37", "", "+37060000001", "0" * 16]
    assert number_lookup(office.plan(), numbers) == [0, 1, 1, 1, 2, -1, -1, -1, -1]


def test_scenario_that_goes_round_in_circles_ends_the_call() -> None:
    office = Office()
    office.hours("office", (0, 1))
    office.line("city", "round")
    office.step("round", "hours", "office", next="round", other="round")
    box = Box(office)
    box.arrives("city")
    assert box.wants() == ["A ENDED 25", "A OVER refused"]
    told = box.reasons()
    assert told[-1] == "OVER LOOP"
    assert sum(line.startswith("STEP") for line in told) == 64


def test_actions_are_for_the_first_64_lines() -> None:
    office = Office()
    office.callers("regulars", "1*")
    for line in range(70):
        office.line(f"line{line}")
    office.action("lamp", "regulars", *(f"line{line}" for line in range(64)))
    box = Box(office)
    assert "lamp DUE A" in (box.arrives("line63", "15550100"), box.wants())[1]
    for line in range(64, 70):
        call = box.arrives(f"line{line}", "15550100")
        assert box.wants() == [f"{call} ENDED 1", f"{call} OVER refused"]


def test_a_caller_does_not_count_as_one_who_could_answer_him() -> None:
    box = Box(offices.two_desks())
    box.telephones("boris", 0)
    box.arrives("desks", called="100", by="anna")
    assert box.wants() == ["A ANSWERED", "A MAILBOX office"]


def test_callers_who_come_on_in_the_same_moment_keep_their_order() -> None:
    office = Office()
    for person in ("anna", "boris"):
        office.person(person)
    office.queue("nobody", "", join_when_empty=True, max_wait=10)
    office.queue("sales", "anna boris", strategy="round-robin")
    office.line("city", "nobody")
    office.step("nobody", "queue", "nobody", next="sales")
    office.step("sales", "queue", "sales")
    box = Box(office)
    for _ in range(3):
        box.arrives("city")
    box.wants()
    assert [word for word in box.wait(10) if "RINGS" in word] == ["anna RINGS A", "boris RINGS B"]


# ---- what the model found -------------------------------------------------------------------------------------------


def test_a_menu_that_leads_to_itself_ends_after_a_thousand_steps() -> None:
    office = Office()
    office.line("city", "menu")
    office.step("menu", "menu", "welcome", extra=1, exits={"1": "menu"}, seconds=5)
    box = Box(office)
    box.arrives("city")
    for _ in range(999):
        box.wants()
        box.digit("A", "1")
    assert box.wants() == ["A HUSH", "A ASKS welcome"]
    box.digit("A", "1")
    assert box.wants() == ["A HUSH", "A ENDED 25", "A OVER refused"]


def test_a_call_that_goes_round_is_refused_whatever_it_was_served_before() -> None:
    office = Office()
    office.line("city", "number")
    office.step("number", "collect", "number", "round", extra=1, attribute="number", least=1, most=1, seconds=5)
    office.step("round", "compare", "number", "round", "round", text="1")
    box = Box(office)
    box.arrives("city")
    box.wants()
    box.digit("A", "1")
    assert box.wants() == ["A HUSH", "A SET number 1", "A ENDED 25", "A OVER refused"]


def test_nothing_typed_before_the_end_of_a_number_is_no_wrong_key() -> None:
    office = Office()
    office.line("city", "number")
    office.step("number", "collect", "number", extra=2, attribute="number", least=1, most=2, seconds=5)
    box = Box(office)
    box.arrives("city")
    box.wants()
    box.reasons()
    box.digit("A", "#")
    assert (box.wants(), box.reasons()) == (["A HUSH", "A ASKS number"], [])


def test_a_pause_ends_by_the_clock_also_when_the_tick_comes_late() -> None:
    office = Office()
    office.person("anna", pause_after=1, pause_for=60)
    office.queue("sales", "anna", ring=5, max_wait=0, music=False)
    office.line("city", "sales")
    office.step("sales", "queue", "sales")
    box = Box(office)
    box.arrives("city")
    box.wait(5)
    box.hangs_up("A")
    box.wants()
    box.now += 60_000  # and no tick
    box.arrives("city")
    assert box.wants() == ["anna RINGS B"]


def test_one_fact_sends_a_caller_into_a_queue_or_out_of_it_but_not_both() -> None:
    office = Office()
    for person in ("anna", "dora"):
        office.person(person, pause_after=1, pause_for=600)
    office.queue("sales", "anna", ring=7, max_wait=0, leave_when_empty=True)
    office.line("city", "sales")
    office.line("direct", "dora")
    office.step("dora", "person", "dora", next="sales", extra=7)
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("mailbox", "voicemail", "office")
    box = Box(office)
    box.arrives("direct")
    box.arrives("city")
    box.wants()
    said = box.wait(7)  # both ring their time: Anna, the last of the queue, is paused as the first caller comes to it
    assert [word for word in said if word.startswith("A ")] == ["A ANSWERED", "A MUSIC sales"]
    assert said[-1] == "B MAILBOX office"
    box.status("dora", "available")
    assert box.wants() == ["A MAILBOX office"]


# ---- restarts -------------------------------------------------------------------------------------------------------


def test_turns_and_statuses_survive_a_restart() -> None:
    box = Box(offices.turns())
    box.arrives("city")
    box.status("boris", "away")
    after = Box(offices.turns(), box.core.memory())
    after.arrives("city")
    assert after.wants() == ["cile RINGS A"]  # anna had the last one, boris is away


def test_memory_of_people_who_left_is_no_harm() -> None:
    box = Box(offices.turns())
    box.arrives("city")
    box.status("cile", "away")
    after = Box(offices.two_desks(), box.core.memory())
    after.arrives("city")
    assert after.wants()[2:] == ["anna RINGS A", "boris RINGS A"]


def test_damaged_memory_is_refused() -> None:
    memory = Box(offices.turns()).core.memory()
    for damaged in (memory[:-1], memory + b"\0", b"", memory[:30] + b"\7" + memory[31:]):
        with pytest.raises(CoreError) as fault:
            Core(offices.turns().plan(), damaged)
        assert fault.value.id == "bad-memory"


# ---- new settings ---------------------------------------------------------------------------------------------------


def test_calls_under_way_end_under_the_rules_they_came_under() -> None:
    box = Box(offices.two_desks())
    box.arrives("city")
    box.arrives("city")
    box.wants()
    box.answers("anna", "A")
    box.wants()
    office = offices.chain()
    office.names |= box.office.names
    box.core.swap(office.plan(), box.now)
    box.office = office
    box.telephones("cile", 1)
    assert box.wait(60)[-1] == "B MAILBOX office"  # the old queue's longest wait
    box.arrives("city")
    assert box.wants() == ["boris RINGS C", "cile RINGS C"]  # the new chain; anna still talks on the old call
    box.leaves("anna", "A")
    assert box.wants() == ["A ENDED 16", "A OVER answered anna sales"]
    box.wait(10)
    assert box.wants() == []
    assert box.on["anna"] == "C"


def test_who_talks_calls_wraps_up_or_declined_still_does_under_new_settings() -> None:
    def office(*newcomers: str) -> Office:
        made = Office()
        for person in (*newcomers, "anna", "boris", "cile"):
            made.person(person, wrap_up=20)
        made.queue("sales", "anna boris cile", ring=10)
        made.line("city", "sales")
        made.line("desks", kind=0)
        made.step("sales", "queue", "sales")
        made.step("out", "outside", "city")
        made.dial("desks", "0*", "out")
        return made

    box = Box(office())
    box.arrives("city")
    box.wants()
    box.answers("boris")
    box.leaves("boris")
    box.arrives("desks", called="0", by="anna")
    box.arrives("city")
    box.wants()
    box.refuses("cile", "C")
    box.wants()
    assert (box.on["anna"], box.on["cile"]) == ("A", "C")
    box.core.swap(office(*(f"newcomer{i}" for i in range(40))).plan(), box.now)
    assert box.wait(19) == []
    assert box.wait(1) == ["boris RINGS C"]  # his work after the call is done
    assert box.wait(10) == ["boris STOPS C 19", "cile RINGS C"]  # 30 s after she declined
    box.hangs_up("B")
    assert box.wants() == ["city STOPS B 16", "B OVER abandoned", "anna RINGS C"]


def test_one_who_calls_stays_busy_though_the_settings_forget_her_meanwhile() -> None:
    with_zoe = Office()
    with_zoe.person("zoe")
    with_zoe.queue("all", "zoe")
    with_zoe.line("city", "all")
    with_zoe.line("desks")
    with_zoe.step("all", "queue", "all")
    with_zoe.step("mailbox", "voicemail", "office")
    with_zoe.dial("desks", "1", "mailbox")
    box = Box(with_zoe)
    box.arrives("desks", called="1")
    box.core.swap(offices.two_desks().plan(), box.now)
    box.arrives("desks", called="102", by="zoe")  # known to the rules of call A alone
    box.hangs_up("A")
    box.core.swap(offices.two_desks().plan(), box.now)
    box.core.swap(with_zoe.plan(), box.now)
    box.arrives("city")
    box.hangs_up("B")
    assert box.wants()[-4:] == ["C ANSWERED", "C MUSIC all", "B OVER voicemail", "zoe RINGS C"]


def test_turns_go_on_under_new_settings() -> None:
    box = Box(offices.turns())
    box.arrives("city")
    box.hangs_up("A")
    box.wants()
    box.core.swap(offices.turns().plan(), box.now)
    box.arrives("city")
    assert box.wants() == ["boris RINGS B"]


def test_bad_settings_leave_the_old_ones_in_force() -> None:
    box = Box(offices.two_desks())
    plan = offices.chain().plan()
    with pytest.raises(CoreError) as fault:
        box.core.swap(plan[:-1] + bytes([plan[-1] ^ 1]), box.now)
    assert fault.value.id == "bad-plan"
    box.arrives("city")
    assert box.wants() == ["A ANSWERED", "A MUSIC sales", "anna RINGS A", "boris RINGS A"]


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_one_call_more_than_the_settings_allow_is_refused() -> None:
    office = offices.two_desks()
    office.calls_max = 2
    box = Box(office)
    box.arrives("city")
    box.arrives("city")
    with pytest.raises(CoreError) as fault:
        box.arrives("city")
    assert fault.value.id == "full"
    box.hangs_up("A")
    box.arrives("city")


def test_facts_that_cannot_be_have_an_id_and_change_nothing() -> None:
    box = Box(offices.two_desks())
    city = box.office.id("line", "city")
    anna = box.office.id("person", "anna")
    box.arrives("city")
    box.wants()
    assert refused(box, Fact.ARRIVED, call=1, line=city) == "cannot"
    assert refused(box, Fact.ARRIVED, call=2, line=city, number="1" * 32) == "bad-event"
    assert refused(box, Fact.ARRIVED, call=2, line=city, number="1\0") == "bad-event"
    assert refused(box, Fact.ARRIVED, call=2, line=city, other="ą") == "bad-event"
    assert refused(box, Fact.ARRIVED, call=2, line=city, person=1) == "bad-event"
    assert refused(box, Fact.ARRIVED, call=2, line=-1) == "bad-event"
    assert refused(box, Fact.ARRIVED, call=1 << 64, line=city) == "bad-event"
    assert refused(box, Fact.ARRIVED, call=-1, line=city) == "bad-event"
    assert refused(box, Fact.STATUS, person=anna, value=5) == "bad-event"
    assert refused(box, Fact.STATUS, person=1 << 32) == "bad-event"
    assert refused(box, Fact.STATUS, person=anna, value=1 << 31) == "bad-event"
    assert refused(box, Fact.HUNG_UP, call=7) == "no-call"
    assert refused(box, Fact.ANSWERED, call=1, leg=0) == "no-leg"
    assert refused(box, Fact.ANSWERED, call=1, leg=99) == "no-leg"
    assert refused(box, Fact.LEFT, call=1, leg=box.legs["A", "anna"]) == "cannot"
    assert refused(box, Fact.DONE, call=1) == "cannot"
    with pytest.raises(CoreError) as fault:
        box.core.feed(99, box.now)
    assert fault.value.id == "bad-event"
    with pytest.raises(CoreError):
        box.core.feed(Fact.TICK, -1)
    assert box.wants() == []
    box.arrives("city", "15550100" + "1" * 23)  # 31 letters are not too many


def test_a_leg_of_another_call_is_not_taken_for_ones_own() -> None:
    box = Box(offices.two_desks())
    box.arrives("city")
    box.wants()
    box.refuses("anna")
    box.arrives("city")
    box.wants()
    assert refused(box, Fact.ANSWERED, call=1, leg=box.legs["B", "anna"]) == "no-leg"
    assert refused(box, Fact.ANSWERED, call=2, leg=box.legs["A", "boris"]) == "no-leg"


def test_wrong_kinds_of_arguments_are_type_errors() -> None:
    core = Core(offices.two_desks().plan())
    for wrong in (
        lambda: core.feed("tick", 1),  # type: ignore[arg-type]
        lambda: core.feed(1),  # type: ignore[call-arg]
        lambda: core.feed(1, 1, color=1),  # type: ignore[call-arg]
        lambda: core.feed(1, 1, call=1.5),  # type: ignore[arg-type]
        lambda: core.feed(2, 1, number=1),  # type: ignore[arg-type]
        lambda: Core("plan"),  # type: ignore[arg-type]
        lambda: core.swap(b""),  # type: ignore[call-arg]
    ):
        with pytest.raises(TypeError):
            wrong()


def test_commands_are_named_tuples() -> None:
    core = Core(offices.outside().plan())
    office = offices.outside()
    core.feed(Fact.LINE, NINE, line=office.id("line", "city"), value=1)
    core.feed(Fact.ARRIVED, NINE, call=(1 << 64) - 1, line=office.id("line", "desks"), other="0441214960000")
    [dial] = core.commands()
    assert isinstance(dial, Command)
    assert tuple(dial) == (Do.DIAL, (1 << 64) - 1, 1, office.id("line", "city"), 0, 0, "441214960000")
    assert (dial.kind, dial.number) == (Do.DIAL, "441214960000")
    assert core.commands() == []
    assert core.trace()[0].subject == office.id("line", "desks")


# ---- the table of docs/core.md --------------------------------------------------------------------------------------


def a_call(state: str) -> tuple[Box, str]:
    """A box with a call A in this state, and the party of a leg of it, rung, talking, or long over."""
    if state == "dialing":
        box = Box(offices.outside())
        box.arrives("desks", called="0441214960000")
        box.wants()
        return box, "city"
    if state == "parked":
        box = Box(offices.parking())
        box.arrives("city")
        box.sent("A", "parked")
        box.wants()
        return box, "anna"
    if state in ("speaking", "asking", "looking"):
        box = Box(offices.front_desk())
        box.arrives("city")
        box.sent("A", "cile")
        box.wants()
        box.sent("A", {"speaking": "hours", "asking": "welcome", "looking": "look"}[state])
        box.wants()
        return box, "cile"
    box = Box(offices.chain() if state == "hunting" else offices.two_desks())
    box.arrives("city")
    box.wants()
    if state == "talking":
        box.answers("anna")
    if state == "recording":
        box.wait(60)
    box.wants()
    return box, "anna"


TABLE = re.findall(r"^\| (\w+) \|(.+)\|$", (ROOT / "docs/core.md").read_text(), re.MULTILINE)
FACTS = [Fact[word.strip()] for word in dict(TABLE)["state"].split("|")]
DRAWN = [
    (state, fact, cell.strip())
    for state, cells in TABLE
    if state in ("waiting", "hunting", "dialing", "talking", "recording", "speaking", "asking", "looking", "parked")
    for fact, cell in zip(FACTS, cells.split("|"), strict=True)
]


@pytest.mark.parametrize(("state", "fact", "cell"), DRAWN)
def test_the_table_of_states_is_as_drawn(state: str, fact: Fact, cell: str) -> None:
    box, party = a_call(state)
    value = ord("5") if fact == Fact.DIGIT else 21 if fact == Fact.REFUSED else 0
    step = box.office.id("step", list(box.office.steps)[-1])
    error = refused(box, fact, call=1, leg=box.legs["A", party], value=value, what=step)
    box.wants()
    late = any(line.startswith("LATE") for line in box.reasons())
    assert (error, late) == ("cannot" if cell == "-" else "", cell == "late")


def test_the_table_is_whole() -> None:
    assert len(DRAWN) == 9 * len(FACTS) == 9 * 11
