# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls of a modem in each family's words: each is one call, with its number in time, and ends for certain."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.lines.at.calls import (
    GRACE,
    LOOK_EVERY,
    NUMBER_WITHIN,
    Calls,
    Changed,
    Event,
    Incoming,
    Named,
    Over,
    Second,
)
from appliance.lines.at.engine import Engine
from appliance.lines.at.facts import Call, Fact, State
from appliance.lines.at.unsolicited import read

ANNA, BORIS = "+15550100", "+15550101"


def run(calls: Calls, said: Sequence[tuple[int, str]]) -> list[tuple[int, Event]]:
    """What happens when a modem says these lines at these times; time stands in between only where a deadline is."""
    engine, heard = Engine(), []
    for at, line in said:
        while (due := calls.deadline) is not None and due <= at:
            heard += [(due, event) for event in calls.late(due)]
        for fact in engine.feed(f"\r\n{line}\r\n".encode(), at):
            heard += [(at, event) for event in calls.fact(fact, at)]  # type: ignore[arg-type]
    return heard


def events(calls: Calls, *lines: str) -> list[Event]:
    return [event for _, event in run(calls, [(at, line) for at, line in enumerate(lines)])]


CALLED = {
    "quectel": (
        "RING",
        f'+CLIP: "{ANNA}",145,,,,0',
        f'+QIND: "ccinfo",1,1,4,0,0,"{ANNA}",145',
        "RING",
        f'+CLIP: "{ANNA}",145,,,,0',
        f'+QIND: "ccinfo",1,1,0,0,0,"{ANNA}",145',
        f'+QIND: "ccinfo",1,1,-1,0,0,"{ANNA}",145',
        "NO CARRIER",
    ),
    "sim7600": (
        "+CRING: VOICE",
        f'+CLIP: "{ANNA}",145,,,,0',
        f'+CLCC: 1,1,4,0,0,"{ANNA}",145',
        "+CRING: VOICE",
        "VOICE CALL: BEGIN",
        f'+CLCC: 1,1,0,0,0,"{ANNA}",145',
        "VOICE CALL: END: 000009",
        f'+CLCC: 1,1,6,0,0,"{ANNA}",145',
        "NO CARRIER",
    ),
    "huawei": ("RING", f'+CLIP: "{ANNA}",145,,,,0', "^RSSI:20", "RING", "^CONN:1,0", "^CEND:1,5,29,16"),
    "dsci": (
        f"^DSCI: 1,1,4,0,{ANNA},145",
        "RING",
        f'+CLIP: "{ANNA}",145',
        f"^DSCI: 1,1,3,0,{ANNA},145",
        f"^DSCI: 1,1,6,0,{ANNA},145",
        "NO CARRIER",
    ),
}


@pytest.mark.parametrize("family", CALLED)
def test_a_call_comes_is_answered_and_ends(family: str) -> None:
    calls = Calls()
    assert events(calls, *CALLED[family]) == [Incoming(1, ANNA), Changed(1, State.ACTIVE), Over(1, 16)]
    assert calls.kept == [] and calls.deadline is None and calls.look is None


DIALLED = {
    "quectel": (
        f'+QIND: "ccinfo",1,0,2,0,0,"{ANNA}",145',
        f'+QIND: "ccinfo",1,0,3,0,0,"{ANNA}",145',
        f'+QIND: "ccinfo",1,0,0,0,0,"{ANNA}",145',
        f'+QIND: "ccinfo",1,0,-1,0,0,"{ANNA}",145',
        "NO CARRIER",
    ),
    "sim7600": (
        f'+CLCC: 1,0,2,0,0,"{ANNA}",145',
        f'+CLCC: 1,0,3,0,0,"{ANNA}",145',
        "VOICE CALL: BEGIN",
        f'+CLCC: 1,0,0,0,0,"{ANNA}",145',
        "VOICE CALL:END:000017",
        "NO CARRIER",
    ),
    "huawei": ("^ORIG:1,0", "^CONF:1", "^CONN:1,0", "^CEND:1,5,29,16"),
}


