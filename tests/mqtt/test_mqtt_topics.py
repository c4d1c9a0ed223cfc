# SPDX-License-Identifier: GPL-2.0-or-later
"""What other programs in the house read on the broker."""

import json

import pytest

from appliance.control.live import Live
from appliance.control.messages import (
    VERSION,
    Call,
    CallChanged,
    Happened,
    Line,
    LineChanged,
    Office,
    Person,
    Queue,
)
from appliance.mqtt.topics import TEXT_MAX, Topics

NOW = 1_790_000_000_000  # ms UTC
CALL = 2**53 - 2
TOPICS = Topics("linekeeper", "office")


def call(**changes: object) -> Call:
    facts = {"id": CALL, "direction": "in", "state": "ringing", "line": "city", "caller": "+37060000001"}
    return Call(**{**facts, "called": "+37052000000", "since": NOW, "name": "Mr Kazlauskas", **changes})  # type: ignore[arg-type]


def office(**changes: object) -> Office:
    facts = {
        "version": VERSION,
        "seq": 7,
        "name": "Example Ltd",
        "revision": 1,
        "calls": (call(),),
        "lines": (Line(id="city", name="City", kind="sip", usable=True, state="ringing", calls=(CALL,)),),
        "queues": (Queue(id="sales", name="Sales", waiting=(CALL,), oldest=NOW - 61_500, free=2),),
        "people": (Person(id="anna", name="Anna", extension="101", status="break", reason="lunch", since=NOW),),
        "phones": (),
    }
    return Office(**{**facts, **changes})  # type: ignore[arg-type]


def said(office: Office) -> dict[str, object]:
    """Payload by topic, without the box's own part."""
    kept = TOPICS.retained(Live(office), "0.1.0", NOW).values()
    assert all(message.retain and message.qos == 1 for message in kept)
    texts = {message.topic.removeprefix("linekeeper/office/"): message.payload.decode() for message in kept}
    return {topic: json.loads(text) if text.startswith("{") else text for topic, text in texts.items()}


def test_a_line_tells_who_calls_on_it() -> None:
    assert said(office())["line/city/state"] == {
        "state": "ringing",
        "call": CALL,
        "number": "+37060000001",
        "name": "Mr Kazlauskas",
        "calls": [{"call": CALL, "number": "+37060000001", "name": "Mr Kazlauskas", "state": "ringing"}],
    }


def test_a_line_with_two_calls_lists_both() -> None:
    second = call(id=CALL + 1, direction="out", caller="101", called="+447700900001", name="", state="talking")
    line = Line(id="city", name="City", kind="sip", usable=True, state="talking", calls=(CALL, CALL + 1))
    state = said(office(calls=(call(), second), lines=(line,)))["line/city/state"]
    assert isinstance(state, dict)
    assert [each["number"] for each in state["calls"]] == ["+37060000001", "+447700900001"]


def test_a_quiet_line_names_nobody() -> None:
    line = Line(id="city", name="City", kind="sip", usable=True)
    assert said(office(lines=(line,)))["line/city/state"] == {
        "state": "idle", "call": None, "number": "", "name": "", "calls": []
    }  # fmt: skip


@pytest.mark.parametrize(("usable", "word"), [(True, "online"), (False, "offline")])
def test_a_line_out_of_order_is_offline(usable: bool, word: str) -> None:
    line = Line(id="city", name="City", kind="sip", usable=usable)
    assert said(office(lines=(line,)))["line/city/availability"] == word


def test_a_queue_tells_how_many_wait_and_how_long() -> None:
    assert said(office())["queue/sales/state"] == {"waiting": 1, "longest_s": 61, "free": 2}


def test_a_person_tells_status_reason_and_since() -> None:
    assert said(office())["person/anna/state"] == {
        "status": "break", "reason": "lunch", "since": NOW, "until": None, "reminded": None, "state": "unreachable"
    }  # fmt: skip


def test_the_bridge_is_online_only_after_everything_else_is_said() -> None:
    assert list(said(office()))[-1] == "bridge/state"
    assert said(office())["bridge/state"] == "online"
    assert said(office())["bridge/info"] == {
        "version": "0.1.0",
        "office": "Example Ltd",
        "lines": [{"id": "city", "name": "City", "kind": "sip"}],
    }


def test_a_call_event_has_a_type_and_an_id_of_its_own_and_is_not_kept() -> None:
    event = Happened(seq=8, at=NOW, kind="answered", call=CALL, line="city", number="+37060000001", person="anna")
    message = TOPICS.call_event(event)
    assert message and not message.retain and message.qos == 1 and message.topic == "linekeeper/office/call/event"
    shown = json.loads(message.payload)
    assert (shown["event_type"], shown["event_id"], shown["person"]) == ("answered", f"{CALL}-8", "anna")


def test_kinds_of_events_nobody_was_promised_stay_inside() -> None:
    assert TOPICS.call_event(Happened(seq=8, at=NOW, kind="internal-detail", call=CALL)) is None


def test_a_name_from_outside_is_cut_and_cannot_break_the_json() -> None:
    hostile = '"},"state":"idle"\n' + "x" * 5000
    state = said(office(calls=(call(name=hostile),)))["line/city/state"]
    assert isinstance(state, dict)
    assert state["name"] == hostile[:TEXT_MAX] and state["state"] == "ringing"


def test_the_live_office_follows_events_and_forgets_calls_that_are_over() -> None:
    live = Live(office())
    live.apply(LineChanged(seq=9, at=NOW, line=Line(id="city", name="City", kind="sip", usable=False)))
    live.apply(LineChanged(seq=9, at=NOW, line=Line(id="city", name="City", kind="sip", usable=True)))  # told twice
    assert live.lines["city"].usable is False
    live.apply(CallChanged(seq=10, at=NOW, call=call(state="over")))
    assert live.calls == {}
