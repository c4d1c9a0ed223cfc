# SPDX-License-Identifier: GPL-2.0-or-later
"""What others in the house may ask for, what the switch is asked then, and what is refused."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from appliance.control.live import Live
from appliance.control.messages import Call, Dial, HangUp, Line, Override, Say, Send, SetStatus
from appliance.control.modems import SendText
from appliance.mqtt import requests
from appliance.mqtt.requests import Gate, Refused, Request, Same
from appliance.mqtt.topics import Response
from tests.fakes.switch import CALL, small_office

NOW = 1_790_000_000_000  # ms UTC
TEN_MINUTES = 600_000  # ms
STATUS = {"person": "anna", "status": "away"}


def take(gate: Gate, name: str, payload: object, *, now: float = 0.0, **how: Any) -> Request:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return gate.take(name, raw, now_ms=NOW, now=now, **{"retained": False, "until": None, **how})


def refused(gate: Gate, name: str, payload: object, **how: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        take(gate, name, payload, **how)
    return refusal.value


def office(**changes: object) -> Live:
    live = Live(small_office())
    for name, things in changes.items():
        setattr(live, name, things)
    return live


def asked(name: str, payload: object, live: Live, holds: int = 0) -> list[Any]:
    return requests.commands(take(Gate(60), name, payload), live, NOW, holds)


def why_not(name: str, payload: object, live: Live, holds: int = 0) -> str:
    with pytest.raises(Refused) as refusal:
        asked(name, payload, live, holds)
    return refusal.value.id


# ---- what is let through --------------------------------------------------------------------------------------------


def test_a_retained_request_is_refused_it_would_come_again_with_every_connection() -> None:
    assert refused(Gate(60), "status", STATUS, retained=True).id == "retained"


@pytest.mark.parametrize(
    ("payload", "until"),
    [({**STATUS, "expires_at": NOW}, None), ({**STATUS, "expires_at": NOW - 3_600_000}, None), (STATUS, 0.0)],
)
def test_a_late_request_is_refused(payload: object, until: float | None) -> None:
    assert refused(Gate(60), "status", payload, until=until).id == "expired"
    assert take(Gate(60), "status", {**STATUS, "expires_at": NOW + 1}, until=0.1)


@pytest.mark.parametrize("word", ["transaction", "request_id"])
def test_what_comes_twice_is_done_once_and_answered_the_same(word: str) -> None:
    gate, answer = Gate(60), Response(status="ok")
    request = take(gate, "status", {**STATUS, word: "a1"})
    with pytest.raises(Same) as same:
        take(gate, "status", {**STATUS, word: "a1"})
    assert same.value.response is None  # still under way
    gate.answered("status", request, answer)
    with pytest.raises(Same) as same:
        take(gate, "status", {**STATUS, word: "a1"}, now=59.0)
    assert same.value.response is answer
    take(gate, "mode", {"mode": "open", word: "a1"})  # another request with the same word is another
    take(gate, "status", {**STATUS, word: "a1"}, now=61.0)


def test_without_a_transaction_each_is_a_request_of_its_own() -> None:
    gate = Gate(60)
    take(gate, "status", STATUS)
    take(gate, "status", STATUS)


def test_a_flood_of_requests_is_cut_off_and_makes_no_flood_of_answers() -> None:
    gate = Gate(3)
    for _ in range(3):
        take(gate, "status", STATUS)
    said = [refused(gate, "status", STATUS, now=n / 100).message for n in range(100)]
    assert [bool(message) for message in said] == [True] + [False] * 99
    take(gate, "mode", {"mode": "open"})  # each kind has its own measure
    take(gate, "status", STATUS, now=60.1)


def test_transactions_are_remembered_no_further_than_fits() -> None:
    gate = Gate(10**6)
    for n in range(5 * requests.REMEMBERED):
        take(gate, "status", {**STATUS, "transaction": n})
    assert len(gate._answers) <= requests.REMEMBERED


@pytest.mark.parametrize(
    ("name", "payload", "id"),
    [
        ("open-the-gate", b"{}", "unknown-request"),
        ("status", b"", "bad-request"),
        ("status", b"away", "bad-request"),
        ("status", b"\xff\xfe", "bad-request"),
        ("status", b"[" * 4000, "bad-request"),
        ("status", {"person": "anna", "status": "asleep"}, "bad-request"),
        ("status", {**STATUS, "expires_s": 0}, "bad-request"),
        ("status", {**STATUS, "volume": 11}, "bad-request"),
        ("transfer", {"call": CALL, "to": "line.city"}, "bad-request"),
        ("status", b" " * 4097, "too-long"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_reason(name: str, payload: object, id: str) -> None:
    assert refused(Gate(60), name, payload).id == id


def test_a_refusal_bears_the_transaction_of_what_was_not_understood() -> None:
    assert refused(Gate(60), "status", {"transaction": "a1", "person": 5}).response() == Response(
        status="error",
        error="bad-request: Expected `str`, got `int` - at `$.person`",
        transaction="a1",
    )


# ---- what the switch is asked ---------------------------------------------------------------------------------------


def test_a_status_is_set_for_a_time_and_the_switch_knows_who_says_so() -> None:
    assert asked("status", {**STATUS, "reason": "left the house", "expires_s": 600}, office()) == [
        SetStatus(0, "anna", "away", "left the house", "mqtt", NOW + TEN_MINUTES)
    ]
    assert why_not("status", {"person": "nobody", "status": "away"}, office()) == "unknown"


@pytest.mark.parametrize("source", ["page", "phone"])
def test_what_a_person_set_by_hand_holds_against_a_program_for_a_while(source: str) -> None:
    live = office()
    live.people["anna"] = replace(live.people["anna"], since=NOW - TEN_MINUTES + 1, source=source)
    assert why_not("status", STATUS, live, TEN_MINUTES) == "held"
    assert asked("status", STATUS, live, TEN_MINUTES - 1)
    assert asked("status", STATUS, live, 0)
    live.hours["office"] = replace(live.hours["office"], override="open", since=NOW - 1, source=source)
    assert why_not("mode", {"mode": "closed"}, live, TEN_MINUTES) == "held"
    assert asked("mode", {"mode": "closed", "hours": "saturday"}, live, TEN_MINUTES)


def test_what_a_program_set_holds_against_no_other() -> None:
    live = office()
    live.people["anna"] = replace(live.people["anna"], since=NOW, source="mqtt")
    assert asked("status", STATUS, live, TEN_MINUTES)


def test_the_office_is_held_closed_all_hours_of_it_or_one() -> None:
    assert asked("mode", {"mode": "closed", "expires_s": 600}, office()) == [
        Override(0, "office", "closed", NOW + TEN_MINUTES, "mqtt"),
        Override(0, "saturday", "closed", NOW + TEN_MINUTES, "mqtt"),
    ]
    assert asked("mode", {"mode": "as-written", "hours": "saturday"}, office()) == [
        Override(0, "saturday", "as-written", None, "mqtt")
    ]
    assert why_not("mode", {"mode": "open", "hours": "never"}, office()) == "unknown"
    assert why_not("mode", {"mode": "open"}, office(hours={})) == "no-hours"


def test_a_call_is_meant_by_its_id_or_by_its_line_when_it_is_the_only_one() -> None:
    call = Call(id=CALL, direction="in", state="talking", line="city", caller="+37060000001", called="", since=NOW)
    line = Line(id="city", name="City", kind="sip", usable=True, state="talking", calls=(CALL,))
    live = office(calls={CALL: call}, lines={"city": line})
    assert asked("hang-up", {"call": CALL}, live) == asked("hang-up", {"line": "city"}, live) == [HangUp(0, CALL)]
    assert asked("transfer", {"line": "city", "to": "queue.sales"}, live) == [Send(0, CALL, "queue.sales")]
    assert why_not("hang-up", {"call": 5}, live) == "unknown"
    assert why_not("hang-up", {"line": "moon"}, live) == "unknown"
    assert why_not("hang-up", {}, live) == "bad-request"
    assert why_not("hang-up", {"line": "city"}, office()) == "no-call"
    two = Line(id="city", name="City", kind="sip", usable=True, state="talking", calls=(CALL, 7))
    assert why_not("hang-up", {"line": "city"}, office(lines={"city": two})) == "several-calls"


def test_the_box_is_made_to_call_and_to_speak() -> None:
    assert asked("dial", {"to": "+37060000001", "connect": "queue.sales"}, office()) == [
        Dial(0, "+37060000001", "queue.sales")
    ]
    assert asked("dial", {"to": "101", "say": "The door is open.", "language": "en"}, office()) == [
        Dial(0, "101", say="The door is open.", language="en")
    ]
    assert asked("say", {"text": "Coffee is ready.", "person": "anna"}, office()) == [
        Say(0, "Coffee is ready.", person="anna")
    ]
    assert why_not("dial", {"to": "101"}, office()) == "bad-request"
    assert why_not("dial", {"to": "101", "say": "x", "connect": "queue.sales"}, office()) == "bad-request"


def test_a_text_message_goes_to_a_number_or_to_a_persons_mobile() -> None:
    assert asked("sms", {"to": "+37060000001", "text": "hello"}, office()) == [SendText(0, "+37060000001", "hello")]
    assert asked("sms", {"person": "anna", "text": "hello", "line": "gsm"}, office()) == [
        SendText(0, "person.anna", "hello", "gsm")
    ]
    assert why_not("sms", {"text": "hello"}, office()) == "bad-request"
    assert why_not("sms", {"to": "+37060000001", "person": "anna", "text": "hello"}, office()) == "bad-request"
    assert refused(Gate(60), "sms", {"to": "+37060000001", "text": ""}).id == "bad-request"
    assert refused(Gate(60), "sms", {"to": "+37060000001", "text": "x" * 1531}).id == "bad-request"


def test_health_tells_what_works_and_that_the_switch_is_away() -> None:
    well = requests.health(office(), "0.1.0")
    assert well["lines"] == {"city": "online", "backup": "offline"}
    assert (well["switch"], well["mode"], well["calls"]) == ("online", "as-written", 0)
    assert requests.health(None, "0.1.0") == {"switch": "offline", "version": "0.1.0"}