@pytest.mark.parametrize("family", DIALLED)
def test_a_call_of_ours_rings_is_answered_and_ends(family: str) -> None:
    calls = Calls()
    assert calls.dial(0) == 1
    told = events(calls, *DIALLED[family])
    assert told == [Changed(1, State.ALERTING), Changed(1, State.ACTIVE), Over(1, 16)]


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (["^ORIG:1,0", "^CEND:1,0,104,17"], 17),
        (["^ORIG:1,0", "^CEND:1,0,104"], 31),
        ([f'+QIND: "ccinfo",1,0,3,0,0,"{ANNA}",145', f'+QIND: "ccinfo",1,0,-1,0,0,"{ANNA}",145', "BUSY"], 17),
        ([f'+QIND: "ccinfo",1,0,3,0,0,"{ANNA}",145', "NO ANSWER"], 19),
    ],
)
def test_a_call_of_ours_that_fails_says_why(lines: list[str], cause: int) -> None:
    calls = Calls()
    calls.dial(0)
    assert events(calls, *lines)[-1] == Over(1, cause)


def test_an_end_without_a_word_more_is_told_all_the_same() -> None:
    calls = Calls()
    calls.dial(0)
    assert events(calls, f"^DSCI: 1,0,2,0,{ANNA},145", f"^DSCI: 1,0,6,0,{ANNA},145") == []
    assert calls.deadline == 301
    assert calls.late(301) == [Over(1, 31)]


def test_a_number_that_does_not_come_is_waited_for_for_one_and_a_half_seconds() -> None:
    calls = Calls()
    heard = run(calls, [(0, "RING"), (1_000, "+CSQ: 20,99"), (3_000, "RING"), (3_050, f'+CLIP: "{ANNA}",145')])
    assert heard == [(NUMBER_WITHIN, Incoming(1, "")), (3_050, Named(1, ANNA))]


def test_the_modem_is_asked_for_a_number_before_the_call_is_routed() -> None:
    calls = Calls()
    run(calls, [(0, "RING")])
    assert calls.look == 1_000
    calls.looked(1_000)
    assert calls.look == 1_000 + LOOK_EVERY
    assert calls.listed([read(f'+CLCC: 1,1,4,0,0,"{ANNA}",145')], 1_000, 1_100) == [Incoming(1, ANNA)]


def test_a_withheld_number_is_not_waited_for() -> None:
    assert events(Calls(), "RING", '+CLIP: "",128,,,,1') == [Incoming(1, "", withheld=True)]


def test_a_number_may_come_before_the_ring() -> None:
    assert events(Calls(), f'+CLIP: "{ANNA}",145', "RING") == [Incoming(1, ANNA)]


def test_a_fax_does_not_ring() -> None:
    calls = Calls()
    assert events(calls, "+CRING: REL ASYNC", '+CLCC: 1,1,4,2,0,"5550100",129') == []
    assert calls.kept == []


def test_the_second_callers_number_is_read_once() -> None:
    told = events(
        Calls(),
        f'+CLCC: 1,1,4,0,0,"{ANNA}",145',
        "VOICE CALL: BEGIN",
        f'+CCWA: "{BORIS}",145,1',
        f'+CLCC: 2,1,5,0,0,"{BORIS}",145',
        f'+CCWA: "{BORIS}",145,1',
        f'+CLCC: 2,1,6,0,0,"{BORIS}",145',
        f'+CCWA: "{BORIS}",145,1',
    )
    assert told == [
        Incoming(1, ANNA),
        Changed(1, State.ACTIVE),
        Second(2, BORIS, False),
        Second(3, BORIS, False),
    ]


def test_a_second_caller_who_still_rings_when_the_line_is_free_is_a_call() -> None:
    told = events(
        Calls(),
        f'+CLCC: 1,1,0,0,0,"{ANNA}",145',
        f'+CLCC: 1,1,4,0,0,"{ANNA}",145',
        f'+CLCC: 1,1,0,0,0,"{ANNA}",145',
        f'+CLCC: 2,1,5,0,0,"{BORIS}",145',
        f'+CLCC: 1,1,6,0,0,"{ANNA}",145',
        f'+CLCC: 2,1,4,0,0,"{BORIS}",145',
    )
    assert told == [
        Incoming(1, ANNA),
        Changed(1, State.ACTIVE),
        Second(2, BORIS, False),
        Over(1, 16),
        Incoming(2, BORIS),
    ]


def test_an_end_that_may_be_of_either_call_is_looked_up() -> None:
    calls = Calls()
    events(calls, f'+CLCC: 1,1,4,0,0,"{ANNA}",145', "VOICE CALL: BEGIN", f'+CLCC: 2,1,5,0,0,"{BORIS}",145')
    assert events(calls, "NO CARRIER") == []
    assert calls.look == 0
    assert calls.listed([read(f'+CLCC: 1,1,0,0,0,"{ANNA}",145')], 100, 110) == []
    assert [each.number for each in calls.kept] == [ANNA]


def test_a_call_that_is_no_longer_listed_is_over() -> None:
    calls = Calls()
    events(calls, f'+CLCC: 1,1,4,0,0,"{ANNA}",145', "VOICE CALL: BEGIN")
    assert calls.look == LOOK_EVERY
    calls.looked(LOOK_EVERY)
    assert calls.listed([], LOOK_EVERY, LOOK_EVERY + 20) == [Over(1, 16)]


def test_a_call_too_new_to_be_listed_stays() -> None:
    calls = Calls()
    run(calls, [(0, "RING")])
    assert calls.listed([], GRACE - 1, GRACE) == []
    assert len(calls.kept) == 1
    assert calls.listed([], GRACE, GRACE + 1) == []
    assert calls.kept == []


def test_everything_ends_when_the_modem_goes() -> None:
    calls = Calls()
    events(calls, f'+CLCC: 1,1,4,0,0,"{ANNA}",145', "VOICE CALL: BEGIN")
    assert calls.lost(38) == [Over(1, 38)]
    assert calls.lost(38) == []


SAID = [
    "RING",
    "+CRING: VOICE",
    f'+CLIP: "{ANNA}",145',
    '+CLIP: "",128',
    f'+CCWA: "{BORIS}",145,1',
    "NO CARRIER",
    "BUSY",
    "VOICE CALL: BEGIN",
    "VOICE CALL: END: 000004",
    "MISSED_CALL: 11:01AM 5550100",
    *(f'+CLCC: {at},{way},{stat},0,0,"{ANNA}",145' for at in (1, 2) for way in (0, 1) for stat in range(7)),
    *(f"^{word}:{at},0" for word in ("ORIG", "CONF", "CONN") for at in (1, 2)),
    "^CEND:1,5,29,16",
]


@given(
    st.lists(st.tuples(st.sampled_from([*SAID, "dial", "list", "nothing listed"]), st.integers(0, 4_000)), max_size=40)
)
def test_whatever_a_modem_says_each_call_is_told_once_and_ends_once(said: list[tuple[str, int]]) -> None:
    calls, now, told = Calls(), 0, []
    for line, later in said:
        now += later
        while (due := calls.deadline) is not None and due <= now:
            told += calls.late(due)
        if line == "dial":
            calls.dial(now)
        elif "list" in line:
            facts: list[Fact] = [Call(1, True, State.ACTIVE)] if line == "list" else []
            told += calls.listed(facts, now, now)
        else:
            told += calls.fact(read(line), now)
    told += calls.lost(38)
    assert calls.kept == [] and calls.deadline is None and calls.look is None
    over = [each.call for each in told if isinstance(each, Over)]
    came = [each.call for each in told if isinstance(each, Incoming)]
    assert len(set(over)) == len(over) and len(set(came)) == len(came)
    assert set(came) <= set(over)
    for at, event in enumerate(told):
        if isinstance(event, Changed | Named):
            assert event.call not in [each.call for each in told[:at] if isinstance(each, Over)]
